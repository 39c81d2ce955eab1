"""Training of the linear probe (paper, Table 6 and Sec. 8.2): cross-entropy on the level of each clip."""

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import Trainer

from ..data.encoding import PIXELS, Group
from ..errors import TrainingError
from ..models.vital.modeling_vital_probe import VitalForQualityProbe
from ..scoring.probe import ProbeProcessors
from .arguments import VitalTrainingArguments
from .freezing import freeze, set_batch_norms


class ProbeCollator:
    """Pixels and level of the videos of some groups; see [`VitalProbeTrainer`]."""

    def __call__(self, groups: Sequence[Group]) -> dict[str, torch.Tensor]:
        sequences = [sequence for group in groups for record in group.records for sequence in record.sequences]
        images = sum("pixel_values" in sequence.pixels for sequence in sequences)
        unscored = sum(sequence.level_probabilities is None for sequence in sequences)
        if images or unscored:
            raise TrainingError(
                f"{images} of {len(sequences)} media are images and {unscored} have no score; the probe is trained on "
                "scored videos. Pass tables of video distributions only."
            )
        batch = {name: torch.cat([sequence.pixels[name] for sequence in sequences]) for name in PIXELS[1:]}
        probabilities = torch.tensor([sequence.level_probabilities for sequence in sequences])
        return batch | {"labels": probabilities.argmax(dim=-1)}


class VitalProbeTrainer(Trainer):
    """
    Trains a [`~models.vital.modeling_vital_probe.VitalForQualityProbe`] on the levels of scored videos.

    The level is that of the mean opinion, so the records are encoded with `pmod=False`.

    Args:
        model ([`VitalForQualityProbe`]): frozen as `args.policy` says: `"linear-probe"` or `"full"`.
        args ([`VitalTrainingArguments`]): see there; `recipe`, `text_loss` and `preference_std` have no effect.
        processors ([`~scoring.probe.ProbeProcessors`]): saved with the model.
        train_dataset ([`~data.mixture.Mixture`]): of tables of video distributions.
        **kwargs: of [`~transformers.Trainer`].
    """

    def __init__(
        self, model: VitalForQualityProbe, args: VitalTrainingArguments, *, processors: ProbeProcessors, **kwargs
    ):
        super().__init__(model=model, args=args, data_collator=ProbeCollator(), **kwargs)
        freeze(model, args.policy)
        self.processors = processors

    def compute_loss(self, model, inputs, return_outputs: bool = False, num_items_in_batch=None):
        set_batch_norms(model, update=self.args.update_batch_norm and model.training)
        return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)

    def _save(self, output_dir: str | None = None, state_dict: dict | None = None) -> None:
        super()._save(output_dir, state_dict)
        if self.args.should_save:
            self.processors.save_pretrained(Path(output_dir or self.args.output_dir))
