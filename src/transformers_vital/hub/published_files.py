"""Which files of a folder are for others: of a model its weights without pickles, settings, code and card."""

import os
from fnmatch import fnmatch
from pathlib import Path

from huggingface_hub.utils import filter_repo_objects

from ..errors import CheckpointError, MediaInputError, OutputError
from .card_file import CARD, OTHER_CARD


WEIGHTS = "*.safetensors"
# What is published of a folder, by the type of the repository, as the Hub's own patterns.
PATTERNS = {
    # Not the stages of a build, unfinished files, a card that waits for a person, and hidden files.
    "dataset": {"ignore_patterns": ["build/*", "*.tmp", OTHER_CARD, ".*", "*/.*"]},
    "model": {
        "allow_patterns": [
            *(WEIGHTS, "*.json", "*.jinja", "*.txt", "*.model", "*.py"),
            *(CARD, "LICENSE*", "NOTICE*", "*.png", "*.jpg", "*.svg", ".eval_results/*.yaml"),
        ],
        # Checkpoints within a run, and a file of the trainer that names folders of this machine.
        "ignore_patterns": ["checkpoint-*/*", "runs/*", "*/.*", "*__pycache__/*", "trainer_state.json"],
    },
}


def published_files(folder: Path, *, repo_type: str) -> tuple[list[str], list[str]]:
    """
    Names of the files that are published, and of those that stay on this machine.

    Args:
        folder (`Path`): of a dataset, of a model, or of a run of training that saved one.
        repo_type (`str`): `"dataset"` or `"model"`.

    Returns:
        `tuple[list[str], list[str]]`: both sorted, with / in the names.

    Raises:
        [`CheckpointError`]: a model has no weights as safetensors.
        [`MediaInputError`]: a link leads out of the folder.
        [`OutputError`]: there is no folder.
    """
    if not folder.is_dir():
        raise OutputError(f"There is no folder {folder}. Expected that of a {repo_type}.")
    every = _files_below(folder)
    names = list(filter_repo_objects(every, **PATTERNS[repo_type]))
    if repo_type == "model" and not any(fnmatch(name, WEIGHTS) for name in names):
        raise CheckpointError(
            f"{folder} has no weights as safetensors, and no others are published. Save the model with "
            f"save_pretrained, or convert it: transformers-vital convert {folder} -o FOLDER --allow-pickle"
        )
    return names, sorted(set(every).difference(names))


def _files_below(folder: Path) -> list[str]:
    """Names of all files; a link is followed only to where it stays inside."""
    found = []
    for parent, folders, files in os.walk(folder):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        found += [Path(parent, name).relative_to(folder).as_posix() for name in (*files, *links)]
    for name in sorted(found):
        if not (path := (folder / name).resolve()).is_relative_to(folder.resolve()):
            raise MediaInputError(f"{folder / name} is a link to {path}, outside {folder}. Remove or copy it.")
    return sorted(name for name in found if (folder / name).is_file())
