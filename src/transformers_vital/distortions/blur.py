"""Gaussian blur, lens blur and motion blur."""

import math

import numpy as np


# Points of the path that a motion blur averages, for each pixel of its length: enough for weights within 0.001.
_POINTS_PER_PIXEL = 64


def gaussian_blur(picture: np.ndarray, *, level: float) -> np.ndarray:
    """
    Convolve with a Gaussian.

    Formula (Sec. 9.3): `Ĩ = I * G_σ`; the border is repeated.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): σ in pixels.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.blur import gaussian_blur
    >>> edge = np.repeat([[0, 0, 0, 200, 200, 200]], 3, axis=0).astype(np.uint8)[..., None].repeat(3, axis=-1)
    >>> gaussian_blur(edge, level=0.4)[0, :, 0]  # the neighbour's share is about exp(-1 / (2 · 0.4²)) = 0.044
    array([  0,   0,   8, 192, 200, 200], dtype=uint8)

    ```
    """
    import cv2

    return cv2.GaussianBlur(picture, (0, 0), sigmaX=level, borderType=cv2.BORDER_REPLICATE)


def lens_blur(picture: np.ndarray, *, level: float) -> np.ndarray:
    """
    Convolve with a disk, as a lens out of focus does.

    Formula (Sec. 9.3): `Ĩ = I * D_r` with `D_r` the mean over the pixels whose centres lie within r; the border is
    repeated.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): r in pixels.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.blur import lens_blur
    >>> dot = np.zeros((5, 5, 3), dtype=np.uint8)
    >>> dot[2, 2] = 250
    >>> lens_blur(dot, level=1)[..., 0].tolist()  # the five pixels within 1 share it
    [[0, 0, 0, 0, 0], [0, 0, 50, 0, 0], [0, 50, 50, 50, 0], [0, 0, 50, 0, 0], [0, 0, 0, 0, 0]]

    ```
    """
    reach = math.floor(level)
    down, right = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return _convolve(picture, (down**2 + right**2 <= level**2).astype(np.float64))


def motion_blur(picture: np.ndarray, *, level: float, generator: np.random.Generator) -> np.ndarray:
    """
    Average along a straight path, as a camera that moves during the exposure does.

    Formula (Sec. 9.3): `Ĩ = I * M_{r,θ}`, the mean over the points of a segment of length r through the pixel at angle
    θ, each read by bilinear interpolation; the border is repeated. θ is drawn.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): r in pixels.
        generator (`np.random.Generator`): draws θ, uniform over all directions.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.blur import motion_kernel
    >>> motion_kernel(2, angle=0.0).round(2).tolist()  # two pixels, half of the outer ones each
    [[0.0, 0.0, 0.0], [0.25, 0.5, 0.25], [0.0, 0.0, 0.0]]

    ```
    """
    return _convolve(picture, motion_kernel(level, angle=generator.uniform(0, math.pi)))


def motion_kernel(length_pixels: float, *, angle: float) -> np.ndarray:
    """Weights of [`motion_blur`], which sum to 1; the angle is in radians, counterclockwise from the right."""
    reach = math.ceil(length_pixels / 2)
    steps = np.arange(math.ceil(length_pixels * _POINTS_PER_PIXEL)) + 0.5
    path = (steps / len(steps) - 0.5) * length_pixels
    along = np.arange(-reach, reach + 1)
    across = np.maximum(1 - np.abs(along[:, None] - math.cos(angle) * path), 0)
    downwards = np.maximum(1 - np.abs(along[:, None] + math.sin(angle) * path), 0)
    return downwards @ across.T / len(steps)


def _convolve(picture: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    import cv2

    return cv2.filter2D(picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
