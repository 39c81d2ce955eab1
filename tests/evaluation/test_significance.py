"""Bootstrap and Williams' test against scipy, published examples and simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from transformers_vital.errors import EvaluationError
from transformers_vital.evaluation.metrics import ROW_METRICS
from transformers_vital.evaluation.significance import bootstrap_interval, compare_models, williams_test


def noisy(rng, truth, *, noise):
    return truth + noise * rng.normal(size=len(truth))


def test_the_interval_is_the_percentile_interval_of_scipy():
    rng = np.random.default_rng(0)
    rated = rng.normal(size=120)
    predicted = noisy(rng, rated, noise=0.6)
    ours = bootstrap_interval(predicted, rated=rated, metric="plcc", resamples=20000, seed=1)
    theirs = stats.bootstrap(
        (predicted, rated),
        lambda x, y: stats.pearsonr(x, y).statistic,
        paired=True,
        vectorized=False,
        method="percentile",
        n_resamples=2000,
        rng=np.random.default_rng(2),
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.008)
    assert ours.value == pytest.approx(stats.pearsonr(predicted, rated).statistic)


def test_intervals_of_95_percent_cover_the_true_correlation_about_that_often():
    rng = np.random.default_rng(3)
    true = 0.8
    covered = 0
    for seed in range(300):
        rated, other = rng.normal(size=(2, 60))
        predicted = true * rated + math.sqrt(1 - true**2) * other
        interval = bootstrap_interval(predicted, rated=rated, metric="plcc", resamples=400, seed=seed)
        covered += interval.low <= true <= interval.high
    assert 0.90 <= covered / 300 <= 0.98


@pytest.mark.parametrize("metric", list(ROW_METRICS))
def test_the_seed_decides_on_the_drawings(metric):
    rng = np.random.default_rng(4)
    rated = rng.normal(size=30)
    predicted = noisy(rng, rated, noise=0.5)
    first, again, another = (
        bootstrap_interval(predicted, rated=rated, metric=metric, resamples=50, seed=seed) for seed in (7, 7, 8)
    )
    assert first == again != another
    assert first.low < first.value < first.high


def test_many_drawings_at_once_are_those_one_by_one(monkeypatch):
    from transformers_vital.evaluation import significance

    predicted, rated = np.random.default_rng(5).normal(size=(2, 40))
    at_once = bootstrap_interval(predicted, rated=rated, resamples=30)
    monkeypatch.setattr(significance, "_VALUES_AT_ONCE", 1)
    assert bootstrap_interval(predicted, rated=rated, resamples=30) == at_once


def test_drawings_without_a_value_are_left_out_and_counted():
    interval = bootstrap_interval([1, 2, 3], rated=[1, 2, 3], resamples=900)
    assert (interval.low, interval.high) == (1, 1)
    # 3 of the 27 drawings of three items hold one item three times
    assert interval.resamples / 900 == pytest.approx(24 / 27, abs=0.04)


def test_an_interval_of_constant_scores_is_undefined():
    interval = bootstrap_interval([1, 1, 1, 1], rated=[1, 2, 3, 4])
    assert interval.resamples == 0
    assert all(math.isnan(value) for value in (interval.value, interval.low, interval.high))


def test_equally_good_models_differ_significantly_about_as_often_as_chance_says():
    rng = np.random.default_rng(7)
    p_values = {"bootstrap": [], "williams": []}
    for seed in range(300):
        rated = rng.normal(size=50)
        shared = noisy(rng, rated, noise=0.5)
        one, two = noisy(rng, shared, noise=0.4), noisy(rng, shared, noise=0.4)
        comparison = compare_models(one, other=two, rated=rated, resamples=200, seed=seed)
        p_values["bootstrap"].append(comparison.p_value)
        p_values["williams"].append(williams_test(one, other=two, rated=rated).p_value)
    for values in p_values.values():
        assert 0.02 <= np.mean(np.array(values) < 0.05) <= 0.10


def test_a_better_model_is_found_and_the_roles_can_be_changed():
    rng = np.random.default_rng(8)
    rated = rng.normal(size=200)
    better, worse = noisy(rng, rated, noise=0.3), noisy(rng, rated, noise=0.9)
    comparison = compare_models(better, other=worse, rated=rated)
    turned = compare_models(worse, other=better, rated=rated)
    assert comparison.value == pytest.approx(stats.spearmanr(better, rated)[0])
    assert comparison.difference.value == pytest.approx(comparison.value - comparison.other)
    assert comparison.difference.low > 0
    assert comparison.p_value == turned.p_value == pytest.approx(2 / 1001)
    assert turned.difference.value == -comparison.difference.value
    assert str(comparison).startswith("srcc 0.9")


def test_a_model_does_not_differ_from_itself():
    scores, rated = np.random.default_rng(9).normal(size=(2, 25))
    comparison = compare_models(scores, other=scores, rated=rated)
    assert (comparison.difference.value, comparison.p_value) == (0, 1)
    test = williams_test(scores, other=scores, rated=rated)
    assert (test.t, test.p_value) == (0, 1)


def with_correlations(a, b, c, *, n):
    """Three variables of n values with exactly these correlations: model and ratings, other and ratings, models."""
    drawn = np.random.default_rng(10).normal(size=(n, 3))
    white, _ = np.linalg.qr(drawn - drawn.mean(axis=0))
    ratings, model, other = (white @ np.linalg.cholesky([[1, a, b], [a, 1, c], [b, c, 1]]).T).T
    return model, other, ratings


def test_williams_test_gives_the_values_of_a_textbook():
    """Howell, Statistical Methods for Psychology, 6th edition, p. 262: r = .80, .72 and .89 of 26 cases."""
    model, other, rated = with_correlations(0.80, 0.72, 0.89, n=26)
    test = williams_test(model, other=other, rated=rated)
    assert (round(test.t, 3), test.degrees_of_freedom, round(test.p_value, 3)) == (1.361, 23, 0.187)


def test_williams_test_of_srcc_is_that_of_the_ranks():
    model, other, rated = np.random.default_rng(11).normal(size=(3, 30))
    ranks = [stats.rankdata(values) for values in (model, other, rated)]
    of_ranks = williams_test(ranks[0], other=ranks[1], rated=ranks[2])
    assert williams_test(model, other=other, rated=rated, metric="srcc") == of_ranks


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"metric": "mse"}, "metric is 'mse'; expected one of srcc, plcc, krcc, rmse, pair_accuracy"),
        ({"confidence": 95}, "confidence is 95; expected a share between 0 and 1"),
        ({"resamples": 0}, "resamples is 0; expected at least 1"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(EvaluationError, match=message):
        bootstrap_interval([1, 2, 3], rated=[1, 2, 3], **settings)
    with pytest.raises(EvaluationError, match=message):
        compare_models([1, 2, 3], other=[1, 2, 3], rated=[1, 2, 3], **settings)


def test_unusable_input_is_refused():
    with pytest.raises(ValueError, match=r"\(4,\) predicted and \(3,\) rated"):
        compare_models([1, 2, 3], other=[1, 2, 3, 4], rated=[1, 2, 3])
    with pytest.raises(EvaluationError, match="There are 3 items; Williams' test needs at least 4"):
        williams_test([1, 2, 3], other=[1, 3, 2], rated=[1, 2, 3])
    with pytest.raises(EvaluationError, match="metric is 'krcc'; Williams' test is about plcc or srcc"):
        williams_test([1, 2, 3, 4], other=[1, 3, 2, 4], rated=[1, 2, 3, 4], metric="krcc")
