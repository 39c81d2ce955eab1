"""Image annotators that compute a published or documented measure of a picture, without any download."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...errors import AnnotationError
from ...media.inputs import MediaItem
from ..measures.picture_view import PictureView
from .annotators import AnnotatorDescriptor, Permissions
from .decoding import picture_of


# Functions of modules of `measures` that take a view of a picture and return a number; of all of them lower is better.
MEASURES = {
    "brisque": "brisque",
    "half_brisque": "brisque",
    "niqe": "niqe",
    "piqe": "piqe",
    "structure_loss": "structure",
    "detail_loss": "detail",
    "torn_detail": "detail",
    "blur": "blur",
    "visible_faults": "faults",
    "structure_change": "reference",
    "gradient_change": "reference",
    "colour_change": "reference",
}


class PictureAnnotator:
    """
    Scores images by a sum of measures, see [`picture_measure`].

    Args:
        descriptor ([`~annotation.opinions.annotators.AnnotatorDescriptor`]): its settings are the `parts` of
            [`picture_measure`]; lower scores are better.
        permissions ([`~annotation.opinions.annotators.Permissions`], *optional*): none are needed.

    Raises:
        [`AnnotationError`]: see [`picture_measure`]; or another setting is given, or higher scores would be better.
    """

    reads = "pixels"

    def __init__(self, descriptor: AnnotatorDescriptor, permissions: Permissions | None = None):
        self.descriptor = descriptor
        check_settings(descriptor, {"parts"})
        self._measure = picture_measure(descriptor.settings.get("parts"), name=descriptor.name)

    def score(self, items: Sequence[MediaItem]) -> list[float]:
        """
        One score for each image.

        Raises:
            `ValueError`: an image cannot be decoded, or is too small.
        """
        return [self._measure(picture_of(item)) for item in items]


def picture_measure(parts: Any, *, name: str) -> Callable[[PictureView], float]:
    """
    A weighted sum of measures of a picture.

    Args:
        parts (sequence of `Mapping`): each with a `measure`, one of [`MEASURES`]; its `weight`, 1 when left out; and
            `limits` that it is clipped to before, none when left out.
        name (`str`): of the annotator, for messages.

    Raises:
        [`AnnotationError`]: there is no part, a key is unknown or there is no such measure.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.opinions.image_annotators import picture_measure
    >>> from transformers_vital.annotation.measures.picture_view import PictureView
    >>> parts = [{"measure": "piqe", "weight": 0.01}, {"measure": "structure_loss", "weight": 2}]
    >>> picture_measure(parts, name="both")(PictureView(np.zeros((16, 16, 3), dtype=np.uint8)))  # 100 and 1
    3.0

    ```
    """
    if not isinstance(parts, list | tuple) or not parts:
        raise AnnotationError(f"Annotator {name} has the parts {parts!r}; expected a list of at least one.")
    loaded = [_part(part, name=name) for part in parts]
    return lambda view: sum(
        weight * min(max(_value(view, measure), low), high) for measure, weight, low, high in loaded
    )


def _value(view: PictureView, measure: Callable[[PictureView], float]) -> float:
    """The measure of a picture, computed once for all annotators that it is a part of."""
    if measure not in view.measured:
        view.measured[measure] = measure(view)
    return view.measured[measure]


def _part(part: Any, *, name: str) -> tuple[Callable[[PictureView], float], float, float, float]:
    known = {"measure", "weight", "limits"}
    if not isinstance(part, Mapping) or not set(part) <= known or part.get("measure") not in MEASURES:
        raise AnnotationError(
            f"Annotator {name} has the part {part!r}; expected a measure, one of {', '.join(MEASURES)}, and may be "
            "weight and limits."
        )
    module = importlib.import_module(f"..measures.{MEASURES[part['measure']]}", __package__)
    low, high = part.get("limits") or (-float("inf"), float("inf"))
    return getattr(module, part["measure"]), part.get("weight", 1), low, high


def check_settings(descriptor: AnnotatorDescriptor, known: set[str]) -> None:
    """
    Refuses settings that a sum of measures does not have, and a direction that it cannot have.

    Raises:
        [`AnnotationError`]: there is one.
    """
    if descriptor.higher_is_better or not set(descriptor.settings) <= known:
        raise AnnotationError(
            f"Annotator {descriptor.name} has the direction {descriptor.direction} and the settings "
            f"{', '.join(descriptor.settings) or 'none'}; expected lower and {', '.join(sorted(known))}."
        )
