"""A built dataset as shards that hold their media: parquet, or WebDataset tars."""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..data.tables import GROUPS, MEDIA_COLUMNS, SUBSETS, iterate_rows, readable_record, table_files
from ..errors import AnnotationError, VitalError
from .shards import SUFFIXES, Row, read_mark, shard_digest, write_shard


logger = logging.getLogger(__name__)

SHARD_BYTES = 500_000_000  # what the Hub advises for files that are streamed
SHARD_ROWS = 50_000  # bounds the memory of a shard's records, which are held while it is written
PARQUET_MEDIUM_BYTES = 2**31 - 1  # of a cell of parquet in memory


@dataclass(frozen=True)
class Shard:
    """
    A published file.

    Args:
        path (`str`): inside the published folder.
        rows (`int`): records in it.
        num_bytes (`int`): its size.
        kept (`bool`): it was there already, from a run before.
    """

    path: str
    rows: int
    num_bytes: int
    kept: bool


@dataclass(frozen=True)
class LeftOut:
    """
    A record that is not published.

    Args:
        subset (`str`): of the record.
        row (`int`): its number in the subset.
        reason (`str`): what is wrong with it.
    """

    subset: str
    row: int
    reason: str


@dataclass
class PublishReport:
    """
    What was published and what was not.

    Args:
        form (`str`): `"parquet"` or `"webdataset"`.
        shards (`list[Shard]`): all that the folder holds now.
        left_out (`list[LeftOut]`): records whose medium is missing, or that are unusable.
    """

    form: str
    shards: list[Shard] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """Records of each subset."""
        counts = Counter()
        for shard in self.shards:
            counts[Path(shard.path).parent.name] += shard.rows
        return dict(counts)

    def to_dict(self) -> dict[str, Any]:
        """Form, counts, shards and records left out, as JSON holds them."""
        return {**asdict(self), "counts": self.counts, "num_left_out": len(self.left_out)}


def publish(
    dataset: str | Path, target: str | Path, *, form: str = "parquet", shard_bytes: int = SHARD_BYTES
) -> PublishReport:
    """
    Write the records of a built dataset as shards that need no other file.

    | form | a shard of `records/<subset>/` | a record |
    |---|---|---|
    | `parquet` | `00000.parquet` | a row whose `media.bytes` is the file; its path is a name |
    | `webdataset` | `00000.tar` | `<key>.json`, and `<key>.jpg` or `.mp4`; of a pair `<key>.a.jpg` and `<key>.b.jpg` |

    Files go in byte by byte. In a tar every image is named jpg and every video mp4, whatever its format, since readers
    of WebDataset want the same members in every sample, and decode by content; the file's own name is the `path` in
    the JSON. The same dataset gives the same bytes.

    A shard appears under its name when it is whole, and a second run keeps those that are there; shards of a former
    state of the dataset are replaced or removed. Media are known by name and size, as fits a built dataset, where the
    name is the hash of the content. The card is written by [`~hub.card_file.write_card`] afterwards.

    Args:
        dataset (`str` or `Path`): folder of a build, with `records` and `media`.
        target (`str` or `Path`): folder that receives the shards; made when it is absent.
        form (`str`, *optional*, defaults to `"parquet"`): or `"webdataset"`.
        shard_bytes (`int`, *optional*, defaults to 500,000,000): most bytes of media in a shard; a larger medium has a
            shard to itself.

    Returns:
        [`PublishReport`]: unusable records are in it, and not in the shards.

    Raises:
        [`AnnotationError`]: an argument is unusable, the dataset has no records, or the target holds other files
            where the shards belong.
    """
    if form not in SUFFIXES or not shard_bytes > 0:
        raise AnnotationError(
            f"form is {form!r} and shard_bytes {shard_bytes}; expected {' or '.join(SUFFIXES)}, and a number above 0."
        )
    dataset, target = Path(dataset), Path(target)
    tables = table_files(dataset / "records")
    if not tables or (unknown := sorted(set(tables) - set(SUBSETS))):
        raise AnnotationError(
            f"{dataset / 'records'} holds {', '.join(unknown) if tables else 'no tables'}; expected folders of "
            f"parquet shards named {', '.join(SUBSETS)}. Name the folder of a built dataset."
        )
    existing = _existing_shards(target, form=form)
    report = PublishReport(form)
    for subset, files in tables.items():
        rows = _rows(files, subset=subset, root=dataset / "media", report=report)
        for number, shard in enumerate(_split(rows, shard_bytes=shard_bytes)):
            path = target / "records" / subset / f"{number:05d}{SUFFIXES[form]}"
            digest = shard_digest(shard)
            if not (kept := existing.pop(path, None) == digest):
                write_shard(path, rows=shard, subset=subset, digest=digest)
            name = path.relative_to(target).as_posix()
            report.shards.append(Shard(name, len(shard), path.stat().st_size, kept))
    for path in existing:
        logger.info("%s is of a former state of the dataset and is removed.", path)
        path.unlink()
    if report.left_out:
        logger.warning("%d records are left out, the first since: %s", len(report.left_out), report.left_out[0].reason)
    return report


