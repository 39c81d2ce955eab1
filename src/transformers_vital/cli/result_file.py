"""Result files of the command line: every row is on disk as soon as it exists, and a killed run can go on."""

import csv
import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import MissingExtraError, OutputError
from ..whole_files import whole_file


SUFFIXES = (".csv", ".jsonl", ".parquet")
TEXT_COLUMNS = ("file", "level", "fingerprint", "error")

Row = dict[str, Any]


def file_label(name: str) -> str:
    r"""
    The name of a file as it stands in results: as it is, except that bytes which are no text are escaped.

    Example:

    ```python
    >>> from transformers_vital.cli.result_file import file_label
    >>> print(file_label("=1+2.png"), file_label("caf\udce9.png"))
    =1+2.png caf\udce9.png

    ```
    """
    return name.encode("utf-8", "backslashreplace").decode()


def journal_of(path: Path) -> Path:
    """The file that takes the rows while a run goes on; parquet cannot be appended, so its rows wait beside it."""
    return path.with_name(path.name + ".partial.jsonl") if path.suffix.lower() == ".parquet" else path


def check_result_file(path: Path, *, resume: bool = False, overwrite: bool = False) -> None:
    """
    Find out before any work whether results can be written to a file.

    Args:
        path (`Path`): ends in .csv, .jsonl or .parquet; its folder exists.
        resume (`bool`, *optional*, defaults to `False`): an existing file is to be continued.
        overwrite (`bool`, *optional*, defaults to `False`): an existing file is to be replaced.

    Raises:
        [`OutputError`]: they cannot.
        [`MissingExtraError`]: parquet without pyarrow.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise OutputError(
            f"{path} ends in {path.suffix or 'no suffix'}; expected .csv, .jsonl or .parquet. Change the name."
        )
    if not path.parent.is_dir():
        raise OutputError(f"The folder {path.parent} of {path} does not exist. Create it: mkdir -p '{path.parent}'")
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise OutputError(
            f"{path} cannot be written: it is a folder or in one without write permission. Name another."
        )
    if path.suffix.lower() == ".parquet":
        _pyarrow()
    for existing in (path, journal_of(path)):
        if existing.exists() and not (resume or overwrite):
            raise OutputError(
                f"{existing} exists. Pass --resume to keep its rows and score the rest, or --overwrite to start again."
            )


class ResultFile:
    """
    Rows on disk, for use in a `with` statement.

    Args:
        path (`Path`): passed [`check_result_file`].
        columns (`list[str]`): of every row.
        fingerprint (`str`): JSON of what the numbers depend on; a file with rows of another one is not continued.
        resume (`bool`, *optional*, defaults to `False`): keep the rows that are there, except failed and torn ones.

    Attributes:
        done (`set[str]`): names of the files whose rows were kept.

    Raises:
        [`OutputError`]: the existing file is not one of ours, or of other settings.
    """

    def __init__(self, path: Path, *, columns: list[str], fingerprint: str, resume: bool = False):
        self.path = path
        self.columns = columns
        self._real = Path(os.path.realpath(path))
        self._journal = journal_of(self._real)
        kept = _kept_rows(self._real, columns=columns, fingerprint=fingerprint, shown=path) if resume else []
        self.done = {row["file"] for row in kept}
        with _reporting(path):
            header = "" if self._is_json else _csv_line(columns)
            _replace(self._journal, header + "".join(map(self._encode, kept)))
            if not resume and self._journal != self._real:
                self._real.unlink(missing_ok=True)
            self._file = self._journal.open("a", encoding="utf-8", newline="")

    @property
    def _is_json(self) -> bool:
        return self._journal.suffix.lower() == ".jsonl"

    def _encode(self, row: Row) -> str:
        return json.dumps(row) + "\n" if self._is_json else _csv_line([row[column] for column in self.columns])

    def write(self, row: Row) -> None:
        """Append a row and hand it to the operating system."""
        with _reporting(self.path):
            self._file.write(self._encode(row))
            self._file.flush()

    def __enter__(self) -> "ResultFile":
        return self

    def __exit__(self, error_type, error, traceback) -> None:
        with _reporting(self.path):
            self._file.close()
            if error_type is None and self._journal != self._real:
                _write_parquet(self._real, _read_jsonl(self._journal, shown=self.path), columns=self.columns)
                self._journal.unlink()


def _kept_rows(path: Path, *, columns: list[str], fingerprint: str, shown: Path) -> list[Row]:
    read = {".csv": _read_csv, ".jsonl": _read_jsonl}
    rows = []
    with _reporting(shown):
        if path.suffix.lower() == ".parquet" and path.exists():
            rows += _read_parquet(path, shown=shown)
        if journal_of(path).exists():
            rows += read[journal_of(path).suffix.lower()](journal_of(path), shown=shown)
    for row in rows:
        if list(row) != columns:
            raise _not_ours(shown, f"its columns are {', '.join(map(str, row))}; expected {', '.join(columns)}")
    kept = {row["file"]: row for row in rows if row["score"] not in (None, "")}
    for theirs in {row["fingerprint"] for row in kept.values()}:
        _check_fingerprint(theirs, fingerprint, shown=shown)
    return list(kept.values())


def _check_fingerprint(theirs: str, ours: str, *, shown: Path) -> None:
    try:
        then, now = json.loads(theirs), json.loads(ours)
    except ValueError as error:
        raise _not_ours(shown, "a fingerprint in it is not JSON") from error
    differing = [name for name in {**now, **then} if then.get(name) != now.get(name)]
    if differing:
        differences = ", ".join(f"{name} was {then.get(name)} and is {now.get(name)}" for name in differing)
        raise OutputError(
            f"{shown} holds scores made with other settings: {differences}. Use the same settings to go on, name "
            "another file with -o, or pass --overwrite to start again."
        )


def _whole_lines(path: Path, *, shown: Path) -> str:
    """The text up to its last line end; what follows was torn by a kill."""
    content = path.read_bytes()
    try:
        return content[: content.rfind(b"\n") + 1].decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_ours(shown, "it is not UTF-8") from error


def _read_csv(path: Path, *, shown: Path) -> list[Row]:
    text = io.StringIO(_whole_lines(path, shown=shown), newline="")
    try:
        header, *rows = list(csv.reader(text)) or [[]]
    except csv.Error as error:
        raise _not_ours(shown, f"{error}") from error
    if rows and len(rows[-1]) != len(header):  # a kill inside a quoted name with a line end
        rows.pop()
    if any(len(row) != len(header) for row in rows):
        raise _not_ours(shown, f"a row has not the {len(header)} fields of the header")
    return [dict(zip(header, row, strict=True)) for row in rows]


def _read_jsonl(path: Path, *, shown: Path) -> list[Row]:
    try:
        rows = [json.loads(line) for line in _whole_lines(path, shown=shown).split("\n") if line]
    except ValueError as error:
        raise _not_ours(shown, f"{error}") from error
    if not all(isinstance(row, dict) for row in rows):
        raise _not_ours(shown, "a line is not an object")
    return rows


def _read_parquet(path: Path, *, shown: Path) -> list[Row]:
    pyarrow = _pyarrow()
    try:
        return pyarrow.parquet.read_table(path).to_pylist()
    except pyarrow.ArrowException as error:
        raise _not_ours(shown, f"{error}") from error


def _write_parquet(path: Path, rows: list[Row], *, columns: list[str]) -> None:
    pyarrow = _pyarrow()
    types = {name: pyarrow.string() if name in TEXT_COLUMNS else pyarrow.float64() for name in columns}
    table = pyarrow.Table.from_pylist(rows, schema=pyarrow.schema(types))
    with whole_file(path) as unfinished:
        pyarrow.parquet.write_table(table, unfinished)


def _pyarrow():
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", extra="eval", purpose="reading and writing parquet") from error
    return pyarrow


def _csv_line(fields: list[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(fields)  # so that fields with either sign are quoted
    return line.getvalue().removesuffix("\r\n") + "\n"


def _replace(path: Path, text: str) -> None:
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8", newline="")


def _not_ours(path: Path, why: str) -> OutputError:
    return OutputError(
        f"{path} cannot be resumed: {why}. Name another file with -o, or pass --overwrite to replace it."
    )


@contextmanager
def _reporting(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path} cannot be used: {error.strerror or error}. Name another file with -o.") from error
