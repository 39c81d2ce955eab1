"""Loss of structure: edges of one direction that are strong above what is around them."""

import numpy as np

from .natural_scene import opencv
from .picture_view import PictureView


PATCH = 8  # pixels
_STRENGTH = 3.0  # grey levels a pixel, at which an edge starts to count in full


def structure_loss(view: PictureView) -> float:
    """
    How little of the picture is edges of one direction; after Zhu and Milanfar's metric Q (2010). Lower is better.

    Blur takes strength from edges, noise and quantisation take direction, so that both lose structure.

    Formula: `1 - E[(s_1 - s_2) / (s_1 + s_2 + 0.05) · ln(1 + s_1 / 3)]` over patches of 8x8 pixels, with the singular
    values s of the gradients of a patch over the square root of their number. Metric Q has `s_1` in the place of the
    logarithm, and only the patches whose direction is significant.

    Args:
        view ([`~annotation.measures.picture_view.PictureView`]): at least 8x8.

    Raises:
        [`AnnotationError`]: the picture is smaller.
        [`MissingExtraError`]: OpenCV is not installed.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.measures.picture_view import PictureView
    >>> from transformers_vital.annotation.measures.structure import structure_loss
    >>> structure_loss(PictureView(np.full((16, 16, 3), 90, dtype=np.uint8)))  # no edge at all
    1.0

    ```
    """
    strongest, weakest = _singular_values(view.require(PATCH, by="The measure of structure").luma)
    direction = (strongest - weakest) / (strongest + weakest + 0.05)
    return float(1 - (direction * np.log1p(strongest / _STRENGTH)).mean())


def _singular_values(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the n x 2 gradients of each patch, over √n: root mean squares along and across its direction."""
    cv2 = opencv()
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=1 / 8)
    xx, yy, xy = (_patch_means(product) for product in (across * across, down * down, across * down))
    spread = np.sqrt((xx - yy) ** 2 + 4 * xy * xy)
    return np.sqrt((xx + yy + spread) / 2), np.sqrt(np.maximum((xx + yy - spread) / 2, 0))


def _patch_means(values: np.ndarray) -> np.ndarray:
    rows, columns = (side // PATCH for side in values.shape)
    return values[: rows * PATCH, : columns * PATCH].reshape(rows, PATCH, columns, PATCH).mean(axis=(1, 3))
