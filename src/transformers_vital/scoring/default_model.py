"""`vital-tiny`, the model that is used when none is named, and the folder of files that it is shipped in."""

from pathlib import Path

from ..errors import CheckpointError


DEFAULT_MODEL = "vital-tiny"


def hub_configs_folder() -> Path:
    """The folder `hub_configs`, in an installed package or in the repository."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "hub_configs", package.parents[1] / "hub_configs"):
        if folder.is_dir():
            return folder
    raise CheckpointError(f"No hub_configs folder beside {package}. The installation is incomplete; install it again.")


def default_model_folder() -> Path:
    """The checkpoint of `vital-tiny`: weights, configuration, tokenizer, processor and card."""
    return hub_configs_folder() / "models" / DEFAULT_MODEL
