"""`transformers-vital score`: quality scores of files, folders and globs."""

import argparse
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from ..model_options import add_model_options, load_model
from ..output import Output
from ..parsing import UsageError, positive_int
from ..result_file import ResultFile, check_result_file, file_label, journal_of


if TYPE_CHECKING:
    from ...media.inputs import MediaItem
    from ...scoring.scorer import VitalScorer

SOME_FAILED = 3
EXAMPLES = """\
examples:
  transformers-vital score photo.jpg clip.mp4
  transformers-vital score photos/ -o scores.csv --resume
"""


def register(subparsers) -> None:
    """Declare the command and its arguments."""
    summary = "score the quality of images and videos, from 0 to 1, higher is better"
    parser = subparsers.add_parser("score", help=summary, description=f"{summary}.".capitalize(), epilog=EXAMPLES)
    parser.add_argument("inputs", metavar="INPUT", nargs="+", help="file, folder, quoted glob, or address")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write rows to .csv, .jsonl or .parquet")
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument("--resume", action="store_true", help="keep the rows in FILE and score only what is missing")
    existing.add_argument("--overwrite", action="store_true", help="replace FILE")
    parser.add_argument("--json", action="store_true", help="print a JSON array instead of a table")
    parser.add_argument("--quiet", action="store_true", help="print results and errors only")
    add_model_options(parser)
    parser.add_argument("--batch-size", metavar="N", type=positive_int, default=1, help="files per pass (default: 1)")
    parser.add_argument("--kind", choices=["image", "video"], help="treat files as this; of folders, keep only these")
    parser.add_argument("--allow-network", action="store_true", help="accept http(s) addresses as inputs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Score; returns the exit code."""
    output = Output(as_json=args.json, quiet=args.quiet)
    if args.output:
        check_result_file(args.output, resume=args.resume, overwrite=args.overwrite)
    elif args.resume or args.overwrite:
        raise UsageError(
            f"{'--resume' if args.resume else '--overwrite'} is about a result file. Name it with -o FILE."
        )
    items = _list_items(args)
    counts = Counter(item.kind for item in items.values())
    output.remark("scoring " + ", ".join(f"{count} {kind}{'s' * (count > 1)}" for kind, count in counts.items()))
    scorer = load_model(args)
    try:
        return _score(args, items, scorer=scorer, output=output)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_how_to_go_on(args)) from None
    except RuntimeError as error:
        import torch

        if not isinstance(error, torch.OutOfMemoryError):
            raise
        raise UsageError(
            f"The device ran out of memory with --batch-size {args.batch_size}. Lower it, or pass --dtype bfloat16; "
            f"{_how_to_go_on(args)}"
        ) from error


def _list_items(args: argparse.Namespace) -> "dict[str, MediaItem]":
    """Each file once, by name."""
    from ...media.inputs import expand_media
    from ...media.source import is_url

    addresses = [given for given in args.inputs if is_url(given)]
    if addresses and not args.allow_network:
        raise UsageError(f"{addresses[0]} is an address. Pass --allow-network to fetch it, or name a local file.")
    items = expand_media(args.inputs, kind=args.kind, allow_network=args.allow_network)
    return {file_label(item.name): item for item in items}


def _score(args: argparse.Namespace, items: "dict[str, MediaItem]", *, scorer: "VitalScorer", output: Output) -> int:
    rows = _open_result_file(args, scorer) if args.output else None
    missing = {name: item for name, item in items.items() if rows is None or name not in rows.done}
    results = output.progress(
        scorer.iter_scores(list(missing.values()), batch_size=args.batch_size), total=len(missing)
    )
    shown, failed = [], 0
    with rows or nullcontext():
        for name, result in zip(missing, results, strict=True):
            failed += result.error is not None
            if rows is not None:
                rows.write({"file": name, **result.to_row()})
            if rows is None or args.json:
                shown.append((name, result))
    if rows is None or args.json:
        output.scores(shown)
    output.remark(_summary(args, listed=len(items), missing=len(missing), failed=failed))
    return SOME_FAILED if failed else 0


def _open_result_file(args: argparse.Namespace, scorer: "VitalScorer") -> ResultFile:
    from ...results import QualityScore

    blank = QualityScore.failed("", fingerprint=scorer.fingerprint, seconds=0.0).to_row()
    return ResultFile(args.output, columns=["file", *blank], fingerprint=blank["fingerprint"], resume=args.resume)


def _summary(args: argparse.Namespace, *, listed: int, missing: int, failed: int) -> str:
    text = f"scored {listed - failed} of {listed}, {failed} failed"
    if missing < listed:
        text += f", {listed - missing} kept from before"
    if failed and args.output:
        text += f"; the column error of {args.output} says why"
    return text


def _how_to_go_on(args: argparse.Namespace) -> str:
    if args.output is None:
        return "nothing was kept. With -o FILE every score is kept at once, and --resume goes on from there."
    change = "--resume instead of --overwrite" if args.overwrite else "--resume"
    return f"the scores so far are in {journal_of(args.output)}. Run the same command with {change} to go on."
