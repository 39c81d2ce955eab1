"""The records of a dataset as files, a folder of parquet shards for each subset."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..data.records import features
from .stages import batched


ROWS_PER_SHARD = 50_000


def write_records(folder: Path, records: Iterable[Mapping[str, Any]], *, record_type: str) -> int:
    """
    Write the records of one subset.

    Args:
        folder (`Path`): receives `00000.parquet` and so on; not made where there is no record.
        records (`Iterable[Mapping]`): of one type; no more than a shard of them is in memory.
        record_type (`str`): see [`~data.records.features`].

    Returns:
        `int`: how many there were.

    Raises:
        [`MissingExtraError`]: `datasets` is not installed.
    """
    schema, count = features(record_type).arrow_schema, 0
    import pyarrow
    import pyarrow.parquet

    for number, shard in enumerate(batched(records, ROWS_PER_SHARD)):
        folder.mkdir(parents=True, exist_ok=True)
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(shard, schema=schema), folder / f"{number:05}.parquet")
        count += len(shard)
    return count
