"""
Train the linear probe on the vision encoder of a VITAL checkpoint (paper, Table 6), and score a clip with it.

    pip install "transformers-vital[train,data]"
    python examples/make_records.py build/records
    python examples/linear_probe.py --config hub_configs/recipes/linear_probe.yaml

`--policy full` trains the encoders too. The layers that are read are a setting: those of the paper are 6, 12 and 18 of
24; the twelve of vital-tiny are read in thirds.
"""

from dataclasses import dataclass, field
from pathlib import Path

import torch
from trl import TrlParser

from transformers_vital import VitalForQualityProbe, VitalProbeScorer, VitalProcessor
from transformers_vital.data.encoding import RecordEncoder
from transformers_vital.data.mixture import Mixture
from transformers_vital.data.tables import read_table
from transformers_vital.scoring.default_model import default_model_folder
from transformers_vital.scoring.probe import ProbeProcessors
from transformers_vital.training.arguments import VitalTrainingArguments
from transformers_vital.training.probe_training import VitalProbeTrainer


CLIP = Path(__file__).resolve().parent / "media" / "dog.mp4"


@dataclass
class RunArguments:
    table: str = field(metadata={"help": "a .jsonl or .parquet file of distributions of videos"})
    media_root: str = field(metadata={"help": "folder of the media that the records name"})
    model: str | None = field(default=None, metadata={"help": "folder or Hub name (default: vital-tiny)"})
    layers: list[int] | None = field(default=None, metadata={"help": "layers that are read (default: 6, 12, 18)"})
    projection_dim: int | None = field(default=None, metadata={"help": "width of the projectors of the model"})


def main() -> None:
    run, args = TrlParser((RunArguments, VitalTrainingArguments)).parse_args_and_config()
    source = run.model or default_model_folder()
    encoder = RecordEncoder(VitalProcessor.from_pretrained(source), root=run.media_root, pmod=False)
    settings = {name: value for name in ("layers", "projection_dim") if (value := getattr(run, name)) is not None}
    processors = ProbeProcessors.from_pretrained(source)
    trainer = VitalProbeTrainer(
        VitalForQualityProbe.from_pretrained(source, dtype=torch.float32, **settings),
        args,
        processors=processors,
        train_dataset=Mixture({"video_distribution": read_table(run.table)}, encoder, seed=args.seed),
    )
    trainer.train()
    trainer.save_model()
    if trainer.is_world_process_zero():
        print(f"cross-entropy {trainer.state.log_history[-1]['train_loss']:.4f} in the mean of the run")
        print(f"{CLIP.name}: {VitalProbeScorer.from_pretrained(args.output_dir).score(CLIP)}")


if __name__ == "__main__":
    main()
