"""One published shard on disk: written whole, recognised later, and read back."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data.records import features
from ..data.tables import GROUPS, MEDIA_COLUMNS, SUBSETS, iterate_rows
from ..errors import RecordError
from ..whole_files import whole_file


if TYPE_CHECKING:
    from datasets import Features

SUFFIXES = {"parquet": ".parquet", "webdataset": ".tar"}
ROW_GROUP_BYTES = 32 << 20
MEMBERS = {"image": "jpg", "video": "mp4"}
_PREFIXES = {"media": "", "media_a": "a.", "media_b": "b."}
_MARK = b"transformers_vital"  # of parquet's metadata; a tar has it in the standard comment of its header
_VERSION = 1  # of what a shard looks like; raised when that changes, so that old shards are written again


@dataclass(frozen=True)
class Row:
    """
    A record to be published.

    Args:
        number (`int`): in its subset.
        record (`dict`): with the names of its media and without their bytes.
        sources (`dict[str, Path | bytes]`): column → file or content.
        sizes (`dict[str, int]`): column → bytes.
    """

    number: int
    record: dict[str, Any]
    sources: dict[str, Path | bytes]
    sizes: dict[str, int]

    @property
    def num_bytes(self) -> int:
        """Of all its media."""
        return sum(self.sizes.values())


def shard_digest(rows: Sequence[Row]) -> str:
    """
    What tells two shards of one form apart: hash of their records and of the names and sizes of their media.

    Example:

    ```python
    >>> from transformers_vital.annotation.shards import Row, shard_digest
    >>> row = Row(0, {"media": {"path": "a.png"}}, {"media": b"12"}, {"media": 2})
    >>> shard_digest([row]) == shard_digest([row]), shard_digest([row]) == shard_digest([row, row])
    (True, False)

    ```
    """
    digest = hashlib.sha256(f"{_VERSION}\n".encode())
    for row in rows:
        digest.update(json.dumps([row.number, row.record, row.sizes], sort_keys=True).encode() + b"\n")
    return digest.hexdigest()


def write_shard(path: Path, *, rows: Sequence[Row], subset: str, digest: str) -> None:
    """
    Write a shard under a temporary name and rename it.

    Args:
        path (`Path`): ends in `.parquet` or `.tar`, which decides on the form.
        rows (`Sequence[Row]`): their media are read one at a time for a tar, and by row groups for parquet.
        subset (`str`): of the rows.
        digest (`str`): see [`shard_digest`].
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    mark = json.dumps({"rows": len(rows), "sha256": digest})
    write = _write_parquet if path.suffix == ".parquet" else _write_tar
    with whole_file(path) as unfinished:
        write(unfinished, rows=rows, subset=subset, mark=mark)


def read_mark(path: Path) -> dict[str, Any] | None:
    """
    What a published shard says of itself, without reading it whole.

    Args:
        path (`Path`): a `.parquet` or `.tar` file.

    Returns:
        `dict` with `rows` and `sha256`, or `None` where it is no such shard.
    """
    import pyarrow.parquet

    try:
        if path.suffix == ".parquet":
            mark = json.loads((pyarrow.parquet.read_metadata(path).metadata or {}).get(_MARK, b"null"))
        else:
            with tarfile.open(path, "r:") as tar:
                mark = json.loads(tar.pax_headers.get("comment", "null"))
    except (ValueError, OSError, tarfile.TarError):  # torn, or a file of others
        return None
    return mark if isinstance(mark, dict) and mark.keys() >= {"rows", "sha256"} else None


def shard_files(folder: str | Path) -> dict[str, list[Path]]:
    """
    The shards of a dataset, built or published.

    Args:
        folder (`str` or `Path`): holds `records/<subset>/*.parquet`, or `.tar`.

    Returns:
        `dict[str, list[Path]]`: those of each subset that it has, in the order of [`~data.tables.SUBSETS`].

    Raises:
        [`RecordError`]: there are none, or some of either form.
    """
    records = Path(folder) / "records"
    found = {
        suffix: {subset: files for subset in SUBSETS if (files := sorted((records / subset).glob(f"[!.]*{suffix}")))}
        for suffix in SUFFIXES.values()
    }
    forms = [suffix for suffix, subsets in found.items() if subsets]
    if len(forms) != 1:
        raise RecordError(
            f"{records} holds {' and '.join(forms) or 'no shards'}; expected parquet shards or tars, in folders such "
            "as image_pair. Name the folder of a built or published dataset."
        )
    return found[forms[0]]


