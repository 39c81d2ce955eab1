"""Machine opinions to level probabilities (PMOD), and the preference between two of them."""

from typing import Any

import numpy as np

from .levels import LEVEL_CENTRES, LEVELS


# DeQA-Score's limits of the linear adjustment: 0.2 and 0.1 on its scale, whose levels are 1 apart and not 0.2.
MINIMUM_STD = 0.04
MAXIMUM_MEAN_ERROR = 0.02
_CENTRES = np.asarray(LEVEL_CENTRES)
_SCALE = 5.0  # the released labels are computed on [0, 5]; so is this, for the sake of their last digits
_EDGES_ON_FIVE = np.asarray([5.0, 4.0, 3.0, 2.0, 1.0, 0.0])
_CENTRES_ON_FIVE = np.asarray([4.5, 3.5, 2.5, 1.5, 0.5])


def opinion_moments(opinions: Any, *, scale: tuple[float, float] = (0.0, 1.0)) -> tuple[np.ndarray, np.ndarray]:
    """
    Mean and standard deviation of machine opinions, on [0, 1].

    Formula (Sec. 3.2): `μ = Σ_j s_j / n`, `σ = sqrt(Σ_j (s_j - μ)² / n)`, the population σ.

    Args:
        opinions (array of shape `[..., n]`): one per annotator.
        scale (`tuple[float, float]`, *optional*): the ends of the opinions' scale, which become 0 and 1.

    Returns:
        Two arrays of shape `[...]`: means and standard deviations.

    Raises:
        `ValueError`: there are no opinions, one is not finite, or the scale is empty.

    Example:

    ```python
    >>> from transformers_vital.distributions import opinion_moments
    >>> mean, std = opinion_moments([60, 80], scale=(0, 100))
    >>> round(float(mean), 6), round(float(std), 6)
    (0.7, 0.1)

    ```
    """
    opinions = np.asarray(opinions, dtype=np.float64)
    lowest, highest = scale
    if opinions.ndim == 0 or opinions.shape[-1] == 0:
        raise ValueError(f"The opinions have shape {list(opinions.shape)}; expected [..., n] with n of at least 1.")
    if unusable := int((~np.isfinite(opinions)).sum()):
        raise ValueError(f"{unusable} of {opinions.size} opinions are not finite. Drop the annotator or the item.")
    if not highest > lowest:
        raise ValueError(f"The scale of the opinions is {scale}; expected (lowest, highest) with lowest < highest.")
    return (opinions.mean(axis=-1) - lowest) / (highest - lowest), opinions.std(axis=-1) / (highest - lowest)


def interval_masses(mean: Any, *, std: Any) -> np.ndarray:
    """
    Share of N(μ, σ²) in the five level intervals; what lies outside [0, 1] is lost.

    Formula (Sec. 3.2): `m_k = Φ((c_k + 0.1 - μ) / σ) - Φ((c_k - 0.1 - μ) / σ)`, centres `c = 0.9, 0.7, 0.5, 0.3, 0.1`.

    Args:
        mean, std (arrays of shape `[...]`): μ and σ, on [0, 1]; σ = 0 gives NaN.

    Returns:
        `np.ndarray` of shape `[..., 5]`, best level first; each row sums to at most 1.

    Example:

    ```python
    >>> from transformers_vital.distributions import interval_masses
    >>> interval_masses(0.5, std=0.1).round(4).tolist()  # Φ(1) - Φ(-1) = 0.6827 in the middle
    [0.0013, 0.1573, 0.6827, 0.1573, 0.0013]

    ```
    """
    from scipy.special import ndtr

    mean, std = np.asarray(mean, dtype=np.float64)[..., None], np.asarray(std, dtype=np.float64)[..., None]
    below = ndtr((_EDGES_ON_FIVE - _SCALE * mean) / np.where(std > 0, _SCALE * std, np.nan))
    return below[..., :-1] - below[..., 1:]


def linear_adjustment(masses: Any, *, mean: Any) -> tuple[np.ndarray, np.ndarray]:
    """
    The α and β with which `α m_k + β` sums to 1 and has the mean μ (Sec. 3.2).

    Formula, on [0, 5] as in the released labels: `α = (μ - 2.5) / (Σ m_k c_k - 2.5 Σ m_k + 1e-9)`,
    `β = (1 - α Σ m_k) / 5`.

    Args:
        masses (array of shape `[..., 5]`): of [`interval_masses`].
        mean (array of shape `[...]`): μ, on [0, 1]. At 0.5 exactly α is 0, whatever the masses are.

    Returns:
        Two arrays of shape `[...]`: α and β.

    Example:

    ```python
    >>> from transformers_vital.distributions import linear_adjustment
    >>> alpha, beta = linear_adjustment([0.25, 0.5, 0.25, 0, 0], mean=0.6)  # (3 - 2.5) / (3.5 - 2.5)
    >>> round(float(alpha), 6), round(float(beta), 6)
    (0.5, 0.1)

    ```
    """
    masses = np.asarray(masses, dtype=np.float64)
    total, first_moment = masses.sum(axis=-1), (masses * _CENTRES_ON_FIVE).sum(axis=-1)
    alpha = (_SCALE * np.asarray(mean, dtype=np.float64) - 2.5) / (first_moment - 2.5 * total + 1e-9)
    return alpha, (1 - alpha * total) / len(LEVELS)


