"""Numbers of a built dataset (Sec. 9.2): rows in, plain dicts out, which a JSON file holds and a plot shows."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..levels import LEVELS, level_of
from .attributes.attributes import ATTRIBUTES


_KINDS = ("image", "video")
_BINS = 30
_PERCENTILES = {"p5": 5, "median": 50, "p95": 95}
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
# Words of grammar, which say nothing of quality; those of one or two letters are left out anyway.
_GRAMMAR = frozenset(
    "the and are was were has have had its this that these those with without from for not but nor which while there "
    "their they them than then also into over under some any all both each very more most can may could would should "
    "does being been due such only other overall".split()
)
_PREFERENCES = {1.0: "a better", 0.0: "b better", 0.5: "tie"}


def summary(values: Any) -> dict[str, float | int | None]:
    """
    Count, mean, population standard deviation, extremes and percentiles of some numbers.

    Args:
        values (array of shape `[n]`): NaN counts as missing.

    Returns:
        `dict`: `count` and `missing`; `mean`, `std`, `min`, `p5`, `median`, `p95` and `max`, `None` where all miss.

    Example:

    ```python
    >>> from transformers_vital.annotation.statistics import summary
    >>> found = summary([1, 2, 6, float("nan")])
    >>> found["count"], found["missing"], found["mean"], found["median"]
    (3, 1, 3.0, 2.0)

    ```
    """
    values = np.asarray(values, dtype=np.float64)
    known = values[np.isfinite(values)]
    counts = {"count": len(known), "missing": len(values) - len(known)}
    if not len(known):
        return counts | dict.fromkeys(("mean", "std", "min", *_PERCENTILES, "max"))
    numbers = {"mean": known.mean(), "std": known.std(), "min": known.min()}
    numbers |= dict(zip(_PERCENTILES, np.percentile(known, list(_PERCENTILES.values())), strict=True))
    return counts | {name: float(value) for name, value in (numbers | {"max": known.max()}).items()}


def attribute_distributions(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """
    Distribution of each low-level attribute, of images and of videos (Fig. 9).

    Args:
        rows (`Iterable[Mapping]`): of [`~annotation.attributes.attributes.measure_attributes`].

    Returns:
        `dict`: kind → attribute → what [`summary`] gives, with `edges` (n + 1) and `counts` (n) of a histogram between
        the extremes. Kinds and attributes without a number are absent.

    Example:

    ```python
    >>> from transformers_vital.annotation.statistics import attribute_distributions
    >>> media = {"kind": "image", "path": "a.png", "bytes": None}
    >>> rows = [{"media": media, "luminance": 90.0}, {"media": media, "luminance": None}]
    >>> attribute_distributions(rows)["image"]["luminance"]["missing"]
    1

    ```
    """
    values: dict[str, dict[str, list]] = {kind: {name: [] for name in ATTRIBUTES} for kind in _KINDS}
    for row in rows:
        for name, known in values[row["media"]["kind"]].items():
            value = row.get(name)
            known.append(np.nan if value is None else value)
    found = {}
    for kind, attributes in values.items():
        described = {name: _histogram(numbers) for name, numbers in attributes.items() if np.isfinite(numbers).any()}
        found |= {kind: described} if described else {}
    return found


def sentence_lengths(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """
    Words in the statements, of images and of videos (Fig. 8).

    Args:
        rows (`Iterable[Mapping]`): `statement` records.

    Returns:
        `dict`: kind → what [`summary`] gives, with the lengths that occur, `words`, and how many statements have each,
        `statements`. Words are what spaces part.

    Example:

    ```python
    >>> from transformers_vital.annotation.statistics import sentence_lengths
    >>> media = {"kind": "video", "path": "a.mp4", "bytes": None}
    >>> found = sentence_lengths([{"media": media, "text": text} for text in ("Edges are soft.", "It is too dark.")])
    >>> found["video"]["words"], found["video"]["statements"], found["video"]["mean"]
    ([3, 4], [1, 1], 3.5)

    ```
    """
    lengths = {kind: Counter() for kind in _KINDS}
    for row in rows:
        lengths[row["media"]["kind"]][len(row["text"].split())] += 1
    return {
        kind: summary(list(counted.elements()))
        | {"words": sorted(counted), "statements": [counted[words] for words in sorted(counted)]}
        for kind, counted in lengths.items()
        if counted
    }


def word_frequencies(rows: Iterable[Mapping[str, Any]], *, most: int = 200) -> dict[str, int]:
    """
    The words that most statements hold (Fig. 6), without English words of grammar and those of one or two letters.

    Args:
        rows (`Iterable[Mapping]`): `statement` records.
        most (`int`, *optional*, defaults to 200): how many words to return.

    Returns:
        `dict[str, int]`: word in lower case → statements with it, the most frequent first, then by the alphabet.

    Example:

    ```python
    >>> from transformers_vital.annotation.statistics import word_frequencies
    >>> word_frequencies([{"text": "Mild blur, blur!"}, {"text": "Strong blur"}], most=2)
    {'blur': 2, 'mild': 1}

    ```
    """
    counted = Counter()
    for row in rows:
        counted.update({word for word in _WORD.findall(row["text"].lower()) if len(word) > 2} - _GRAMMAR)
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:most])


def distortion_shares(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """
    Share of each distortion among images and among videos, and of its severities (Fig. 7).

    Args:
        rows (`Iterable[Mapping]`): with `media`, `distortion` and `severity`, from 1.

    Returns:
        `dict`: kind → distortion, by the alphabet → `count`, `share` among those of the kind, and `severities`, how
        many have severity 1, 2, ...

    Example:

    ```python
    >>> from transformers_vital.annotation.statistics import distortion_shares
    >>> media = {"kind": "image", "path": "a.png", "bytes": None}
    >>> rows = [{"media": media, "distortion": name, "severity": 2} for name in ("blur", "blur", "noise", "noise")]
    >>> distortion_shares(rows)["image"]["blur"]
    {'count': 2, 'share': 0.5, 'severities': [0, 2]}

    ```
    """
    counted = {kind: {} for kind in _KINDS}
    for row in rows:
        severities = counted[row["media"]["kind"]].setdefault(row["distortion"], Counter())
        severities[row["severity"]] += 1
    found = {}
    for kind, distortions in counted.items():
        total = sum(severities.total() for severities in distortions.values())
        for name in sorted(distortions):
            severities = distortions[name]
            found.setdefault(kind, {})[name] = {
                "count": severities.total(),
                "share": severities.total() / total,
                "severities": [severities[severity] for severity in range(1, max(severities) + 1)],
            }
    return found


def level_histogram(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, float]]]:
    """
    How the labels spread over the five levels, of images and of videos.

    Args:
        rows (`Iterable[Mapping]`): `distribution` records.

    Returns:
        `dict`: kind → `items`, level → how many have their mean in its interval, and `mass`, level → mean of its label
        probabilities, as recorded.

    Example:

    ```python
    >>> from transformers_vital.annotation.statistics import level_histogram
    >>> media = {"kind": "image", "path": "a.png", "bytes": None}
    >>> row = {"media": media, "mean": 0.85, "level_probs": [0.75, 0.25, 0, 0, 0]}
    >>> level_histogram([row])["image"]["items"]
    {'high': 1, 'good': 0, 'fair': 0, 'poor': 0, 'low': 0}

    ```
    """
    counted, mass = {kind: Counter() for kind in _KINDS}, {kind: np.zeros(len(LEVELS)) for kind in _KINDS}
    for row in rows:
        kind = row["media"]["kind"]
        counted[kind][level_of(min(max(row["mean"], 0.0), 1.0))] += 1  # records are checked up to rounding
        mass[kind] += row["level_probs"]
    return {
        kind: {
            "items": {level: counted[kind][level] for level in LEVELS},
            "mass": dict(zip(LEVELS, (mass[kind] / counted[kind].total()).tolist(), strict=True)),
        }
        for kind in _KINDS
        if counted[kind]
    }


def preference_shares(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """
    Shares of the preferences of pairs, of images and of videos.

    Args:
        rows (`Iterable[Mapping]`): `pair` records.

    Returns:
        `dict`: kind of the first medium → `pairs`, how many, and the shares of `a better`, `b better` and `tie`.

    Example:

    ```python
    >>> from transformers_vital.annotation.statistics import preference_shares
    >>> media = {"kind": "image", "path": "a.png", "bytes": None}
    >>> preference_shares([{"media_a": media, "preference": value} for value in (1, 0.5, 1, 0)])["image"]
    {'pairs': 4, 'a better': 0.5, 'b better': 0.25, 'tie': 0.25}

    ```
    """
    counted = {kind: Counter() for kind in _KINDS}
    for row in rows:
        counted[row["media_a"]["kind"]][_PREFERENCES[row["preference"]]] += 1
    return {
        kind: {"pairs": chosen.total(), **{name: chosen[name] / chosen.total() for name in _PREFERENCES.values()}}
        for kind, chosen in counted.items()
        if chosen
    }


def stage_counts(rows: Iterable[Mapping[str, Any]], *, stage: str) -> dict[str, Any]:
    """
    How many rows of a stage went on, and why the others did not.

    Args:
        rows (`Iterable[Mapping]`): with `reason`, `None` where a row goes on.
        stage (`str`): its name.

    Returns:
        `dict`: `stage`, `rows`, `kept`, `rejected`, and `reasons`, reason → count, the most frequent first.

    Example:

    ```python
    >>> from transformers_vital.annotation.statistics import stage_counts
    >>> stage_counts([{"reason": None}, {"reason": "too small"}], stage="pool")
    {'stage': 'pool', 'rows': 2, 'kept': 1, 'rejected': 1, 'reasons': {'too small': 1}}

    ```
    """
    counted = Counter(row["reason"] for row in rows)
    kept, total = counted.pop(None, 0), counted.total()
    return {
        "stage": stage,
        "rows": kept + total,
        "kept": kept,
        "rejected": total,
        "reasons": dict(sorted(counted.items(), key=lambda item: (-item[1], item[0]))),
    }


def _histogram(values: list[float]) -> dict[str, Any]:
    known = np.asarray(values)[np.isfinite(values)]
    counts, edges = np.histogram(known, bins=_BINS)
    return summary(values) | {"edges": edges.tolist(), "counts": counts.tolist()}
