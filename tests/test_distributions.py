"""PMOD against the released labels and scipy, and the preferences of Eqs. 2 and 3."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm, truncnorm

from transformers_vital.distributions import (
    interval_masses,
    linear_adjustment,
    moments,
    opinion_moments,
    pmod,
    pmod_from_moments,
    preference,
    preference_probability,
)
from transformers_vital.levels import LEVEL_CENTRES, LEVEL_INTERVALS, score_from_probabilities


GOLDEN = json.loads((Path(__file__).parent / "golden" / "pmod.json").read_text(encoding="utf-8"))
TRAIN_EXAMPLE = Path(__file__).resolve().parents[2] / "shared" / "reference" / "annotations" / "train_example.json"


def with_nan(values) -> np.ndarray:
    return np.asarray(values, dtype=float)  # None becomes NaN


@pytest.mark.parametrize("record", GOLDEN, ids=[f"case{index}" for index in range(len(GOLDEN))])
def test_exact_arithmetic_gives_the_released_labels(record):
    scale = (record["score_min"], record["score_max"])
    mean, std = opinion_moments(record["mos"], scale=scale)
    assert 5 * mean == pytest.approx(record["gt_score_norm"], abs=1e-9)
    assert 5 * std == pytest.approx(record["std_norm"], abs=1e-9)
    masses = interval_masses(mean, std=std)
    np.testing.assert_allclose(masses, with_nan(record["level_probs_org"]), rtol=0, atol=1e-9)
    alpha, beta = linear_adjustment(masses, mean=mean)
    np.testing.assert_allclose(alpha, with_nan(record["alpha"]), rtol=1e-9)
    np.testing.assert_allclose(beta, with_nan(record["beta"]), rtol=1e-9, atol=1e-9)
    target = pmod(record["mos"], scale=scale, arithmetic="exact")
    np.testing.assert_allclose(target, with_nan(record["target_dist"]), rtol=0, atol=1e-9)


def test_exact_arithmetic_gives_the_published_example_record():
    if not TRAIN_EXAMPLE.is_file():
        pytest.skip(f"the released example records are not at {TRAIN_EXAMPLE}")
    record = json.loads(TRAIN_EXAMPLE.read_text(encoding="utf-8"))[0][0]
    target = pmod_from_moments(record["gt_score_norm"] / 5, std=record["std_norm"] / 5, arithmetic="exact")
    np.testing.assert_allclose(target, record["target_dist"], rtol=0, atol=1e-9)
    assert target.sum() == pytest.approx(1.0024, abs=1e-4)  # not normalised


def test_moments_of_opinions_use_the_population_deviation():
    opinions = np.random.default_rng(0).uniform(0, 100, (4, 6))
    mean, std = opinion_moments(opinions, scale=(0, 100))
    np.testing.assert_allclose(mean, [np.mean(row) / 100 for row in opinions])
    np.testing.assert_allclose(std, [np.sqrt(np.var(row, ddof=0)) / 100 for row in opinions])


def test_interval_masses_equal_scipys_normal_distribution():
    rng = np.random.default_rng(1)
    for mean, std in zip(rng.uniform(-0.2, 1.2, 50), rng.uniform(0.01, 0.6, 50), strict=True):
        expected = [norm.cdf(upper, mean, std) - norm.cdf(lower, mean, std) for lower, upper in LEVEL_INTERVALS]
        np.testing.assert_allclose(interval_masses(mean, std=std), expected, atol=1e-12)


def test_adjusted_masses_sum_to_one_and_keep_the_mean_before_the_clamp():
    mean, std = np.array([0.3, 0.42, 0.55, 0.71, 0.8]), np.array([0.1, 0.2, 0.15, 0.12, 0.3])
    masses = interval_masses(mean, std=std)
    alpha, beta = linear_adjustment(masses, mean=mean)
    adjusted = alpha[:, None] * masses + beta[:, None]
    np.testing.assert_allclose(adjusted.sum(axis=-1), 1, atol=1e-12)
    np.testing.assert_allclose(adjusted @ LEVEL_CENTRES, mean, atol=1e-8)


@pytest.fixture(scope="module")
def grid() -> tuple[np.ndarray, np.ndarray]:
    return np.meshgrid(np.linspace(0, 1, 401), np.append(0, np.geomspace(1e-12, 0.5, 120)))


def test_stable_labels_are_distributions_that_keep_the_mean(grid):
    mean, std = grid
    labels = pmod_from_moments(mean, std=std)
    assert labels.shape == (*mean.shape, 5)
    assert (labels >= 0).all()
    np.testing.assert_allclose(labels.sum(axis=-1), 1, atol=1e-12)
    np.testing.assert_allclose(moments(labels)[0], np.clip(mean, 0.1, 0.9), atol=1e-12)


def test_stable_labels_equal_exact_ones_where_nothing_is_clamped(grid):
    mean, std = (values[(grid[0] != 0.5) & (grid[1] >= 0.04)] for values in grid)
    exact = pmod_from_moments(mean, std=std, arithmetic="exact")
    untouched = (exact > 0).all(axis=-1)
    assert untouched.sum() > 1000
    np.testing.assert_allclose(pmod_from_moments(mean, std=std)[untouched], exact[untouched], atol=1e-6)


def test_stable_labels_of_the_published_record_stay_close_to_the_released_ones():
    record = GOLDEN[0]
    label = pmod(record["mos"], scale=(record["score_min"], record["score_max"]))
    np.testing.assert_allclose(label, record["target_dist"], atol=0.01)


def test_a_mean_of_one_half_is_no_singularity():
    for std in (0.05, 0.1, 0.3, 0.5):
        around = pmod_from_moments([0.5 - 1e-5, 0.5, 0.5 + 1e-5], std=std)
        np.testing.assert_allclose(around[1], around[[0, 2]].mean(axis=0), atol=1e-4)
        np.testing.assert_allclose(around[1], around[1][::-1], atol=1e-12)


def test_mirrored_opinions_give_the_mirrored_label():
    mean, std = np.meshgrid([0.11, 0.15, 0.31, 0.44, 0.4999], [0, 0.05, 0.1, 0.2, 0.4])
    mirrored = pmod_from_moments(1 - mean, std=std)[..., ::-1]
    np.testing.assert_allclose(pmod_from_moments(mean, std=std), mirrored, atol=1e-6)


@pytest.mark.parametrize(
    ("mean", "label"),
    [
        (0.9, [1, 0, 0, 0, 0]),
        (0.85, [0.75, 0.25, 0, 0, 0]),
        (0.7, [0, 1, 0, 0, 0]),
        (0.5, [0, 0, 1, 0, 0]),
        (0.44, [0, 0, 0.7, 0.3, 0]),
        (0.1, [0, 0, 0, 0, 1]),
    ],
)
@pytest.mark.parametrize("std", [0, 1e-9, 0.039])
def test_little_spread_is_shared_by_the_two_neighbouring_levels(mean, label, std):
    np.testing.assert_allclose(pmod_from_moments(mean, std=std), label, atol=1e-12)


@pytest.mark.parametrize(("mean", "level"), [(-0.03, 4), (0.0, 4), (0.05, 4), (0.95, 0), (1.0, 0), (1.2, 0)])
def test_a_mean_beyond_the_outer_centres_goes_to_the_outer_level(mean, level):
    for std in (0, 0.1, 0.3):
        np.testing.assert_array_equal(pmod_from_moments(mean, std=std), np.eye(5)[level])


def test_more_spread_of_the_opinions_is_more_spread_of_the_label():
    _, spread = moments(pmod_from_moments(0.62, std=np.linspace(0.08, 0.5, 30)))
    assert (np.diff(spread) > 0).all()


def test_pmod_of_a_table_equals_pmod_of_its_rows():
    opinions = np.random.default_rng(2).uniform(0, 1, (3, 4, 6))
    rows = [[pmod(row) for row in part] for part in opinions]
    np.testing.assert_allclose(pmod(opinions), rows, rtol=0, atol=1e-12)


def test_a_million_rows_take_seconds():
    rng = np.random.default_rng(3)
    opinions = rng.uniform(0, 1, (1_000_000, 6))
    start = time.perf_counter()
    labels = pmod(opinions)
    assert time.perf_counter() - start < 20
    np.testing.assert_allclose(labels.sum(axis=-1), 1, atol=1e-12)


def test_moments_equal_those_of_samples_drawn_from_the_levels():
    probabilities = np.array([0.1, 0.4, 0.3, 0.15, 0.05])
    samples = np.repeat([0.9, 0.7, 0.5, 0.3, 0.1], (probabilities * 100).round().astype(int))
    mean, std = moments(probabilities)
    assert mean == pytest.approx(samples.mean())
    assert std == pytest.approx(samples.std())
    assert mean == pytest.approx(0.1 + 0.8 * score_from_probabilities(probabilities))


def test_the_label_of_a_wide_distribution_is_near_the_truncated_normal():
    label_mean, label_std = moments(pmod_from_moments(0.5, std=0.15))
    truth = truncnorm(-0.5 / 0.15, 0.5 / 0.15, loc=0.5, scale=0.15)
    assert label_mean == pytest.approx(truth.mean())
    assert label_std == pytest.approx(np.sqrt(truth.var() + 0.2**2 / 12), abs=0.01)  # Sheppard: width of a level


@pytest.mark.parametrize(
    ("mean_a", "mean_b", "expected"),
    [(0.75, 0.5, 0.5), (0.7500001, 0.5, 1), (0.5, 0.75, 0.5), (0.5, 0.7500001, 0), (0.5, 0.5, 0.5)],
    ids=["at the threshold", "better", "at the threshold below", "worse", "equal"],
)
def test_true_preference_needs_more_than_the_joint_deviation(mean_a, mean_b, expected):
    assert preference(mean_a, mean_b=mean_b, std_a=0.15, std_b=0.2) == expected


def test_equal_opinions_without_spread_are_a_tie():
    assert preference(0.5, mean_b=0.5, std_a=0, std_b=0) == 0.5
    assert preference_probability(0.5, mean_b=0.5, std_a=0, std_b=0) == 0.5
    assert preference_probability(0.6, mean_b=0.5, std_a=0, std_b=0) == 1


def test_swapping_a_pair_turns_its_preference_around():
    rng = np.random.default_rng(4)
    mean_a, mean_b, std_a, std_b = rng.uniform(0, 1, (4, 500)) * [[1], [1], [0.3], [0.3]]
    for function in (preference, preference_probability):
        there = function(mean_a, mean_b=mean_b, std_a=std_a, std_b=std_b)
        back = function(mean_b, mean_b=mean_a, std_a=std_b, std_b=std_a)
        np.testing.assert_allclose(there + back, 1, atol=1e-12)
    assert set(preference(mean_a, mean_b=mean_b, std_a=std_a, std_b=std_b)) == {0, 0.5, 1}


def test_predicted_preference_is_the_normal_distribution_of_the_difference():
    rng = np.random.default_rng(5)
    mean_a, mean_b, std_a, std_b = rng.uniform(0.1, 1, (4, 50))
    expected = 1 - norm.cdf(0, loc=mean_a - mean_b, scale=np.sqrt(std_a**2 + std_b**2))
    actual = preference_probability(mean_a, mean_b=mean_b, std_a=std_a, std_b=std_b)
    np.testing.assert_allclose(actual, expected, atol=1e-12)


def test_predicted_preference_sets_both_deviations_to_one_by_default():
    assert preference_probability(0.9, mean_b=0.1) == pytest.approx(norm.cdf(0.8 / np.sqrt(2)))


def test_an_item_without_opinions_is_refused():
    with pytest.raises(ValueError, match=r"shape \[3, 0\]; expected \[\.\.\., n\] with n of at least 1"):
        pmod(np.ones((3, 0)))


def test_a_missing_opinion_is_refused():
    with pytest.raises(ValueError, match="1 of 3 opinions are not finite. Drop the annotator or the item"):
        pmod([0.5, np.nan, 0.7])


def test_an_empty_scale_is_refused():
    with pytest.raises(ValueError, match=r"scale of the opinions is \(1, 1\); expected \(lowest, highest\)"):
        pmod([0.5, 0.6], scale=(1, 1))


@pytest.mark.parametrize(("mean", "std"), [(np.nan, 0.1), (0.5, np.inf), (0.5, -0.1)])
def test_unusable_moments_are_refused_with_their_count(mean, std):
    with pytest.raises(ValueError, match="1 of 2 items have a mean or std that is not finite, or std < 0"):
        pmod_from_moments([0.5, mean], std=[0.1, std])


def test_an_unknown_arithmetic_is_refused():
    with pytest.raises(ValueError, match="arithmetic is 'fast'; expected 'stable' or 'exact'"):
        pmod_from_moments(0.5, std=0.1, arithmetic="fast")
