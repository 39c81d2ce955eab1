"""The tables of `evaluate`, written beside the predictions and printed."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtraError
from .output import Output
from .parsing import UsageError


if TYPE_CHECKING:
    from ..reporting.tables import Table


def report(args: argparse.Namespace, *, folders: list[Path], other: Path | None, output: Output) -> bool:
    """Make and print the tables that the arguments of `evaluate` ask for; returns whether an item has no score."""
    from ..evaluation.results import compare_predictions, evaluate_predictions
    from ..reporting.evaluation_files import predictions_in, write_results, write_scatter_plots
    from ..reporting.tables import comparison_table, paper_view, results_table

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
        _show(args, tables=[view], values=asdict(view), output=output)
    else:
        _show(args, tables=tables, values=printed, output=output)
    return any(result.failed for results in evaluated for result in results.benchmarks)


def _show(args: argparse.Namespace, *, tables: "list[Table]", values: Any, output: Output) -> None:
    from ..reporting.tables import to_markdown

    output.text(json.dumps(values, indent=2) if args.json else "\n\n".join(map(to_markdown, tables)))
