"""`transformers-vital export`: a checkpoint that brings its own code."""

import argparse
from pathlib import Path

from ..output import Output


EXAMPLES = """\
examples:
  transformers-vital export build/pretrained -o with-code
  transformers-vital export vital-tiny -o with-code
"""


def register(subparsers) -> None:
    """Declare the command and its arguments."""
    summary = "copy a checkpoint with its code, for trust_remote_code=True where this package is not installed"
    description = f"{summary[0].upper()}{summary[1:]}."
    parser = subparsers.add_parser("export", help=summary, description=description, epilog=EXAMPLES)
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="folder of a model, encoder or probe, or vital-tiny")
    parser.add_argument("-o", "--output", metavar="FOLDER", type=Path, required=True, help="folder to write")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Copy; returns the exit code."""
    output = Output(quiet=args.quiet)
    from ...hub.remote_code import export_remote_code
    from ...scoring.default_model import DEFAULT_MODEL, default_model_folder

    is_default = args.checkpoint == DEFAULT_MODEL and not Path(args.checkpoint).is_dir()
    names = export_remote_code(default_model_folder() if is_default else args.checkpoint, args.output)
    code = sum(name.endswith(".py") for name in names)
    output.remark(f"wrote {args.output}: {len(names)} files, {code} of them code")
    return 0
