"""How far a copy is from the medium that it was made of; 0 where it was made of none."""

import numpy as np

from ...errors import AnnotationError, MissingExtraError
from .natural_scene import opencv
from .picture_view import PictureView


_GMSD_CONSTANT = 170.0  # of Xue et al., for grey levels from 0 to 255


def structure_change(view: PictureView) -> float:
    """
    1 - SSIM of luma to the reference, in [0, 2]. Lower is better.

    Source: Wang et al. (2004), scikit-image's `structural_similarity` with their Gaussian window.

    Args:
        view ([`~annotation.measures.picture_view.PictureView`]): at least 11x11.

    Raises:
        [`AnnotationError`]: the picture is smaller, or has another size than its reference.
        [`MissingExtraError`]: scikit-image is not installed.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.measures.picture_view import PictureView
    >>> from transformers_vital.annotation.measures.reference import structure_change
    >>> structure_change(PictureView(np.zeros((16, 16, 3), dtype=np.uint8)))  # no copy
    0.0

    ```
    """
    try:
        from skimage.metrics import structural_similarity
    except ImportError as error:
        raise MissingExtraError("skimage", extra="data", purpose="comparing pictures") from error
    grey = view.require(11, by="SSIM").luma
    if (reference := _reference(view)) is None:
        return 0.0
    window = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return float(1 - structural_similarity(grey, reference.luma, data_range=255, **window))


def gradient_change(view: PictureView) -> float:
    """
    Gradient magnitude similarity deviation to the reference, at least 0. Lower is better.

    Formula: standard deviation of `(2 g r + 170) / (g² + r² + 170)` with the magnitudes g and r of the Prewitt
    gradients of the luma of copy and reference, both averaged down by 2 (Xue et al., 2014).

    Args:
        view ([`~annotation.measures.picture_view.PictureView`]): at least 4x4.

    Raises:
        [`AnnotationError`]: the picture is smaller, or has another size than its reference.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.measures.picture_view import PictureView
    >>> from transformers_vital.annotation.measures.reference import gradient_change
    >>> flat, edge = np.zeros((2, 8, 8, 3), dtype=np.uint8)
    >>> edge[:, 4:] = 255  # two of four columns have a gradient of 255 that the reference lacks: similarity 0.0026
    >>> round(gradient_change(PictureView(edge, reference=lambda: PictureView(flat))), 4)
    0.4987

    ```
    """
    grey = view.require(4, by="GMSD").luma
    if (reference := _reference(view)) is None:
        return 0.0
    g, r = _gradients(grey), _gradients(reference.luma)
    return float(((2 * g * r + _GMSD_CONSTANT) / (g * g + r * r + _GMSD_CONSTANT)).std())


def colour_change(view: PictureView) -> float:
    """
    Mean difference of colours to the reference, ΔE of CIE 1976, at least 0. Lower is better.

    Args:
        view ([`~annotation.measures.picture_view.PictureView`]): of any size.

    Raises:
        [`AnnotationError`]: the picture has another size than its reference.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.measures.picture_view import PictureView
    >>> from transformers_vital.annotation.measures.reference import colour_change
    >>> black, white = np.zeros((8, 8, 3), dtype=np.uint8), np.full((8, 8, 3), 255, dtype=np.uint8)
    >>> round(colour_change(PictureView(white, reference=lambda: PictureView(black))), 1)  # L* from 0 to 100
    100.0

    ```
    """
    if (reference := _reference(view)) is None:
        return 0.0
    return float(np.linalg.norm(_lab(view.rgb) - _lab(reference.rgb), axis=-1).mean())


def _reference(view: PictureView) -> PictureView | None:
    """The picture to compare with."""
    if view.reference is None:
        return None
    (height, width), wanted = view.rgb.shape[:2], view.reference.rgb.shape[:2]
    if (height, width) != wanted:
        raise AnnotationError(
            f"The copy has {width}x{height} pixels and its original {wanted[1]}x{wanted[0]}; expected the same size."
        )
    return view.reference


def _gradients(grey: np.ndarray) -> np.ndarray:
    cv2 = opencv()
    half = cv2.blur(grey, (2, 2))[1::2, 1::2]
    kernel = np.outer(np.ones(3), [1, 0, -1]) / 3
    across, down = (
        cv2.filter2D(half, cv2.CV_32F, each, borderType=cv2.BORDER_REPLICATE) for each in (kernel, kernel.T)
    )
    return np.hypot(across, down)


def _lab(rgb: np.ndarray) -> np.ndarray:
    return opencv().cvtColor(rgb.astype(np.float32) / 255, opencv().COLOR_RGB2LAB)
