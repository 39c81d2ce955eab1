"""The options by which `serve` and `demo` name a model, and its loading."""

import argparse
from typing import TYPE_CHECKING

from .output import Output
from .parsing import check_device


if TYPE_CHECKING:
    from ..scoring.scorer import VitalScorer


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Declare `--model` and how it is loaded."""
    parser.add_argument("--model", metavar="NAME", help="folder, name of the zoo or of the Hub (default: vital-tiny)")
    parser.add_argument("--device", help="cpu, cuda, cuda:1, mps, … (default: cuda where there is one, else cpu)")
    parser.add_argument(
        "--dtype",
        choices=["auto", "float32", "bfloat16", "float16"],
        default="auto",
        help="type of the weights (auto: float32 on the CPU, the checkpoint's own elsewhere)",
    )
    parser.add_argument("--allow-pickle", action="store_true", help="also load weights from pytorch_model.bin")


def load_model(args: argparse.Namespace, *, output: Output) -> "VitalScorer":
    """
    The model that the options name.

    Raises:
        [`CheckpointError`]: it cannot be had.
    """
    from ..zoo.loading import load_scorer

    if args.device:
        check_device(args.device)
    dtype = None if args.dtype == "auto" else args.dtype
    scorer = load_scorer(args.model, device=args.device, dtype=dtype, allow_pickle=args.allow_pickle)
    if scorer.notice:
        output.remark(f"note: {scorer.notice}")
    return scorer
