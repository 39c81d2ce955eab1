"""`transformers-vital convert`: a checkpoint of another format as native safetensors."""

import argparse
from pathlib import Path

from ...errors import CheckpointError, OutputError
from ..output import Output


EXAMPLES = """\
examples:
  transformers-vital convert OpenGVLab/InternVL3-1B-hf -o vital-zero-1b
  transformers-vital convert authors_release/ -o vital-base-8b --allow-pickle
"""


def register(subparsers) -> None:
    """Declare the command and its arguments."""
    summary = "convert the authors' release or an InternVL3 -hf checkpoint to a VITAL checkpoint"
    description = f"C{summary[1:]}."
    parser = subparsers.add_parser("convert", help=summary, description=description, epilog=EXAMPLES)
    parser.add_argument("source", metavar="SOURCE", help="folder or name on the Hub")
    parser.add_argument("-o", "--output", metavar="FOLDER", type=Path, required=True, help="folder to write")
    parser.add_argument("--allow-pickle", action="store_true", help="also read pytorch_model.bin, as weights only")
    parser.add_argument("--json", action="store_true", help="print the report as JSON, with all names")
    parser.add_argument("--quiet", action="store_true", help="print results and errors only")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Convert; returns the exit code."""
    output = Output(as_json=args.json, quiet=args.quiet)
    folder = args.output
    if not folder.absolute().parent.is_dir():
        raise OutputError(
            f"The folder {folder.parent} of {folder} does not exist. Create it: mkdir -p '{folder.parent}'"
        )
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise OutputError(f"{folder} exists and is no empty folder. Name a new one with -o.")
    output.remark(f"converting {args.source}")

    from ...models.vital.convert_vital import convert_checkpoint

    try:
        report = convert_checkpoint(args.source, folder, allow_pickle=args.allow_pickle)
    except (ValueError, OSError) as error:
        raise CheckpointError(f"{args.source} cannot be converted: {error}") from error
    if not args.json:
        report = {
            name: f"{len(value)} weights" if isinstance(value, list) else value for name, value in report.items()
        }
    output.facts(report)
    output.remark(f"wrote {folder}; score with it: transformers-vital score INPUT --model {folder}")
    return 0
