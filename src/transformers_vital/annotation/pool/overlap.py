"""Media of a dataset that are also in a test set, by name (Sec. 8.4) and by look."""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from ...errors import AnnotationError
from ...media.formats import kind_of_suffix
from ...media.inputs import expand_media
from ...media.source import is_url
from .inspection import Limits, Rejected, inspect_file
from .lists import SUFFIXES as LIST_SUFFIXES
from .lists import read_list
from .near_duplicates import MAX_DISTANCE, close_pairs, hash_values


_NAME_COLUMNS = ("name", "file", "filename", "file_name", "image", "image_name", "video", "video_name", "path")
_NO_LIMITS = Limits(seconds=(0, float("inf")), short_side=(0, 1 << 30), long_side=(0, 1 << 30))


def read_test_set(path: str | Path) -> list[dict[str, str | None]]:
    """
    What a test set holds, from its media or from a list of their names.

    Args:
        path (`str` or `Path`): a folder, whose media are decoded and hashed, or a `.txt`, `.csv` or `.tsv` file: a
            name a line, or the column called name, file, image, video or path.

    Returns:
        `list[dict]`: `name`; `kind` and `phash`, both `None` from a list. A medium that cannot be decoded counts by
        its name.

    Raises:
        [`AnnotationError`]: the path is neither.
        [`MediaNotFoundError`]: the folder holds no media.
    """
    path = Path(path)
    if path.is_dir():
        return [_hashed(Path(item.source), path) for item in expand_media(path)]
    if not path.is_file() or path.suffix.lower() not in LIST_SUFFIXES:
        raise AnnotationError(
            f"The test set {path} is no folder and no {', '.join(LIST_SUFFIXES)} file. Name a folder of media, or a "
            "list of names."
        )
    return [{"name": name, "kind": None, "phash": None} for _, name in read_list(path, columns=_NAME_COLUMNS)]


def overlap(
    rows: Iterable[Mapping[str, Any]],
    *,
    test_sets: Mapping[str, Iterable[Mapping[str, str | None]]],
    max_distance: int = MAX_DISTANCE,
) -> dict[str, Any]:
    """
    Which media of a pool are also in test sets.

    Names are compared as the paper does, without folders and whatever their case: whole, and without the suffix of an
    image or video, since the same photograph may be kept as another format. Short names such as `1.jpg` meet by
    chance. Looks are compared by perceptual hash, among media of one kind.

    Args:
        rows (`Iterable[Mapping]`): of [`~annotation.pool.pool.inspect`], without rejections.
        test_sets (`Mapping[str, Iterable[Mapping]]`): by name, of [`read_test_set`].
        max_distance (`int`, *optional*, defaults to 4): bits in which hashes of one look may differ.

    Returns:
        `dict`: `media`, how many were compared; `test_sets`, for each its `items`, how many of them are `hashed`, and
        how many media have the `same_name`, the `same_stem` only, the `same_look`, and `name_and_look`, one of the
        first two and the third; `offenders`, a row for each medium and test set with `id`, `name`, `test_set`,
        `by_name` and `by_look`, the names of what it meets there, `whole_name` and `distance`.

    Example:

    ```python
    >>> from transformers_vital.annotation.pool.overlap import overlap
    >>> media = {"kind": "image", "path": "ab/ab.png", "bytes": None}
    >>> row = {"id": "ab", "name": "trips/Cat.PNG", "media": media, "phash": "00000000000000ff"}
    >>> item = {"name": "cat.jpg", "kind": "image", "phash": "00000000000000fe"}
    >>> offender = overlap([row], test_sets={"small": [item]})["offenders"][0]
    >>> offender["by_name"], offender["whole_name"], offender["distance"]
    ('cat.jpg', False, 1)

    ```
    """
    rows = [
        {"id": row["id"], "name": row["name"], "kind": row["media"]["kind"], "phash": row["phash"]} for row in rows
    ]
    summaries, offenders = {}, []
    for test_set, items in test_sets.items():
        items = list(items)
        found = _by_name(rows, items)
        for position, met in _by_look(rows, items, max_distance).items():
            found.setdefault(position, {}).update(met)
        mine = [_offender(rows[position], test_set, met) for position, met in sorted(found.items())]
        offenders += mine
        summaries[test_set] = _summary(items, mine)
    return {"media": len(rows), "max_distance": max_distance, "test_sets": summaries, "offenders": offenders}


def _hashed(path: Path, root: Path) -> dict[str, str | None]:
    name = path.relative_to(root).as_posix()
    try:
        kind, _, found = inspect_file(path, limits=_NO_LIMITS)
        return {"name": name, "kind": kind, "phash": found["phash"]}
    except Rejected:
        return {"name": name, "kind": None, "phash": None}


def _file_name(name: str) -> str:
    """The last part of a path or address, as it is compared."""
    path = urlsplit(name).path if is_url(name) else name.replace("\\", "/")
    return PurePosixPath(path).name.casefold()


def _stem(file_name: str) -> str:
    path = PurePosixPath(file_name)
    return path.stem if kind_of_suffix(path.suffix) else file_name


def _by_name(rows: list[dict], items: list[Mapping[str, str | None]]) -> dict[int, dict[str, Any]]:
    whole = {_file_name(item["name"]): item["name"] for item in reversed(items)}  # the first of one name stays
    stems = {_stem(name): given for name, given in whole.items()}
    found = {}
    for position, row in enumerate(rows):
        name = _file_name(row["name"])
        if name in whole:
            found[position] = {"by_name": whole[name], "whole_name": True}
        elif _stem(name) in stems:
            found[position] = {"by_name": stems[_stem(name)], "whole_name": False}
    return found


def _by_look(rows: list[dict], items: list[Mapping[str, str | None]], most: int) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for kind in ("image", "video"):
        theirs = [item for item in items if item["kind"] == kind and item["phash"]]
        mine = [position for position, row in enumerate(rows) if row["kind"] == kind and row["phash"]]
        values = hash_values([item["phash"] for item in theirs] + [rows[position]["phash"] for position in mine])
        pairs = close_pairs(values, max_distance=most)
        pairs = pairs[(pairs[:, 0] < len(theirs)) & (pairs[:, 1] >= len(theirs))]
        distances = np.bitwise_count(values[pairs[:, 0]] ^ values[pairs[:, 1]])
        for (item, place), distance in sorted(
            zip(pairs.tolist(), distances.tolist(), strict=True), key=lambda p: p[1]
        ):
            met = {"by_look": theirs[item]["name"], "distance": distance}
            found.setdefault(mine[place - len(theirs)], met)  # the nearest
    return found


def _offender(row: dict, test_set: str, met: dict[str, Any]) -> dict[str, Any]:
    nothing = {"by_name": None, "whole_name": False, "by_look": None, "distance": None}
    return {"id": row["id"], "name": row["name"], "test_set": test_set, **nothing, **met}


def _summary(items: list[Mapping[str, str | None]], offenders: list[dict[str, Any]]) -> dict[str, int]:
    return {
        "items": len(items),
        "hashed": sum(item["phash"] is not None for item in items),
        "same_name": sum(met["whole_name"] for met in offenders),
        "same_stem": sum(met["by_name"] is not None and not met["whole_name"] for met in offenders),
        "same_look": sum(met["by_look"] is not None for met in offenders),
        "name_and_look": sum(met["by_name"] is not None and met["by_look"] is not None for met in offenders),
    }
