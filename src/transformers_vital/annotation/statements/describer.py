"""Statements without any model: what the attributes of a medium, and the distortion put into it, support."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ...distortions.registry import find_distortion
from .attribute_levels import DEFAULT_CUTS, AttributeLevels
from .attribute_texts import ATTRIBUTE_SENTENCES, COMMON_LEVELS, SPOILED_BY
from .distortion_texts import EFFECTS, NOUNS, SENTENCES
from .statement_rows import statement_row


ANNOTATOR = "rules"
DEFAULT_LEVELS = AttributeLevels(DEFAULT_CUTS)


def describe_rows(
    rows: Iterable[Mapping[str, Any]], *, levels: AttributeLevels = DEFAULT_LEVELS, limit: int = 4, seed: int = 0
) -> list[dict[str, Any]]:
    """
    Statements of media whose attributes are measured.

    Args:
        rows (iterable of `Mapping`): each with `id`, `media` and the attributes of
            [`~annotation.attributes.attributes.ATTRIBUTES`], `None` where there is none; with `distortion` and
            `severity` where the medium is a distorted copy, whose own attributes these must be; with `reason` where it
            could not be measured.
        levels ([`~annotation.statements.attribute_levels.AttributeLevels`], *optional*): cut points; the defaults when
            left out.
        limit (`int`, *optional*, defaults to 4): most statements of one medium on its attributes.
        seed (`int`, *optional*, defaults to 0): of the choice of wordings; a medium always gets the same.

    Returns:
        `list[dict]`: rows with the columns of [`~annotation.statements.statement_rows.statement_features`], in the
        order of the media, all passed but one with an empty text for each medium without statements.

    Raises:
        [`DistortionError`]: a distortion or severity is unknown.

    Example:

    ```python
    >>> from transformers_vital.annotation.statements.describer import describe_rows
    >>> media = {"kind": "image", "path": "a.png", "bytes": None}
    >>> row = {"id": "a", "media": media, "luminance": 12.0, "distortion": "gaussian_blur", "severity": 4}
    >>> [row["text"] for row in describe_rows([row])]
    ['The image has severe Gaussian blur, which removes most fine detail.', 'Overall brightness is very low.']

    ```
    """
    return [made for row in rows for made in _described(row, levels, limit, seed)]


def describer_stage(
    *, levels: Mapping[str, Mapping[str, Any]] | None = None, limit: int = 4, seed: int = 0
) -> Callable[[Sequence[Mapping[str, Any]]], list[dict[str, Any]]]:
    """
    [`describe_rows`] with settings of JSON values, as a stage of a build is constructed in each process.

    Args:
        levels (`Mapping`, *optional*): for `image` and `video` those of
            [`~annotation.statements.attribute_levels.AttributeLevels.to_dict`]; the defaults for a kind that is not
                there.
        limit, seed (`int`, *optional*): see [`describe_rows`].

    Raises:
        [`AnnotationError`]: the levels are of another form.
    """
    chosen = {kind: AttributeLevels.from_dict(values) for kind, values in (levels or {}).items()}

    def describe(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [
            made
            for row in rows
            for made in _described(row, chosen.get(row["media"]["kind"], DEFAULT_LEVELS), limit, seed)
        ]

    return describe


def attribute_sentences(
    attributes: Mapping[str, Any], *, kind: str, levels: AttributeLevels, draw: random.Random
) -> list[str]:
    """
    A sentence on each attribute that supports one, the rarest first.

    Strong noise and blocks have sharp edges of their own, and noise is colourful: what they falsify is passed over.

    Args:
        attributes (`Mapping`): of [`~annotation.attributes.attributes.ATTRIBUTES`]; missing and `None` are passed
            over.
        kind (`str`): `"image"` or `"video"`.
        levels ([`~annotation.statements.attribute_levels.AttributeLevels`]): cut points.
        draw (`random.Random`): chooses among wordings, and among attributes that are equally far from what is common.
    """
    reached = {
        name: levels.level(name, attributes[name]) for name in ATTRIBUTE_SENTENCES if attributes.get(name) is not None
    }
    told = [name for name in reached if ATTRIBUTE_SENTENCES[name][reached[name]] and not _is_spoiled(name, reached)]
    draw.shuffle(told)
    told.sort(key=lambda name: -abs(reached[name] - COMMON_LEVELS[name]))
    return [draw.choice(ATTRIBUTE_SENTENCES[name][reached[name]]).format(medium=kind) for name in told]


def distortion_sentence(distortion: str, *, severity: int, kind: str, draw: random.Random) -> str:
    """
    What a distortion does to the medium that it was put into.

    Args:
        distortion (`str`): a key of [`~distortions.registry.DISTORTIONS`].
        severity (`int`): from 1.
        kind (`str`): `"image"` or `"video"`.
        draw (`random.Random`): chooses among wordings.

    Raises:
        [`DistortionError`]: there is no such distortion or severity.
    """
    found = find_distortion(distortion)
    index = found.index_of(severity)
    weak, clear, strong = EFFECTS[distortion]
    # Of five severities the last two count as strong, of three the last.
    effects = weak if index == 0 else strong if index >= len(found.levels) * 2 // 3 else clear
    sentence = draw.choice(SENTENCES).format(
        severity=found.severities[index],
        name=NOUNS.get(distortion, found.text),
        effect=draw.choice(effects).format(medium=kind),
        medium=kind,
    )
    return sentence[0].upper() + sentence[1:]


def _described(row: Mapping[str, Any], levels: AttributeLevels, limit: int, seed: int) -> list[dict[str, Any]]:
    draw, kind = random.Random(f"{seed} {row['id']}"), row["media"]["kind"]
    if row.get("reason"):
        return [statement_row(row, text="", annotator=ANNOTATOR, outcome="failed", reason=row["reason"])]
    texts = attribute_sentences(row, kind=kind, levels=levels, draw=draw)[:limit]
    if row.get("distortion"):
        texts.insert(0, distortion_sentence(row["distortion"], severity=row["severity"], kind=kind, draw=draw))
    if not texts:
        reason = "no attribute of the medium supports a statement"
        return [statement_row(row, text="", annotator=ANNOTATOR, outcome="discarded", reason=reason)]
    return [statement_row(row, text=text, annotator=ANNOTATOR) for text in texts]


def _is_spoiled(attribute: str, reached: Mapping[str, int]) -> bool:
    return any(reached.get(other, 0) >= level for other, level in SPOILED_BY.get(attribute, {}).items())
