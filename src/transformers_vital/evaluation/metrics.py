"""Agreement of predicted scores with ratings.

Every metric takes the scores first and the ratings as `rated`, both of shape `(n,)` with n of at least 3, and raises
`ValueError` where the lengths differ, there are fewer items, or a value is NaN or infinite: a failed item is left out
by the caller, who counts it. A metric that the values do not define is NaN; each says when.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..calibration import MINIMUM_ITEMS, fit_calibration


def srcc(predicted: Any, *, rated: Any) -> float:
    """
    Spearman rank correlation coefficient.

    Formula (Spearman, 1904): [`plcc`] of the ranks; ties share their mean rank.

    Args:
        predicted, rated (arrays of shape `(n,)`): n of at least 3.

    Returns:
        `float`: in [−1, 1]; NaN where either side is constant.

    Raises:
        `ValueError`: the lengths differ, there are fewer than three items, or a value is not finite.

    Example:

    ```python
    >>> from transformers_vital.evaluation.metrics import srcc
    >>> round(srcc([0.1, 0.4, 0.9, 0.3], rated=[1, 3, 5, 4]), 3)  # 1 - 6 · 2 / (4 · 15)
    0.8

    ```
    """
    return _of_one(_srcc, predicted, rated)


def plcc(predicted: Any, *, rated: Any) -> float:
    """
    Pearson linear correlation coefficient of the raw scores, as the authors' release computes it.

    Formula (Pearson, 1895): `Σ (x - x̄)(y - ȳ) / sqrt(Σ (x - x̄)² · Σ (y - ȳ)²)`.

    Args, returns, raises: see [`srcc`].

    Example:

    ```python
    >>> from transformers_vital.evaluation.metrics import plcc
    >>> round(plcc([0, 1, 2], rated=[1, 3, 5]), 6)
    1.0

    ```
    """
    return _of_one(_plcc, predicted, rated)


def plcc_logistic(predicted: Any, *, rated: Any) -> float:
    """
    Pearson linear correlation coefficient after a four-parameter logistic has mapped the scores to the ratings.

    Formula (VQEG FRTV phase II, 2003; the curve is Eq. 6): [`plcc`] of `γ3 · Sigmoid(γ1 x + γ2) + γ4` with the least
    squares γ of these very items. The curve may fall, so that a model that is wrong way round gets the same value:
    read it beside [`srcc`].

    Args:
        predicted, rated (arrays of shape `(n,)`): n of at least 5, one more than the curve has parameters.

    Returns:
        `float`: in [−1, 1]; NaN where either side is constant.

    Raises:
        `ValueError`: see [`srcc`]; as [`CalibrationError`] with fewer than five items.

    Example:

    ```python
    >>> from transformers_vital.evaluation.metrics import plcc, plcc_logistic
    >>> scores = [0.0, 0.25, 0.5, 0.75, 1.0]
    >>> ratings = [1.072, 1.304, 3.0, 4.696, 4.928]  # 4 · Sigmoid(8 x - 4) + 1
    >>> round(plcc(scores, rated=ratings), 3), round(plcc_logistic(scores, rated=ratings), 3)
    (0.967, 1.0)

    ```
    """
    predicted, rated = checked(predicted, rated=rated)
    return float("nan") if _constant(predicted, rated) else plcc(_mapped(predicted, rated), rated=rated)


def krcc(predicted: Any, *, rated: Any) -> float:
    """
    Kendall rank correlation coefficient, corrected for ties (τ_b).

    Formula (Kendall, 1945), over the pairs of items: `(concordant - discordant) / sqrt(P · R)`, with P the pairs that
    the scores do not tie and R those that the ratings do not tie.

    Args, returns, raises: see [`srcc`].

    Example:

    ```python
    >>> from transformers_vital.evaluation.metrics import krcc
    >>> round(krcc([0.1, 0.4, 0.9, 0.3], rated=[1, 3, 5, 4]), 3)  # 5 pairs agree, 1 does not: 4 / 6
    0.667

    ```
    """
    return _of_one(_krcc, predicted, rated)


def rmse(predicted: Any, *, rated: Any) -> float:
    """
    Root mean squared error of scores that are on the scale of the ratings already.

    Formula: `sqrt(Σ (x - y)² / n)`.

    Args, raises: see [`srcc`].

    Returns:
        `float`: in units of the ratings, at least 0.

    Example:

    ```python
    >>> from transformers_vital.evaluation.metrics import rmse
    >>> rmse([1, 2, 3, 4], rated=[2, 2, 3, 3])  # sqrt(2 / 4)
    0.7071067811865476

    ```
    """
    return _of_one(_rmse, predicted, rated)


def rmse_logistic(predicted: Any, *, rated: Any) -> float:
    """
    Root mean squared error after a four-parameter logistic has mapped the scores to the ratings.

    Formula: [`rmse`] of the curve that [`plcc_logistic`] fits. The sum is divided by n, not by n less the four
    parameters as in ITU-T P.1401.

    Args, raises: see [`plcc_logistic`].

    Returns:
        `float`: in units of the ratings, at least 0; NaN where either side is constant.

    Example:

    ```python
    >>> from transformers_vital.evaluation.metrics import rmse_logistic
    >>> scores = [0.0, 0.25, 0.5, 0.75, 1.0]
    >>> round(rmse_logistic(scores, rated=[1.072, 1.304, 3.0, 4.696, 4.928]), 3)  # 4 · Sigmoid(8 x - 4) + 1
    0.0

    ```
    """
    predicted, rated = checked(predicted, rated=rated)
    return float("nan") if _constant(predicted, rated) else rmse(_mapped(predicted, rated), rated=rated)


def pair_accuracy(predicted: Any, *, rated: Any) -> float:
    """
    Share of the pairs of items with different ratings that the scores put in the same order.

    Formula: `(concordant + tied by the scores / 2) / R`, R as in [`krcc`]; equal scores count as a coin toss. It is
    `(1 + D) / 2` with Somers' D of the ratings.

    Args, raises: see [`srcc`].

    Returns:
        `float`: in [0, 1]; 0.5 where the scores are constant, NaN where the ratings are.

    Example:

    ```python
    >>> from transformers_vital.evaluation.metrics import pair_accuracy
    >>> round(pair_accuracy([0.1, 0.4, 0.9, 0.3], rated=[1, 3, 5, 4]), 3)  # 5 of 6
    0.833

    ```
    """
    return _of_one(_pair_accuracy, predicted, rated)


def rating_metrics(predicted: Any, *, rated: Any) -> dict[str, float]:
    """
    All metrics of this module by name, in the order srcc, plcc, plcc_logistic, krcc, rmse, rmse_logistic,
    pair_accuracy.

    Args, raises: see [`srcc`].

    Returns:
        `dict[str, float]`: the two after the logistic are NaN with fewer than five items.

    Example:

    ```python
    >>> from transformers_vital.evaluation.metrics import rating_metrics
    >>> metrics = rating_metrics([1, 2, 3], rated=[2, 3, 4])
    >>> metrics["rmse"], metrics["pair_accuracy"], metrics["rmse_logistic"]
    (1.0, 1.0, nan)

    ```
    """
    predicted, rated = checked(predicted, rated=rated)
    few = len(predicted) < MINIMUM_ITEMS
    functions = (srcc, plcc, plcc_logistic, krcc, rmse, rmse_logistic, pair_accuracy)
    return {
        function.__name__: float("nan")
        if few and function in (plcc_logistic, rmse_logistic)
        else function(predicted, rated=rated)
        for function in functions
    }


def checked(predicted: Any, *, rated: Any) -> tuple[np.ndarray, np.ndarray]:
    """
    Both sides as float64.

    Args, raises: see [`srcc`].
    """
    predicted, rated = np.asarray(predicted, dtype=np.float64), np.asarray(rated, dtype=np.float64)
    if predicted.shape != rated.shape or predicted.ndim != 1 or len(predicted) < 3:
        raise ValueError(
            f"There are {predicted.shape} predicted and {rated.shape} rated values; expected as many of both, one "
            "axis, at least 3."
        )
    if unusable := int((~(np.isfinite(predicted) & np.isfinite(rated))).sum()):
        raise ValueError(f"{unusable} of {len(predicted)} items have a value that is not finite. Drop them.")
    return predicted, rated


def _of_one(metric: Callable, predicted: Any, rated: Any) -> float:
    predicted, rated = checked(predicted, rated=rated)
    return float(metric(predicted[None], rated[None])[0])


def _constant(predicted: np.ndarray, rated: np.ndarray) -> bool:
    return np.ptp(predicted) == 0 or np.ptp(rated) == 0


def _mapped(predicted: np.ndarray, rated: np.ndarray) -> np.ndarray:
    return fit_calibration(predicted, rated, name="these items", loss="linear").apply(predicted)


# The metrics below take many drawings of items at once: arrays of shape (drawings, n), results of shape (drawings,).


def _srcc(predicted: np.ndarray, rated: np.ndarray) -> np.ndarray:
    from scipy.stats import rankdata

    return _plcc(rankdata(predicted, axis=-1), rankdata(rated, axis=-1))


def _plcc(predicted: np.ndarray, rated: np.ndarray) -> np.ndarray:
    predicted, rated = _centred(predicted), _centred(rated)
    scale = np.sqrt((predicted**2).sum(axis=-1) * (rated**2).sum(axis=-1))
    correlation = (predicted * rated).sum(axis=-1) / np.where(scale > 0, scale, np.nan)
    return correlation.clip(-1.0, 1.0)


def _centred(values: np.ndarray) -> np.ndarray:
    """Of mean 0 and range 1. Equal values become 0, which their differences from a rounded mean would not be."""
    spread = np.ptp(values, axis=-1, keepdims=True)
    centred = values - values.mean(axis=-1, keepdims=True)
    return np.where(spread > 0, centred, 0.0) / np.where(spread > 0, spread, 1.0)


def _krcc(predicted: np.ndarray, rated: np.ndarray) -> np.ndarray:
    from scipy.stats import kendalltau

    rows = zip(predicted, rated, strict=True)
    return np.array([kendalltau(*row, method="asymptotic").statistic for row in rows])


def _rmse(predicted: np.ndarray, rated: np.ndarray) -> np.ndarray:
    return np.sqrt(((predicted - rated) ** 2).mean(axis=-1))


def _pair_accuracy(predicted: np.ndarray, rated: np.ndarray) -> np.ndarray:
    free_predicted, free_rated = (np.array([_untied_pairs(row) for row in side]) for side in (predicted, rated))
    difference = np.nan_to_num(_krcc(predicted, rated)) * np.sqrt(free_predicted * free_rated)
    return np.where(free_rated > 0, (1 + difference / np.maximum(free_rated, 1)) / 2, np.nan)


def _untied_pairs(values: np.ndarray) -> float:
    counts = np.unique(values, return_counts=True)[1].astype(np.float64)
    return float(len(values) * (len(values) - 1) - (counts * (counts - 1)).sum()) / 2


ROW_METRICS = {"srcc": _srcc, "plcc": _plcc, "krcc": _krcc, "rmse": _rmse, "pair_accuracy": _pair_accuracy}
