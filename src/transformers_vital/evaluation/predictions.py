"""Predictions of a model on a benchmark: a parquet file with a row for every listed item, failed ones included."""

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import EvaluationError, MissingExtraError
from ..levels import LEVELS
from .benchmarks import Benchmark
from .rated_items import RatedItem


if TYPE_CHECKING:
    from ..media.inputs import MediaItem
    from ..results import QualityScore
    from ..scoring.scorer import VitalScorer

SCHEMA_VERSION = 1
LEVEL_COLUMNS = tuple(f"level_probability_{level}" for level in LEVELS)
COLUMNS = ("name", "kind", "mos", "score", *LEVEL_COLUMNS, "error")
_TEXTS = ("name", "kind", "error")
_METADATA = b"transformers_vital"
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
        if differences := differing(self.fingerprint, fingerprint):
            raise EvaluationError(
                f"{path} holds predictions made otherwise: {differences}. Use the same settings, or another folder."
            )


def differing(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """
    In what two fingerprints differ, as text.

    Example:

    ```python
    >>> from transformers_vital.evaluation.predictions import differing
    >>> differing({"model": "a", "dtype": "float32"}, {"model": "a", "dtype": "bfloat16"})
    'dtype was float32 and is bfloat16'

    ```
    """
    names = [name for name in {**now, **then} if then.get(name) != now.get(name)]
    return ", ".join(f"{name} was {then.get(name)} and is {now.get(name)}" for name in names)


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
    parquet, pyarrow = _pyarrow()
    path = Path(path)
    header = {
        "schema_version": SCHEMA_VERSION,
        "benchmark": dict(predictions.benchmark),
        "fingerprint": dict(predictions.fingerprint),
    }
    types = {name: pyarrow.string() if name in _TEXTS else pyarrow.float64() for name in COLUMNS}
    schema = pyarrow.schema(types, metadata={_METADATA: json.dumps(header).encode()})
    unfinished = path.with_name(path.name + ".tmp")
    try:
        parquet.write_table(pyarrow.Table.from_pylist(list(predictions.rows), schema=schema), unfinished)
        os.replace(unfinished, path)
    except OSError as error:
        raise EvaluationError(f"{path} cannot be written: {error.strerror or error}. Name another folder.") from error
    return path


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
    parquet, pyarrow = _pyarrow()
    try:
        table = parquet.read_table(Path(path))
    except (pyarrow.ArrowException, OSError) as error:
        raise EvaluationError(f"{path} cannot be read: {error}. Name a file of predictions.") from error
    header = _header(table.schema.metadata or {}, path=path)
    if tuple(table.column_names) != COLUMNS:
        raise _not_ours(path, f"its columns are {', '.join(table.column_names)}; expected {', '.join(COLUMNS)}")
    rows = tuple(table.to_pylist())
    for number, row in enumerate(rows):
        if not _is_whole(row):
            raise _not_ours(path, f"row {number} has not a name, a finite MOS, and either a finite score or an error")
    if len({row["name"] for row in rows}) < len(rows):
        raise _not_ours(path, "it has a name twice")
    return Predictions(header["benchmark"], header["fingerprint"], rows)


def _header(metadata: Mapping[bytes, bytes], *, path: str | Path) -> dict[str, Any]:
    try:
        header = json.loads(metadata[_METADATA])
        if header["schema_version"] != SCHEMA_VERSION:
            raise _not_ours(path, f"it has schema version {header['schema_version']}; expected {SCHEMA_VERSION}")
        known = set(header["benchmark"]) == set(_FACTS) and isinstance(header["fingerprint"], dict)
        if not known or not isinstance(header["fingerprint"]["model"], str):
            raise KeyError("benchmark, fingerprint")
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, EvaluationError):
            raise
        raise _not_ours(path, "it does not say of which model and benchmark it is") from error
    return header


def _is_whole(row: Mapping[str, Any]) -> bool:
    finite = [isinstance(row[name], float) and math.isfinite(row[name]) for name in ("mos", "score")]
    scored = row["score"] is not None
    return isinstance(row["name"], str) and finite[0] and scored == finite[1] and scored == (row["error"] is None)


def _not_ours(path: str | Path, why: str) -> EvaluationError:
    return EvaluationError(f"{path} is no file of predictions: {why}. Name one that evaluate wrote.")


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", extra="eval", purpose="reading and writing predictions") from error
    return pyarrow.parquet, pyarrow
