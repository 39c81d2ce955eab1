"""One picture, and what several measures need of it, computed once."""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from ...errors import AnnotationError
from .natural_scene import luma, opencv


LONGEST_SIDE = 1024  # pixels; larger pictures are averaged down to it before they are measured


class PictureView:
    """
    A picture that measures share.

    Args:
        original (`np.ndarray` of shape `(height, width, 3)`, `uint8`): RGB, at its own size.
        reference (`Callable`, *optional*): gives the view of the picture that this one is a copy of, when asked.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.measures.picture_view import PictureView
    >>> PictureView(np.zeros((1536, 2048, 3), dtype=np.uint8)).luma.shape
    (768, 1024)

    ```
    """

    def __init__(self, original: np.ndarray, *, reference: "Callable[[], PictureView] | None" = None):
        self.original = original
        self._reference = reference
        self.measured: dict[Callable, float] = {}  # what is known of it already

    @cached_property
    def rgb(self) -> np.ndarray:
        """The picture, its longer side at most [`LONGEST_SIDE`]."""
        return bounded(self.original)

    @cached_property
    def luma(self) -> np.ndarray:
        """`float32` of shape `(height, width)`, 0 to 255, of [`rgb`]."""
        return luma(self.rgb)

    @cached_property
    def reference(self) -> "PictureView | None":
        """The picture that this one is a copy of; `None` where it is no copy."""
        return self._reference() if self._reference else None

    def require(self, side: int, *, by: str) -> "PictureView":
        """
        The view itself, if its picture is large enough.

        Raises:
            [`AnnotationError`]: a side is shorter.
        """
        height, width = self.rgb.shape[:2]
        if min(height, width) < side:
            raise AnnotationError(
                f"{by} judges pictures of {side}x{side} pixels or more; this one has {width}x{height}."
            )
        return self


def bounded(picture: np.ndarray, *, longest_side: int = LONGEST_SIDE) -> np.ndarray:
    """
    A picture whose longer side is at most `longest_side`, averaged down where it is larger.

    Args:
        picture (`np.ndarray` of shape `(height, width, ...)`, `uint8`): is returned as it is where it is small enough.
        longest_side (`int`, *optional*, defaults to [`LONGEST_SIDE`]): pixels.
    """
    height, width = picture.shape[:2]
    scale = longest_side / max(height, width)
    if scale >= 1:
        return picture
    cv2 = opencv()
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
