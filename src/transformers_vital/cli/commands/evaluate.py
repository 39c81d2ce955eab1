"""`transformers-vital evaluate`: how well scores agree with human ratings, beside the paper's values."""

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import MissingExtraError, OutputError
from ..output import Output, printable
from ..parsing import UsageError, check_device, positive_int
from ..scored_parts import Processes, score_benchmark


if TYPE_CHECKING:
    from ...evaluation.benchmarks import Benchmark
    from ...evaluation.rated_items import RatedItem
    from ...reporting.tables import Table

SOME_FAILED = 3
EXAMPLES = """\
examples:
  transformers-vital evaluate --benchmark koniq,spaq --data-root datasets/ -o results/
  transformers-vital evaluate --csv ratings.csv --data-root photos/
  transformers-vital evaluate --predictions results/ --table 3

several processes, one for each GPU:
  accelerate launch --num_processes 2 --module transformers_vital.cli.main evaluate --benchmark koniq --data-root D
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
    from ...evaluation.paper import paper_table
    from ...evaluation.results import check_paper_model

    scoring = args.benchmark is not None or args.csv is not None
    _check_combination(args, scoring=scoring)
    if args.table:
        paper_table(args.table)
    if args.paper_model:
        check_paper_model(args.paper_model)
    processes = Processes()
    output = Output(as_json=args.json, quiet=args.quiet or not processes.is_first)
    other = _folders(args.compare, option="--compare") if args.compare else []
    if len(other) > 1:
        raise UsageError(f"{args.compare} has results of {len(other)} models. Name one, such as {other[0]}.")
    folders = _folders(args.predictions, option="--predictions") if args.predictions else []
    if scoring:
        folders = [_score(args, processes=processes, output=output)]
    processes.close()
    if not processes.is_first:
        return 0
    return _report(args, folders=folders, other=other[0] if other else None, output=output)


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


def _score(args: argparse.Namespace, *, processes: Processes, output: Output) -> Path:
    from ...evaluation.predictions import read_predictions
    from ...evaluation.rated_items import coverage
    from ...evaluation.results import model_label
    from ...scoring.scorer import VitalScorer

    chosen = [(benchmark, _items(args, benchmark)) for benchmark in _benchmarks(args)]
    for place, (benchmark, items) in enumerate(chosen):
        if benchmark.annotation_file is not None:
            chosen[place] = (benchmark, items) = _of_one_kind(benchmark, items)
        output.remark(f"{benchmark.title}: {coverage(items, expected=benchmark.num_items)}")
    if processes.count > 1:
        output.remark(f"scoring in {processes.count} processes")
    device = args.device or processes.device
    if device:
        check_device(device)
    dtype = None if args.dtype == "auto" else args.dtype
    scorer = VitalScorer.from_pretrained(args.model, device=device, dtype=dtype, allow_pickle=args.allow_pickle)
    if scorer.notice:
        output.remark(f"note: {scorer.notice}")
    folder = args.output / model_label(scorer.fingerprint.model)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {error.strerror}. Name another folder with -o.") from error
    again = {f"{benchmark.id}.parquet" for benchmark, _ in chosen if args.overwrite}
    for path in sorted(folder.glob("*.parquet")):
        if path.name not in again:
            read_predictions(path).check(benchmark=path.stem, fingerprint=asdict(scorer.fingerprint), path=path)
    settings = {"batch_size": args.batch_size, "overwrite": args.overwrite, "processes": processes, "output": output}
    try:
        for benchmark, items in chosen:
            score_benchmark(scorer, benchmark, items=items, folder=folder, **settings)
    except KeyboardInterrupt:
        change = " without --overwrite" if args.overwrite else ""
        raise KeyboardInterrupt(f"the scores so far are kept. Run the same command{change} to go on.") from None
    except RuntimeError as error:
        import torch

        if not isinstance(error, torch.OutOfMemoryError):
            raise
        raise UsageError("The device ran out of memory with one item. Pass --dtype bfloat16.") from error
    return folder


def _benchmarks(args: argparse.Namespace) -> "list[Benchmark]":
    from ...evaluation.benchmarks import Benchmark, load_benchmark

    names = list(dict.fromkeys(name.strip() for name in (args.benchmark or "").split(",") if name.strip()))
    if names:
        if args.data_root is None:
            raise UsageError("Where is the data? Name its folder with --data-root.")
        if args.csv and len(names) > 1:
            raise UsageError(f"--csv is the list of one benchmark; {len(names)} are named. Name one.")
        return [load_benchmark(name) for name in names]
    if args.csv is None:
        raise UsageError("--benchmark names none. Pass one, such as koniq.")
    falls = args.lower_is_better
    return [
        Benchmark.from_csv(
            args.csv,
            modality="image",
            media_root=args.data_root,
            name_column=args.name_column,
            mos_column=args.mos_column,
            higher_is_better=None if falls is None else not falls,
        )
    ]


def _items(args: argparse.Namespace, benchmark: "Benchmark") -> "list[RatedItem]":
    own_list = args.csv if benchmark.annotation_file is None else None
    return benchmark.items(args.data_root, annotation_file=own_list)


def _of_one_kind(benchmark: "Benchmark", items: "list[RatedItem]") -> "tuple[Benchmark, list[RatedItem]]":
    """A list of one's own as the names in it say: of images or of videos."""
    from ...media.formats import kind_of_suffix

    kinds = {kind_of_suffix(Path(item["name"]).suffix) or "image" for item in items}
    if len(kinds) > 1:
        raise UsageError(f"{benchmark.annotation_file} lists images and videos. Make a list of each.")
    (kind,) = kinds or {"image"}
    return replace(benchmark, modality=kind), [{**item, "kind": kind} for item in items]


