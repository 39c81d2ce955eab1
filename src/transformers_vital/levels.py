"""The five quality levels: words, weights and intervals; MOS to level, level logits to score."""

from typing import Any

import numpy as np


LEVELS = ("high", "good", "fair", "poor", "low")  # best first, everywhere
LEVEL_WEIGHTS = (1.0, 0.75, 0.5, 0.25, 0.0)  # of the score, Sec. 8.1
LEVEL_INTERVALS = ((0.8, 1.0), (0.6, 0.8), (0.4, 0.6), (0.2, 0.4), (0.0, 0.2))  # of the MOS, Sec. 3.2
LEVEL_CENTRES = (0.9, 0.7, 0.5, 0.3, 0.1)

# Mean distance from the middle level when all five are equally likely: (2 + 1 + 0 + 1 + 2) / 5.
UNIFORM_DISTANCE = 1.2


def level_of(score: float) -> str:
    """
    Level word of a MOS or score.

    The intervals of Sec. 3.2, each with its lower edge: [0.8, 1] is high, [0.6, 0.8) good, [0.4, 0.6) fair,
    [0.2, 0.4) poor, [0, 0.2) low.

    Args:
        score (`float`): in [0, 1].

    Returns:
        `str`: one of [`LEVELS`].

    Raises:
        `ValueError`: the score is outside [0, 1] or NaN.

    Example:

    ```python
    >>> from transformers_vital.levels import level_of
    >>> level_of(0.6), level_of(0.59)
    ('good', 'fair')

    ```
    """
    if not 0 <= score <= 1:
        raise ValueError(f"A score of {score} has no level; expected a number in [0, 1]. Rescale the MOS first.")
    return next(level for level, (lower, _) in zip(LEVELS, LEVEL_INTERVALS, strict=True) if score >= lower)


def level_probabilities(level_logits: Any) -> np.ndarray:
    """
    Probabilities of the five levels from their logits.

    Formula (Sec. 8.1): `p_i = exp(z_i) / Σ_j exp(z_j)`, over the five level words only and not the vocabulary.

    Args:
        level_logits (array of shape `[..., 5]`): best level first. float32 is computed in float32, all else in
            float64.

    Returns:
        `np.ndarray` of shape `[..., 5]`, each row sums to 1.

    Raises:
        `ValueError`: the last axis has not five entries.

    Example:

    ```python
    >>> import math
    >>> from transformers_vital.levels import level_probabilities
    >>> level_probabilities([math.log(2), math.log(6), math.log(1), math.log(1), -math.inf]).round(6).tolist()
    [0.2, 0.6, 0.1, 0.1, 0.0]

    ```
    """
    logits = _five_levels(level_logits, of="level logits")
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def score_from_probabilities(probabilities: Any) -> np.ndarray:
    """
    Quality score of level probabilities.

    Formula (Sec. 8.1): `Q = Σ_i ω_i p_i` with `ω = (1, 0.75, 0.5, 0.25, 0)`.

    Args:
        probabilities (array of shape `[..., 5]`): best level first, each row sums to 1.

    Returns:
        `np.ndarray` of shape `[...]`, or a scalar for one row: the score in [0, 1], higher is better.

    Raises:
        `ValueError`: the last axis has not five entries.

    Example:

    ```python
    >>> from transformers_vital.levels import score_from_probabilities
    >>> float(score_from_probabilities([0.5, 0.25, 0.25, 0, 0]))  # 0.5 + 0.1875 + 0.125
    0.8125

    ```
    """
    return _five_levels(probabilities, of="level probabilities") @ np.asarray(LEVEL_WEIGHTS)


