"""Values of models that were trained with several seeds, with bootstrap intervals and spread."""

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..evaluation.metrics import ROW_METRICS


RESAMPLES = 1000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """
    A value with what is known of its uncertainty.

    Args:
        values (`tuple[float, ...]`): one for each seed.
        drawn (`np.ndarray` of shape `(RESAMPLES,)`): means over the seeds, of drawings of the items with replacement.
    """

    values: tuple[float, ...]
    drawn: np.ndarray

    @property
    def value(self) -> float:
        """Mean over the seeds."""
        return sum(self.values) / len(self.values)

    @property
    def interval(self) -> tuple[float, float]:
        """Percentile bootstrap interval of the mean over the seeds, 95 %; NaN where no drawing has a value."""
        drawn = self.drawn[np.isfinite(self.drawn)]
        tail = (1 - CONFIDENCE) / 2
        low, high = np.quantile(drawn, (tail, 1 - tail)) if len(drawn) else (math.nan, math.nan)
        return float(low), float(high)

    @property
    def spread(self) -> float:
        """Standard deviation over the seeds, of a sample; NaN with one."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else math.nan


def correlation(scores: np.ndarray, *, rated: np.ndarray, metric: str) -> Estimate:
    """
    A metric of scores.

    With one seed, value and interval are those of [`~evaluation.significance.bootstrap_interval`].

    Args:
        scores (`np.ndarray` of shape `(seeds, n)`): of the same items; n of at least 3, else all is NaN.
        rated (`np.ndarray` of shape `(n,)`): of the items.
        metric (`str`): of [`~evaluation.metrics`]: srcc, plcc, krcc, rmse or pair_accuracy.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.experiments.estimates import correlation
    >>> up, down = np.arange(9.0), np.arange(9.0)[::-1]
    >>> found = correlation(np.stack([up, up, down]), rated=up, metric="srcc")
    >>> round(found.value, 3), round(found.spread, 3)  # of 1, 1 and -1
    (0.333, 1.155)

    ```
    """
    if len(rated) < 3:
        return Estimate((math.nan,) * len(scores), np.full(RESAMPLES, math.nan))
    function = ROW_METRICS[metric]
    return _estimate(lambda row, places: function(row[places], rated[places]), scores)


def mean(values: np.ndarray) -> Estimate:
    """
    The mean of what each item is worth.

    Args:
        values (`np.ndarray` of shape `(seeds, n)`): of the same items; NaN with none.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.experiments.estimates import mean
    >>> mean(np.array([[0.0, 1.0, 1.0, 0.0]])).value
    0.5

    ```
    """
    if values.shape[1] == 0:
        return Estimate((math.nan,) * len(values), np.full(RESAMPLES, math.nan))
    return _estimate(lambda row, places: row[places].mean(axis=-1), values)


def average(estimates: Sequence[Estimate]) -> Estimate:
    """
    The plain mean of a metric over several sets of items, drawn apart from each other.

    Args:
        estimates (`Sequence[Estimate]`): of as many seeds each.
    """
    values = np.mean([estimate.values for estimate in estimates], axis=0)
    # each set has its own drawings, which are put together in another order each so that they stay independent
    orders = [np.random.default_rng(place).permutation(RESAMPLES) for place in range(len(estimates))]
    drawn = np.mean([estimate.drawn[order] for estimate, order in zip(estimates, orders, strict=True)], axis=0)
    return Estimate(tuple(map(float, values)), drawn)


def _estimate(of: Callable[[np.ndarray, np.ndarray], np.ndarray], rows: np.ndarray) -> Estimate:
    """The drawings are the same for all seeds, and for all metrics."""
    everything = np.arange(rows.shape[1])[None]
    places = np.random.default_rng(0).integers(rows.shape[1], size=(RESAMPLES, rows.shape[1]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of drawings that are NaN
        values = tuple(float(of(row, everything)[0]) for row in rows)
        return Estimate(values, np.mean([of(row, places) for row in rows], axis=0))
