"""One training run from its settings: which model, which tables, and the trainer for them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from ..data.encoding import RecordEncoder
from ..data.mixture import Mixture
from ..data.tables import names_read, read_tables
from ..models.vital.modeling_vital import VitalForConditionalGeneration
from ..models.vital.modeling_vital_encoder import VitalVisionEncoder
from ..models.vital.processing_vital import VitalProcessor
from ..scoring.default_model import default_model_folder
from .arguments import VitalTrainingArguments
from .trainer import LossOverMedia, VitalTrainer


@dataclass
class RunArguments:
    """
    What a run reads.

    Args:
        records (`str`): folder with a file, or a folder of shards, for each table, see [`~data.tables.read_tables`].
        media_root (`str`): folder of the media that the records name.
        model (`str`, *optional*): folder or Hub name; `vital-tiny` when left out.
        vision_encoder (`str`, *optional*): folder or Hub name of a vision encoder, or of a model that has one, which
            takes the place of the model's own: the paper's transfer to another decoder (Sec. 3.3).
        weights (`dict`, *optional*): proportions of the tables; Table 1's when left out.
        leave_out (`list[str]`, *optional*): endings of the names of tables that are not read, such as `pair`, or
            `distortion` and `description` (Table 7); `weights` of these are not read either.
        pmod (`bool`, *optional*, defaults to `True`): see [`~data.encoding.RecordEncoder`] (Table 7).
        group_size (`int`, *optional*, defaults to 2): single records per group.
        max_tokens (`int`, *optional*, defaults to 16384): of a sequence.
    """

    records: str = field(metadata={"help": "folder with a file, or a folder of parquet shards, for each table"})
    media_root: str = field(metadata={"help": "folder of the media that the records name"})
    model: str | None = field(default=None, metadata={"help": "folder or Hub name (default: vital-tiny)"})
    vision_encoder: str | None = field(default=None, metadata={"help": "takes the place of the model's own encoders"})
    weights: dict | None = field(default=None, metadata={"help": "proportions of the tables (default: Table 1)"})
    leave_out: list[str] = field(default_factory=list, metadata={"help": "endings of names of tables to leave out"})
    pmod: bool = field(default=True, metadata={"help": "supervise scores by distributions, else by single levels"})
    group_size: int = field(default=2, metadata={"help": "single records per group; a pair is a group"})
    max_tokens: int = field(default=16384, metadata={"help": "of a sequence"})


def load_parts(
    model: str | None = None, *, vision_encoder: str | None = None
) -> tuple[VitalForConditionalGeneration, VitalProcessor]:
    """
    A model in float32, with another vision encoder where one is named, and its processor.

    Args:
        model, vision_encoder (`str`, *optional*): see [`RunArguments`].
    """
    source = model or default_model_folder()
    processor = VitalProcessor.from_pretrained(source)
    # master weights: a step of 2e-5 is lost in the rounding of bfloat16
    loaded = VitalForConditionalGeneration.from_pretrained(source, dtype=torch.float32)
    if vision_encoder:
        loaded.load_vision_encoder(VitalVisionEncoder.from_pretrained(vision_encoder, dtype=torch.float32))
    if loaded.config.level_token_ids is None:
        loaded.config.level_token_ids = processor.level_token_ids
    return loaded, processor


def build_trainer(
    run: RunArguments,
    args: VitalTrainingArguments,
    *,
    trainer_class: Callable[..., LossOverMedia] = VitalTrainer,
    **settings: Any,
) -> LossOverMedia:
    """
    The trainer of a run.

    Args:
        run ([`RunArguments`]): what to read.
        args ([`VitalTrainingArguments`]): how to train.
        trainer_class (`type`, *optional*, defaults to [`VitalTrainer`]): or
            [`~training.post_training.VitalSFTTrainer`].
        **settings: of the trainer class, such as `peft_config`.

    Returns:
        [`VitalTrainer`], or one of the class given: ready for `train()`.

    Raises:
        [`RecordError`]: a table cannot be read.
    """
    model, processor = load_parts(run.model, vision_encoder=run.vision_encoder)
    encoder = RecordEncoder(
        processor, root=run.media_root, max_length=run.max_tokens, pmod=run.pmod, recipe=args.recipe
    )
    left_out = tuple(run.leave_out)
    tables = read_tables(run.records, leave_out=left_out)
    weights = run.weights and {name: run.weights[name] for name in names_read(run.weights, leave_out=left_out)}
    mixture = Mixture(tables, encoder, weights=weights, group_size=run.group_size, seed=args.seed)
    return trainer_class(model, args, processor=processor, train_dataset=mixture, **settings)
