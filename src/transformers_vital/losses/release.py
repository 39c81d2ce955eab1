"""
The scoring losses of the authors' released training code, which differ from Eqs. 1 to 4.

Their level probabilities are five columns of the softmax over the whole vocabulary, not renormalised. Their text loss
is the cross-entropy, [`focal_loss`] with β = 0.
"""

import torch

from .distribution import expect_shape, level_rows, usable_targets
from .per_sample import at_least_float32, mean_per_sample, sum_per_sample
from .preference import level_moments, usable_preferences


TOKEN_WEIGHT = 0.05  # of the cross-entropy
DIVERGENCE_WEIGHT = 0.5  # of each KL in a pair
_EPSILON = 1e-8


def release_distribution_loss(
    level_log_probabilities: torch.Tensor,
    *,
    level_probabilities: torch.Tensor,
    token_log_probabilities: torch.Tensor,
    lengths: torch.Tensor,
) -> torch.Tensor:
    """
    The release's counterpart of Eq. 1.

    Formula: `KL_1 + KL_2 + 0.05 CE` for its device batch of 2 samples, where CE is the mean over the tokens of both
    together. The mean of what is returned is that number: sample i has `2 KL_i + 0.05 · batch / n · Σ_t -log p_t`
    over its own tokens, in a batch of any size.

    Args:
        level_log_probabilities (`torch.Tensor` of shape `(batch, 5)`): the columns of the levels, best first, of the
            log-softmax over the whole vocabulary at the position of the level.
        level_probabilities (`torch.Tensor` of shape `(batch, 5)`): the targets; rounded to bfloat16, see
            [`release_divergence`].
        token_log_probabilities (`torch.Tensor` of shape `(n,)`): of all other target tokens, those before the level
            and the closing one, one sample behind the other.
        lengths (`torch.Tensor` of shape `(batch,)`): number of these tokens of each sample; they add up to n.

    Returns:
        `torch.Tensor` of shape `(batch,)`: float32, or float64 for float64 inputs.

    Raises:
        `ValueError`: a shape is wrong, the lengths do not add up, or a target is negative or not finite.

    Example:

    ```python
    >>> import torch
    >>> from transformers_vital.losses.release import release_distribution_loss
    >>> loss = release_distribution_loss(
    ...     torch.full((2, 5), 0.125).log(),  # 3/8 of the probability are on other words
    ...     level_probabilities=torch.eye(5)[[0, 3]],
    ...     token_log_probabilities=torch.tensor([-10.0, -20.0, -30.0, -40.0]),
    ...     lengths=torch.tensor([2, 2]),
    ... )
    >>> round(loss.mean().item(), 4)  # log 8 + log 8 + 0.05 · 25
    5.4089

    ```
    """
    divergence = release_divergence(level_log_probabilities, level_probabilities=level_probabilities)
    expect_shape(lengths, shape=divergence.shape, of="lengths")
    tokens = -sum_per_sample(token_log_probabilities, lengths=lengths) * len(divergence) / lengths.sum()
    return 2 * divergence + TOKEN_WEIGHT * tokens


