"""Reader of training records in the JSON form of the authors' release."""

import json
from collections.abc import Iterator
from numbers import Real
from pathlib import Path
from typing import Any, get_args

from ..distortions.registry import SEVERITIES
from ..media.formats import Kind
from .field_checks import RecordError, shown


_SCALE = 5.0  # the normalised numbers of the release are on [0, 5]
_PREFERENCES = {0: 0.0, 1: 1.0, 2: 0.5}  # of `label`: the second is better, the first is, a tie


def read_release_records(path: str | Path) -> dict[str, list[dict[str, Any]]]:
    """
    Records of the authors' annotation file, by record type.

    The file is one JSON array, and each of its records a list of one or two dicts with `image` or `video`:

    | dict | record |
    |---|---|
    | two with `label`, and what a distribution has | `pair` |
    | with `target_dist` | `distribution` |
    | else, with `quality` or without one of [`~distortions.registry.SEVERITIES`] in front | `statement`, description |
    | else | `statement`, distortion |

    `level_probs` is `target_dist` bit for bit. Means and deviations are those of `gt_score_norm` and `std_norm`, and
    the opinions are `mos`, on [0, 1]: the affine map of the scores to their normalised mean and deviation is recovered
    from the record itself. Where the deviation is 0, all opinions are equal and become the mean.

    Of a pair the two `target_dist` are not kept: [`~distributions.pmod_from_moments`] makes them of the moments again
    with `arithmetic="exact"`, to 1e-9 in the published example. The sentence with the level is not kept either, as the
    kind of the medium and [`~levels.level_of`] the mean give it.

    Paths stay as they are; see [`~records.resolve_media`]. Values are not judged; see [`~records.check_table`].

    Args:
        path (`str` or `Path`): the file.

    Returns:
        `dict[str, list[dict]]` with the keys `distribution`, `pair` and `statement`, each in the order of the file.

    Raises:
        [`RecordError`]: the file has another form; the message names the record by its number, from 0, and the key.

    Example:

    ```python
    >>> import json, tempfile
    >>> from transformers_vital.data.release_records import read_release_records
    >>> answer = [{"from": "human", "value": ""}, {"from": "gpt", "value": "mild H264 compression"}]
    >>> with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
    ...     json.dump([[{"video": "a.mp4", "conversations": answer}]], file)
    ...     file.flush()
    ...     (statement,) = read_release_records(file.name)["statement"]
    >>> statement["text"], statement["task"], statement["media"]["kind"]
    ('mild H264 compression', 'distortion', 'video')

    ```
    """
    try:
        listed = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise RecordError(f"{path} is not one JSON array ({error}). Join the lines of a JSONL file.") from error
    if not isinstance(listed, list):
        raise RecordError(f"{path} holds a {type(listed).__name__}; expected one JSON array of records.")
    records = {"distribution": [], "pair": [], "statement": []}
    for index, entries in enumerate(listed):
        try:
            for record_type, record in _records(entries):
                records[record_type].append(record)
        except RecordError as error:
            raise RecordError(f"{path}, record {index}: {error}") from None
    return records


def _records(entries: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    dicts = isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)
    if not dicts or len(entries) not in (1, 2):
        raise RecordError(f"{shown(entries)} is no list of one or two dicts. Wrap a single dict in a list.")
    if any("label" in entry for entry in entries):
        yield "pair", _pair(entries)
        return
    for entry in entries:
        yield ("distribution", _distribution(entry)) if "target_dist" in entry else ("statement", _statement(entry))


def _distribution(entry: dict[str, Any]) -> dict[str, Any]:
    mean, std = _moments(entry)
    raw_mean, raw_std = _number(entry, "gt_score"), _number(entry, "std")
    # With a deviation of 0 the slope of the map is unknown, and not needed.
    slope = std / raw_std if raw_std else 0.0
    return {
        "media": _media(entry),
        "level_probs": _numbers(entry, "target_dist"),
        "mean": mean,
        "std": std,
        "opinions": [(opinion - raw_mean) * slope + mean for opinion in _numbers(entry, "mos")],
        "annotators": [],
    }


def _pair(entries: list[dict[str, Any]]) -> dict[str, Any]:
    labels = [entry.get("label") for entry in entries]
    if len(entries) != 2 or labels[0] != labels[1] or labels[0] not in tuple(_PREFERENCES):
        raise RecordError(
            f"label is {' and '.join(map(shown, labels))}; expected two dicts with the same label: 1 where the first "
            "is better, 0 where the second is, 2 for a tie."
        )
    (mean_a, std_a), (mean_b, std_b) = map(_moments, entries)
    return {
        "media_a": _media(entries[0]),
        "media_b": _media(entries[1]),
        "preference": _PREFERENCES[labels[0]],
        "mean_a": mean_a,
        "std_a": std_a,
        "mean_b": mean_b,
        "std_b": std_b,
    }


def _statement(entry: dict[str, Any]) -> dict[str, Any]:
    match entry.get("conversations"):
        case [{"from": "human", "value": ""}, {"from": "gpt", "value": str(text)}]:
            distorted = "quality" not in entry and text.startswith(tuple(f"{severity} " for severity in SEVERITIES))
            return {"media": _media(entry), "text": text, "task": "distortion" if distorted else "description"}
        case turns:
            raise RecordError(
                f"conversations is {shown(turns)}; expected an empty human turn and an answer of gpt. "
                "Make instruction records of conversations with questions."
            )


def _media(entry: dict[str, Any]) -> dict[str, Any]:
    paths = {kind: entry[kind] for kind in get_args(Kind) if kind in entry}
    if len(paths) != 1 or not all(isinstance(path, str) for path in paths.values()):
        raise RecordError(f"image and video are {shown(paths)}; expected one of them, a path.")
    ((kind, path),) = paths.items()
    return {"kind": kind, "path": path, "bytes": None}


def _moments(entry: dict[str, Any]) -> tuple[float, float]:
    return _number(entry, "gt_score_norm") / _SCALE, _number(entry, "std_norm") / _SCALE


def _number(entry: dict[str, Any], key: str) -> float:
    value = entry.get(key)
    if not isinstance(value, Real):
        raise RecordError(f"{key} is {shown(value)}; expected a number. Add it, or drop the record.")
    return float(value)


def _numbers(entry: dict[str, Any], key: str) -> list[float]:
    values = entry.get(key)
    if not isinstance(values, list) or not all(isinstance(value, Real) for value in values):
        raise RecordError(f"{key} is {shown(values)}; expected a list of numbers. Add it, or drop the record.")
    return [float(value) for value in values]
