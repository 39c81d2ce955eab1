"""The model that `evaluate` runs, and the folder of its results."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import OutputError
from .output import Output
from .parsing import check_device
from .processes import Processes


if TYPE_CHECKING:
    from ..scoring.scorer import VitalScorer


def load_model(args: argparse.Namespace, *, processes: Processes, output: Output) -> "VitalScorer":
    """The checkpoint that the arguments name, on the device of this process."""
    from ..zoo.loading import load_scorer

    device = args.device or processes.device
    if device:
        check_device(device)
    dtype = None if args.dtype == "auto" else args.dtype
    scorer = load_scorer(args.model, device=device, dtype=dtype, allow_pickle=args.allow_pickle)
    if scorer.notice:
        output.remark(f"note: {scorer.notice}")
    return scorer


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
