"""`transformers-vital push`: a model or a dataset to the Hub."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from ..output import Output


EXAMPLES = """\
examples:
  transformers-vital push build/pretrained me/my-vital --dry-run
  transformers-vital push dataset/ me/my-vital-data --public
"""


def register(subparsers) -> None:
    """Declare the command and its arguments."""
    summary = "send a model or a dataset to the Hub, after checking all of it"
    description = f"{summary[0].upper()}{summary[1:]}. Weights go as safetensors only."
    parser = subparsers.add_parser("push", help=summary, description=description, epilog=EXAMPLES)
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="of a model, or of a dataset: one with records/")
    parser.add_argument("repository", metavar="REPOSITORY", help="on the Hub, such as me/my-vital")
    parser.add_argument("--dry-run", action="store_true", help="check, list what would be sent, and ask no server")
    parser.add_argument("--public", action="store_true", help="let everyone see a new repository (default: private)")
    parser.add_argument(
        "--overwrite-readme", action="store_true", help="replace a README.md there that a person wrote or changed"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check and send; returns the exit code."""
    output = Output(as_json=args.json)
    from ...hub.push import push_folder

    plan = push_folder(
        args.folder,
        args.repository,
        repo_type="dataset" if (args.folder / "records").is_dir() else "model",
        private=not args.public,
        overwrite_card=args.overwrite_readme,
        dry_run=args.dry_run,
    )
    output.text(json.dumps(asdict(plan), indent=2) if args.json else str(plan))
    return 0
