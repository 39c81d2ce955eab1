"""Machine annotators as models: their scores of a benchmark, for the same files of predictions."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from .. import __version__
from ..annotation.opinions.annotators import Annotator, AnnotatorDescriptor
from ..errors import EvaluationError, MissingExtraError
from ..media.formats import Kind
from ..media.inputs import MediaItem


def check_kind(descriptor: AnnotatorDescriptor, *, kind: Kind, benchmark: str) -> None:
    """
    Refuse an annotator of images for videos, and one of videos for images.

    Raises:
        [`EvaluationError`]: it judges the other kind.
    """
    if descriptor.kind != kind:
        raise EvaluationError(
            f"Annotator {descriptor.name} judges {descriptor.kind}s, and {benchmark} has {kind}s. Name others with "
            "--annotator, or another benchmark."
        )


def annotator_fingerprint(annotator: Annotator) -> dict[str, Any]:
    """
    What the scores of an annotator depend on; `model` is its name.

    Example:

    ```python
    >>> from transformers_vital.annotation.opinions.annotators import load_annotator
    >>> from transformers_vital.evaluation.annotator_predictions import annotator_fingerprint
    >>> found = annotator_fingerprint(load_annotator("piqe"))
    >>> found["model"], found["direction"], found["settings"]
    ('piqe', 'lower', {'parts': [{'measure': 'piqe'}]})

    ```
    """
    descriptor = annotator.descriptor
    return {
        "model": descriptor.name,
        "adapter": descriptor.adapter,
        "direction": descriptor.direction,
        "settings": dict(descriptor.settings),
        "package_version": __version__,
    }


def annotator_rows(
    annotator: Annotator, items: Sequence[MediaItem], *, batch_size: int = 1
) -> Iterator[dict[str, Any]]:
    """
    Scores of an annotator, higher is better: those that fall with quality are negated.

    Args:
        annotator ([`~annotation.opinions.annotators.Annotator`]): of the kind of the items.
        items (`Sequence[MediaItem]`): what to score.
        batch_size (`int`, *optional*, defaults to 1): how many at once, where that is cheaper for the annotator.

    Yields:
        `dict`: for each item its `name`, its `score`, and `error`, why there is none.

    Raises:
        [`MissingExtraError`]: a package that the annotator needs is not installed.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.opinions.annotators import load_annotator
    >>> from transformers_vital.evaluation.annotator_predictions import annotator_rows
    >>> from transformers_vital.media.inputs import expand_media
    >>> (row,) = annotator_rows(load_annotator("piqe"), expand_media(np.zeros((64, 64, 3), dtype=np.uint8)))
    >>> row["score"], row["error"]  # PIQE is 100 where there is nothing to look at, and lower is better
    (-100.0, None)

    ```
    """
    sign = 1 if annotator.descriptor.higher_is_better else -1
    at_once = batch_size if annotator.reads == "files" else 1
    for start in range(0, len(items), at_once):
        batch = items[start : start + at_once]
        for item, (score, error) in zip(batch, _scores(annotator, batch), strict=True):
            yield {"name": item.name, "score": None if score is None else sign * score, "error": error}


def _scores(annotator: Annotator, batch: Sequence[MediaItem]) -> list[tuple[float | None, str | None]]:
    try:
        scores = annotator.score(batch)
    except MissingExtraError:
        raise
    except Exception as error:  # foreign code ends no run
        return [(None, str(error) or type(error).__name__)] * len(batch)
    return [(float(score), None) if math.isfinite(score) else (None, "It gave no score.") for score in scores]
