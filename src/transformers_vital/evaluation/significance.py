"""How sure a metric is, and whether two models differ on the same items."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import EvaluationError
from .metrics import ROW_METRICS, checked


_VALUES_AT_ONCE = 2_000_000  # of a drawing of items, so that no array of a resampling passes 16 MB


@dataclass(frozen=True)
class Interval:
    """
    A metric with its confidence interval.

    Args:
        value, low, high (`float`): of all items, and the bounds; low and high are NaN where no drawing has a value.
        confidence (`float`): share of such intervals that cover the true value.
        resamples (`int`): drawings with a value; the others, constant by chance, do not count.
    """

    value: float
    low: float
    high: float
    confidence: float
    resamples: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class Comparison:
    """
    A metric of two models on the same items.

    Args:
        metric (`str`): its name.
        value, other (`float`): of the two models.
        difference ([`Interval`]): `value - other`.
        p_value (`float`): two-sided, of the paired bootstrap: how often a drawing contradicts the sign of the
            difference.
    """

    metric: str
    value: float
    other: float
    difference: Interval
    p_value: float

    def __str__(self) -> str:
        values = f"{self.metric} {self.value:.3f} and {self.other:.3f}"
        return f"{values}, difference {self.difference}, p = {self.p_value:.3f}"


@dataclass(frozen=True)
class WilliamsTest:
    """
    Williams' test of two correlations with the same ratings.

    Args:
        t (`float`): positive where the first model correlates more.
        degrees_of_freedom (`int`): n − 3.
        p_value (`float`): two-sided.
    """

    t: float
    degrees_of_freedom: int
    p_value: float


def bootstrap_interval(
    predicted: Any,
    *,
    rated: Any,
    metric: str = "srcc",
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """
    Percentile bootstrap interval of a metric (Efron, 1979), over drawings of n items with replacement.

    Args:
        predicted, rated (arrays of shape `(n,)`): see [`~evaluation.metrics.srcc`].
        metric (`str`, *optional*, defaults to `"srcc"`): srcc, plcc, krcc, rmse or pair_accuracy.
        confidence (`float`, *optional*, defaults to 0.95): in (0, 1).
        resamples (`int`, *optional*, defaults to 1000): drawings, at least 1.
        seed (`int`, *optional*, defaults to 0): of the drawings; the same seed gives the same interval.

    Returns:
        [`Interval`].

    Raises:
        [`EvaluationError`]: the metric is unknown, or confidence or resamples out of range.
        `ValueError`: see [`~evaluation.metrics.srcc`].

    Example:

    ```python
    >>> from transformers_vital.evaluation.significance import bootstrap_interval
    >>> interval = bootstrap_interval(range(20), rated=range(20))  # any drawing is in order
    >>> interval.value, interval.low, interval.high
    (1.0, 1.0, 1.0)

    ```
    """
    function = _row_metric(metric, confidence=confidence, resamples=resamples)
    sides = checked(predicted, rated=rated)
    drawn = np.concatenate([function(*rows) for rows in _drawings(sides, resamples=resamples, seed=seed)])
    return _interval(_whole(function, *sides), drawn, confidence=confidence)


def compare_models(
    predicted: Any,
    *,
    other: Any,
    rated: Any,
    metric: str = "srcc",
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Comparison:
    """
    Whether two models differ on the same items, by a paired bootstrap.

    Each drawing holds the same items for both models, so that what they share cancels out; it asks for no
    distribution, and serves ranks as well as values. The p-value inverts the percentile interval (Efron and
    Tibshirani, 1993, ch. 15; with the one added by Davison and Hinkley, 1997, eq. 4.11):
    `2 · (1 + min(#(d ≤ 0), #(d ≥ 0))) / (1 + resamples)`, at most 1.

    Args:
        predicted, other (arrays of shape `(n,)`): scores of the two models.
        rated (array of shape `(n,)`): see [`~evaluation.metrics.srcc`].
        metric, confidence, resamples, seed (*optional*): see [`bootstrap_interval`].

    Returns:
        [`Comparison`]; the p-value is NaN where no drawing has a value.

    Raises:
        see [`bootstrap_interval`].

    Example:

    ```python
    >>> from transformers_vital.evaluation.significance import compare_models
    >>> comparison = compare_models(range(20), other=range(20, 0, -1), rated=range(20))
    >>> comparison.difference.value, comparison.p_value < 0.01
    (2.0, True)

    ```
    """
    function = _row_metric(metric, confidence=confidence, resamples=resamples)
    (predicted, rated), (other, _) = checked(predicted, rated=rated), checked(other, rated=rated)
    drawn = np.concatenate(
        [
            function(rows, truth) - function(others, truth)
            for rows, others, truth in _drawings((predicted, other, rated), resamples=resamples, seed=seed)
        ]
    )
    values = _whole(function, predicted, rated), _whole(function, other, rated)
    difference = _interval(values[0] - values[1], drawn, confidence=confidence)
    contradicting = min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
    p_value = min(1.0, 2 * (1 + contradicting) / (1 + difference.resamples)) if difference.resamples else float("nan")
    return Comparison(metric, *values, difference, p_value)


def williams_test(predicted: Any, *, other: Any, rated: Any, metric: str = "plcc") -> WilliamsTest:
    """
    Williams' test of the difference of two correlations with the same ratings.

    Formula (Williams, 1959; recommended by Steiger, 1980, eq. 7), with a and b the correlations of the two models, c
    that between the models, `R = 1 - a² - b² - c² + 2abc`: `t = (a - b) · sqrt((n - 1)(1 + c) /
    (2R (n - 1) / (n - 3) + (a + b)² (1 - c)³ / 4))`, with n − 3 degrees of freedom. It takes values of a normal
    distribution for granted; on ranks it is an approximation (Myers and Sirois, 2006): prefer [`compare_models`].

    Args:
        predicted, other (arrays of shape `(n,)`): scores of the two models; n of at least 4.
        rated (array of shape `(n,)`): see [`~evaluation.metrics.srcc`].
        metric (`str`, *optional*, defaults to `"plcc"`): plcc or srcc.

    Returns:
        [`WilliamsTest`]; t is 0 and the p-value 1 where the correlations are equal, both are NaN where one side is
        constant.

    Raises:
        [`EvaluationError`]: another metric, or three items.
        `ValueError`: see [`~evaluation.metrics.srcc`].

    Example:

    ```python
    >>> from transformers_vital.evaluation.significance import williams_test
    >>> test = williams_test([1, 2, 3, 4, 5], other=[2, 1, 4, 3, 5], rated=[1, 3, 2, 5, 4])  # a = .8, b = .3, c = .8
    >>> round(test.t, 3), test.degrees_of_freedom  # R = .014: .5 · sqrt(4 · 1.8 / (.056 + .00242))
    (5.551, 2)

    ```
    """
    from scipy.stats import t as student

    if metric not in ("plcc", "srcc"):
        raise EvaluationError(f"metric is {metric!r}; Williams' test is about plcc or srcc. Use compare_models.")
    (predicted, rated), (other, _) = checked(predicted, rated=rated), checked(other, rated=rated)
    n, function = len(rated), ROW_METRICS[metric]
    if n < 4:
        raise EvaluationError(f"There are {n} items; Williams' test needs at least 4. Rate more items.")
    a, b, c = _whole(function, predicted, rated), _whole(function, other, rated), _whole(function, predicted, other)
    if a == b:
        return WilliamsTest(0.0, n - 3, 1.0)
    determinant = max(0.0, 1 - a**2 - b**2 - c**2 + 2 * a * b * c)
    spread = 2 * determinant * (n - 1) / (n - 3) + (a + b) ** 2 * (1 - c) ** 3 / 4
    t = float((a - b) * np.sqrt((n - 1) * (1 + c) / spread))
    return WilliamsTest(t, n - 3, float(2 * student.sf(abs(t), n - 3)))


def _row_metric(metric: str, *, confidence: float, resamples: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    if metric not in ROW_METRICS:
        raise EvaluationError(f"metric is {metric!r}; expected one of {', '.join(ROW_METRICS)}.")
    if not 0 < confidence < 1:
        raise EvaluationError(f"confidence is {confidence}; expected a share between 0 and 1, such as 0.95.")
    if resamples < 1:
        raise EvaluationError(f"resamples is {resamples}; expected at least 1, such as 1000.")
    return ROW_METRICS[metric]


def _whole(function: Callable, predicted: np.ndarray, rated: np.ndarray) -> float:
    return float(function(predicted[None], rated[None])[0])


def _drawings(sides: tuple[np.ndarray, ...], *, resamples: int, seed: int) -> Iterator[tuple[np.ndarray, ...]]:
    """Drawings of the same items for all sides, as arrays of shape (some drawings, n)."""
    generator, n = np.random.default_rng(seed), len(sides[0])
    at_once = max(1, _VALUES_AT_ONCE // n)
    for start in range(0, resamples, at_once):
        places = generator.integers(n, size=(min(at_once, resamples - start), n))
        yield tuple(side[places] for side in sides)


def _interval(value: float, drawn: np.ndarray, *, confidence: float) -> Interval:
    drawn = drawn[np.isfinite(drawn)]
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, (tail, 1 - tail)) if len(drawn) else (np.nan, np.nan)
    return Interval(value, float(low), float(high), confidence, len(drawn))
