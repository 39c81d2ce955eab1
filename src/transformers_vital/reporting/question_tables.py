"""The table of a model that was asked questions."""

from collections.abc import Mapping
from typing import Any

from ..evaluation.qbench import Column
from ..evaluation.question_results import QuestionResults
from .tables import NO_VALUE, Table


def questions_table(results: QuestionResults) -> Table:
    """
    A row for each column of Table 4, or of Q-Bench: shares in percent, beside the paper's where there are any.

    Args:
        results ([`~evaluation.question_results.QuestionResults`]): of one model on one file of questions.

    Returns:
        [`Table`]: with who decided and how far the rounds of the judge agree as notes.
    """
    columns = ("column", "share", "judged", "listed")
    if results.paper:
        columns += ("paper", "difference")
    rows = tuple(_row(name, column, results) for name, column in results.columns.items())
    return Table(f"Answers of {results.model} to {results.id}", columns, rows, tuple(_notes(results)))


def _row(name: str, column: Column, results: QuestionResults) -> tuple[str, ...]:
    cells = (name, _percent(column.share), str(column.judged), str(column.listed))
    if not results.paper:
        return cells
    beside = results.paper[name]
    difference = NO_VALUE if column.share is None else f"{100 * beside.difference:+.2f}"
    return (*cells, _percent(beside.paper), difference)


def _notes(results: QuestionResults) -> list[str]:
    decided = results.summary["decided_by"]
    notes = [
        f"Shares are in percent, of the answers that were judged. Decided by the option that the answer chooses: "
        f"{decided['option']}; by a judge: {decided['judge']}; empty, and worth nothing: {decided['nothing']}; not "
        f"judged: {decided['unjudged']}; without an answer: {decided['failed']}."
    ]
    agreement = results.summary["agreement"].items()
    notes += [_agreement(found, who=results.judge, kind=kind) for kind, found in agreement if found["questions"]]
    if results.paper:
        (table,) = {beside.table for beside in results.paper.values()}
        notes.append(
            f"The paper's values are those of {results.paper_model} in Table {table}, on the 900 questions of the "
            "test set of Q-Bench-Video."
        )
    return notes


def _agreement(found: Mapping[str, Any], *, who: str | None, kind: str) -> str:
    text = (
        f"{who} judged {found['questions']} {kind} answers in {found['rounds']} rounds, {found['complete']} with a "
        "score in each"
    )
    if found["unanimous"] is None:
        return f"{text}."
    kappa = "not defined" if found["fleiss_kappa"] is None else f"{found['fleiss_kappa']:.3f}"
    return (
        f"{text}: all rounds agree on {_percent(found['unanimous'])} % of these, two rounds on "
        f"{_percent(found['pairwise'])} %, Fleiss' κ is {kappa}."
    )


def _percent(share: float | None) -> str:
    return NO_VALUE if share is None else f"{100 * share:.2f}"
