"""`transformers-vital convert`: a checkpoint of another format as native safetensors."""

import argparse
import sys
from contextlib import redirect_stdout
from pathlib import Path

from ...errors import CheckpointError, OutputError, VitalError
from ..output import Output


EXAMPLES = """\
examples:
  transformers-vital convert OpenGVLab/InternVL3-1B-hf -o vital-zero-1b
  transformers-vital convert vital-linear-probe -o probe
"""


def register(subparsers) -> None:
    """Declare the command and its arguments."""
    summary = "convert the authors' release or an InternVL3 -hf checkpoint to a VITAL checkpoint"
    description = f"C{summary[1:]}."
    parser = subparsers.add_parser("convert", help=summary, description=description, epilog=EXAMPLES)
    parser.add_argument("source", metavar="SOURCE", help="folder, name of the zoo or of the Hub")
    parser.add_argument("-o", "--output", metavar="FOLDER", type=Path, required=True, help="folder to write")
    parser.add_argument("--allow-pickle", action="store_true", help="also read pytorch_model.bin, as weights only")
    parser.add_argument("--json", action="store_true", help="print the report as JSON, with all names")
    parser.add_argument("--quiet", action="store_true", help="print results and errors only")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Convert; returns the exit code."""
    output = Output(as_json=args.json, quiet=args.quiet)
    folder = args.output
    check_new_folder(folder)
    output.remark(f"converting {args.source}")

    from ...zoo.convert import convert

    try:
        with redirect_stdout(sys.stderr):  # DeepSpeed, where it is installed, logs to stdout
            report = convert(args.source, output=folder, allow_pickle=args.allow_pickle)
    except VitalError:
        raise
    except (ValueError, OSError) as error:
        raise CheckpointError(f"{args.source} cannot be converted: {error}") from error
    kind = report["kind"]
    if not args.json:
        report = {
            name: f"{len(value)} weights" if isinstance(value, list) else value for name, value in report.items()
        }
    output.facts(report)
    if kind == "encoder":
        output.remark(f"wrote {folder}; go on: transformers-vital zoo assemble --encoder {folder} --decoder D -o NEW")
    else:
        output.remark(f"wrote {folder}; score with it: transformers-vital score INPUT --model {folder}")
    return 0


def check_new_folder(folder: Path) -> None:
    """
    Find out before long work that a folder can be written.

    Raises:
        [`OutputError`]: the folder around it is missing, or it holds something.
    """
    if not folder.absolute().parent.is_dir():
        raise OutputError(
            f"The folder {folder.parent} of {folder} does not exist. Create it: mkdir -p '{folder.parent}'"
        )
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise OutputError(f"{folder} exists and is no empty folder. Name a new one with -o.")
