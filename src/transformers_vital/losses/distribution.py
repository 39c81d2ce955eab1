"""Loss of one scored image or video: its predicted level distribution against its PMOD (Eq. 1)."""

import torch
import torch.nn.functional as F

from ..levels import LEVELS
from .per_sample import at_least_float32, sum_per_sample


def distribution_loss(
    level_logits: torch.Tensor,
    *,
    level_probabilities: torch.Tensor,
    prefix_log_probabilities: torch.Tensor,
    lengths: torch.Tensor,
    gamma: float = 0.01,
) -> torch.Tensor:
    """
    Loss of a sample whose target is "The quality of the image is [level]".

    Formula (Eq. 1): `(-γ Σ_{l < i_level} log p(z_l) + KL) / L`, with the softmax over the five levels only in
    [`kl_divergence`]. The level is the last target token, so L is the length of the prefix plus 1.

    Args:
        level_logits (`torch.Tensor` of shape `(batch, 5)`): at the position of the level, best level first.
        level_probabilities (`torch.Tensor` of shape `(batch, 5)`): the targets, see [`kl_divergence`].
        prefix_log_probabilities (`torch.Tensor` of shape `(n,)`): of the target tokens before the level, over the
            whole vocabulary, one sample behind the other.
        lengths (`torch.Tensor` of shape `(batch,)`): number of these tokens of each sample; they add up to n.
        gamma (`float`, *optional*, defaults to 0.01): γ.

    Returns:
        `torch.Tensor` of shape `(batch,)`: float32, or float64 for float64 inputs.

    Raises:
        `ValueError`: a shape is wrong, the lengths do not add up, or a target is negative or not finite.

    Example:

    ```python
    >>> import torch
    >>> from transformers_vital.losses.distribution import distribution_loss
    >>> loss = distribution_loss(
    ...     torch.zeros(1, 5),  # a fifth for each level
    ...     level_probabilities=torch.tensor([[0.0, 1.0, 0.0, 0.0, 0.0]]),
    ...     prefix_log_probabilities=torch.tensor([-10.0, -20.0]),
    ...     lengths=torch.tensor([2]),
    ... )
    >>> round(loss.item(), 4)  # (0.01 · 30 + log 5) / 3
    0.6365

    ```
    """
    log_probabilities = level_rows(level_logits, of="level logits").log_softmax(dim=-1)
    divergence = kl_divergence(log_probabilities, level_probabilities=level_probabilities)
    expect_shape(lengths, shape=divergence.shape, of="lengths")
    prefix = sum_per_sample(prefix_log_probabilities, lengths=lengths)
    return (divergence - gamma * prefix) / (lengths + 1)


def kl_divergence(level_log_probabilities: torch.Tensor, *, level_probabilities: torch.Tensor) -> torch.Tensor:
    """
    Kullback-Leibler divergence of predicted level probabilities from their targets.

    Formula (Sec. 3.2): `Σ_i p_i (log p_i - log p_i^pred)`, where `0 log 0 = 0`.

    A one-hot target makes it the cross-entropy on that level: the loss "without PMOD" of Table 7.

    Args:
        level_log_probabilities (`torch.Tensor` of shape `(batch, 5)`): predicted, best level first.
        level_probabilities (`torch.Tensor` of shape `(batch, 5)`): the targets. Rows are taken as they are and need
            not sum to 1: those of the authors are clamped and not normalised. So the value may be below 0.

    Returns:
        `torch.Tensor` of shape `(batch,)`: float32, or float64 for float64 log-probabilities.

    Raises:
        `ValueError`: a shape is wrong, or a target is negative or not finite.

    Example:

    ```python
    >>> import torch
    >>> from transformers_vital.losses.distribution import kl_divergence
    >>> predicted = torch.tensor([[0.25, 0.25, 0.25, 0.125, 0.125]]).log()
    >>> target = torch.tensor([[0.5, 0.5, 0.0, 0.0, 0.0]])
    >>> round(kl_divergence(predicted, level_probabilities=target).item(), 4)  # log 2
    0.6931

    ```
    """
    predicted = level_rows(level_log_probabilities, of="level log-probabilities")
    target = usable_targets(level_probabilities, shape=predicted.shape).to(predicted.dtype)
    return F.kl_div(predicted, target, reduction="none").sum(dim=-1)


def level_rows(values: torch.Tensor, *, of: str) -> torch.Tensor:
    """The values in at least float32, once they are known to be five per sample."""
    if values.ndim != 2 or values.shape[-1] != len(LEVELS):
        raise ValueError(
            f"The {of} have shape {list(values.shape)}; expected [batch, 5] in the order {', '.join(LEVELS)}."
        )
    return at_least_float32(values)


def usable_targets(level_probabilities: torch.Tensor, *, shape: torch.Size) -> torch.Tensor:
    """The targets, once they are known to have the shape of the predictions and usable entries."""
    expect_shape(level_probabilities, shape=shape, of="level probabilities")
    usable = (level_probabilities.isfinite() & (level_probabilities >= 0)).all(dim=-1)
    if unusable := int((~usable).sum()):
        raise ValueError(
            f"{unusable} of {len(usable)} rows of level probabilities have an entry that is negative or not finite. "
            "Drop these records."
        )
    return level_probabilities


def expect_shape(values: torch.Tensor, *, shape: torch.Size, of: str) -> None:
    """Refuses what would be broadcast silently."""
    if values.shape != shape:
        raise ValueError(f"The {of} have shape {list(values.shape)}; expected {list(shape)}, as the predictions.")
