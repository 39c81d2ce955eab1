"""The tables of `evaluate`, written beside what they are computed from, and printed."""

import argparse
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtraError
from .output import Output
from .parsing import UsageError
from .question_answering import ANSWERS, judged_in


if TYPE_CHECKING:
    from ..evaluation.question_results import QuestionResults
    from ..evaluation.results import EvaluationResults
    from ..reporting.tables import Table


@dataclass
class Report:
    """
    What there is to tell of some models.

    Attributes:
        rated (`list[EvaluationResults]`): on benchmarks.
        answered (`list[QuestionResults]`): on questions.
        tables (`list[Table]`): of all these, to print.
        values (`list[dict]`): the same as JSON types.
    """

    rated: "list[EvaluationResults]" = field(default_factory=list)
    answered: "list[QuestionResults]" = field(default_factory=list)
    tables: "list[Table]" = field(default_factory=list)
    values: list[dict[str, Any]] = field(default_factory=list)


def question_folders(folder: Path) -> list[Path]:
    """Folders with answers among the results of a model."""
    return sorted(path.parent for path in folder.glob(f"*/{ANSWERS}"))


def result_folders(given: Path, *, option: str) -> list[Path]:
    """
    A folder of the results of a model, or all such folders in one.

    Raises:
        [`UsageError`]: there are none; the message names the option.
    """
    candidates = [given, *sorted(path for path in given.glob("*/") if not path.name.startswith("."))]
    found = [
        folder
        for folder in candidates
        if not (folder / ANSWERS).exists() and (any(folder.glob("*.parquet")) or question_folders(folder))
    ]
    if not found:
        raise UsageError(f"{option} {given} has no predictions in it. Name a folder that evaluate -o has written.")
    return found[:1] if found[0] == given else found


def report(args: argparse.Namespace, *, folders: list[Path], other: Path | None, output: Output) -> Report:
    """Make, write and print the tables that the arguments of `evaluate` ask for."""
    from ..reporting.paper_tables import paper_view
    from ..reporting.tables import to_markdown

    told = Report()
    for folder in folders:
        if other or any(folder.glob("*.parquet")):
            _tell_ratings(args, told, folder=folder, other=other, output=output)
        for answered in question_folders(folder):
            _tell_answers(args, told, folder=answered, output=output)
    tables, values = told.tables, told.values
    if args.table:
        view = paper_view(args.table, results=told.rated, answered=told.answered)
        tables, values = [view], asdict(view)
    output.text(json.dumps(values, indent=2) if args.json else "\n\n".join(map(to_markdown, tables)))
    return told


def _tell_ratings(args: argparse.Namespace, told: Report, *, folder: Path, other: Path | None, output: Output) -> None:
    from ..evaluation.results import compare_predictions, evaluate_predictions
    from ..reporting.evaluation_files import predictions_in, write_results, write_scatter_plots
    from ..reporting.tables import comparison_table, results_table

    found = predictions_in(folder)
    theirs = {path.name: predictions for path, predictions in predictions_in(other).items()} if other else {}
    common = [(ours, theirs[path.name]) for path, ours in found.items() if path.name in theirs]
    if other and not common:
        raise UsageError(f"{folder} and {other} have no benchmark in common. Score one with both models.")
    results = evaluate_predictions(list(found.values()), model=folder.resolve().name, paper_model=args.paper_model)
    comparisons = [compare_predictions(ours, other=their) for ours, their in common]
    compared = comparison_table(comparisons, model=results.model, other=other.resolve().name) if comparisons else None
    write_results(results, folder=folder, comparisons=comparisons, compared=compared)
    try:
        write_scatter_plots(found)
    except MissingExtraError as error:
        output.remark(f"note: there are no scatter plots. {error}")
    told.rated.append(results)
    told.tables += [table for table in (results_table(results), compared) if table is not None]
    told.values.append({**results.to_dict(), "comparison": [entry.to_dict() for entry in comparisons]})
    for result in results.benchmarks:
        output.remark(
            f"{result.benchmark['title']}: scored {result.scored} of {result.listed}, {result.failed} failed"
        )
    output.remark(f"wrote {folder}: results.json, .md, .csv, .html, .tex")


def _tell_answers(args: argparse.Namespace, told: Report, *, folder: Path, output: Output) -> None:
    from ..evaluation.question_results import question_results
    from ..reporting.evaluation_files import write_tables
    from ..reporting.question_tables import questions_table

    answers, judgements, judge = judged_in(folder)
    shared = {"model": folder.resolve().parent.name, "paper_model": args.paper_model}
    results = question_results(answers, judgements=judgements, judge=judge, **shared)
    table = questions_table(results)
    write_tables([table], values=results.to_dict(), folder=folder, name="results")
    told.answered.append(results)
    told.tables.append(table)
    told.values.append(results.to_dict())
    listed = results.overall.listed
    output.remark(f"{results.id}: answered {listed - results.failed} of {listed}, {results.failed} failed")
    if results.unjudged and not args.judge:
        output.remark(f"note: {results.unjudged} answers need a judge. Name one with --judge.")
    elif results.unjudged:
        output.remark(f"note: {results.unjudged} answers are not judged; judgements.parquet says why.")
    output.remark(f"wrote {folder}: results.json, .md, .csv, .html, .tex")
