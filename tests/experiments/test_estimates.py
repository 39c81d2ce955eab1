"""Values over seeds, against scipy, the statistics module and the intervals of `evaluate`."""

import math
import statistics

import numpy as np
import pytest
from scipy import stats

from transformers_vital.evaluation.significance import bootstrap_interval
from transformers_vital.experiments.estimates import RESAMPLES, average, correlation, mean


RNG = np.random.default_rng(3)
RATED = RNG.normal(size=40)
SCORES = RATED + RNG.normal(size=(3, 40))


@pytest.mark.parametrize("metric", ["srcc", "plcc"])
def test_with_one_seed_value_and_interval_are_those_of_evaluate(metric):
    found = correlation(SCORES[:1], rated=RATED, metric=metric)
    expected = bootstrap_interval(SCORES[0], rated=RATED, metric=metric)
    assert (found.value, *found.interval) == (expected.value, expected.low, expected.high)
    assert math.isnan(found.spread)


def test_with_seeds_it_is_mean_and_deviation_of_scipys_values():
    found = correlation(SCORES, rated=RATED, metric="srcc")
    values = [stats.spearmanr(row, RATED).statistic for row in SCORES]
    assert found.values == pytest.approx(values, abs=1e-12)
    assert found.value == pytest.approx(statistics.mean(values), abs=1e-12)
    assert found.spread == pytest.approx(statistics.stdev(values), abs=1e-12)
    assert found.interval[0] < found.value < found.interval[1]


def test_the_mean_over_seeds_is_surer_than_one_seed():
    one, three = (correlation(SCORES[:count], rated=RATED, metric="plcc") for count in (1, 3))
    assert np.ptp(three.interval) < np.ptp(one.interval)


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution():
    values = RNG.integers(0, 2, size=(1, 400)).astype(float)
    low, high = mean(values).interval
    half = 1.96 * values.std() / math.sqrt(400)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.01)


def test_sets_are_averaged_with_each_its_own_drawings():
    """Of k sets with the same spread the average varies by the root of k less."""
    sets = [mean(RNG.normal(size=(1, 200))) for _ in range(4)]
    found = average(sets)
    assert found.value == pytest.approx(statistics.mean(each.value for each in sets))
    alone = statistics.mean(np.ptp(each.interval) for each in sets)
    assert np.ptp(found.interval) == pytest.approx(alone / 2, rel=0.15)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(correlation(np.zeros((2, 2)), rated=np.arange(2.0), metric="srcc"), id="two-items"),
        pytest.param(correlation(np.zeros((2, 5)), rated=np.arange(5.0), metric="plcc"), id="constant"),
        pytest.param(mean(np.zeros((2, 0))), id="no-item"),
    ],
)
def test_what_is_not_defined_is_nan(found):
    assert np.isnan([found.value, *found.interval, *found.values]).all()
    assert found.drawn.shape == (RESAMPLES,)
