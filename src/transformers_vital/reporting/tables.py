"""Tables of results: what stands in them, and Markdown, CSV, HTML and LaTeX of it, with every text escaped."""

import csv
import html
import io
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..evaluation.results import COMPARED, BenchmarkComparison, BenchmarkResult, EvaluationResults


NO_VALUE = "-"
_MARKDOWN = re.compile(r"([\\`*_\[\]<>&|~$#])")
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


@dataclass(frozen=True)
class Table:
    """
    Plain text in rows.

    Args:
        title (`str`): what it is about.
        columns (`tuple[str, ...]`): their heads; the first column is names, the others are numbers.
        rows (`tuple[tuple[str, ...], ...]`): as many cells each as there are columns.
        notes (`tuple[str, ...]`): sentences below.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def results_table(results: EvaluationResults) -> Table:
    """
    A row for each benchmark, and one for each column AVG.

    Args:
        results ([`EvaluationResults`]): of one model.

    Returns:
        [`Table`]: with the paper's values and the differences where there are any.
    """
    beside = any(result.paper for result in results.benchmarks)
    columns = ["benchmark", "scored", "listed", "failed", "paper's count"]
    columns += ["SRCC", "SRCC 95 %", "PLCC", "PLCC 95 %", "PLCC logistic", "KRCC", "RMSE logistic"]
    if beside:
        columns += [f"{what} {name.upper()}" for name in COMPARED for what in ("paper", "difference of")]
    rows = [_result_row(result, beside=beside) for result in results.benchmarks]
    notes = ["PLCC is of the raw scores; PLCC logistic and RMSE logistic are after a fitted four-parameter logistic."]
    for mean in results.averages:
        ran = f"{len(mean.datasets)} of {mean.of} datasets"
        cells = [f"AVG. of Table {mean.table} ({ran})", *[""] * 4, number(mean.value), *[""] * 6]
        if beside:
            paper = mean.paper if mean.paper is not None else math.nan
            cells += [number(paper), signed(mean.value - paper), "", ""]
        rows.append(tuple(cells))
        notes.append(
            f"AVG. of Table {mean.table} is the mean of the SRCC and PLCC of what was run, {ran}: "
            f"{', '.join(mean.datasets)}."
        )
    if beside:
        notes.append(f"The paper's values are those of {results.paper_model}.")
    return Table(f"Results of {results.model}", tuple(columns), tuple(rows), tuple(notes))


def comparison_table(comparisons: Sequence[BenchmarkComparison], *, model: str, other: str) -> Table:
    """
    SRCC and PLCC of two models on what both have scored.

    Args:
        comparisons (`Sequence[BenchmarkComparison]`): of one pair of models.
        model, other (`str`): their names.

    Returns:
        [`Table`].
    """
    columns = ["benchmark", "items"]
    for name in COMPARED:
        columns += [f"{name.upper()} {what}" for what in ("first", "second", "difference", "95 %", "p")]
    rows = []
    for compared in comparisons:
        cells = [compared.benchmark["title"], str(compared.items)]
        for name in COMPARED:
            found = compared.comparisons.get(name)
            difference = found and found.difference
            cells += (
                [number(found.value), number(found.other), signed(difference.value)]
                + [f"{signed(difference.low)} to {signed(difference.high)}", number(found.p_value)]
                if found
                else [NO_VALUE] * 5
            )
        williams = compared.williams
        cells += [number(williams.t), number(williams.p_value)] if williams else [NO_VALUE] * 2
        rows.append(tuple(cells))
    notes = (
        f"First is {model}, second {other}; a difference is first less second, with its 95 % interval and p-value of "
        "a paired bootstrap over the items that both have scored.",
    )
    return Table(f"{model} and {other}", (*columns, "Williams t", "Williams p"), tuple(rows), notes)


def to_markdown(table: Table) -> str:
    r"""
    A table in GitHub's Markdown, notes below.

    Example:

    ```python
    >>> from transformers_vital.reporting.tables import Table, to_markdown
    >>> print(to_markdown(Table("", ("name", "SRCC"), (("a|b", "0.9"),))))
    | name | SRCC |
    |---|---:|
    | a\|b | 0.9 |

    ```
    """
    lines = [_markdown_row(table.columns), "|---|" + "---:|" * (len(table.columns) - 1)]
    lines += [_markdown_row(row) for row in table.rows]
    lines += [line for note in table.notes for line in ("", _markdown_text(note))]
    title = [f"## {_markdown_text(table.title)}", ""] if table.title else []
    return "\n".join(title + lines)


def to_csv(table: Table) -> str:
    """A table as CSV (RFC 4180) without its title and notes."""
    file = io.StringIO()
    csv.writer(file).writerows([table.columns, *table.rows])
    return file.getvalue()


def to_html(table: Table) -> str:
    """A table as a page that loads nothing."""
    head = _html_row(table.columns, tag="th")
    body = "\n".join(_html_row(row, tag="td") for row in table.rows)
    notes = "\n".join(f"<p>{html.escape(note)}</p>" for note in table.notes)
    title = html.escape(table.title)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        "<style>body{font-family:sans-serif}td,th{padding:.2em .6em;text-align:right}"
        "td:first-child,th:first-child{text-align:left}tr:nth-child(even){background:#f3f3f3}</style>\n"
        f"</head>\n<body>\n<h1>{title}</h1>\n<table>\n<thead>\n{head}\n</thead>\n<tbody>\n{body}\n</tbody>\n"
        f"</table>\n{notes}\n</body>\n</html>\n"
    )


def to_latex(table: Table) -> str:
    r"""
    A table as a LaTeX `table`, rules of booktabs.

    Example:

    ```python
    >>> from transformers_vital.reporting.tables import Table, to_latex
    >>> print(to_latex(Table("5 %", ("name", "SRCC"), (("a_b", "0.9"),))).splitlines()[5])
    a\_b & 0.9 \\

    ```
    """
    lines = [r"\begin{table}", rf"\begin{{tabular}}{{l{'r' * (len(table.columns) - 1)}}}", r"\toprule"]
    lines += [_latex_row(table.columns), r"\midrule", *map(_latex_row, table.rows), r"\bottomrule", r"\end{tabular}"]
    caption = " ".join([f"{table.title}.", *table.notes])
    return "\n".join([*lines, rf"\caption{{{_latex_text(caption)}}}", r"\end{table}"]) + "\n"


FORMATS: dict[str, Callable[[Table], str]] = {
    ".md": to_markdown,
    ".csv": to_csv,
    ".html": to_html,
    ".tex": to_latex,
}


def number(value: float) -> str:
    """Three decimals, as in the paper, or [`NO_VALUE`]."""
    return f"{value:.3f}" if math.isfinite(value) else NO_VALUE


def signed(value: float) -> str:
    """As [`number`], with its sign."""
    return f"{value:+.3f}" if math.isfinite(value) else NO_VALUE


def _result_row(result: BenchmarkResult, *, beside: bool) -> tuple[str, ...]:
    expected = result.benchmark["num_items"]
    cells = [result.benchmark["title"], *map(str, (result.scored, result.listed, result.failed))]
    cells.append(NO_VALUE if expected is None else str(expected))
    for name in COMPARED:
        interval = result.intervals.get(name)
        cells += [number(result.metrics[name])]
        cells += [f"{number(interval.low)} to {number(interval.high)}" if interval else NO_VALUE]
    cells += [number(result.metrics[name]) for name in ("plcc_logistic", "krcc", "rmse_logistic")]
    for name in COMPARED if beside else ():
        paper = result.paper.get(name)
        cells += [number(paper.paper), signed(paper.difference)] if paper else [NO_VALUE] * 2
    return tuple(cells)


def _markdown_text(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_markdown_text, cells))} |"


def _html_row(cells: Sequence[str], *, tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _latex_text(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in " ".join(text.split()))


def _latex_row(cells: Sequence[str]) -> str:
    return " & ".join(map(_latex_text, cells)) + r" \\"
