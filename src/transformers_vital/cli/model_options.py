"""The options by which commands name a model, and its loading."""

import argparse
from typing import TYPE_CHECKING

from .parsing import check_device


if TYPE_CHECKING:
    from ..scoring.scorer import VitalScorer


def add_model_options(parser: "argparse._ActionsContainer") -> None:
    """Declare `--model` and how it is loaded, of a parser or of a group of its arguments."""
    parser.add_argument("--model", metavar="NAME", help="folder, name of the zoo or of the Hub (default: vital-tiny)")
    parser.add_argument("--device", help="cpu, cuda, cuda:1, mps, … (default: cuda where there is one, else cpu)")
    parser.add_argument(
        "--dtype",
        choices=["auto", "float32", "bfloat16", "float16"],
        default="auto",
        help="type of the weights (auto: float32 on the CPU, the checkpoint's own elsewhere)",
    )
    parser.add_argument("--allow-pickle", action="store_true", help="also load weights from pytorch_model.bin")


def load_model(args: argparse.Namespace, *, device: str | None = None) -> "VitalScorer":
    """
    The model that the options name.

    Args:
        args (`Namespace`): with the options of [`add_model_options`].
        device (`str`, *optional*): where none is named, such as that of one of several processes.

    Raises:
        [`CheckpointError`]: it cannot be had.
    """
    from ..zoo.loading import load_scorer

    device = args.device or device
    if device:
        check_device(device)
    dtype = None if args.dtype == "auto" else args.dtype
    return load_scorer(args.model, device=device, dtype=dtype, allow_pickle=args.allow_pickle)