def pmod(opinions: Any, *, scale: tuple[float, float] = (0.0, 1.0), arithmetic: str = "stable") -> np.ndarray:
    """
    Proxy machine opinion distribution: target level probabilities of machine opinions (Sec. 3.2).

    Args:
        opinions, scale: see [`opinion_moments`].
        arithmetic: see [`pmod_from_moments`].

    Returns:
        `np.ndarray` of shape `[..., 5]`, best level first.

    Example:

    ```python
    >>> from transformers_vital.distributions import pmod
    >>> pmod([0.65, 0.65, 0.65]).round(6).tolist()  # no spread: between good (0.7) and fair (0.5)
    [0.0, 0.75, 0.25, 0.0, 0.0]

    ```
    """
    mean, std = opinion_moments(opinions, scale=scale)
    return pmod_from_moments(mean, std=std, arithmetic=arithmetic)


def pmod_from_moments(mean: Any, *, std: Any, arithmetic: str = "stable") -> np.ndarray:
    """
    Target level probabilities of opinions with mean μ and standard deviation σ (Sec. 3.2).

    Formula: `p_k = max(α m_k + β, 0)` with [`interval_masses`] and [`linear_adjustment`].

    `"exact"` stops there, as the released labels do: clamped rows sum to more than 1, μ = 0.5 gives the uniform
    distribution, a small σ may give anything, σ = 0 gives NaN.

    `"stable"` sums to 1 and keeps the mean to rounding for every μ in [0.1, 0.9] and every σ ≥ 0. It takes the limit
    of α at μ = 0.5, divides by the sum after the clamp, and moves what the mean then lacks to the outermost level
    that has probability. Where σ < 0.04, or more than 0.02 of the mean was lost, the two levels next to μ share the
    probability, as in DeQA-Score. A μ beyond 0.1 or 0.9 cannot be the mean of levels: the last level gets all.

    Args:
        mean, std (arrays of shape `[...]`): μ and σ, on [0, 1].
        arithmetic (`str`, *optional*, defaults to `"stable"`): `"stable"` or `"exact"`.

    Returns:
        `np.ndarray` of shape `[..., 5]`, best level first.

    Raises:
        `ValueError`: the arithmetic is unknown, μ is not finite, or σ is negative or not finite.

    Example:

    ```python
    >>> from transformers_vital.distributions import pmod_from_moments
    >>> pmod_from_moments(0.85, std=0).round(6).tolist()  # 0.75 · 0.9 + 0.25 · 0.7
    [0.75, 0.25, 0.0, 0.0, 0.0]

    ```
    """
    if arithmetic not in ("stable", "exact"):
        raise ValueError(f"arithmetic is {arithmetic!r}; expected 'stable' or 'exact'.")
    mean, std = np.broadcast_arrays(np.asarray(mean, dtype=np.float64), np.asarray(std, dtype=np.float64))
    if unusable := int((~(np.isfinite(mean) & np.isfinite(std) & (std >= 0))).sum()):
        raise ValueError(
            f"{unusable} of {mean.size} items have a mean or std that is not finite, or std < 0. Drop them."
        )
    if arithmetic == "exact":
        masses = interval_masses(mean, std=std)
        alpha, beta = linear_adjustment(masses, mean=mean)
        return np.maximum(alpha[..., None] * masses + beta[..., None], 0)
    adjusted, kept = _normalised_adjustment(mean, np.maximum(std, MINIMUM_STD))
    return np.where((kept & (std >= MINIMUM_STD))[..., None], adjusted, _two_neighbours(mean))