def std_from_probabilities(probabilities: Any) -> np.ndarray:
    """
    Standard deviation of the score, on the scale of the score.

    Formula: `sqrt(Σ_i p_i (ω_i - Q)²)` with `ω` and `Q` of [`score_from_probabilities`].

    Args:
        probabilities (array of shape `[..., 5]`): best level first, each row sums to 1.

    Returns:
        `np.ndarray` of shape `[...]`, or a scalar for one row: in [0, 0.5].

    Raises:
        `ValueError`: the last axis has not five entries.

    Example:

    ```python
    >>> from transformers_vital.levels import std_from_probabilities
    >>> float(std_from_probabilities([0.5, 0, 0.5, 0, 0]))  # 1 and 0.5 around 0.75
    0.25

    ```
    """
    probabilities = _five_levels(probabilities, of="level probabilities")
    weights = np.asarray(LEVEL_WEIGHTS)
    score = probabilities @ weights
    return np.sqrt((probabilities * (weights - score[..., None]) ** 2).sum(axis=-1))


def most_probable_level(probabilities: Any) -> str:
    """
    The word that the model would answer; of equally probable levels the lower one.

    Args:
        probabilities (array of shape `[5]`): best level first.

    Returns:
        `str`: one of [`LEVELS`].

    Raises:
        `ValueError`: there are not five entries.

    Example:

    ```python
    >>> from transformers_vital.levels import most_probable_level
    >>> most_probable_level([0.1, 0.5, 0.3, 0.1, 0])
    'good'

    ```
    """
    return LEVELS[int(_best_level(_five_levels(probabilities, of="level probabilities")))]


def confidence_from_probabilities(probabilities: Any) -> np.ndarray:
    """
    How closely the probability gathers around the most probable level.

    Formula: `max(0, 1 - Σ_i p_i |i - best| / 1.2)`. 1.2 is the mean distance from the middle level when all five are
    equally likely. It is the confidence of a *score* question in transformers' typed decisions
    (`transformers.decision.template_utils.Question.answer`) with the levels in the order low to high.

    Args:
        probabilities (array of shape `[..., 5]`): best level first, each row sums to 1.

    Returns:
        `np.ndarray` of shape `[...]`, or a scalar for one row: in [0, 1].

    Raises:
        `ValueError`: the last axis has not five entries.

    Example:

    ```python
    >>> from transformers_vital.levels import confidence_from_probabilities
    >>> round(float(confidence_from_probabilities([0.2, 0.7, 0.1, 0, 0])), 6)  # 1 - (0.2 + 0.1) / 1.2
    0.75

    ```
    """
    probabilities = _five_levels(probabilities, of="level probabilities")
    distances = np.abs(np.arange(len(LEVELS)) - _best_level(probabilities)[..., None])
    return np.maximum(0.0, 1 - (probabilities * distances).sum(axis=-1) / UNIFORM_DISTANCE)


def mos_1_5(score: Any) -> Any:
    """
    A score on the five-point scale of opinion tests: `1 + 4 Q`.

    Args:
        score (`float` or array): in [0, 1].

    Returns:
        The same kind, in [1, 5].

    Example:

    ```python
    >>> from transformers_vital.levels import mos_1_5
    >>> mos_1_5(0.75)
    4.0

    ```
    """
    return 1 + 4 * score


def score_from_official(score: Any) -> Any:
    """
    The score of Sec. 8.1 from a number printed by the authors' released scorer.

    The release weighs the levels 1, 0.8, 0.6, 0.4, 0.2, so `official = 0.2 + 0.8 Q` and the ranking is the same.

    Args:
        score (`float` or array): in [0.2, 1].

    Returns:
        The same kind, in [0, 1].

    Example:

    ```python
    >>> from transformers_vital.levels import score_from_official
    >>> round(score_from_official(0.8), 6)
    0.75

    ```
    """
    return (score - 0.2) / 0.8


def _five_levels(values: Any, *, of: str) -> np.ndarray:
    values = np.asarray(values)
    if values.shape[-1:] != (len(LEVELS),):
        raise ValueError(
            f"The {of} have shape {list(values.shape)}; expected [..., 5] in the order {', '.join(LEVELS)}."
        )
    return values if values.dtype == np.float32 else values.astype(np.float64)


def _best_level(probabilities: np.ndarray) -> np.ndarray:
    """Index of the most probable level; the last of equal ones, as transformers' order from low to high has it."""
    return len(LEVELS) - 1 - np.argmax(probabilities[..., ::-1], axis=-1)
