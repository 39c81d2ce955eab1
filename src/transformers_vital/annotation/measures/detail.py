"""Loss of detail: areas where nothing varies, and noise where nothing should."""

import numpy as np

from .natural_scene import opencv
from .picture_view import PictureView


_BLOCK = 4  # pixels, of what varies
_NOISE_BLOCK = 16  # pixels, of the estimate of noise
_LAPLACIANS = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)


def detail_loss(view: PictureView) -> float:
    """
    Share of the picture in which nothing varies, and the noise of its calmest parts. Lower is better.

    Formula: `F + 0.3 ln(1 + σ)`, with F the share of blocks of 4x4 pixels that differ by two grey levels at most, and
    σ of [`calm_noise`].

    Args:
        view ([`~annotation.measures.picture_view.PictureView`]): at least 16x16.

    Raises:
        [`AnnotationError`]: the picture is smaller.
        [`MissingExtraError`]: OpenCV is not installed.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.measures.detail import detail_loss
    >>> from transformers_vital.annotation.measures.picture_view import PictureView
    >>> detail_loss(PictureView(np.full((16, 16, 3), 90, dtype=np.uint8)))  # all is flat, without noise
    1.0

    ```
    """
    grey = view.require(_NOISE_BLOCK, by="The measure of detail").luma
    rows, columns = (side // _BLOCK for side in grey.shape)
    blocks = np.rint(grey[: rows * _BLOCK, : columns * _BLOCK]).reshape(rows, _BLOCK, columns, _BLOCK)
    flat = float((blocks.max(axis=(1, 3)) - blocks.min(axis=(1, 3)) <= 2).mean())
    return flat + 0.3 * float(np.log1p(calm_noise(view)))


def calm_noise(view: PictureView) -> float:
    """
    Standard deviation of noise in the calmest tenth of a picture, in grey levels.

    Formula (Immerkær 1996): `sqrt(π / 2) E|I * L| / 6` with L the difference of two Laplacians, here of blocks of
        16x16
    pixels, of which the 10th percentile is taken: textures are no noise.
    """
    response = np.abs(opencv().filter2D(view.luma, -1, _LAPLACIANS)) / 6
    rows, columns = (side // _NOISE_BLOCK for side in response.shape)
    blocks = response[: rows * _NOISE_BLOCK, : columns * _NOISE_BLOCK]
    means = blocks.reshape(rows, _NOISE_BLOCK, columns, _NOISE_BLOCK).mean(axis=(1, 3))
    return float(np.percentile(means, 10) * np.sqrt(np.pi / 2))


def torn_detail(view: PictureView) -> float:
    """
    Detail of single pixels, in grey levels: noise and torn edges.

    Formula: `E|I - median3(I)|`, with the median of 3x3 pixels.

    Args:
        view ([`~annotation.measures.picture_view.PictureView`]): any.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.measures.detail import torn_detail
    >>> from transformers_vital.annotation.measures.picture_view import PictureView
    >>> picture = np.zeros((10, 10, 3), dtype=np.uint8)
    >>> picture[5, 5] = 200
    >>> torn_detail(PictureView(picture))  # one of a hundred pixels is 200 off
    2.0

    ```
    """
    return float(np.abs(view.luma - opencv().medianBlur(view.luma, 3)).mean())
