"""Scatter plot of scores and ratings with the fitted four-parameter logistic."""

from typing import Any

import numpy as np

from ..calibration import MINIMUM_ITEMS, fit_calibration
from .plots import literal, new_figure, png_of


_POINTS, _CURVE = "#0072B2", "#D55E00"  # Okabe and Ito's


def scatter_plot(scores: Any, *, mos: Any, title: str = "") -> bytes:
    """
    Ratings over scores, and the curve that [`~evaluation.metrics.plcc_logistic`] fits to them.

    Args:
        scores, mos (arrays of shape `(n,)`): of the scored items, finite; there is no curve with fewer than five, or
            where all scores or all ratings are equal.
        title (`str`, *optional*): a line above.

    Returns:
        `bytes`: PNG.

    Raises:
        [`MissingExtraError`]: matplotlib is not installed.
    """
    scores, mos = np.asarray(scores, dtype=np.float64), np.asarray(mos, dtype=np.float64)
    figure = new_figure(5, 4.2)
    axes = figure.subplots()
    axes.scatter(scores, mos, s=10, alpha=0.5, color=_POINTS, linewidths=0)
    if (curve := logistic_curve(scores, mos=mos)) is not None:
        axes.plot(*curve, color=_CURVE, label="fitted logistic")
        axes.legend(frameon=False, fontsize=8)
    axes.locator_params(nbins=6)  # labels of close scores, such as 0.4375, would touch otherwise
    axes.set(xlabel="score", ylabel="rating", title=literal(title))
    return png_of(figure)


def logistic_curve(scores: np.ndarray, *, mos: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """
    The curve as points, from the lowest to the highest score.

    Formula (Eq. 6): `γ3 · Sigmoid(γ1 Q + γ2) + γ4`, least squares.

    Args:
        scores, mos: see [`scatter_plot`].

    Returns:
        `tuple[np.ndarray, np.ndarray]`: scores and ratings, each of shape `(200,)`; `None` where there is no fit.
    """
    if len(scores) < MINIMUM_ITEMS or np.ptp(scores) == 0 or np.ptp(mos) == 0:
        return None
    across = np.linspace(scores.min(), scores.max(), 200)
    return across, fit_calibration(scores, mos, name="these items", loss="linear").apply(across)
