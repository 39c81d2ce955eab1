"""Tables of records on disk, one file for each, named after the subset they hold."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RecordError
from .records import check_table, features, record_type_of


if TYPE_CHECKING:
    from datasets import Dataset

SUFFIXES = (".jsonl", ".parquet")


def read_tables(folder: str | Path, *, leave_out: tuple[str, ...] = ()) -> "dict[str, Dataset]":
    """
    All tables of a folder.

    Args:
        folder (`str` or `Path`): holds files such as `image_distribution.jsonl` or `video_pair.parquet`.
        leave_out (`tuple[str, ...]`, *optional*): tables whose name ends in one of these are not read, such as
            `"pair"` ("w/o PAIR" of Table 7).

    Returns:
        `dict[str, datasets.Dataset]`: by the names of the files, in their order.

    Raises:
        [`RecordError`]: there is no table, or a row of one is not what its type needs.
    """
    paths = sorted(path for path in Path(folder).glob("*") if path.suffix in SUFFIXES)
    paths = [path for path in paths if not path.stem.endswith(leave_out)] if leave_out else paths
    if not paths:
        raise RecordError(f"The folder {folder} holds no table to read; expected files such as image_pair.jsonl.")
    return {path.stem: read_table(path) for path in paths}


def read_table(path: str | Path) -> "Dataset":
    """
    One table, every row of it checked.

    Args:
        path (`str` or `Path`): a `.jsonl` file with an object per line, or `.parquet`. JSON holds no bytes, so its
            media have paths.

    Raises:
        [`RecordError`]: the file is empty or of another form, or a row is not what its type needs; the message names
            file, row and field.
    """
    from datasets import Dataset

    path = Path(path)
    try:
        table = Dataset.from_parquet(str(path)) if path.suffix == ".parquet" else Dataset.from_list(_read_lines(path))
        record_type = record_type_of(table.column_names)
        table = _typed(table, features(record_type))
        check_table(table, record_type=record_type)
    except RecordError as error:
        raise RecordError(f"{path}: {error}") from error
    return table


def _typed(table: "Dataset", columns) -> "Dataset":
    """The columns of the record type; a cast also gives a type to lists that are empty in every row."""
    from datasets import disable_progress_bars, enable_progress_bars

    disable_progress_bars()  # a cast copies nothing
    try:
        return table.select_columns(list(columns)).cast(columns)
    finally:
        enable_progress_bars()


def _read_lines(path: Path) -> list[dict]:
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except ValueError as error:
        raise RecordError(f"A line is not JSON ({error}). Write one object per line.") from error
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise RecordError("Expected an object on each line, and at least one line.")
    return rows
