"""Tables of records on disk, each in a file or a folder of shards that is named after the subset."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from ..errors import MissingExtraError, RecordError
from ..media.formats import Kind
from .records import check_record, check_table, features, record_type_of, resolve_media


if TYPE_CHECKING:
    from datasets import Dataset

SUFFIXES = (".jsonl", ".parquet")
ROWS_AT_A_TIME = 16  # of parquet that may hold whole media
# The paper's four groups of data (Table 1), each of images and of videos, and the type of their records.
GROUPS = {"distribution": "distribution", "pair": "pair", "distortion": "statement", "description": "statement"}
SUBSETS = tuple(f"{kind}_{group}" for kind in get_args(Kind) for group in GROUPS)
# What can be loaded by one name: a subset, or a group with its images and videos.
CONFIGURATIONS = {
    **{subset: (subset,) for subset in SUBSETS},
    **{group: tuple(subset for subset in SUBSETS if subset.endswith(f"_{group}")) for group in GROUPS},
}
MEDIA_COLUMNS = ("media", "media_a", "media_b")


def table_files(folder: str | Path) -> dict[str, list[Path]]:
    """
    The files of each table of a folder.

    Args:
        folder (`str` or `Path`): holds files such as `image_distribution.jsonl` or `video_pair.parquet`, folders of
            parquet shards such as `image_pair/00000.parquet`, or both. Whatever else it holds is passed over.

    Returns:
        `dict[str, list[Path]]`: name → one file, or all shards in their order; sorted by name.

    Raises:
        [`RecordError`]: two tables have the same name.
    """
    tables: dict[str, list[Path]] = {}
    for path in sorted(Path(folder).glob("[!.]*")):
        files = sorted(path.glob("[!.]*.parquet")) if path.is_dir() else [path]
        name = path.name if path.is_dir() else path.stem
        if not files or files[0].suffix not in SUFFIXES:
            continue
        if name in tables:
            raise RecordError(f"{folder} holds the table {name} twice, in {tables[name][0]} and {path}. Remove one.")
        tables[name] = files
    return dict(sorted(tables.items()))


def names_read(names: Iterable[str], *, leave_out: tuple[str, ...] = ()) -> list[str]:
    """
    Names of tables without those that end in one of `leave_out`, in their order.

    Example:

    ```python
    >>> from transformers_vital.data.tables import names_read
    >>> names_read(["image_pair", "image_distortion", "video_pair"], leave_out=("pair",))
    ['image_distortion']

    ```
    """
    return [name for name in names if not name.endswith(leave_out)]


def read_tables(folder: str | Path, *, leave_out: tuple[str, ...] = ()) -> "dict[str, Dataset]":
    """
    All tables of a folder.

    Args:
        folder (`str` or `Path`): see [`table_files`]; of a built dataset its folder `records`.
        leave_out (`tuple[str, ...]`, *optional*): tables whose name ends in one of these are not read, such as
            `"pair"` ("w/o PAIR" of Table 7).

    Returns:
        `dict[str, datasets.Dataset]`: by name, in the order of the names.

    Raises:
        [`RecordError`]: there is no table, or a row of one is not what its type needs.
    """
    tables = table_files(folder)
    names = names_read(tables, leave_out=leave_out)
    if not names:
        raise RecordError(
            f"The folder {folder} holds no table to read; expected files such as image_pair.jsonl, or folders of "
            "shards such as image_pair/00000.parquet."
        )
    return {name: _read(tables[name], shown=_place(name, tables[name])) for name in names}


def read_table(path: str | Path) -> "Dataset":
    """
    One table, every row of it checked.

    Parquet is memory-mapped from the cache of `datasets`, where it is unpacked once.

    Args:
        path (`str` or `Path`): a `.jsonl` file with an object per line, or `.parquet`. JSON holds no bytes, so its
            media have paths.

    Raises:
        [`RecordError`]: the file is empty or of another form, or a row is not what its type needs; the message names
            file, row and field.
    """
    return _read([Path(path)], shown=Path(path))


def iterate_rows(path: Path) -> Iterator[dict[str, Any]]:
    """
    The rows of one file of a table, unchecked, with a few of them in memory.

    Args:
        path (`Path`): `.parquet` or `.jsonl`.

    Raises:
        [`RecordError`]: the file is not of the form that its name says.
    """
    if path.suffix != ".parquet":
        yield from _read_lines(path)
        return
    parquet = _pyarrow_parquet()
    try:
        with parquet.ParquetFile(path) as file:
            for group in range(file.num_row_groups):  # of all groups at once, pyarrow would hold the whole file
                for batch in file.iter_batches(batch_size=ROWS_AT_A_TIME, row_groups=[group]):
                    yield from batch.to_pylist()
    except ValueError as error:  # as pyarrow's errors of form are
        raise RecordError(f"{path} is no whole parquet file ({error}). Write it again.") from error


def readable_record(record: Mapping[str, Any], *, record_type: str, root: str | Path) -> dict[str, Any]:
    """
    A record with the columns of its type alone, whose media are files inside a folder, or bytes.

    Args:
        record (`Mapping`): one row; not an instruction.
        record_type (`str`): see [`~data.records.features`].
        root (`str` or `Path`): folder of the media.

    Raises:
        [`RecordError`]: see [`~data.records.check_record`].
        [`MediaInputError`], [`MediaNotFoundError`]: see [`~data.records.resolve_media`].
    """
    check_record(record, record_type=record_type)
    return {
        name: resolve_media(record[name], root=root) if name in MEDIA_COLUMNS else record[name]
        for name in _columns(record_type)
    }


@cache
def _columns(record_type: str) -> tuple[str, ...]:
    return tuple(features(record_type))


def _place(name: str, files: Sequence[Path]) -> Path:
    """What a message calls a table: its file, or the folder of its shards."""
    return files[0] if files[0].stem == name else files[0].parent


def _read(files: Sequence[Path], *, shown: Path) -> "Dataset":
    from datasets import Dataset

    try:
        if files[0].suffix == ".parquet":
            table = _read_parquet(files)
        else:
            table = _typed(Dataset.from_list(_read_lines(files[0])))
        check_table(table, record_type=record_type_of(table.column_names))
    except RecordError as error:
        raise RecordError(f"{shown}: {error}") from error
    return table


def _read_parquet(files: Sequence[Path]) -> "Dataset":
    from datasets import Dataset
    from datasets.exceptions import DatasetGenerationError

    try:
        columns = features(record_type_of(_pyarrow_parquet().read_schema(files[0]).names))
        # The types are given here, since a cast would write a second copy of all media.
        return Dataset.from_parquet([str(file) for file in files], features=columns, columns=list(columns))
    except RecordError:
        raise
    except (ValueError, DatasetGenerationError) as error:
        reason = error.__cause__ or error
        raise RecordError(f"It is no parquet of such records ({reason}). Write it with their columns.") from error


def _typed(table: "Dataset") -> "Dataset":
    """The columns of the record type; a cast also gives a type to lists that are empty in every row."""
    from datasets import disable_progress_bars, enable_progress_bars

    columns = features(record_type_of(table.column_names))
    disable_progress_bars()  # rows of JSON are in memory
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


def _pyarrow_parquet():
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", extra="data", purpose="a table of records in parquet") from error
    return pyarrow.parquet