def release_pair_loss(
    level_log_probabilities_a: torch.Tensor,
    *,
    level_log_probabilities_b: torch.Tensor,
    level_probabilities_a: torch.Tensor,
    level_probabilities_b: torch.Tensor,
    preference: torch.Tensor,
    token_log_probabilities: torch.Tensor,
    lengths: torch.Tensor,
) -> torch.Tensor:
    """
    The release's counterpart of Eqs. 2 to 4.

    Formula: `F + 0.5 (KL_a + KL_b) + 0.05 CE` with the [`fidelity_loss`] F of
    `p = (1 + erf((μ_a - μ_b) / sqrt(2 (σ_a² + σ_b²) + 1e-8))) / 2`. Means and deviations are those of
    [`level_moments`] of the five columns as they are; no gradient passes through σ.

    Args:
        level_log_probabilities_a, level_log_probabilities_b (`torch.Tensor` of shape `(batch, 5)`): see
            [`release_distribution_loss`].
        level_probabilities_a, level_probabilities_b (`torch.Tensor` of shape `(batch, 5)`): the targets.
        preference (`torch.Tensor` of shape `(batch,)`): 1 where `a` is better, 0 where `b` is, 0.5 for a tie.
        token_log_probabilities (`torch.Tensor` of shape `(n,)`): of all other target tokens of both members of a pair,
            one pair behind the other.
        lengths (`torch.Tensor` of shape `(batch,)`): number of these tokens of each pair, both members together.

    Returns:
        `torch.Tensor` of shape `(batch,)`, one per pair; a device batch of the release is one pair.

    Raises:
        `ValueError`: as in [`release_distribution_loss`], or a preference is outside [0, 1].

    Example:

    ```python
    >>> import torch
    >>> from transformers_vital.losses.release import release_pair_loss
    >>> level, target = torch.full((1, 5), 0.125).log(), torch.tensor([[1.0, 0.0, 0.0, 0.0, 0.0]])
    >>> loss = release_pair_loss(
    ...     level,
    ...     level_log_probabilities_b=level,
    ...     level_probabilities_a=target,
    ...     level_probabilities_b=target,
    ...     preference=torch.tensor([1.0]),
    ...     token_log_probabilities=torch.tensor([-10.0, -30.0]),
    ...     lengths=torch.tensor([2]),
    ... )
    >>> round(loss.item(), 3)  # 1 - √0.5 + log 8 + 0.05 · 20
    3.372

    ```
    """
    shape = level_log_probabilities_a.shape
    expect_shape(level_log_probabilities_b, shape=shape, of="level log-probabilities of b")
    divergence_a = release_divergence(level_log_probabilities_a, level_probabilities=level_probabilities_a)
    divergence_b = release_divergence(level_log_probabilities_b, level_probabilities=level_probabilities_b)
    expect_shape(lengths, shape=divergence_a.shape, of="lengths")
    mean_a, variance_a = level_moments(at_least_float32(level_log_probabilities_a).exp())
    mean_b, variance_b = level_moments(at_least_float32(level_log_probabilities_b).exp())
    scale = (2 * (variance_a + variance_b).detach() + _EPSILON).sqrt()
    fidelity = fidelity_loss((1 + torch.erf((mean_a - mean_b) / scale)) / 2, preference=preference)
    tokens = -mean_per_sample(token_log_probabilities, lengths=lengths)
    return fidelity + DIVERGENCE_WEIGHT * (divergence_a + divergence_b) + TOKEN_WEIGHT * tokens


def fidelity_loss(probability: torch.Tensor, *, preference: torch.Tensor) -> torch.Tensor:
    """
    Fidelity of a predicted preference p to the true one g.

    Formula: `1 - sqrt(p g + 1e-8) - sqrt((1 - p)(1 - g) + 1e-8)`: up to the 1e-8, 0 for p = g and at most 1.

    Args:
        probability (`torch.Tensor` of shape `(batch,)`): p.
        preference (`torch.Tensor` of shape `(batch,)`): g, in [0, 1].

    Returns:
        `torch.Tensor` of shape `(batch,)`.

    Raises:
        `ValueError`: the preferences are not one per pair, or one is outside [0, 1].

    Example:

    ```python
    >>> import torch
    >>> from transformers_vital.losses.release import fidelity_loss
    >>> round(fidelity_loss(torch.tensor([0.25]), preference=torch.tensor([1.0])).item(), 3)  # 1 - √0.25
    0.5

    ```
    """
    p = at_least_float32(probability)
    g = usable_preferences(preference, predicted=p)
    return 1 - (p * g + _EPSILON).sqrt() - ((1 - p) * (1 - g) + _EPSILON).sqrt()


def release_divergence(level_log_probabilities: torch.Tensor, *, level_probabilities: torch.Tensor) -> torch.Tensor:
    """
    [`~distribution.kl_divergence`] with targets rounded to bfloat16, and `p_i log p_i` computed in it too.

    Args:
        level_log_probabilities (`torch.Tensor` of shape `(batch, 5)`): see [`release_distribution_loss`].
        level_probabilities (`torch.Tensor` of shape `(batch, 5)`): the targets.

    Returns:
        `torch.Tensor` of shape `(batch,)`.
    """
    predicted = level_rows(level_log_probabilities, of="level log-probabilities")
    target = usable_targets(level_probabilities, shape=predicted.shape).to(torch.bfloat16)
    return (torch.xlogy(target, target) - target * predicted).sum(dim=-1)
