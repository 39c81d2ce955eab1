"""Tables of the paper with rows of one's own below."""

import math
from collections.abc import Mapping, Sequence

from ..evaluation.paper import ANSWER_TABLES, AVERAGE, Column, PaperTable, paper_table
from ..evaluation.question_results import QuestionResults
from ..evaluation.results import COMPARED, EvaluationResults
from .tables import Table, number


def paper_view(
    table_number: int, *, results: Sequence[EvaluationResults] = (), answered: Sequence[QuestionResults] = ()
) -> Table:
    """
    A table of the paper with rows of one's own below.

    Args:
        table_number (`int`): see [`~evaluation.paper.paper_table`].
        results (`Sequence[EvaluationResults]`, *optional*): models that were run on benchmarks; one without any of the
            table's columns has no row.
        answered (`Sequence[QuestionResults]`, *optional*): models that were asked, for Tables 4 and 11; those about
            images have no row.

    Returns:
        [`Table`]: with the errata of the paper's table as notes.

    Raises:
        [`EvaluationError`]: there is no such table.

    Example:

    ```python
    >>> from transformers_vital.reporting.paper_tables import paper_view
    >>> table = paper_view(6)
    >>> table.columns[1:4], table.rows[0][:3]
    (('tunable parameters', 'live-vqc SRCC', 'live-vqc PLCC'), ('LINEAR-PROBE', '1.61M', '0.760'))

    ```
    """
    paper = paper_table(table_number)
    rows = [_row(row.model, row.values, paper) for row in paper.rows]
    notes = list(paper.errata)
    for ours in results:
        values = _rated(ours, paper, notes)
        if any(column in values for column in paper.columns):
            rows.append(_row(f"{ours.model} (ours)", values, paper))
    for ours in answered if table_number in ANSWER_TABLES else ():
        if ours.kind == "video":
            shares = {(name, "accuracy"): column.share for name, column in ours.columns.items()}
            rows.append(_row(f"{ours.model} (ours, {ours.id})", shares, paper))
            notes.append(
                f"{ours.model} is of {ours.overall.judged} judged of {ours.overall.listed} questions of {ours.id}, "
                "the paper's rows of the 900 of the test set."
            )
    columns = ("model", *map(_head, paper.columns))
    return Table(f"Table {table_number}: {paper.title}", columns, tuple(rows), tuple(notes))


def _rated(ours: EvaluationResults, paper: PaperTable, notes: list[str]) -> dict[Column, float]:
    """Values by column; says in the notes over what an average is."""
    values = {
        (result.benchmark["id"], metric): result.metrics[metric]
        for result in ours.benchmarks
        for metric in COMPARED
        if result.benchmark["table"] is not None
    }
    for mean in ours.averages:
        # Tables 9 and 10 have the datasets of 2 and 3; others have no such column.
        if AVERAGE in paper.columns and set(mean.datasets) <= set(paper.datasets):
            values[AVERAGE] = mean.value
            if len(mean.datasets) < len(paper.datasets):
                notes.append(
                    f"AVG. of {ours.model} is over {len(mean.datasets)} of {len(paper.datasets)} datasets: "
                    f"{', '.join(mean.datasets)}."
                )
    return values


def _row(name: str, values: Mapping[Column, float | None], paper: PaperTable) -> tuple[str, ...]:
    return (name, *(_printed(values.get(column), column) for column in paper.columns))


def _head(column: Column) -> str:
    dataset, metric = column
    if column == AVERAGE:
        return "AVG."
    return f"{dataset} {metric.upper() if metric in COMPARED else metric}"


def _printed(value: float | None, column: Column) -> str:
    """On the scale of the paper: shares in percent, parameters in millions."""
    value = math.nan if value is None else value
    if column[1] == "accuracy" and math.isfinite(value):
        return f"{100 * value:.2f}"
    return f"{value / 1e6:.2f}M" if column[1] == "parameters" and math.isfinite(value) else number(value)
