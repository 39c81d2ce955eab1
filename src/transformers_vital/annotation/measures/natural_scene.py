"""Statistics that hold for undistorted photographs: normalised luminance and the Gaussians fitted to it."""

import numpy as np

from ...errors import MissingExtraError


WINDOW_SIGMA = 7 / 6  # of the 7x7 Gaussian window of BRISQUE, NIQE and PIQE
_SHAPES = np.arange(0.2, 10.001, 0.001)


def opencv():
    """
    The module `cv2`, which the measures filter and resize with.

    Raises:
        [`MissingExtraError`]: OpenCV is not installed.
    """
    try:
        import cv2
    except ImportError as error:
        raise MissingExtraError("cv2", extra="data", purpose="judging pictures") from error
    return cv2


def luma(picture: np.ndarray, *, weights: tuple[float, float, float] = (0.299, 0.587, 0.114)) -> np.ndarray:
    """
    Weighted sum of red, green and blue, `float32` of shape `(height, width)`, 0 to 255.

    Args:
        picture (`np.ndarray` of shape `(height, width, 3)`, `uint8`): RGB.
        weights (`tuple[float, float, float]`, *optional*, defaults to those of BT.601): of the channels.
    """
    return picture.astype(np.float32) @ np.asarray(weights, dtype=np.float32)


def normalised(grey: np.ndarray, *, border: str = "zero") -> tuple[np.ndarray, np.ndarray]:
    """
    Mean-subtracted, contrast-normalised luminance and the local deviation that it was divided by.

    Formula (Mittal et al., BRISQUE, 2012, Eq. 1): `(I - μ) / (σ + 1)`, with μ and σ under a Gaussian window.

    Args:
        grey (`np.ndarray` of shape `(height, width)`): 0 to 255.
        border (`str`, *optional*, defaults to `"zero"`): beyond the edge, `"zero"`, or `"replicate"` its pixels.

    Returns:
        Two `float32` arrays of the same shape.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.measures.natural_scene import normalised
    >>> coefficients, deviation = normalised(np.full((9, 9), 100.0), border="replicate")
    >>> float(abs(coefficients).max()) < 0.1, float(deviation.max()) < 0.1  # nothing varies
    (True, True)

    ```
    """
    cv2 = opencv()
    grey = np.asarray(grey, dtype=np.float32)
    beyond = {"zero": cv2.BORDER_CONSTANT, "replicate": cv2.BORDER_REPLICATE}[border]
    kernel = cv2.getGaussianKernel(7, WINDOW_SIGMA, ktype=cv2.CV_32F)
    mean = cv2.sepFilter2D(grey, -1, kernel, kernel, borderType=beyond)
    square = cv2.sepFilter2D(grey * grey, -1, kernel, kernel, borderType=beyond)
    deviation = np.sqrt(np.abs(square - mean * mean))
    return (grey - mean) / (deviation + 1), deviation


def asymmetric_fit(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    Shape and left and right deviation of an asymmetric generalised Gaussian, by matching moments.

    Formula (Lasmar et al. 2009): with `γ = σ_l / σ_r`, α solves
    `Γ(2/α)² / (Γ(1/α) Γ(3/α)) = E|x|² / E[x²] · (γ³ + 1)(γ + 1) / (γ² + 1)²`.

    Args:
        values (`np.ndarray` of shape `[..., n]`): one sample in each row.

    Returns:
        Three arrays of shape `[...]`: α in [0.2, 10], σ_l and σ_r (0 where a side is empty).

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.measures.natural_scene import asymmetric_fit
    >>> shape, left, right = asymmetric_fit(np.random.default_rng(0).normal(size=100_000))
    >>> round(float(shape), 1), round(float(left), 1), round(float(right), 1)  # a Gaussian of deviation 1
    (2.0, 1.0, 1.0)

    ```
    """
    values = np.asarray(values)
    squares = np.square(values, dtype=np.float64)
    negative = values < 0
    below, count = (squares * negative).sum(axis=-1), negative.sum(axis=-1)
    total, size = squares.sum(axis=-1), values.shape[-1]
    left = np.sqrt(below / np.maximum(count, 1))
    right = np.sqrt((total - below) / np.maximum(size - count, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        gamma = left / right
        ratio = np.abs(values).mean(axis=-1, dtype=np.float64) ** 2 / (total / size)
        ratio = ratio * (gamma**3 + 1) * (gamma + 1) / (gamma**2 + 1) ** 2
    # Nothing varies, or only on one side: the ends of the range, as the moments would give for a growing ratio.
    ratio = np.where(np.isfinite(ratio), ratio, np.inf)
    return np.interp(ratio, _moment_ratios(), _SHAPES), left, right


def scale_factor(shape: np.ndarray) -> np.ndarray:
    """`sqrt(Γ(1/α) / Γ(3/α))`, which turns the deviations of [`asymmetric_fit`] into the scales of its sides."""
    from scipy.special import gamma

    return np.sqrt(gamma(1 / shape) / gamma(3 / shape))


def mean_factor(shape: np.ndarray) -> np.ndarray:
    """`Γ(2/α) / Γ(1/α)`, which turns the difference of the scales into the mean of the fitted distribution."""
    from scipy.special import gamma

    return gamma(2 / shape) / gamma(1 / shape)


def _moment_ratios() -> np.ndarray:
    from scipy.special import gamma

    return gamma(2 / _SHAPES) ** 2 / (gamma(1 / _SHAPES) * gamma(3 / _SHAPES))
