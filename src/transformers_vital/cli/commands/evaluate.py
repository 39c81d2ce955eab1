"""`transformers-vital evaluate`: how well scores agree with human ratings, beside the paper's values."""

import argparse
from pathlib import Path

from ..benchmark_scoring import score_benchmarks
from ..benchmark_tables import report
from ..output import Output
from ..parsing import UsageError, positive_int
from ..scored_parts import Processes


SOME_FAILED = 3
EXAMPLES = """\
examples:
  transformers-vital evaluate --benchmark koniq,spaq --data-root datasets/ -o results/
  transformers-vital evaluate --predictions results/ --table 3
"""


def register(subparsers) -> None:
    """Declare the command and its arguments."""
    summary = "measure how well scores agree with human ratings"
    description = f"{summary.capitalize()}. The same command goes on where an earlier one was stopped."
    parser = subparsers.add_parser("evaluate", help=summary, description=description, epilog=EXAMPLES)
    parser.add_argument("--benchmark", metavar="NAMES", help="of the paper's datasets, with commas: koniq,spaq")
    parser.add_argument("--data-root", metavar="FOLDER", type=Path, help="folder of the dataset, or of all datasets")
    parser.add_argument("--csv", metavar="FILE", type=Path, help="ratings of one's own, or of the one benchmark named")
    parser.add_argument("--name-column", metavar="NAME", help="column of --csv with the files (default: found)")
    parser.add_argument("--mos-column", metavar="NAME", help="column of --csv with the ratings (default: found)")
    parser.add_argument(
        "--lower-is-better", action=argparse.BooleanOptionalAction, help="of --csv; has to be said of a column dmos"
    )
    parser.add_argument("--predictions", metavar="FOLDER", type=Path, help="tables of an earlier run, without a model")
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", type=Path, default=Path("results"), help="(default: results)"
    )
    parser.add_argument("--overwrite", action="store_true", help="score again what was scored before")
    parser.add_argument("--paper-model", metavar="NAME", help="stand beside the paper's values, as of VITAL-BASE-8B")
    parser.add_argument("--compare", metavar="FOLDER", type=Path, help="results of another model on the same items")
    parser.add_argument(
        "--table", metavar="N", type=positive_int, help="print this table of the paper, own rows below"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--quiet", action="store_true", help="print results and errors only")
    parser.add_argument("--model", metavar="NAME", help="name on the Hub or folder (default: vital-tiny)")
    parser.add_argument(
        "--batch-size", metavar="N", type=positive_int, default=8, help="halved where memory ends (default: 8)"
    )
    parser.add_argument("--device", help="cpu, cuda, cuda:1, mps, … (default: cuda where there is one, else cpu)")
    parser.add_argument(
        "--dtype",
        choices=["auto", "float32", "bfloat16", "float16"],
        default="auto",
        help="type of the weights (auto: float32 on the CPU, the checkpoint's own elsewhere)",
    )
    parser.add_argument("--allow-pickle", action="store_true", help="also load weights from pytorch_model.bin")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Score what is asked for, then make tables of what is on disk; returns the exit code."""
    output = Output(as_json=args.json, quiet=args.quiet)  # before anything imports transformers, whose bars it stops
    from ...evaluation.paper import paper_table
    from ...evaluation.results import check_paper_model

    scoring = args.benchmark is not None or args.csv is not None
    _check_combination(args, scoring=scoring)
    if args.table:
        paper_table(args.table)
    if args.paper_model:
        check_paper_model(args.paper_model)
    processes = Processes(on_cpu=args.device == "cpu")
    if not processes.is_first:
        output = Output(quiet=True)
    other = _folders(args.compare, option="--compare") if args.compare else []
    if len(other) > 1:
        raise UsageError(f"{args.compare} has results of {len(other)} models. Name one, such as {other[0]}.")
    folders = _folders(args.predictions, option="--predictions") if args.predictions else []
    if scoring:
        folders = [score_benchmarks(args, processes=processes, output=output)]
    processes.close()
    if not processes.is_first:
        return 0
    failed = report(args, folders=folders, other=other[0] if other else None, output=output)
    return SOME_FAILED if failed else 0


def _check_combination(args: argparse.Namespace, *, scoring: bool) -> None:
    if scoring and args.predictions:
        raise UsageError("--predictions is for tables without a model. Leave it out to score, or leave out the rest.")
    if not (scoring or args.predictions or args.table):
        raise UsageError("nothing to evaluate. Name --benchmark, --csv, --predictions or --table.")
    if not (scoring or args.predictions) and (args.compare or args.paper_model):
        raise UsageError("--compare and --paper-model need results. Name --benchmark, --csv or --predictions.")
    if args.csv is None and (args.name_column or args.mos_column or args.lower_is_better is not None):
        raise UsageError("--name-column, --mos-column and --lower-is-better are about a list. Name it with --csv.")


def _folders(given: Path, *, option: str) -> list[Path]:
    """The folder itself or those in it, where there are predictions."""
    candidates = [given, *sorted(path for path in given.glob("*/") if not path.name.startswith("."))]
    found = [folder for folder in candidates if any(folder.glob("*.parquet"))]
    if not found:
        raise UsageError(f"{option} {given} has no predictions in it. Name a folder that evaluate -o has written.")
    return found[:1] if found[0] == given else found
