"""Blur: how little a picture changes when it is blurred once more."""

from ...errors import MissingExtraError
from .picture_view import PictureView


def blur(view: PictureView) -> float:
    """
    Blur along the more blurred axis, in [0, 1]: camera motion blurs one alone. Lower is better.

    Source: Crete et al. (2007), scikit-image's `blur_effect`: the share of the differences of neighbours that a mean
    of 11 pixels does not take away.

    Args:
        view ([`~annotation.measures.picture_view.PictureView`]): at least 8x8.

    Raises:
        [`AnnotationError`]: the picture is smaller.
        [`MissingExtraError`]: scikit-image is not installed.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.measures.blur import blur
    >>> from transformers_vital.annotation.measures.picture_view import PictureView
    >>> blur(PictureView(np.full((16, 16, 3), 90, dtype=np.uint8)))  # no edge that could be sharp
    1.0

    ```
    """
    try:
        from skimage.measure import blur_effect
    except ImportError as error:
        raise MissingExtraError("skimage", extra="data", purpose="judging pictures") from error
    grey = view.require(8, by="The measure of blur").luma
    return float(blur_effect(grey / 255))
