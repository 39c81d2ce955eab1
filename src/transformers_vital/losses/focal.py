"""Loss of generated text: the focal loss of its target tokens (Eq. 5)."""

import torch

from .per_sample import at_least_float32, mean_per_sample


def focal_loss(
    log_probabilities: torch.Tensor, *, lengths: torch.Tensor, alpha: float = 1.0, beta: float = 2.0
) -> torch.Tensor:
    """
    Focal loss: cross-entropy in which tokens that are already likely count less.

    Formula (Eq. 5): `-1/L Σ_l α (1 - p_l)^β log p_l` over the L target tokens of a sample.

    With β = 0 and α = 1 it is the cross-entropy, the text loss of the authors' release.

    Args:
        log_probabilities (`torch.Tensor` of shape `(n,)`): of the target tokens of all samples, one sample behind the
            other; see [`target_log_probabilities`].
        lengths (`torch.Tensor` of shape `(batch,)`): number of target tokens of each sample; they add up to n.
        alpha (`float`, *optional*, defaults to 1.0): α.
        beta (`float`, *optional*, defaults to 2.0): β, at least 0.

    Returns:
        `torch.Tensor` of shape `(batch,)`: float32, or float64 for float64 log-probabilities.

    Raises:
        `ValueError`: β is negative, or the lengths do not add up.

    Example:

    ```python
    >>> import torch
    >>> from transformers_vital.losses.focal import focal_loss
    >>> loss = focal_loss(torch.tensor([0.5, 0.25, 1.0]).log(), lengths=torch.tensor([2, 1]))
    >>> [round(value, 4) for value in loss.tolist()]  # (0.25 log 2 + 0.5625 log 4) / 2, and 0
    [0.4765, 0.0]

    ```
    """
    if not beta >= 0:
        raise ValueError(f"beta is {beta}; expected at least 0, which is the cross-entropy.")
    log_probabilities = at_least_float32(log_probabilities)
    # At p = 1 the slope of (1 - p)^β is infinite for β < 1, and times log p = 0 it would be NaN; the clamp makes it 0.
    distance = (-torch.expm1(log_probabilities)).clamp(min=torch.finfo(log_probabilities.dtype).tiny)
    return mean_per_sample(-alpha * distance**beta * log_probabilities, lengths=lengths)
