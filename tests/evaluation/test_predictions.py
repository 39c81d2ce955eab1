"""Files of predictions: what is in them, what is refused, and smaller batches where memory ends."""

import json
import math
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from transformers_vital.errors import EvaluationError
from transformers_vital.evaluation.benchmarks import load_benchmark
from transformers_vital.evaluation.predictions import (
    COLUMNS,
    join_predictions,
    read_predictions,
    score_items,
    write_predictions,
)
from transformers_vital.results import Fingerprint, QualityScore


FINGERPRINT = Fingerprint("vital-tiny", None, "0a1b2c3d", "float32", "clean", "8f14e45f", "0.1.0")


def item(name: str, *, mos: float, error: str | None = None) -> dict:
    return {"name": name, "path": name, "kind": "image", "mos": mos, "error": error}


@pytest.fixture
def predictions():
    """One scored, one that could not be decoded, and one without a file."""
    logits = (math.log(2), math.log(7), 0.0, -math.inf, -math.inf)
    scored = {
        "a.png": QualityScore.from_level_logits(logits, fingerprint=FINGERPRINT, seconds=1.0).to_row(),
        "b.png": QualityScore.failed("b.png is torn", fingerprint=FINGERPRINT, seconds=1.0).to_row(),
    }
    items = [item("a.png", mos=3.5), item("b.png", mos=2.0), item("c.png", mos=1.0, error="c.png is missing")]
    return join_predictions(items, scored=scored, benchmark=load_benchmark("live-c"), fingerprint=asdict(FINGERPRINT))


def test_every_listed_item_is_a_row_in_order(predictions):
    assert [row["name"] for row in predictions.rows] == ["a.png", "b.png", "c.png"]
    assert [row["error"] for row in predictions.rows] == [None, "b.png is torn", "c.png is missing"]
    assert [row["mos"] for row in predictions.rows] == [3.5, 2.0, 1.0]


def test_only_scored_items_are_in_the_arrays(predictions):
    scores, mos = predictions.arrays()
    assert scores == pytest.approx([0.775])  # 0.2 · 1 + 0.7 · 0.75 + 0.1 · 0.5
    assert mos.tolist() == [3.5]


def test_a_file_gives_back_what_was_written(predictions, tmp_path):
    path = write_predictions(predictions, path=tmp_path / "live-c.parquet")
    assert read_predictions(path) == predictions
    assert [entry.name for entry in tmp_path.iterdir()] == ["live-c.parquet"]


def test_the_file_is_read_by_others_with_its_columns_and_metadata(predictions, tmp_path):
    table = pq.read_table(write_predictions(predictions, path=tmp_path / "live-c.parquet"))
    assert tuple(table.column_names) == COLUMNS
    header = json.loads(table.schema.metadata[b"transformers_vital"])
    assert header["benchmark"]["id"] == "live-c" and header["benchmark"]["num_items"] == 1169
    assert header["fingerprint"] == asdict(FINGERPRINT)
    assert table["level_probability_good"].to_pylist() == [pytest.approx(0.7), None, None]


def test_no_rows_are_a_file_too(predictions, tmp_path):
    empty = type(predictions)(predictions.benchmark, predictions.fingerprint, ())
    assert read_predictions(write_predictions(empty, path=tmp_path / "none.parquet")).arrays()[0].shape == (0,)


def test_another_benchmark_is_refused(predictions):
    with pytest.raises(EvaluationError, match=r"live-c.parquet holds predictions on live-c; expected koniq"):
        predictions.check(benchmark="koniq", fingerprint=asdict(FINGERPRINT), path=Path("live-c.parquet"))


def test_another_model_is_refused_with_what_differs(predictions):
    other = asdict(FINGERPRINT) | {"model": "vital-base-8b"}
    with pytest.raises(EvaluationError, match="model was vital-tiny and is vital-base-8b"):
        predictions.check(benchmark="live-c", fingerprint=other, path=Path("live-c.parquet"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(EvaluationError, match="none.parquet cannot be read"):
        read_predictions(tmp_path / "none.parquet")


def test_a_damaged_file_is_refused(tmp_path):
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(EvaluationError, match="torn.parquet cannot be read"):
        read_predictions(tmp_path / "torn.parquet")


def test_a_parquet_file_of_something_else_is_refused(tmp_path):
    pq.write_table(pa.table({"name": ["a"]}), tmp_path / "other.parquet")
    with pytest.raises(
        EvaluationError, match="other.parquet is no file of predictions: it does not say of what its rows are"
    ):
        read_predictions(tmp_path / "other.parquet")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"score": float("nan")}, "row 0 has not", id="score-is-no-number"),
        pytest.param({"mos": float("inf")}, "row 0 has not", id="infinite-rating"),
        pytest.param({"error": "both"}, "row 0 has not", id="score-and-error"),
        pytest.param({"name": "b.png"}, "it has a name twice", id="name-twice"),
    ],
)
def test_rows_that_cannot_be_are_refused(predictions, tmp_path, change, message):
    rows = ({**predictions.rows[0], **change}, *predictions.rows[1:])
    changed = type(predictions)(predictions.benchmark, predictions.fingerprint, rows)
    path = write_predictions(changed, path=tmp_path / "live-c.parquet")
    with pytest.raises(EvaluationError, match=message):
        read_predictions(path)


class SmallMemory:
    """Holds two items at once."""

    def __init__(self, *, room: int):
        self.room, self.batches = room, []

    def iter_scores(self, items, *, batch_size):
        for start in range(0, len(items), batch_size):
            batch = items[start : start + batch_size]
            if len(batch) > self.room:
                raise torch.OutOfMemoryError("full")
            self.batches.append(len(batch))
            yield from (f"result of {entry.name}" for entry in batch)


def test_batches_are_halved_until_they_fit_and_no_item_is_lost_or_doubled():
    scorer, items = SmallMemory(room=2), [SimpleNamespace(name=str(number)) for number in range(7)]
    scored = list(score_items(scorer, items, batch_size=8))
    assert [(entry.name, result) for entry, result in scored] == [(f"{n}", f"result of {n}") for n in range(7)]
    assert scorer.batches == [2, 2, 2, 1]


def test_one_item_that_does_not_fit_is_an_error():
    with pytest.raises(torch.OutOfMemoryError):
        list(score_items(SmallMemory(room=0), [SimpleNamespace(name="a")], batch_size=4))
