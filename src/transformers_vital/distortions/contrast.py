"""High sharpen and contrast change."""

import numpy as np


# Of the mask of `high_sharpen`, in pixels; the radius of KADIS-700K.
_MASK_SIGMA = 3.0
# Where the curve of `contrast_change` is given, besides both ends and the middle; as in KADIS-700K.
_KNOT = 0.3


def high_sharpen(picture: np.ndarray, *, level: float) -> np.ndarray:
    """
    Exaggerate what a blur would take away: halos and ringing along edges.

    Formula (Sec. 9.3): `Ĩ = clip(I + α (I - B))` with B a Gaussian blur of I, σ = 3 pixels.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): α.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.contrast import high_sharpen
    >>> edge = np.full((1, 40, 3), 100, dtype=np.uint8)
    >>> edge[:, 20:] = 140
    >>> sharp = high_sharpen(edge, level=1)[0, :, 0]  # next to the edge B is 2.6 from the middle, 120
    >>> sharp[[0, 19, 20, 39]].tolist()
    [100, 83, 157, 140]

    ```
    """
    import cv2

    blurred = cv2.GaussianBlur(picture, (0, 0), sigmaX=_MASK_SIGMA, borderType=cv2.BORDER_REPLICATE)
    return cv2.addWeighted(picture, 1 + level, blurred, -level, 0)


def contrast_change(picture: np.ndarray, *, level: float, generator: np.random.Generator) -> np.ndarray:
    """
    Steepen or flatten the midtones.

    Formula (Sec. 9.3): `p̃ = Γ(p; β)` for each channel p on [0, 1], with Γ the monotone cubic (PCHIP) through (0, 0),
    (0.3, 0.3 - β), (0.5, 0.5), (0.7, 0.7 + β) and (1, 1). The sign of β is drawn, its size is the severity: the
    published levels go from more contrast to less, which is no order of severity.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): size of β, below 0.2.
        generator (`np.random.Generator`): draws the sign.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.contrast import tone_curve
    >>> tone_curve(0.1)[[0, 76, 179, 255]].tolist()  # p of 0, 0.3, 0.7 and 1 become 0, 0.2, 0.8 and 1
    [0, 51, 204, 255]

    ```
    """
    import cv2

    return cv2.LUT(picture, tone_curve(generator.choice([level, -level])))


def tone_curve(beta: float) -> np.ndarray:
    """Γ of [`contrast_change`] for the 256 values of a channel, `uint8`."""
    from scipy.interpolate import PchipInterpolator

    knots = [0, _KNOT, 0.5, 1 - _KNOT, 1]
    curve = PchipInterpolator(knots, [0, _KNOT - beta, 0.5, 1 - _KNOT + beta, 1])
    return np.rint(255 * curve(np.arange(256) / 255)).astype(np.uint8)
