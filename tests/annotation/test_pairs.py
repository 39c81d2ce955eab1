"""Pairs of scored items: the shares of the paper, none with itself, none twice, and sets where few exist."""

import numpy as np
import pytest

from transformers_vital.annotation.pairs import Pairs, sample_pairs
from transformers_vital.errors import AnnotationError


def items(number: int, *, std: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    return np.random.default_rng(7).random(number), np.full(number, std)


def shares(pairs: Pairs) -> list[float]:
    return [float((pairs.preference == value).mean()) for value in (1, 0, 0.5)]


def by_equation_3(mean_a: float, mean_b: float, std_a: float, std_b: float) -> float:
    threshold = (std_a**2 + std_b**2) ** 0.5
    if mean_a - mean_b > threshold:
        return 1.0
    return 0.0 if mean_b - mean_a > threshold else 0.5


@pytest.mark.parametrize("number", [50, 5000], ids=["listed", "drawn"])
def test_better_worse_and_tie_are_four_to_four_to_two(number):
    means, stds = items(number)
    assert shares(sample_pairs(means, stds=stds, num_pairs=number, seed=0)) == [0.4, 0.4, 0.2]


@pytest.mark.parametrize("number", [50, 5000], ids=["listed", "drawn"])
def test_every_preference_is_that_of_equation_3(number):
    means = np.random.default_rng(1).random(number)
    stds = np.random.default_rng(2).random(number) / 4
    pairs = sample_pairs(means, stds=stds, num_pairs=number, seed=3)
    expected = [by_equation_3(means[a], means[b], stds[a], stds[b]) for a, b in zip(pairs.a, pairs.b, strict=True)]
    assert pairs.preference.tolist() == expected
    assert len(expected) == number


@pytest.mark.parametrize("number", [60, 3000], ids=["listed", "drawn"])
def test_no_item_meets_itself_and_no_pair_comes_twice(number):
    means, stds = items(number, std=0.3)
    pairs = sample_pairs(means, stds=stds, num_pairs=10 * number, seed=0)
    assert (pairs.a != pairs.b).all()
    together = {frozenset(pair) for pair in zip(pairs.a.tolist(), pairs.b.tolist(), strict=True)}
    assert len(together) == len(pairs.a) > 0


def test_the_same_seed_chooses_the_same_and_another_does_not():
    means, stds = items(5000)
    first, again, other = (sample_pairs(means, stds=stds, num_pairs=500, seed=seed) for seed in (1, 1, 2))
    assert (first.a == again.a).all() and (first.b == again.b).all()
    assert (first.a != other.a).any()


def test_a_small_set_gives_all_the_pairs_it_has():
    pairs = sample_pairs([0.1, 0.5, 0.9], stds=[0, 0, 0], num_pairs=100, seed=0)
    assert {frozenset(pair) for pair in zip(pairs.a.tolist(), pairs.b.tolist(), strict=True)} == {
        frozenset(pair) for pair in ((0, 1), (0, 2), (1, 2))
    }


def test_ties_are_found_where_they_are_one_in_a_million():
    """A thousand twins among ten thousand items: of 5e7 pairs 1000 are ties."""
    means = np.arange(10_000, dtype=np.float64)
    means[1::10] = means[::10]
    pairs = sample_pairs(means, stds=np.full(10_000, 1e-3), num_pairs=1000, seed=0)
    assert shares(pairs) == [0.4, 0.4, 0.2]


def test_decided_pairs_are_found_where_almost_all_are_ties():
    means = np.full(10_000, 0.5)
    means[:20] = 0.9
    pairs = sample_pairs(means, stds=np.full(10_000, 0.1), num_pairs=1000, seed=0)
    assert shares(pairs) == [0.4, 0.4, 0.2]


def test_a_kind_that_does_not_exist_leaves_the_other_at_its_share():
    means, _ = items(4000)
    pairs = sample_pairs(means, stds=np.full(4000, 5.0), num_pairs=1000, seed=0)
    assert shares(pairs) == [0.0, 0.0, 1.0] and len(pairs.a) == 200


@pytest.mark.parametrize("number", [0, 1])
def test_fewer_than_two_items_have_no_pair(number):
    means, stds = items(number)
    assert len(sample_pairs(means, stds=stds, num_pairs=5, seed=0).a) == 0


def test_items_without_finite_moments_are_refused():
    with pytest.raises(AnnotationError, match="Drop items without opinions"):
        sample_pairs([0.5, float("nan")], stds=[0.1, 0.1], num_pairs=1, seed=0)


def test_lists_of_different_length_are_refused():
    with pytest.raises(AnnotationError, match=r"shapes \[2\] and \[1\]"):
        sample_pairs([0.5, 0.6], stds=[0.1], num_pairs=1, seed=0)
