"""The candidate pool: files copied under the hash of their content, inspected, and without repetitions (Sec. 3.1)."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .candidates import Candidate
from .inspection import Limits, Rejected, inspect_file
from .media_files import incoming_file, keep_file
from .near_duplicates import MAX_DISTANCE, near_duplicates


COLUMNS = ("id", "media", "name", "width", "height", "seconds", "fps", "frames", "phash", "reason", "detail")
_CHUNK_BYTES = 1 << 20


def inspect(
    candidates: Iterable[Candidate], *, folder: str | Path, limits: Limits | None = None
) -> list[dict[str, Any]]:
    """
    Take a batch of candidates into the pool.

    A file that keeps to the limits is `folder/<2 hex>/<id>.<suffix>` afterwards, its id the first 32 digits of its
    SHA-256 and its suffix that of its content. It is written under another name first: a stopped run leaves no half
    file there, and a second run does no harm.

    Args:
        candidates (`Iterable[Candidate]`): of [`~annotation.pool.sources.candidates`].
        folder (`str` or `Path`): where media go; made if absent.
        limits ([`~annotation.pool.inspection.Limits`], *optional*): defaults to those of the paper.

    Returns:
        `list[dict]`: a row for each candidate with [`COLUMNS`]. `seconds`, `fps` and `frames` are `None` of images,
        `phash` is where the picture is flat. Of a rejected one all but the name are `None`, `reason` is "not
        available", "not decodable", "too small", "too large", "too short", "too long" or "too many bytes", and
        `detail` says more.

    Raises:
        [`MissingExtraError`]: `imagehash` is not installed.
    """
    limits = limits or Limits()
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return [_inspected(candidate, folder, limits) for candidate in candidates]


def duplicates(rows: Iterable[Mapping[str, Any]], *, max_distance: int = MAX_DISTANCE) -> list[dict[str, str] | None]:
    """
    Which media of the whole pool repeat an earlier one: the same bytes, or, among those of one kind, the same look.

    Args:
        rows (`Iterable[Mapping]`): of [`inspect`]; `id`, `name`, `media` and `phash` are read.
        max_distance (`int`, *optional*, defaults to 4): see [`~annotation.pool.near_duplicates.near_duplicates`].

    Returns:
        `list`: for each row `None`, or why it goes: `reason`, "duplicate" or "near-duplicate", and `detail`. Rows that
        were rejected before have `None`.

    Example:

    ```python
    >>> from transformers_vital.annotation.pool.pool import duplicates
    >>> media = {"kind": "image", "path": "ab/ab.png", "bytes": None}
    >>> rows = [{"id": "ab", "name": name, "media": media, "phash": None} for name in ("a.png", "copy.png")]
    >>> duplicates(rows)
    [None, {'reason': 'duplicate', 'detail': 'the same bytes as a.png'}]

    ```
    """
    found, names, first = [], [], {}
    looks = {"image": ([], []), "video": ([], [])}  # positions and hashes
    for position, row in enumerate(rows):
        names.append(row["name"])
        found.append(None)
        if row["id"] is None:
            continue
        if (original := first.setdefault(row["id"], position)) != position:
            found[position] = {"reason": "duplicate", "detail": f"the same bytes as {names[original]}"}
            continue
        positions, hashes = looks[row["media"]["kind"]]
        positions.append(position)
        hashes.append(row["phash"])
    for positions, hashes in looks.values():
        kept, originals = near_duplicates(hashes, max_distance=max_distance)
        for place in np.flatnonzero(~kept):
            name = names[positions[originals[place]]]
            found[positions[place]] = {"reason": "near-duplicate", "detail": f"looks like {name}"}
    return found


def _inspected(candidate: Candidate, folder: Path, limits: Limits) -> dict[str, Any]:
    row = dict.fromkeys(COLUMNS) | {"name": candidate.name}
    try:
        with incoming_file(folder) as incoming:
            with incoming.open("wb") as file:
                digest = _copy(candidate, file, limits.max_bytes)
            kind, suffix, found = inspect_file(incoming, limits=limits)
            identity, path = keep_file(incoming, digest=digest, suffix=suffix)
    except Rejected as rejected:
        return row | {"reason": rejected.reason, "detail": rejected.detail}
    return row | found | {"id": identity, "media": {"kind": kind, "path": path, "bytes": None}}


def _copy(candidate: Candidate, file: BinaryIO, max_bytes: int) -> str:
    """Copies the content and returns its hash."""
    digest, size = hashlib.sha256(), 0
    try:
        with candidate.open(max_bytes=max_bytes) as source:
            while chunk := source.read(_CHUNK_BYTES):
                if (size := size + len(chunk)) > max_bytes:
                    raise Rejected("too many bytes", f"expected at most {max_bytes}")
                digest.update(chunk)
                file.write(chunk)
    except Rejected:
        raise
    except Exception as error:  # of whatever disk, server or archive it comes from
        raise Rejected("not available", error) from error
    return digest.hexdigest()
