"""The loss of each task of a batch, by the paper's equations or the authors' release."""

from collections.abc import Mapping

import torch

from ..data.encoding import TASKS
from ..losses.distribution import distribution_loss
from ..losses.focal import focal_loss
from ..losses.per_sample import mean_per_sample
from ..losses.preference import preference_loss
from ..losses.release import release_distribution_loss, release_pair_loss


RECIPES = ("paper", "release")
TEXT_LOSSES = ("focal", "ce")


def loss_names(*, recipe: str, text_loss: str) -> dict[str, str]:
    """
    The losses of [`task_losses`] in words, for each type of record.

    Args:
        recipe, text_loss (`str`): see [`task_losses`].
    """
    if recipe == "release":
        pair = "fidelity, 0.5 KL of both, 0.05 cross-entropy"
        return {"distribution": "KL over the vocabulary and 0.05 cross-entropy", "pair": pair, "text": "cross-entropy"}
    return {
        "distribution": "Eq. 1, KL of the levels and 0.01 cross-entropy of the rest",
        "pair": "Eqs. 2 to 4, KL of the preferences",
        "text": "Eq. 5, focal" if text_loss == "focal" else "cross-entropy",
    }


def task_losses(
    outputs,
    targets: Mapping[str, torch.Tensor],
    *,
    recipe: str = "paper",
    text_loss: str = "focal",
    preference_std: float | str = 1.0,
) -> dict[str, torch.Tensor]:
    """
    Losses of a batch, one value per record.

    | task | `"paper"` | `"release"` |
    |---|---|---|
    | distribution | Eq. 1 | KL over the vocabulary and 0.05 CE |
    | pair | Eqs. 2 to 4 | fidelity, 0.5 KL of both, 0.05 CE |
    | distortion, description, instruction | Eq. 5 | CE |

    Args:
        outputs ([`~models.vital.modeling_vital.VitalLevelOutput`]): of a batch of [`~data.collator.VitalCollator`];
            with `level_mass` for `"release"`.
        targets (`Mapping[str, torch.Tensor]`): those of the batch.
        recipe (`str`, *optional*, defaults to `"paper"`): see above.
        text_loss (`str`, *optional*, defaults to `"focal"`): or `"ce"`, the ablation of Fig. 4; the release's is CE.
        preference_std (`float` or `"predicted"`, *optional*, defaults to 1.0): σ of Eq. 2.

    Returns:
        `dict[str, torch.Tensor]`: of the tasks in the batch.
    """
    prefix, text = _split_tokens(outputs.target_log_probabilities, targets)
    num_distributions = len(targets["distribution_lengths"])
    losses = {}
    if num_distributions or len(targets["preferences"]):
        scored = _release_scores if recipe == "release" else _paper_scores
        losses |= scored(outputs, targets, prefix, num_distributions, preference_std)
    if len(targets["text_lengths"]):
        lengths = targets["text_lengths"]
        if recipe == "release" or text_loss == "ce":
            values = -mean_per_sample(text, lengths=lengths)
        else:
            values = focal_loss(text, lengths=lengths)
        for index in targets["text_tasks"].unique().tolist():
            losses[TASKS[index]] = values[targets["text_tasks"] == index]
    return losses


def _split_tokens(values: torch.Tensor, targets: Mapping[str, torch.Tensor]):
    """Log-probabilities of the tokens around levels, and of those of texts."""
    counts = [int(targets[name].sum()) for name in ("distribution_lengths", "pair_lengths", "text_lengths")]
    distribution, pair, text = values.split(counts)
    return (distribution, pair), text


def _paper_scores(outputs, targets, prefix, num_distributions, preference_std) -> dict[str, torch.Tensor]:
    losses = {}
    if num_distributions:
        losses["distribution"] = distribution_loss(
            outputs.level_logits[:num_distributions],
            level_probabilities=targets["level_probabilities"],
            prefix_log_probabilities=prefix[0],
            lengths=targets["distribution_lengths"],
        )
    if len(targets["preferences"]):
        pairs = outputs.level_logits[num_distributions:]
        losses["pair"] = preference_loss(
            pairs[0::2], level_logits_b=pairs[1::2], preference=targets["preferences"], std=preference_std
        )
    return losses


def _release_scores(outputs, targets, prefix, num_distributions, preference_std) -> dict[str, torch.Tensor]:
    over_vocabulary = outputs.level_logits.log_softmax(-1) + outputs.level_mass.log()[:, None]
    losses = {}
    if num_distributions:
        losses["distribution"] = release_distribution_loss(
            over_vocabulary[:num_distributions],
            level_probabilities=targets["level_probabilities"],
            token_log_probabilities=prefix[0],
            lengths=targets["distribution_lengths"],
        )
    if len(targets["preferences"]):
        pairs = over_vocabulary[num_distributions:]
        labels = targets["pair_level_probabilities"]
        losses["pair"] = release_pair_loss(
            pairs[0::2],
            level_log_probabilities_b=pairs[1::2],
            level_probabilities_a=labels[:, 0],
            level_probabilities_b=labels[:, 1],
            preference=targets["preferences"],
            token_log_probabilities=prefix[1],
            lengths=targets["pair_lengths"],
        )
    return losses
