"""One training of the linear probe from its settings: which encoder, which table, and the trainer for them."""

from dataclasses import dataclass, field

import torch

from ..data.encoding import RecordEncoder
from ..data.mixture import Mixture
from ..data.tables import read_table
from ..models.vital.modeling_vital_probe import VitalForQualityProbe
from ..models.vital.processing_vital import VitalProcessor
from ..scoring.default_model import default_model_folder
from ..scoring.probe import ProbeProcessors
from .arguments import VitalTrainingArguments
from .probe_training import VitalProbeTrainer


@dataclass
class ProbeRunArguments:
    """
    What the training of a probe reads.

    Args:
        table (`str`): a file of distributions of videos.
        media_root (`str`): folder of the media that the records name.
        model (`str`, *optional*): folder or Hub name of the checkpoint with the encoder; `vital-tiny` when left out.
        layers (`list[int]`, *optional*): of the image encoder that are read; those of the paper when left out.
        projection_dim (`int`, *optional*): width of the projectors of the model.
    """

    table: str = field(metadata={"help": "a .jsonl or .parquet file of distributions of videos"})
    media_root: str = field(metadata={"help": "folder of the media that the records name"})
    model: str | None = field(default=None, metadata={"help": "folder or Hub name (default: vital-tiny)"})
    layers: list[int] | None = field(default=None, metadata={"help": "layers that are read (default: 6, 12, 18)"})
    projection_dim: int | None = field(default=None, metadata={"help": "width of the projectors of the model"})


def build_probe_trainer(run: ProbeRunArguments, args: VitalTrainingArguments) -> VitalProbeTrainer:
    """
    The trainer of a probe.

    Args:
        run ([`ProbeRunArguments`]): what to read.
        args ([`VitalTrainingArguments`]): how to train.

    Returns:
        [`VitalProbeTrainer`]: ready for `train()`.

    Raises:
        [`RecordError`]: the table cannot be read.
    """
    source = run.model or default_model_folder()
    encoder = RecordEncoder(VitalProcessor.from_pretrained(source), root=run.media_root, pmod=False)
    settings = {name: value for name in ("layers", "projection_dim") if (value := getattr(run, name)) is not None}
    processors = ProbeProcessors.from_pretrained(source)
    return VitalProbeTrainer(
        VitalForQualityProbe.from_pretrained(source, dtype=torch.float32, **settings),
        args,
        processors=processors,
        train_dataset=Mixture({"video_distribution": read_table(run.table)}, encoder, seed=args.seed),
    )
