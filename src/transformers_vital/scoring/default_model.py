"""`vital-tiny`, the model that is used when none is named: its files, and its weights while it is untrained."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from huggingface_hub.constants import HF_HOME

from ..errors import CheckpointError


DEFAULT_MODEL = "vital-tiny"
SEED = 20251123  # of the random weights
UNTRAINED_NOTICE = (
    f"{DEFAULT_MODEL} has random weights: it shows that everything runs, but its numbers mean nothing yet. "
    "Name a trained checkpoint with --model (command line) or VitalScorer.from_pretrained(model)."
)


def hub_configs_folder() -> Path:
    """The folder `hub_configs`, in an installed package or in the repository."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "hub_configs", package.parents[1] / "hub_configs"):
        if folder.is_dir():
            return folder
    raise CheckpointError(f"No hub_configs folder beside {package}. The installation is incomplete; install it again.")


def default_model_files() -> Path:
    """Folder with the configuration, tokenizer and processor of `vital-tiny`; weights too once it is trained."""
    return hub_configs_folder() / "models" / DEFAULT_MODEL


def default_model_folder() -> Path:
    """
    A folder from which `vital-tiny` loads, weights included.

    While the package ships no weights, they are drawn from a fixed seed at first use (some seconds) and kept in the
    Hugging Face cache folder, under a name that changes with the model's files.
    """
    files = default_model_files()
    if (files / "model.safetensors").is_file():
        return files
    digest = hashlib.sha256(str(SEED).encode())
    for path in sorted(files.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    folder = Path(HF_HOME) / "transformers_vital" / f"{DEFAULT_MODEL}-untrained-{digest.hexdigest()[:12]}"
    if not (folder / "model.safetensors").is_file():
        build_untrained(folder)
    return folder


def build_untrained(folder: str | Path, *, seed: int = SEED) -> Path:
    """
    Write `vital-tiny` with seeded random weights: real architecture, tokenizer and processor, meaningless scores.

    Args:
        folder (`str` or `Path`): replaced whole, so that no other process sees half of it.
        seed (`int`, *optional*): of the weights; the same seed gives the same file.

    Returns:
        `Path`: the folder.
    """
    import torch

    from ..models.vital.configuration_vital import VitalConfig
    from ..models.vital.modeling_vital import VitalForConditionalGeneration

    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        built = Path(scratch) / folder.name
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = VitalForConditionalGeneration(VitalConfig.from_pretrained(default_model_files()))
        model.to(torch.bfloat16).save_pretrained(built)
        for path in default_model_files().iterdir():
            shutil.copy(path, built / path.name)
        if folder.exists():
            shutil.rmtree(folder)
        try:
            os.replace(built, folder)
        except OSError:  # another process was faster; the files are the same
            if not (folder / "model.safetensors").is_file():
                raise
    return folder