def _report(args: argparse.Namespace, *, folders: list[Path], other: Path | None, output: Output) -> int:
    from ...evaluation.results import compare_predictions, evaluate_predictions
    from ...reporting.evaluation_files import predictions_in, write_results, write_scatter_plots
    from ...reporting.tables import comparison_table, paper_view, results_table

    evaluated, tables, printed = [], [], []
    theirs = {path.name: predictions for path, predictions in predictions_in(other).items()} if other else {}
    for folder in folders:
        found = predictions_in(folder)
        results = evaluate_predictions(list(found.values()), model=folder.resolve().name, paper_model=args.paper_model)
        common = [(ours, theirs[path.name]) for path, ours in found.items() if path.name in theirs]
        if other and not common:
            raise UsageError(f"{folder} and {other} have no benchmark in common. Score one with both models.")
        comparisons = [compare_predictions(ours, other=their) for ours, their in common]
        compared = (
            comparison_table(comparisons, model=results.model, other=other.resolve().name) if comparisons else None
        )
        write_results(results, folder=folder, comparisons=comparisons, compared=compared)
        try:
            write_scatter_plots(found)
        except MissingExtraError as error:
            output.remark(f"note: there are no scatter plots. {error}")
        evaluated.append(results)
        tables += [table for table in (results_table(results), compared) if table is not None]
        printed.append({**results.to_dict(), "comparison": [entry.to_dict() for entry in comparisons]})
        for result in results.benchmarks:
            output.remark(
                f"{result.benchmark['title']}: scored {result.scored} of {result.listed}, {result.failed} failed"
            )
        output.remark(f"wrote {folder}: results.json, .md, .csv, .html, .tex")
    if args.table:
        view = paper_view(args.table, results=evaluated)
        _show(args, tables=[view], values=asdict(view))
    else:
        _show(args, tables=tables, values=printed)
    failed = any(result.failed for results in evaluated for result in results.benchmarks)
    return SOME_FAILED if failed else 0


def _show(args: argparse.Namespace, *, tables: "list[Table]", values: Any) -> None:
    from ...reporting.tables import to_markdown

    text = json.dumps(values, indent=2) if args.json else "\n\n".join(map(to_markdown, tables))
    encoding = sys.stdout.encoding or "utf-8"
    text = "\n".join(map(printable, text.splitlines()))
    print(text.encode(encoding, "backslashreplace").decode(encoding))