def count_rows(path: Path) -> int:
    """
    Records of a shard, built or published, which is not read for it.

    Raises:
        [`RecordError`]: it is not whole, or a tar that was not published here.
    """
    import pyarrow.parquet

    try:
        return pyarrow.parquet.read_metadata(path).num_rows if path.suffix == ".parquet" else read_mark(path)["rows"]
    except (ValueError, TypeError) as error:
        raise RecordError(f"{path} is no whole shard of a dataset. Build or publish it again.") from error


def iterate_shard(path: Path) -> Iterator[dict[str, Any]]:
    """
    The records of a shard, unchecked, with their media as bytes.

    Args:
        path (`Path`): a `.parquet` or `.tar` file.

    Raises:
        [`RecordError`]: it is not whole, or a tar's members are not those of records.
    """
    if path.suffix != ".tar":
        yield from iterate_rows(path)
        return
    try:
        with tarfile.open(path, "r:") as tar:
            yield from _samples(tar)
    except (ValueError, KeyError, TypeError, tarfile.TarError) as error:
        raise RecordError(f"{path} is no whole tar of records ({error!r}). Publish it again.") from error


def webdataset_features(configuration: str, *, kinds: Sequence[str]) -> "Features":
    """
    Columns that `datasets` gives to the tars of a configuration.

    Without them it takes those of the first samples, which lack the videos of a group that begins with images. Videos
    are left undecoded, since decoding them there needs FFmpeg's libraries.

    Args:
        configuration (`str`): a subset or a group of [`~data.tables.CONFIGURATIONS`].
        kinds (`Sequence[str]`): of media that it has.

    Returns:
        `datasets.Features`
    """
    from datasets import Features, Image, Value, Video

    record = dict(features(GROUPS[configuration.split("_")[-1]]))
    columns = [column for column in MEDIA_COLUMNS if column in record]
    record |= {column: {"kind": Value("string"), "path": Value("string")} for column in columns}
    decoders = {"image": Image(), "video": Video(decode=False)}
    media = {_PREFIXES[column] + MEMBERS[kind]: decoders[kind] for kind in kinds for column in columns}
    return Features({"json": record, **media, "__key__": Value("string"), "__url__": Value("string")})


def _write_parquet(path: Path, *, rows: Sequence[Row], subset: str, mark: str) -> None:
    import pyarrow
    import pyarrow.parquet

    schema = features(GROUPS[subset.split("_")[1]]).arrow_schema
    schema = schema.with_metadata({**(schema.metadata or {}), _MARK: mark.encode()})
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        for group in _row_groups(rows):
            content = [_with_bytes(row) for row in group]
            writer.write_table(pyarrow.Table.from_pylist(content, schema=schema))


def _row_groups(rows: Sequence[Row]) -> Iterator[list[Row]]:
    group, num_bytes = [], 0
    for row in rows:
        if group and num_bytes + row.num_bytes > ROW_GROUP_BYTES:
            yield group
            group, num_bytes = [], 0
        group.append(row)
        num_bytes += row.num_bytes
    yield group


def _with_bytes(row: Row) -> dict[str, Any]:
    contents = {
        column: source if isinstance(source, bytes) else source.read_bytes() for column, source in row.sources.items()
    }
    return row.record | {column: row.record[column] | {"bytes": content} for column, content in contents.items()}


def _write_tar(path: Path, *, rows: Sequence[Row], subset: str, mark: str) -> None:
    kind = subset.split("_")[0]
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT, pax_headers={"comment": mark}) as tar:
        for row in rows:
            key = f"{subset}_{row.number:08d}"
            media = {column: {"kind": kind, "path": row.record[column]["path"]} for column in row.sources}
            content = json.dumps(row.record | media, ensure_ascii=False).encode()
            _add(tar, f"{key}.json", content, len(content))
            for column, source in row.sources.items():
                _add(tar, f"{key}.{_PREFIXES[column]}{MEMBERS[kind]}", source, row.sizes[column])


def _add(tar: tarfile.TarFile, name: str, source: Path | bytes, size: int) -> None:
    member = tarfile.TarInfo(name)  # whose owner, time and mode are the same everywhere
    member.size = size
    with closing(io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")) as file:
        tar.addfile(member, file)


def _samples(tar: tarfile.TarFile) -> Iterator[dict[str, Any]]:
    """Each JSON with the media that follow it."""
    columns = {prefix + suffix: column for column, prefix in _PREFIXES.items() for suffix in MEMBERS.values()}
    record, record_key = None, None
    for member in tar:
        key, _, field = member.name.partition(".")
        if not member.isfile():
            raise ValueError(f"{member.name} is no file")
        content = tar.extractfile(member).read()
        if field == "json":
            if record is not None:
                yield record
            record, record_key = json.loads(content), key
        elif key != record_key:
            raise ValueError(f"{member.name} follows {record_key}")
        else:
            record[columns[field]]["bytes"] = content
    if record is not None:
        yield record
