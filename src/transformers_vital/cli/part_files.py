"""A file of rows that takes long: each process keeps its rows beside it at once, the first joins them."""

import glob
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import EvaluationError, OutputError
from .processes import Processes
from .result_file import check_result_file


Row = Mapping[str, Any]  # with a `name`, and an `error` that is None where nothing failed


def make_in_parts(
    path: Path,
    *,
    names: Sequence[str],
    before: Callable[[], Mapping[str, Row]],
    make: Callable[[list[str]], Iterator[Row]],
    finish: Callable[[Mapping[str, Row]], None],
    fingerprint: Mapping[str, Any],
    processes: Processes,
    overwrite: bool,
) -> None:
    """
    Make the rows of a file that are not there yet; a run that was stopped, even by a kill, goes on.

    Args:
        path (`Path`): the file; its folder exists.
        names (`Sequence[str]`): of the rows that it needs.
        before (`Callable`): rows without an error, by name, of the file as it is.
        make (`Callable`): given names, makes their rows.
        finish (`Callable`): given all rows by name, writes the file.
        fingerprint (`Mapping`): what the rows depend on; parts of others are refused.
        processes ([`~cli.processes.Processes`]): among which the names are shared.
        overwrite (`bool`): make all again.

    Raises:
        [`EvaluationError`] or [`OutputError`]: files in the folder are of other settings, damaged, or cannot be
            written.
    """
    check_result_file(path, resume=True)
    if overwrite and processes.is_first:
        for old in (path, *_parts(path)):
            old.unlink(missing_ok=True)
    processes.wait()
    done = {**before(), **_without_error(_part_rows(path, fingerprint=fingerprint))}
    missing = [name for name in names if name not in done]
    processes.wait()  # all have read before one writes
    part = path.with_name(f"{path.stem}.part-{processes.rank}-of-{processes.count}.jsonl")
    with _appending(part, fingerprint=fingerprint) as append:
        for row in make(missing[processes.rank :: processes.count]):
            append(row)
    processes.wait()
    if processes.is_first:
        rows = _part_rows(path, fingerprint=fingerprint)
        finish({**{row["name"]: row for row in rows}, **done, **_without_error(rows)})
        for finished in _parts(path):
            finished.unlink()
    processes.wait()


def _without_error(rows: Sequence[Row]) -> dict[str, Row]:
    return {row["name"]: row for row in rows if row["error"] is None}


@contextmanager
def _appending(part: Path, *, fingerprint: Mapping[str, Any]) -> Iterator[Callable[[Row], None]]:
    """Appends to a part, after its last whole line; each row is handed to the operating system at once."""
    with _reporting(part):
        whole = _whole_lines(part) if part.exists() else b""
        if part.exists():
            os.truncate(part, len(whole))
        file = part.open("ab")

    def append(row: Row) -> None:
        with _reporting(part):
            file.write(json.dumps(row).encode() + b"\n")
            file.flush()

    with file:
        if not whole:
            append({"fingerprint": fingerprint})
        yield append


def _whole_lines(part: Path) -> bytes:
    """The content up to the last line end; what follows was torn by a kill."""
    content = part.read_bytes()
    return content[: content.rfind(b"\n") + 1]


def _part_rows(path: Path, *, fingerprint: Mapping[str, Any]) -> list[Row]:
    from ..evaluation.row_files import check_fingerprint

    rows = []
    for part in _parts(path):
        try:
            header, *found = [json.loads(line) for line in _whole_lines(part).splitlines()] or [None]
            then = header and header["fingerprint"]
            rows += [{"name": row["name"], "error": row["error"], **row} for row in found]
        except (ValueError, KeyError, TypeError) as error:
            raise EvaluationError(f"{part} is damaged: {error}. Delete it, or pass --overwrite.") from error
        if then:
            check_fingerprint(then, fingerprint, path=part)
    return rows


def _parts(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{glob.escape(path.stem)}.part-*-of-*.jsonl"))


@contextmanager
def _reporting(part: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"{part} cannot be used: {error.strerror or error}. Name another folder with -o.") from error
