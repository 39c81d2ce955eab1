"""The files that an evaluation leaves beside its predictions: tables, numbers and plots."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import OutputError
from ..evaluation.benchmarks import list_benchmarks
from ..evaluation.predictions import Predictions, read_predictions
from ..evaluation.results import BenchmarkComparison, EvaluationResults
from ..whole_files import whole_file
from .scatter import scatter_plot
from .tables import FORMATS, Table, results_table, to_markdown


_FEWEST_POINTS = 2


def predictions_in(folder: Path) -> dict[Path, Predictions]:
    """
    Predictions of a model by file: the paper's datasets in the order of its tables, then others by name.

    Args:
        folder (`Path`): of one model's results.

    Raises:
        [`EvaluationError`]: a parquet file in it is none of predictions.
    """
    found = {path: read_predictions(path) for path in sorted(folder.glob("*.parquet"))}
    known = list_benchmarks()
    place = {name: number for number, name in enumerate(known)}
    return dict(sorted(found.items(), key=lambda entry: place.get(entry[1].benchmark["id"], len(known))))


def write_results(
    results: EvaluationResults,
    *,
    folder: Path,
    comparisons: Sequence[BenchmarkComparison] = (),
    compared: Table | None = None,
) -> list[Path]:
    """
    Write `results.json`, `.md`, `.csv`, `.html` and `.tex`.

    Args:
        results ([`EvaluationResults`]): of one model.
        folder (`Path`): exists.
        comparisons (`Sequence[BenchmarkComparison]`, *optional*): with another model, for the JSON.
        compared ([`Table`], *optional*): of the comparisons, below the table in the Markdown.

    Returns:
        `list[Path]`: the files.

    Raises:
        [`OutputError`]: one cannot be written.
    """
    values = results.to_dict()
    if compared is not None:
        values["comparison"] = {"models": compared.title, "benchmarks": [entry.to_dict() for entry in comparisons]}
    tables = [results_table(results), *([compared] if compared else [])]
    return write_tables(tables, values=values, folder=folder, name="results")


def write_tables(tables: Sequence[Table], *, values: dict[str, Any], folder: Path, name: str) -> list[Path]:
    """
    Write `<name>.json` of values and the first table as `.md`, `.csv`, `.html` and `.tex`, others below in the `.md`.

    Raises:
        [`OutputError`]: one cannot be written.
    """
    texts = {".json": json.dumps(values, indent=2) + "\n"}
    texts |= {suffix: render(tables[0]) for suffix, render in FORMATS.items()}
    texts[".md"] = "\n\n".join(map(to_markdown, tables)) + "\n"
    return [write_file(folder / f"{name}{suffix}", text.encode()) for suffix, text in texts.items()]


def write_scatter_plots(found: dict[Path, Predictions]) -> list[Path]:
    """
    Write a PNG beside each file of predictions with at least two scored items.

    Raises:
        [`MissingExtraError`]: matplotlib is not installed.
        [`OutputError`]: one cannot be written.
    """
    written = []
    for path, predictions in found.items():
        scores, mos = predictions.arrays()
        if len(scores) >= _FEWEST_POINTS:
            plot = scatter_plot(scores, mos=mos, title=predictions.benchmark["title"])
            written.append(write_file(path.with_suffix(".png"), plot))
    return written


def write_file(path: Path, content: bytes) -> Path:
    """
    Write a file, whole or not at all.

    Raises:
        [`OutputError`]: it cannot be written.
    """
    try:
        with whole_file(path) as unfinished:
            unfinished.write_bytes(content)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}. Name another folder.") from error
    return path