def _existing_shards(target: Path, *, form: str) -> dict[Path, str]:
    """Digest of each shard of a former run."""
    digests = {}
    for path in sorted((target / "records").glob("*/*")):
        if path.suffix not in SUFFIXES.values():
            continue
        mark = read_mark(path) if path.suffix == SUFFIXES[form] else None
        if mark is None:
            raise AnnotationError(
                f"{path} is no {form} shard that was published before; expected a folder without other tables. Name "
                "another target, or remove the file."
            )
        digests[path] = mark["sha256"]
    return digests


def _rows(files: list[Path], *, subset: str, root: Path, report: PublishReport) -> Iterator[Row]:
    """The usable records of a subset with where their media are; the others go into the report."""
    kind, _, group = subset.partition("_")
    number = -1
    for file in files:
        for record in iterate_rows(file):
            number += 1
            try:
                record = readable_record(record, record_type=GROUPS[group], root=root)
                row = _row(number, record, kind=kind, root=root, limit=_limit(report.form))
            except (VitalError, OSError) as error:
                report.left_out.append(LeftOut(subset, number, str(error)))
                continue
            yield row


def _limit(form: str) -> float:
    return PARQUET_MEDIUM_BYTES if form == "parquet" else float("inf")


def _row(number: int, record: dict[str, Any], *, kind: str, root: Path, limit: float) -> Row:
    sources, sizes = {}, {}
    for column in (column for column in MEDIA_COLUMNS if column in record):
        media = record[column]
        if media["kind"] != kind:
            raise AnnotationError(f"{column} is of kind {media['kind']} in a subset of {kind}s. Move the record.")
        if media["bytes"]:
            name, source, size = media["path"], media["bytes"], len(media["bytes"])
        else:
            source = Path(media["path"])
            name = source.relative_to(root.resolve()).as_posix()
            with source.open("rb") as file:  # so that a file without permission is found here
                size = file.seek(0, 2)
        if not 0 < size <= limit:
            raise AnnotationError(
                f"{name} has {size:,} bytes; expected 1 to {limit:,}. Drop it, or publish large ones as webdataset."
            )
        sources[column], sizes[column] = source, size
        record[column] = {"kind": kind, "path": name, "bytes": None}
    return Row(number, record, sources, sizes)


def _split(rows: Iterator[Row], *, shard_bytes: int) -> Iterator[list[Row]]:
    shard, num_bytes = [], 0
    for row in rows:
        if shard and (num_bytes + row.num_bytes > shard_bytes or len(shard) == SHARD_ROWS):
            yield shard
            shard, num_bytes = [], 0
        shard.append(row)
        num_bytes += row.num_bytes
    if shard:
        yield shard
