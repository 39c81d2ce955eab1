"""
Train the linear probe on the vision encoder of a VITAL checkpoint (paper, Table 6), and score a clip with it.

    pip install "transformers-vital[train,data]"
    python examples/make_records.py build/records
    python examples/linear_probe.py --config hub_configs/recipes/linear_probe.yaml

`--policy full` trains the encoders too. The layers that are read are a setting: those of the paper are 6, 12 and 18 of
24; the twelve of vital-tiny are read in thirds.
"""

from pathlib import Path

from trl import TrlParser

from transformers_vital import VitalProbeScorer
from transformers_vital.training.arguments import VitalTrainingArguments
from transformers_vital.training.probe_run import ProbeRunArguments, build_probe_trainer


CLIP = Path(__file__).resolve().parent / "media" / "dog.mp4"


def main() -> None:
    run, args = TrlParser((ProbeRunArguments, VitalTrainingArguments)).parse_args_and_config()
    trainer = build_probe_trainer(run, args)
    trainer.train()
    trainer.save_model()
    if trainer.is_world_process_zero():
        print(f"cross-entropy {trainer.state.log_history[-1]['train_loss']:.4f} in the mean of the run")
        print(f"{CLIP.name}: {VitalProbeScorer.from_pretrained(args.output_dir).score(CLIP)}")
    trainer.accelerator.end_training()  # threads of a group that is not left can abort the process at its exit


if __name__ == "__main__":
    main()
