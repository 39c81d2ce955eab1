"""Scoring a benchmark in one process or several: each keeps its rows in a part file, the first joins them."""

import glob
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EvaluationError, MissingExtraError
from .output import Output
from .result_file import ResultFile, check_result_file


if TYPE_CHECKING:
    from ..evaluation.benchmarks import Benchmark
    from ..evaluation.rated_items import RatedItem
    from ..scoring.scorer import VitalScorer

_LONGEST_WAIT = timedelta(days=30)  # for a process that has longer videos than the others


class Processes:
    """
    The processes that `accelerate launch` or `torchrun` has started, or this one alone.

    Args:
        on_cpu (`bool`, *optional*, defaults to `False`): even where there are other devices.

    Attributes:
        rank, count (`int`): which one this is, of how many.
        device (`str`, *optional*): that this process is to use; `None` when it is alone.
    """

    def __init__(self, *, on_cpu: bool = False):
        self._state = None
        self.rank, self.count, self.device = 0, 1, None
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            try:
                from accelerate import PartialState
            except ImportError as error:
                raise MissingExtraError("accelerate", extra="train", purpose="evaluating in processes") from error
            self._state = PartialState(cpu=on_cpu, timeout=_LONGEST_WAIT)
            self.rank, self.count = self._state.process_index, self._state.num_processes
            self.device = str(self._state.device)

    @property
    def is_first(self) -> bool:
        """Whether this process joins the parts and prints."""
        return self.rank == 0

    def wait(self) -> None:
        """Return when all processes have come here."""
        if self._state is not None:
            self._state.wait_for_everyone()

    def close(self) -> None:
        """Leave the group of processes."""
        if self._state is not None:
            self._state.destroy_process_group()


def score_benchmark(
    scorer: "VitalScorer",
    benchmark: "Benchmark",
    *,
    items: "Sequence[RatedItem]",
    folder: Path,
    processes: Processes,
    output: Output,
    batch_size: int,
    overwrite: bool,
) -> None:
    """
    Score what has no score yet, and leave `<benchmark>.parquet` in the folder.

    Args:
        scorer ([`VitalScorer`]): the model.
        benchmark ([`Benchmark`]): what the items are of.
        items (`Sequence[RatedItem]`): all of it; those without a file become rows with their error.
        folder (`Path`): of the model's results; exists.
        processes ([`Processes`]): among which the items are shared.
        output ([`Output`]): shows the progress.
        batch_size (`int`): media per forward pass to begin with.
        overwrite (`bool`): score all again.

    Raises:
        [`EvaluationError`] or [`OutputError`]: files in the folder are of another model, other settings, or damaged.
    """
    from ..evaluation.predictions import join_predictions, score_items, write_predictions
    from ..media.inputs import MediaItem
    from ..results import QualityScore

    path, fingerprint = folder / f"{benchmark.id}.parquet", asdict(scorer.fingerprint)
    check_result_file(path, resume=True)
    if overwrite and processes.is_first:
        for old in (path, *_parts(path)):
            old.unlink(missing_ok=True)
    processes.wait()
    done = _scored_before(path, benchmark=benchmark, fingerprint=fingerprint)
    missing = [item for item in items if item["error"] is None and item["name"] not in done]
    processes.wait()  # all have read before one writes
    share = missing[processes.rank :: processes.count]
    media = [MediaItem(item["kind"], Path(item["path"]), item["name"]) for item in share]
    blank = QualityScore.failed("", fingerprint=scorer.fingerprint, seconds=0.0).to_row()
    part = path.with_name(f"{path.stem}.part-{processes.rank}-of-{processes.count}.jsonl")
    results = output.progress(score_items(scorer, media, batch_size=batch_size), total=len(media))
    with ResultFile(part, columns=["file", *blank], fingerprint=blank["fingerprint"], resume=True) as rows:
        for item, result in results:
            rows.write({"file": item.name, **result.to_row()})
    processes.wait()
    if processes.is_first:
        failed = {row["file"]: row for row in _part_rows(path, fingerprint=fingerprint)}
        scored = failed | _scored_before(path, benchmark=benchmark, fingerprint=fingerprint)
        write_predictions(
            join_predictions(items, scored=scored, benchmark=benchmark, fingerprint=fingerprint), path=path
        )
        for finished in _parts(path):
            finished.unlink()
    processes.wait()


def _scored_before(path: Path, *, benchmark: "Benchmark", fingerprint: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Rows with a score by name, of the finished file and of parts that a stopped run has left."""
    from ..evaluation.predictions import read_predictions

    done = {}
    if path.exists():
        before = read_predictions(path)
        before.check(benchmark=benchmark.id, fingerprint=fingerprint, path=path)
        done = {row["name"]: row for row in before.rows if row["score"] is not None}
    rows = _part_rows(path, fingerprint=fingerprint)
    return done | {row["file"]: row for row in rows if row["score"] is not None}


def _part_rows(path: Path, *, fingerprint: dict[str, Any]) -> list[dict[str, Any]]:
    """Whole rows of all part files; what follows the last line end was torn by a kill."""
    from ..evaluation.predictions import differing

    rows = []
    for part in _parts(path):
        content = part.read_bytes()
        try:
            found = [json.loads(line) for line in content[: content.rfind(b"\n") + 1].splitlines()]
            then = [json.loads(row["fingerprint"]) for row in found if {"file", "score"} <= set(row)]
        except (ValueError, KeyError, TypeError) as error:
            raise EvaluationError(f"{part} is damaged: {error}. Delete it, or pass --overwrite.") from error
        if differences := next(filter(None, (differing(theirs, fingerprint) for theirs in then)), ""):
            raise EvaluationError(
                f"{part} holds scores of a stopped run made otherwise: {differences}. Use the same settings, name "
                "another folder with -o, or pass --overwrite to start again."
            )
        rows += found
    return rows


def _parts(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{glob.escape(path.stem)}.part-*-of-*.jsonl"))
