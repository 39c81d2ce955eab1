"""Distorted copies of the media of a dataset (paper, Secs. 3.1 and 9.3)."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..data.records import resolve_media
from ..distortions.apply import distort_image, distort_video, distortion_text
from ..distortions.registry import choose_distortion
from ..errors import VitalError
from ..media.image import load_image
from .pool.media_files import incoming_file, keep_file


MOST_COPIES = 25  # types of distortion that a picture can have
COLUMNS = ("id", "media", "name", "of", "original", "distortion", "severity", "text", "reason", "detail")


def make_copies(
    rows: Iterable[Mapping[str, Any]], *, root: str | Path, copies: int, seed: int
) -> list[dict[str, Any]]:
    """
    Distorted copies of a batch of media, each of a random type and severity over the whole picture or clip.

    Copies of one medium are of different types. A copy depends on the id of its original, its number and the seed, and
    on nothing else. Pictures are kept without
    loss as PNG, videos as [`~distortions.apply.distort_video`] writes them, under the hash of their content.

    Args:
        rows (`Iterable[Mapping]`): with `id`, `name` and `media`; see [`~annotation.pool.pool.inspect`].
        root (`str` or `Path`): the folder that the paths of media are in, and that receives the copies.
        copies (`int`): of each medium; at most [`MOST_COPIES`].
        seed (`int`): another one makes other copies.

    Returns:
        `list[dict]`: a row for each copy with [`COLUMNS`]; `of` is the id of the original and `original` its
        path, `severity` counts from 1
        and `text` is what a statement says, such as "mild Gaussian blur". Where a copy could not be made, `id` and
        `media` are `None`, `reason` is "not distorted", and `detail` says why.
    """
    return [_copy(row, choice, Path(root), seed) for row in rows for choice in _choices(row, copies, seed)]


def _choices(row: Mapping[str, Any], copies: int, seed: int) -> list[tuple[str, str, int]]:
    """A key to draw by, a distortion and a severity for each copy, no distortion twice."""
    chosen, number = {}, 0
    while len(chosen) < copies:
        key = f"{row['id']}/{number}"
        distortion, severity = choose_distortion(key, kind=row["media"]["kind"], seed=seed)
        chosen.setdefault(distortion, (key, distortion, severity))
        number += 1
    return list(chosen.values())


def _copy(row: Mapping[str, Any], choice: tuple[str, str, int], root: Path, seed: int) -> dict[str, Any]:
    (key, distortion, severity), kind = choice, row["media"]["kind"]
    made = dict.fromkeys(COLUMNS) | {
        "name": row["name"],
        "of": row["id"],
        "original": row["media"]["path"],
        "distortion": distortion,
        "severity": severity,
        "text": distortion_text(distortion, severity=severity),
    }
    suffix = ".png" if kind == "image" else ".mp4"
    drawing = {"distortion": distortion, "severity": severity, "seed": _seed_of(key, seed)}
    try:
        with incoming_file(root, suffix=suffix) as incoming:
            source = resolve_media(row["media"], root=root)["path"]
            if kind == "image":
                Image.fromarray(distort_image(np.asarray(load_image(source)), **drawing)).save(incoming)
            else:
                distort_video(source, incoming, **drawing)
            with incoming.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            identity, path = keep_file(incoming, digest=digest, suffix=suffix)
    except (VitalError, OSError, MemoryError) as error:
        return made | {"reason": "not distorted", "detail": str(error)}
    return made | {"id": identity, "media": {"kind": kind, "path": path, "bytes": None}}


def _seed_of(key: str, seed: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{key}".encode()).digest()[:8], "big")
