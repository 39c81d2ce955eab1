"""Predictions of a model on a benchmark: a parquet file with a row for every listed item, failed ones included."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import EvaluationError
from ..levels import LEVELS
from .benchmarks import Benchmark
from .rated_items import RatedItem
from .row_files import check_fingerprint, not_ours, read_rows, write_rows


if TYPE_CHECKING:
    from ..media.inputs import MediaItem
    from ..results import QualityScore
    from ..scoring.scorer import VitalScorer

LEVEL_COLUMNS = tuple(f"level_probability_{level}" for level in LEVELS)
COLUMNS = ("name", "kind", "mos", "score", *LEVEL_COLUMNS, "error")
_TYPES = {name: "string" if name in ("name", "kind", "error") else "double" for name in COLUMNS}
_FACTS = ("id", "title", "modality", "num_items", "table")


@dataclass(frozen=True)
class Predictions:
    """
    What a model said about the items of a benchmark.

    Args:
        benchmark (`Mapping`): id, title, modality, and of a dataset of the paper `num_items` and `table`.
        fingerprint (`Mapping`): what the scores depend on, see [`~results.Fingerprint`].
        rows (`tuple[Mapping, ...]`): one per listed item, in the order of the benchmark, with the keys name, kind,
            mos, score, a `level_probability_…` for each level, and error; either the score or the error is `None`.
    """

    benchmark: Mapping[str, Any]
    fingerprint: Mapping[str, Any]
    rows: tuple[Mapping[str, Any], ...]

    @property
    def scored(self) -> dict[str, tuple[float, float]]:
        """Score and MOS by name, of the items that have a score."""
        return {row["name"]: (row["score"], row["mos"]) for row in self.rows if row["score"] is not None}

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Scores and MOS of the scored items, each of shape `(scored,)`, in the order of the benchmark."""
        scores, mos = np.array(list(self.scored.values()), dtype=np.float64).reshape(-1, 2).T
        return scores, mos

    def check(self, *, benchmark: str, fingerprint: Mapping[str, Any], path: Path) -> None:
        """
        Refuse to go on with predictions of something else.

        Raises:
            [`EvaluationError`]: they are of another benchmark, or of another model or other settings.
        """
        if self.benchmark["id"] != benchmark:
            raise EvaluationError(
                f"{path} holds predictions on {self.benchmark['id']}; expected {benchmark}. Name another folder."
            )
        check_fingerprint(self.fingerprint, fingerprint, path=path)


def join_predictions(
    items: Sequence[RatedItem],
    *,
    scored: Mapping[str, Mapping[str, Any]],
    benchmark: Benchmark,
    fingerprint: Mapping[str, Any],
) -> Predictions:
    """
    Predictions out of the items of a benchmark and the rows of their results.

    Args:
        items (`Sequence[RatedItem]`): all that the benchmark lists; one without a file becomes a row with its error.
        scored (`Mapping`): rows of [`~results.QualityScore.to_row`] by name, for every item that has a file.
        benchmark ([`Benchmark`]): what the items are of.
        fingerprint (`Mapping`): of the model.

    Returns:
        [`Predictions`].

    Example:

    ```python
    >>> from transformers_vital.evaluation.benchmarks import load_benchmark
    >>> from transformers_vital.evaluation.predictions import join_predictions
    >>> lost = {"name": "a.png", "path": "a.png", "kind": "image", "mos": 3.0, "error": "a.png is missing"}
    >>> joined = join_predictions([lost], scored={}, benchmark=load_benchmark("koniq"), fingerprint={"model": "m"})
    >>> joined.rows[0]["mos"], joined.rows[0]["score"], joined.rows[0]["error"]
    (3.0, None, 'a.png is missing')

    ```
    """
    rows = []
    for item in items:
        result = {"error": item["error"]} if item["error"] else scored[item["name"]]
        values = {column: result.get(column) for column in ("score", *LEVEL_COLUMNS, "error")}
        rows.append({"name": item["name"], "kind": item["kind"], "mos": float(item["mos"]), **values})
    facts = {name: getattr(benchmark, name) for name in _FACTS}
    return Predictions(facts, dict(fingerprint), tuple(rows))


def score_items(
    scorer: "VitalScorer", items: "Sequence[MediaItem]", *, batch_size: int
) -> "Iterator[tuple[MediaItem, QualityScore]]":
    """
    Items with their results, in order; where a batch does not fit into memory, the next ones are half as large.

    Args:
        scorer ([`VitalScorer`]): the model.
        items (`Sequence[MediaItem]`): what to score.
        batch_size (`int`): media per forward pass to begin with.

    Yields:
        `tuple[MediaItem, QualityScore]`.

    Raises:
        `torch.OutOfMemoryError`: a single item does not fit.
    """
    import torch

    place = 0
    while place < len(items):
        try:
            for result in scorer.iter_scores(items[place:], batch_size=batch_size):
                place += 1
                yield items[place - 1], result
        except torch.OutOfMemoryError:
            if batch_size == 1:
                raise
            batch_size //= 2
            if torch.cuda.is_available():
                torch.cuda.empty_cache()


def write_predictions(predictions: Predictions, *, path: str | Path) -> Path:
    """
    Write predictions as parquet, whole or not at all.

    Args:
        predictions ([`Predictions`]): with any number of rows.
        path (`str` or `Path`): in a folder that exists.

    Returns:
        `Path`: the file.

    Raises:
        [`MissingExtraError`]: pyarrow is not installed.
        [`EvaluationError`]: the file cannot be written.
    """
    header = {"benchmark": dict(predictions.benchmark), "fingerprint": dict(predictions.fingerprint)}
    return write_rows(predictions.rows, path=path, types=_TYPES, header=header)


def read_predictions(path: str | Path) -> Predictions:
    """
    Read what [`write_predictions`] wrote.

    Args:
        path (`str` or `Path`): of the parquet file.

    Returns:
        [`Predictions`].

    Raises:
        [`EvaluationError`]: the file is missing or damaged, or not one of predictions.
        [`MissingExtraError`]: pyarrow is not installed.
    """
    header, rows = read_rows(path, what="predictions", types=_TYPES)
    benchmark, fingerprint = header.get("benchmark"), header.get("fingerprint")
    known = isinstance(benchmark, dict) and set(benchmark) == set(_FACTS) and isinstance(fingerprint, dict)
    if not known or not isinstance(fingerprint.get("model"), str):
        raise not_ours(path, "it does not say of which model and benchmark it is", what="predictions")
    for number, row in enumerate(rows):
        if not _is_whole(row):
            why = f"row {number} has not a name, a finite MOS, and either a finite score or an error"
            raise not_ours(path, why, what="predictions")
    if len({row["name"] for row in rows}) < len(rows):
        raise not_ours(path, "it has a name twice", what="predictions")
    return Predictions(benchmark, fingerprint, tuple(rows))


def _is_whole(row: Mapping[str, Any]) -> bool:
    finite = [isinstance(row[name], float) and math.isfinite(row[name]) for name in ("mos", "score")]
    scored = row["score"] is not None
    return isinstance(row["name"], str) and finite[0] and scored == finite[1] and scored == (row["error"] is None)
