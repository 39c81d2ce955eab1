"""The folder of the results of a model that `evaluate` runs."""

import argparse
from pathlib import Path

from ..errors import OutputError


def model_folder(args: argparse.Namespace, model: str) -> Path:
    """
    The folder of a model below that of `-o`, made when absent.

    Raises:
        [`OutputError`]: it cannot be made.
    """
    from ..evaluation.results import model_label

    folder = args.output / model_label(model)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {error.strerror}. Name another folder with -o.") from error
    return folder
