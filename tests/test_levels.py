"""Level probabilities and what is read from them, against scipy and transformers."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import softmax

from transformers_vital.levels import (
    LEVEL_CENTRES,
    LEVEL_INTERVALS,
    LEVEL_WEIGHTS,
    LEVELS,
    confidence_from_probabilities,
    level_of,
    level_probabilities,
    mos_1_5,
    most_probable_level,
    score_from_official,
    score_from_probabilities,
    std_from_probabilities,
)


def random_probabilities(count: int) -> np.ndarray:
    return np.random.default_rng(20251123).dirichlet([0.4] * 5, size=count)


def test_constants_are_those_of_the_paper():
    assert LEVELS == ("high", "good", "fair", "poor", "low")
    assert LEVEL_WEIGHTS == (1, 0.75, 0.5, 0.25, 0)
    for (lower, upper), centre, weight in zip(LEVEL_INTERVALS, LEVEL_CENTRES, LEVEL_WEIGHTS, strict=True):
        assert upper - lower == pytest.approx(0.2)
        assert (lower + upper) / 2 == pytest.approx(centre)
        assert 0.1 + 0.8 * weight == pytest.approx(centre)


@pytest.mark.parametrize(
    ("score", "level"),
    [
        (1.0, "high"),
        (0.8, "high"),
        (math.nextafter(0.8, 0), "good"),
        (3.5794934669057366 / 5, "good"),  # the released example record
        (0.6, "good"),
        (0.4, "fair"),
        (0.2, "poor"),
        (math.nextafter(0.2, 0), "low"),
        (0.0, "low"),
    ],
)
def test_a_level_owns_its_lower_edge(score, level):
    assert level_of(score) == level


@pytest.mark.parametrize("score", [-0.01, 1.01, 66.7, math.nan])
def test_a_score_outside_the_unit_interval_has_no_level(score):
    with pytest.raises(ValueError, match=rf"score of {score} has no level; expected a number in \[0, 1\]"):
        level_of(score)


def test_probabilities_equal_scipys_softmax():
    logits = np.random.default_rng(0).normal(scale=8, size=(7, 3, 5))
    np.testing.assert_allclose(level_probabilities(logits), softmax(logits, axis=-1), rtol=1e-12)


def test_probabilities_survive_logits_that_overflow_an_exponential():
    np.testing.assert_allclose(level_probabilities([1e4, 1e4, 0, 0, -1e4]), [0.5, 0.5, 0, 0, 0])


@pytest.mark.parametrize(("given", "computed"), [("f4", "f4"), ("f8", "f8"), ("f2", "f8"), ("i8", "f8")])
def test_float32_stays_float32_and_all_else_is_computed_in_float64(given, computed):
    assert level_probabilities(np.arange(5).astype(given)).dtype == np.dtype(computed)


def test_adding_a_constant_to_all_logits_changes_nothing():
    logits = np.random.default_rng(1).normal(size=(20, 5))
    np.testing.assert_allclose(level_probabilities(logits + 100), level_probabilities(logits), rtol=1e-12)


def test_the_five_pure_levels_score_their_weights():
    np.testing.assert_array_equal(score_from_probabilities(np.eye(5)), LEVEL_WEIGHTS)


def test_the_score_stays_in_the_unit_interval_and_rises_with_the_better_level():
    probabilities = random_probabilities(2000)
    scores = score_from_probabilities(probabilities)
    assert ((scores >= 0) & (scores <= 1)).all()
    better = probabilities.copy()
    better[:, 0] += better[:, 4]
    better[:, 4] = 0
    assert (score_from_probabilities(better) > scores).all()


def test_the_deviation_equals_that_of_a_weighted_sample():
    for probabilities in random_probabilities(50):
        mean = np.average(LEVEL_WEIGHTS, weights=probabilities)
        expected = math.sqrt(np.average((np.asarray(LEVEL_WEIGHTS) - mean) ** 2, weights=probabilities))
        assert std_from_probabilities(probabilities) == pytest.approx(expected, abs=1e-12)


def test_the_deviation_runs_from_zero_to_one_half():
    assert std_from_probabilities([0, 0, 1, 0, 0]) == 0
    assert std_from_probabilities([0.5, 0, 0, 0, 0.5]) == 0.5


def decision(probabilities) -> dict:
    """transformers' own answer to a score question with the levels in the order low to high."""
    template_utils = pytest.importorskip("transformers.decision.template_utils")
    question = SimpleNamespace(
        type="score", options=[str(index) for index in range(5)], descriptions=list(reversed(LEVELS))
    )
    return template_utils.Question.answer(question, list(reversed(probabilities)))


def test_confidence_and_level_equal_those_of_transformers_typed_decisions():
    ties = [[0.2] * 5, [0.5, 0, 0, 0, 0.5], [0, 0.5, 0.5, 0, 0], [0.4, 0.1, 0, 0.1, 0.4]]
    probabilities = random_probabilities(300).tolist() + ties + np.eye(5).tolist()
    for row in probabilities:
        answer = decision(row)
        assert confidence_from_probabilities(row) == pytest.approx(answer["confidence"], abs=1e-12)
        best = max(answer["probabilities"], key=answer["probabilities"].get)
        assert most_probable_level(row) == answer["legend"][best]
        assert score_from_probabilities(row) == pytest.approx(answer["score"] / 4)


def test_confidence_is_one_for_a_certain_level_and_zero_for_equal_ones():
    np.testing.assert_array_equal(confidence_from_probabilities(np.eye(5)), np.ones(5))
    assert confidence_from_probabilities([0.2] * 5) == 0


def test_a_whole_table_gives_what_its_rows_give():
    table = random_probabilities(12).reshape(3, 4, 5)
    for function in (score_from_probabilities, std_from_probabilities, confidence_from_probabilities):
        rows = [[function(row) for row in part] for part in table]
        np.testing.assert_allclose(function(table), rows, rtol=1e-12)


@pytest.mark.parametrize(
    "function",
    [
        level_probabilities,
        score_from_probabilities,
        std_from_probabilities,
        confidence_from_probabilities,
        most_probable_level,
    ],
)
def test_four_levels_are_refused(function):
    with pytest.raises(ValueError, match=r"shape \[2, 4\]; expected \[\.\.\., 5\] in the order high, good"):
        function(np.ones((2, 4)))


def test_mos_runs_from_one_to_five():
    assert (mos_1_5(0.0), mos_1_5(0.5), mos_1_5(1.0)) == (1, 3, 5)


def test_official_scores_come_back_to_the_papers_scale():
    probabilities = random_probabilities(100)
    official = probabilities @ [1, 0.8, 0.6, 0.4, 0.2]
    np.testing.assert_allclose(score_from_official(official), score_from_probabilities(probabilities), atol=1e-12)
