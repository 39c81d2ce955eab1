"""Agreement of predicted scores with ratings."""

from typing import Any

import numpy as np


def srcc(predicted: Any, *, rated: Any) -> float:
    """
    Spearman rank correlation coefficient.

    Args:
        predicted, rated (arrays of shape `(n,)`): n of at least 3.

    Returns:
        `float`: in [−1, 1]; ties share their mean rank. NaN where either side is constant.

    Raises:
        `ValueError`: the lengths differ, there are fewer than three items, or a value is not finite.

    Example:

    ```python
    >>> from transformers_vital.evaluation.metrics import srcc
    >>> round(srcc([0.1, 0.4, 0.9, 0.3], rated=[1, 3, 5, 4]), 3)  # 1 - 6 · 2 / (4 · 15)
    0.8

    ```
    """
    from scipy.stats import rankdata

    predicted, rated = _checked(predicted, rated)
    return plcc(rankdata(predicted), rated=rankdata(rated))


def plcc(predicted: Any, *, rated: Any) -> float:
    """
    Pearson linear correlation coefficient of the raw scores.

    Args, returns, raises: see [`srcc`].

    Example:

    ```python
    >>> from transformers_vital.evaluation.metrics import plcc
    >>> round(plcc([0, 1, 2], rated=[1, 3, 5]), 6)
    1.0

    ```
    """
    predicted, rated = _checked(predicted, rated)
    predicted, rated = predicted - predicted.mean(), rated - rated.mean()
    scale = np.sqrt((predicted**2).sum() * (rated**2).sum())
    return float(predicted @ rated / scale) if scale > 0 else float("nan")


def _checked(predicted: Any, rated: Any) -> tuple[np.ndarray, np.ndarray]:
    predicted, rated = np.asarray(predicted, dtype=np.float64), np.asarray(rated, dtype=np.float64)
    if predicted.shape != rated.shape or predicted.ndim != 1 or len(predicted) < 3:
        raise ValueError(
            f"There are {predicted.shape} predicted and {rated.shape} rated values; expected as many of both, one "
            "axis, at least 3."
        )
    if unusable := int((~(np.isfinite(predicted) & np.isfinite(rated))).sum()):
        raise ValueError(f"{unusable} of {len(predicted)} items have a value that is not finite. Drop them.")
    return predicted, rated
