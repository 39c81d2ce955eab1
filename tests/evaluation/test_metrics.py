"""Correlations against scipy, and what they do with input that has none."""

import math

import numpy as np
import pytest
from scipy import stats

from transformers_vital.evaluation.metrics import plcc, srcc


def test_both_equal_scipy_on_thousands_of_cases_with_and_without_ties():
    rng = np.random.default_rng(0)
    for case in range(2000):
        size = int(rng.integers(3, 40))
        predicted, rated = rng.normal(size=(2, size))
        if case % 2:
            predicted, rated = predicted.round(), rated.round()
        if np.ptp(predicted) == 0 or np.ptp(rated) == 0:
            continue
        assert srcc(predicted, rated=rated) == pytest.approx(stats.spearmanr(predicted, rated)[0], abs=1e-12)
        assert plcc(predicted, rated=rated) == pytest.approx(stats.pearsonr(predicted, rated)[0], abs=1e-12)


@pytest.mark.parametrize("metric", [srcc, plcc])
def test_a_constant_side_has_no_correlation(metric):
    assert math.isnan(metric([1, 1, 1], rated=[1, 2, 3]))


@pytest.mark.parametrize("metric", [srcc, plcc])
def test_unusable_input_is_refused(metric):
    with pytest.raises(ValueError, match=r"\(3,\) predicted and \(4,\) rated values; expected as many of both"):
        metric([1, 2, 3], rated=[1, 2, 3, 4])
    with pytest.raises(ValueError, match="at least 3"):
        metric([1, 2], rated=[1, 2])
    with pytest.raises(ValueError, match="1 of 3 items have a value that is not finite. Drop them."):
        metric([1, 2, float("nan")], rated=[1, 2, 3])