def moments(probabilities: Any) -> tuple[np.ndarray, np.ndarray]:
    """
    Mean and standard deviation of level probabilities, on [0, 1].

    Formula: `μ = Σ_k p_k c_k`, `σ = sqrt(Σ_k p_k (c_k - μ)²)` with the interval centres `c = 0.9, 0.7, 0.5, 0.3, 0.1`.
    The score of Sec. 8.1 has other weights: `μ = 0.1 + 0.8 Q`.

    Args:
        probabilities (array of shape `[..., 5]`): best level first, each row sums to 1.

    Returns:
        Two arrays of shape `[...]`: means and standard deviations.

    Example:

    ```python
    >>> from transformers_vital.distributions import moments
    >>> mean, std = moments([0.5, 0, 0.5, 0, 0])  # 0.9 and 0.5 around 0.7
    >>> round(float(mean), 6), round(float(std), 6)
    (0.7, 0.2)

    ```
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    mean = probabilities @ _CENTRES
    return mean, np.sqrt((probabilities * (_CENTRES - mean[..., None]) ** 2).sum(axis=-1))


def preference(mean_a: Any, *, mean_b: Any, std_a: Any, std_b: Any) -> np.ndarray:
    """
    True preference of `a` over `b`.

    Formula (Eq. 3): 1 if `μ_a - μ_b > sqrt(σ_a² + σ_b²)`, 0 if `μ_b - μ_a > sqrt(σ_a² + σ_b²)`, else 0.5 (a tie).

    Args:
        mean_a, mean_b, std_a, std_b (arrays of shape `[...]`): moments of the opinions, all on one scale.

    Returns:
        `np.ndarray` of shape `[...]`, or a scalar: 1, 0 or 0.5.

    Example:

    ```python
    >>> from transformers_vital.distributions import preference
    >>> preference([0.8, 0.7, 0.2], mean_b=0.6, std_a=0.09, std_b=0.12).tolist()  # a difference above 0.15 counts
    [1.0, 0.5, 0.0]

    ```
    """
    difference, threshold = np.subtract(mean_a, mean_b), np.hypot(std_a, std_b)
    return np.where(difference > threshold, 1.0, np.where(-difference > threshold, 0.0, 0.5))[()]


def preference_probability(mean_a: Any, *, mean_b: Any, std_a: Any = 1.0, std_b: Any = 1.0) -> np.ndarray:
    """
    Predicted probability that `a` is better than `b`, after Thurstone.

    Formula (Eq. 2, repeated as Eq. 7): `Φ((μ_a - μ_b) / sqrt(σ_a² + σ_b²))`.

    Args:
        mean_a, mean_b (arrays of shape `[...]`): predicted means, of [`moments`].
        std_a, std_b (arrays of shape `[...]`, *optional*): both 1 in the paper; with both 0 the better mean wins.

    Returns:
        `np.ndarray` of shape `[...]`, or a scalar: in [0, 1]; 0.5 for equal means.

    Example:

    ```python
    >>> from transformers_vital.distributions import preference_probability
    >>> round(float(preference_probability(0.9, mean_b=0.4, std_a=0.3, std_b=0.4)), 4)  # Φ(0.5 / 0.5)
    0.8413

    ```
    """
    from scipy.special import ndtr

    difference = np.subtract(mean_a, mean_b)
    with np.errstate(divide="ignore", invalid="ignore"):
        probability = ndtr(difference / np.hypot(std_a, std_b))
    return np.where(difference == 0, 0.5, probability)[()]


def _normalised_adjustment(mean: np.ndarray, std: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The adjustment with sum 1 and mean μ, and where it may be used."""
    masses = interval_masses(mean, std=std)
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha = (mean - 0.5) / (masses @ (_CENTRES - 0.5))  # without the 1e-9, which weighs where both are small
        alpha = np.where(np.abs(mean - 0.5) < 1e-6, _alpha_at_the_middle(std), alpha)
    usable = np.isfinite(alpha) & (alpha > 0)
    alpha = np.where(usable, alpha, 1.0)[..., None]
    clamped = np.maximum(alpha * masses + (1 - alpha * masses.sum(axis=-1, keepdims=True)) / len(LEVELS), 0)
    adjusted = clamped / clamped.sum(axis=-1, keepdims=True)
    level, reached = np.arange(len(LEVELS)), adjusted @ _CENTRES
    error, present = mean - reached, adjusted > 0
    outermost = np.where(error > 0, present.argmax(axis=-1), level[-1] - present[..., ::-1].argmax(axis=-1))
    room = _CENTRES[outermost] - reached
    share = np.divide(error, room, out=np.zeros_like(error), where=room != 0)
    moved = (1 - share[..., None]) * adjusted + share[..., None] * (level == outermost[..., None])
    kept = (np.abs(error) <= MAXIMUM_MEAN_ERROR) & (share >= 0) & (share <= 1) & ((room != 0) | (error == 0))
    return moved, kept & usable


def _alpha_at_the_middle(std: np.ndarray) -> np.ndarray:
    """Limit of α for μ → 0.5, where numerator and denominator vanish: one over the slope of `Σ m_k (c_k - 0.5)`."""
    position = (_EDGES_ON_FIVE / _SCALE - 0.5) / std[..., None]
    density = np.exp(-(position**2) / 2) / np.sqrt(2 * np.pi)
    return std / ((np.diff(density)) @ (_CENTRES - 0.5))


def _two_neighbours(mean: np.ndarray) -> np.ndarray:
    """Probability shared by the two levels whose centres enclose μ, so that the mean is μ."""
    position = np.clip((_CENTRES[0] - mean) / (_CENTRES[0] - _CENTRES[1]), 0, len(LEVELS) - 1)
    return np.maximum(1 - np.abs(position[..., None] - np.arange(len(LEVELS))), 0)
