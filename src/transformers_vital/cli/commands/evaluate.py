"""`transformers-vital evaluate`: how well scores agree with human ratings, and answers with correct ones."""

import argparse
from pathlib import Path

from ...errors import AnnotationError, EvaluationError
from ..benchmark_scoring import score_benchmarks
from ..benchmark_tables import question_folders, report, result_folders
from ..model_options import add_model_options
from ..option_names import in_options
from ..output import Output
from ..parsing import UsageError, positive_int
from ..processes import Processes
from ..question_answering import answer_questions, judge_answers_in


SOME_FAILED = 3
EXAMPLES = """\
examples:
  transformers-vital evaluate --benchmark koniq,spaq --data-root datasets/ -o results/
  transformers-vital evaluate --questions qbvideo_dev_single.json --data-root clips/ --judge judge.yaml
"""


def register(subparsers) -> None:
    """Declare the command and its arguments."""
    summary = "measure how well scores agree with human ratings, and answers with correct ones"
    description = f"{summary.capitalize()}. The same command goes on where an earlier one was stopped."
    parser = subparsers.add_parser("evaluate", help=summary, description=description, epilog=EXAMPLES)
    what = parser.add_argument_group("what is evaluated")
    what.add_argument("--benchmark", metavar="NAMES", help="of the paper's datasets, with commas: koniq,spaq")
    what.add_argument("--csv", metavar="FILE", type=Path, help="ratings of one's own, or of the one benchmark named")
    what.add_argument("--name-column", metavar="NAME", help="column of --csv with the files (default: found)")
    what.add_argument("--mos-column", metavar="NAME", help="column of --csv with the ratings (default: found)")
    what.add_argument(
        "--lower-is-better", action=argparse.BooleanOptionalAction, help="of --csv; has to be said of a column dmos"
    )
    what.add_argument("--questions", metavar="FILE", type=Path, help="of Q-Bench-Video or Q-Bench, or of that form")
    what.add_argument("--data-root", metavar="FOLDER", type=Path, help="folder of the media, or of all datasets")
    what.add_argument("--predictions", metavar="FOLDER", type=Path, help="tables of an earlier run, without a model")
    shown = parser.add_argument_group("what is written and printed")
    shown.add_argument(
        "-o", "--output", metavar="FOLDER", type=Path, default=Path("results"), help="(default: results)"
    )
    shown.add_argument("--overwrite", action="store_true", help="score or ask again what was done before")
    shown.add_argument("--paper-model", metavar="NAME", help="stand beside the paper's values, as of VITAL-BASE-8B")
    shown.add_argument("--compare", metavar="FOLDER", type=Path, help="results of another model on the same items")
    shown.add_argument("--table", metavar="N", type=positive_int, help="print this table of the paper, own rows below")
    shown.add_argument("--json", action="store_true", help="print JSON instead of a table")
    shown.add_argument("--quiet", action="store_true", help="print results and errors only")
    who = parser.add_argument_group("who scores, answers and judges")
    add_model_options(who)
    who.add_argument("--annotator", metavar="NAMES", help="machine annotators instead, with commas: brisque,niqe")
    who.add_argument("--judge", metavar="FILE", type=Path, help="YAML: who judges answers that choose no option")
    who.add_argument(
        "--batch-size", metavar="N", type=positive_int, default=8, help="halved where memory ends (default: 8)"
    )
    who.add_argument(
        "--max-new-tokens", metavar="N", type=positive_int, default=2048, help="of an answer (default: 2048)"
    )
    who.add_argument("--allow-network", action="store_true", help="fetch weights of annotators")
    who.add_argument("--trust-remote-code", action="store_true", help="run code of annotators from the Hub")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Do what is asked for, then make tables of what is on disk; returns the exit code."""
    output = Output(as_json=args.json, quiet=args.quiet)  # before anything imports transformers, whose bars it stops
    try:
        return _run(args, output)
    except (EvaluationError, AnnotationError) as error:
        raise type(error)(in_options(str(error))) from error
    except KeyboardInterrupt:
        change = " without --overwrite" if args.overwrite else ""
        raise KeyboardInterrupt(f"what is finished is kept. Run the same command{change} to go on.") from None
    except RuntimeError as error:
        import torch

        if not isinstance(error, torch.OutOfMemoryError):
            raise
        raise UsageError("The device ran out of memory with one item. Pass --dtype bfloat16.") from error


def _run(args: argparse.Namespace, output: Output) -> int:
    from ...evaluation.judge_file import read_judge
    from ...evaluation.paper import check_paper_model, paper_table

    scoring = args.benchmark is not None or args.csv is not None
    _check_combination(args, scoring=scoring)
    if args.table:
        paper_table(args.table)
    if args.paper_model:
        check_paper_model(args.paper_model)
    judge = read_judge(args.judge) if args.judge else None
    processes = Processes(on_cpu=args.device == "cpu")
    if not processes.is_first:
        output = Output(quiet=True)
    if processes.count > 1:
        output.remark(f"working in {processes.count} processes")
    other = result_folders(args.compare, option="--compare") if args.compare else []
    if len(other) > 1:
        raise UsageError(f"{args.compare} has results of {len(other)} models. Name one, such as {other[0]}.")
    folders = result_folders(args.predictions, option="--predictions") if args.predictions else []
    if scoring:
        folders = score_benchmarks(args, processes=processes, output=output)
    elif args.questions:
        folders = [answer_questions(args, processes=processes, output=output)]
    processes.close()
    if not processes.is_first:
        return 0
    if judge:
        answered = [path for folder in folders for path in question_folders(folder)]
        judge_answers_in(answered, judge=judge[0], settings=judge[1], device=args.device, output=output)
    told = report(args, folders=folders, other=other[0] if other else None, output=output)
    failed = any(result.failed for results in told.rated for result in results.benchmarks)
    failed |= any(results.failed or (args.judge and results.unjudged) for results in told.answered)
    return SOME_FAILED if failed else 0


def _check_combination(args: argparse.Namespace, *, scoring: bool) -> None:
    asked = [option for option, given in (("--benchmark or --csv", scoring), ("--questions", args.questions)) if given]
    if len(asked) > 1:
        raise UsageError("--questions and ratings are separate runs; results add up in the folder. Leave one out.")
    if asked and args.predictions:
        raise UsageError("--predictions is for tables without a model. Leave it out to score, or leave out the rest.")
    if not (asked or args.predictions or args.table):
        raise UsageError("nothing to evaluate. Name --benchmark, --csv, --questions, --predictions or --table.")
    if not (asked or args.predictions) and (args.compare or args.paper_model):
        raise UsageError("--compare and --paper-model need results. Name --benchmark, --csv or --predictions.")
    if args.csv is None and (args.name_column or args.mos_column or args.lower_is_better is not None):
        raise UsageError("--name-column, --mos-column and --lower-is-better are about a list. Name it with --csv.")
    if args.annotator and (args.model or not scoring):
        raise UsageError("--annotator scores --benchmark or --csv in place of --model. Leave out what does not fit.")
    if args.judge and not (args.questions or args.predictions):
        raise UsageError("--judge is about answers. Name --questions, or --predictions with answers.")
