"""Metrics against scipy and their definitions, and what they do with input that has none."""

import itertools
import math
import warnings

import numpy as np
import pytest
from scipy import optimize, stats

from transformers_vital.errors import CalibrationError
from transformers_vital.evaluation.metrics import (
    ROW_METRICS,
    krcc,
    pair_accuracy,
    plcc,
    plcc_logistic,
    rating_metrics,
    rmse,
    rmse_logistic,
    srcc,
)


def random_case(rng, case):
    """Scores and ratings of 3 to 39 items, with ties in every second case."""
    predicted, rated = rng.normal(size=(2, int(rng.integers(3, 40))))
    return (predicted.round(), rated.round()) if case % 2 else (predicted, rated)


def test_correlations_equal_scipy_on_cases_of_any_size_with_and_without_ties():
    rng = np.random.default_rng(0)
    compared = 0
    for case in range(600):
        predicted, rated = random_case(rng, case)
        if np.ptp(predicted) == 0 or np.ptp(rated) == 0:
            continue
        compared += 1
        assert srcc(predicted, rated=rated) == pytest.approx(stats.spearmanr(predicted, rated)[0], abs=1e-12)
        assert plcc(predicted, rated=rated) == pytest.approx(stats.pearsonr(predicted, rated)[0], abs=1e-12)
        assert krcc(predicted, rated=rated) == pytest.approx(stats.kendalltau(predicted, rated)[0], abs=1e-12)
    assert compared > 550


def test_thousands_of_rows_at_once_equal_scipy():
    predicted, rated = np.random.default_rng(1).normal(size=(2, 5000, 11)).round(1)
    ranks = stats.rankdata(predicted, axis=1), stats.rankdata(rated, axis=1)  # Spearman's definition
    expected = {
        "srcc": stats.pearsonr(*ranks, axis=1).statistic,
        "plcc": stats.pearsonr(predicted, rated, axis=1).statistic,
        "rmse": np.linalg.norm(predicted - rated, axis=1) / math.sqrt(11),
    }
    for name, values in expected.items():
        assert ROW_METRICS[name](predicted, rated) == pytest.approx(values, abs=1e-12), name


def test_krcc_and_pair_accuracy_count_pairs_as_their_formulas_say():
    rng = np.random.default_rng(2)
    for case in range(300):
        predicted, rated = random_case(rng, case)
        pairs = list(itertools.combinations(range(len(rated)), 2))
        signs = np.array([(np.sign(predicted[a] - predicted[b]), np.sign(rated[a] - rated[b])) for a, b in pairs])
        by_score, by_rating = signs.T
        if not by_rating.any():
            continue
        product = by_score * by_rating
        agreeing = (product > 0).sum() + ((by_score == 0) & (by_rating != 0)).sum() / 2
        assert pair_accuracy(predicted, rated=rated) == pytest.approx(agreeing / (by_rating != 0).sum(), abs=1e-12)
        if by_score.any():
            tau_b = product.sum() / math.sqrt((by_score != 0).sum() * (by_rating != 0).sum())
            assert krcc(predicted, rated=rated) == pytest.approx(tau_b, abs=1e-12)


def test_pair_accuracy_is_somers_d_on_another_scale():
    predicted, rated = np.random.default_rng(3).integers(0, 9, size=(2, 60))
    d = stats.somersd(rated, predicted).statistic
    assert pair_accuracy(predicted, rated=rated) == pytest.approx((1 + d) / 2, abs=1e-12)


def test_the_metrics_after_the_logistic_are_those_of_the_best_curve_that_scipy_finds():
    rng = np.random.default_rng(4)
    predicted = rng.uniform(size=200)
    rated = 70 / (1 + np.exp(-9 * (predicted - 0.6))) + 15 + rng.normal(scale=4, size=200)

    def curve(x, slope, offset, height, base):
        return height / (1 + np.exp(-(slope * x + offset))) + base

    parameters, _ = optimize.curve_fit(curve, predicted, rated, p0=(8, -4, 60, 20), maxfev=20000)
    mapped = curve(predicted, *parameters)
    assert plcc_logistic(predicted, rated=rated) == pytest.approx(stats.pearsonr(mapped, rated)[0], abs=1e-5)
    assert rmse_logistic(predicted, rated=rated) == pytest.approx(math.sqrt(((mapped - rated) ** 2).mean()), rel=1e-5)
    assert plcc_logistic(predicted, rated=rated) > plcc(predicted, rated=rated)


def test_the_logistic_is_blind_to_direction_and_srcc_is_not():
    predicted = np.linspace(0, 1, 20)
    rated = 1 / (1 + np.exp(-8 * (predicted - 0.5)))
    assert plcc_logistic(-predicted, rated=rated) == pytest.approx(1, abs=1e-9)
    assert srcc(-predicted, rated=rated) == pytest.approx(-1)


@pytest.mark.parametrize("scale", [1e-200, 1e-3, 1e5, 1e150])
def test_correlations_do_not_depend_on_the_scale(scale):
    predicted, rated = np.array([1.0, 4, 2, 8, 5]), np.array([2.0, 3, 1, 9, 9])
    for metric in (srcc, plcc, krcc, pair_accuracy):
        assert metric(predicted * scale, rated=rated) == pytest.approx(metric(predicted, rated=rated), abs=1e-12)


@pytest.mark.parametrize("metric", [srcc, plcc, plcc_logistic, krcc, rmse_logistic])
@pytest.mark.parametrize("value", [1.0, 0.1])  # the mean of many 0.1 is not 0.1
def test_a_constant_side_has_no_correlation(metric, value):
    constant, rising = [value] * 7, [1, 2, 3, 4, 5, 6, 7]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert math.isnan(metric(constant, rated=rising))
        assert math.isnan(metric(rising, rated=constant))


def test_constant_scores_order_half_of_the_pairs_and_constant_ratings_have_none():
    assert pair_accuracy([1, 1, 1], rated=[1, 2, 3]) == 0.5
    assert math.isnan(pair_accuracy([1, 2, 3], rated=[1, 1, 1]))


@pytest.mark.parametrize("metric", [srcc, plcc, plcc_logistic, krcc, rmse, rmse_logistic, pair_accuracy])
def test_unusable_input_is_refused(metric):
    with pytest.raises(ValueError, match=r"\(3,\) predicted and \(4,\) rated values; expected as many of both"):
        metric([1, 2, 3], rated=[1, 2, 3, 4])
    with pytest.raises(ValueError, match="at least 3"):
        metric([1, 2], rated=[1, 2])
    with pytest.raises(ValueError, match="1 of 3 items have a value that is not finite. Drop them."):
        metric([1, 2, float("nan")], rated=[1, 2, 3])


def test_a_curve_needs_five_items():
    with pytest.raises(CalibrationError, match="There are 4 items; a four-parameter curve needs at least 5"):
        plcc_logistic([1, 2, 3, 4], rated=[1, 2, 3, 4])


def test_all_metrics_at_once_are_the_single_ones_and_leave_out_a_curve_of_too_few():
    predicted, rated = [0.1, 0.4, 0.9, 0.3, 0.5], [1, 3, 5, 4, 4]
    metrics = rating_metrics(predicted, rated=rated)
    functions = (srcc, plcc, plcc_logistic, krcc, rmse, rmse_logistic, pair_accuracy)
    assert metrics == {function.__name__: function(predicted, rated=rated) for function in functions}
    few = rating_metrics(predicted[:4], rated=rated[:4])
    assert [name for name, value in few.items() if math.isnan(value)] == ["plcc_logistic", "rmse_logistic"]
