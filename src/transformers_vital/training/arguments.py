"""Arguments of training, with the hyperparameters of Table 8 as defaults."""

import math
from dataclasses import dataclass, field

from transformers import TrainingArguments

from ..errors import TrainingError
from .freezing import POLICIES
from .objective import RECIPES, TEXT_LOSSES


@dataclass
class VitalTrainingArguments(TrainingArguments):
    """
    [`~transformers.TrainingArguments`] and what VITAL adds.

    Parameters that control what is trained:
        policy (`str`, *optional*, defaults to `"vision-encoder"`): see [`~training.freezing.freeze`].
        update_batch_norm (`bool`, *optional*, defaults to `False`): let the batch norms of a trained motion extractor
            use the statistics of the batch, as the authors' release does; one or two clips say little about them.
        feature_cache (`str`, *optional*): folder in which the outputs of frozen encoders are kept, see
            [`~training.frozen_features.keep_frozen_features`].

    Parameters that control the loss:
        recipe (`str`, *optional*, defaults to `"paper"`): or `"release"`, to continue the authors' checkpoints; see
            [`~training.objective.task_losses`].
        text_loss (`str`, *optional*, defaults to `"focal"`): or `"ce"`.
        preference_std (`str`, *optional*, defaults to `"1.0"`): σ of Eq. 2, a number or `"predicted"`.

    Other defaults than those of transformers: learning rate 2e-5, cosine schedule, bf16, gradient accumulation 2,
    activation checkpointing, one epoch (Table 8); warm-up ratio 0.03 and weight decay 0.05 (the authors' release);
    `per_device_train_batch_size` 1, since the unit is a group of two single records or one pair; evaluation of one
    item at a time; no column is removed.

    Example:

    ```python
    >>> from transformers_vital.training.arguments import VitalTrainingArguments
    >>> arguments = VitalTrainingArguments("output", use_cpu=True, bf16=False)
    >>> arguments.learning_rate, arguments.lr_scheduler_type.value, arguments.gradient_accumulation_steps
    (2e-05, 'cosine', 2)

    ```
    """

    policy: str = field(default="vision-encoder", metadata={"help": f"one of {', '.join(POLICIES)}"})
    update_batch_norm: bool = field(default=False, metadata={"help": "batch statistics in a trained motion extractor"})
    feature_cache: str | None = field(default=None, metadata={"help": "folder for the outputs of frozen encoders"})
    recipe: str = field(default="paper", metadata={"help": f"losses: one of {', '.join(RECIPES)}"})
    text_loss: str = field(default="focal", metadata={"help": f"one of {', '.join(TEXT_LOSSES)}"})
    preference_std: str = field(default="1.0", metadata={"help": "σ of Eq. 2: a number, or predicted"})

    learning_rate: float = field(default=2e-5, metadata={"help": "highest learning rate"})
    lr_scheduler_type: str = field(default="cosine", metadata={"help": "schedule of the learning rate"})
    warmup_steps: float = field(default=0.03, metadata={"help": "steps, or share of all steps, of warm-up"})
    weight_decay: float = field(default=0.05, metadata={"help": "of AdamW"})
    num_train_epochs: float = field(default=1.0, metadata={"help": "epochs"})
    bf16: bool = field(default=True, metadata={"help": "bfloat16 mixed precision"})
    gradient_accumulation_steps: int = field(default=2, metadata={"help": "micro-batches per step"})
    activation_checkpointing: bool = field(default=True, metadata={"help": "trade time for memory"})
    per_device_train_batch_size: int = field(default=1, metadata={"help": "groups per device and micro-batch"})
    per_device_eval_batch_size: int = field(default=1, metadata={"help": "media per device in evaluation"})
    remove_unused_columns: bool = field(default=False, metadata={"help": "stays False: batches have nested targets"})

    def __post_init__(self):
        for name, allowed in (("policy", POLICIES), ("recipe", RECIPES), ("text_loss", TEXT_LOSSES)):
            if getattr(self, name) not in allowed:
                raise TrainingError(f"{name} is {getattr(self, name)!r}; expected one of {', '.join(allowed)}.")
        if self.preference_std != "predicted" and not _is_positive(self.preference_std):
            raise TrainingError(
                f"preference_std is {self.preference_std!r}; expected a number above 0, or 'predicted'."
            )
        super().__post_init__()


def _is_positive(text: str) -> bool:
    try:
        return 0 < float(text) < math.inf
    except ValueError:
        return False
