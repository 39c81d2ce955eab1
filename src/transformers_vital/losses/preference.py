"""Loss of a pair: the predicted preference between two level distributions against the true one (Eqs. 2 to 4)."""

import math
from typing import Literal

import torch
import torch.nn.functional as F

from ..distributions import MINIMUM_STD
from ..levels import LEVEL_CENTRES, LEVELS
from .distribution import expect_shape, level_rows


_CENTRES = [len(LEVELS) * centre for centre in LEVEL_CENTRES]  # 4.5 to 0.5
_MINIMUM_VARIANCE = (len(LEVELS) * MINIMUM_STD) ** 2


def preference_loss(
    level_logits_a: torch.Tensor,
    *,
    level_logits_b: torch.Tensor,
    preference: torch.Tensor,
    std: float | Literal["predicted"] = 1.0,
) -> torch.Tensor:
    """
    Divergence of the predicted preference for `a` over `b` from the true one.

    Formula: `p = Φ((μ_a - μ_b) / sqrt(σ_a² + σ_b²))` (Eq. 2), `KL([g, 1 - g] || [p, 1 - p])` (Eq. 4), with the true
    preference g (Eq. 3) and the means and deviations of [`level_moments`].

    The means are in levels, 4.5 to 0.5, as in DeQA-Score and the authors' release. On [0, 1] they would be at most 0.8
    apart: with σ = 1 no p would exceed Φ(0.8 / √2) = 0.714, and no clear preference could be fitted. In levels the
    bound is Φ(4 / √2) = 0.998.

    Args:
        level_logits_a, level_logits_b (`torch.Tensor` of shape `(batch, 5)`): at the position of the level of both
            members of each pair, best level first.
        preference (`torch.Tensor` of shape `(batch,)`): g. 1 where `a` is better, 0 where `b` is, 0.5 for a tie, see
            [`~distributions.preference`]; any number in [0, 1] works.
        std (`float` or `"predicted"`, *optional*, defaults to 1.0): σ of both, in levels. `"predicted"` takes that of
            each predicted distribution, but no less than 0.2, as the gradient grows without bound where both σ go to
            0; the labels fit no Gaussian below it either, see [`~distributions.pmod_from_moments`]. There the σ has
            no gradient and the means keep theirs.

    Returns:
        `torch.Tensor` of shape `(batch,)`, one per pair: float32, or float64 for float64 logits.

    Raises:
        `ValueError`: a shape is wrong, a preference is outside [0, 1], or std is neither above 0 nor `"predicted"`.

    Example:

    ```python
    >>> import torch
    >>> from transformers_vital.losses.preference import preference_loss
    >>> logits = torch.tensor([[0.0, 1.0, 2.0, 0.0, 0.0]])
    >>> same = preference_loss(logits, level_logits_b=logits, preference=torch.tensor([1.0]))
    >>> round(same.item(), 4)  # p is 1/2: log 2
    0.6931

    ```
    """
    if std != "predicted" and (isinstance(std, str) or not std > 0):
        raise ValueError(f"std is {std!r}; expected a number above 0, or 'predicted'.")
    expect_shape(level_logits_b, shape=level_logits_a.shape, of="level logits of b")
    mean_a, variance_a = level_moments(level_rows(level_logits_a, of="level logits of a").softmax(dim=-1))
    mean_b, variance_b = level_moments(level_rows(level_logits_b, of="level logits of b").softmax(dim=-1))
    if std == "predicted":
        joint = (variance_a.clamp(min=_MINIMUM_VARIANCE) + variance_b.clamp(min=_MINIMUM_VARIANCE)).sqrt()
    else:
        joint = math.sqrt(2) * std
    position = (mean_a - mean_b) / joint
    true = usable_preferences(preference, predicted=position)
    predicted = torch.stack([torch.special.log_ndtr(position), torch.special.log_ndtr(-position)], dim=-1)
    return F.kl_div(predicted, torch.stack([true, 1 - true], dim=-1), reduction="none").sum(dim=-1)


def level_moments(level_probabilities: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """
    Mean and variance of level probabilities, where one level is one unit.

    Formula: `μ = Σ_i p_i c_i`, `σ² = Σ_i p_i (c_i - μ)²` with `c = 4.5, 3.5, 2.5, 1.5, 0.5`: the interval centres of
    Sec. 3.2 times 5.

    Args:
        level_probabilities (`torch.Tensor` of shape `(batch, 5)`): best level first.

    Returns:
        Two tensors of shape `(batch,)`: means and variances.

    Example:

    ```python
    >>> import torch
    >>> from transformers_vital.losses.preference import level_moments
    >>> level_moments(torch.tensor([[0.5, 0.0, 0.5, 0.0, 0.0]]))  # 4.5 and 2.5 around 3.5
    (tensor([3.5000]), tensor([1.]))

    ```
    """
    centres = level_probabilities.new_tensor(_CENTRES)
    mean = (level_probabilities * centres).sum(dim=-1)  # not a product of matrices: autocast would take it to bfloat16
    return mean, (level_probabilities * (centres - mean[:, None]) ** 2).sum(dim=-1)


def usable_preferences(preference: torch.Tensor, *, predicted: torch.Tensor) -> torch.Tensor:
    """The true preferences in the type of the predicted ones, once they are known to be one per pair and in [0, 1]."""
    expect_shape(preference, shape=predicted.shape, of="preferences")
    if outside := int((~((preference >= 0) & (preference <= 1))).sum()):
        raise ValueError(
            f"{outside} of {preference.numel()} preferences are outside [0, 1]; "
            "expected 1 (a is better), 0 (b is better) or 0.5 (a tie)."
        )
    return preference.to(predicted.dtype)
