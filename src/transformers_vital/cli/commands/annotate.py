"""`transformers-vital annotate`: a machine-annotated dataset of media."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..output import Output
from ..parsing import UsageError, check_device, positive_int


if TYPE_CHECKING:
    from ...annotation.build import Build

SOME_FAILED = 3
# Reasons for which a file counts as failed; what is too small or a repetition was looked at and left out.
FAILURES = ("not available", "not decodable", "not distorted", "not measured")
EXAMPLES = """\
examples:
  transformers-vital annotate photos/ clips/ -o dataset --processes 2
  transformers-vital annotate photos/ -o dataset --recipe recipe.yaml --plan --videos 0
"""


def register(subparsers) -> None:
    """Declare the command and its arguments."""
    summary = "make a dataset of records for training from media, annotated by machines"
    description = f"{summary.capitalize()}. The same command goes on where an earlier one was stopped."
    parser = subparsers.add_parser("annotate", help=summary, description=description, epilog=EXAMPLES)
    parser.add_argument(
        "sources", metavar="SOURCE", nargs="+", help="folder, file, .tar, .parquet, list of addresses, hf://datasets/…"
    )
    parser.add_argument("-o", "--output", metavar="DATASET", type=Path, required=True, help="folder of the dataset")
    parser.add_argument("--recipe", metavar="FILE", type=Path, help="YAML settings (default: no network, no weights)")
    parser.add_argument("--processes", metavar="N", type=positive_int, default=1, help="at once (default: 1)")
    parser.add_argument("--ray", action="store_true", help="work on Ray: the cluster of RAY_ADDRESS, or this machine")
    parser.add_argument("--device", help="of neural annotators: cpu, cuda, cuda:1, … (default: cpu)")
    parser.add_argument("--allow-network", action="store_true", help="fetch media by address, and weights")
    parser.add_argument("--trust-remote-code", action="store_true", help="run code of annotators from the Hub")
    parser.add_argument("--plan", action="store_true", help="work on a sample only and say what the whole would take")
    parser.add_argument("--images", metavar="N", type=int, help="to plan for (default: 5,000,000, as in the paper)")
    parser.add_argument("--videos", metavar="N", type=int, help="to plan for (default: 4,000,000, as in the paper)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--quiet", action="store_true", help="print results and errors only")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Build or plan; returns the exit code."""
    from datasets import disable_progress_bars

    from ...annotation.build import Build, Workers
    from ...annotation.recipe import Recipe

    output = Output(as_json=args.json, quiet=args.quiet)
    if not output.shows_progress:
        disable_progress_bars()
    if not args.plan and (args.images is not None or args.videos is not None):
        raise UsageError("--images and --videos are numbers to plan for. Add --plan, or leave them out.")
    if args.device:
        check_device(args.device)
    build = Build(
        args.output,
        Recipe.read(args.recipe) if args.recipe else Recipe(),
        Workers(args.processes, args.ray, args.allow_network, args.trust_remote_code, args.device),
    )
    return _plan(build, args, output) if args.plan else _build(build, args, output)


def _build(build: "Build", args: argparse.Namespace, output: Output) -> int:
    from ...reporting.built_dataset import write_reports

    try:
        report = build.run(args.sources)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"what is finished is in {args.output}. Run the same command to go on.") from None
    card = write_reports(build, report)
    if card.name != "README.md":
        output.remark(f"note: README.md was changed by hand and stays; the new card is {card}.")
    output.facts(report["records"])
    for stage in report["stages"]:
        reasons = "".join(f"; {reason}: {count}" for reason, count in stage["reasons"].items())
        output.remark(f"{stage['stage']}: {stage['kept']} of {stage['rows']}{reasons}")
    for annotator, reason in report["unmapped"].items():
        output.remark(f"note: {annotator} was left out: {reason}")
    output.remark(f"wrote {args.output}: records, media, {card.name}, report.html, report.json")
    failed = any(reason in FAILURES for stage in report["stages"] for reason in stage["reasons"])
    return SOME_FAILED if failed else 0


def _plan(build: "Build", args: argparse.Namespace, output: Output) -> int:
    from ...annotation.plan import PAPER_POOL, plan_build

    asked = {"image": args.images, "video": args.videos}
    items = {kind: PAPER_POOL[kind] if asked[kind] is None else asked[kind] for kind in PAPER_POOL}
    plan = plan_build(build, args.sources, items=items)
    output.facts(plan if args.json else plan_facts(plan))
    return 0


def plan_facts(plan: dict[str, Any]) -> dict[str, str]:
    """A plan as lines to read."""
    facts = {f"{kind}s": f"{count:,}" for kind, count in plan["items"].items()}
    for stage in plan["stages"]:
        each = ", ".join(f"{seconds:.3g} s per {kind}" for kind, seconds in stage["seconds"].items())
        facts[stage["stage"]] = f"{stage['hours']:,.1f} h ({each})"
    facts["in all"] = f"{plan['hours']:,.1f} h with {plan['processes']} at once"
    facts["media"] = f"{plan['bytes'] / 1e9:,.1f} GB"
    facts["measured on"] = json.dumps(plan["sample"]).strip("{}").replace('"', "")
    facts["calls to models"] = "none" if plan["calls"] is None else f"{plan['calls']:,}"
    if plan["calls"] is not None:
        unknown = "not known; make a small dataset in this folder first"
        facts["money"] = unknown if plan["cost"] is None else f"{plan['cost']:,.2f}"
    return facts
