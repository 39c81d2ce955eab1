"""Colour diffusion, shift, quantisation, over-saturation and de-saturation."""

import numpy as np
from PIL import Image

from ..media.arrays import to_uint8
from .noise import unit
from .spatial import spread_pixels, translated


# Edges are blurred by this much in pixels, and as strong as this share of them counts as full (as in KADIS-700K).
_EDGE_SIGMA = 4.0
_FULL_EDGE_PERCENTILE = 99


def colour_diffusion(picture: np.ndarray, *, level: float) -> np.ndarray:
    """
    Blur the colours and keep the luminance: the look of a watercolour.

    Formula (Sec. 9.3): `ã = a * G_σ`, `b̃ = b * G_σ` in CIE Lab. KADIS-700K also multiplies the colours, the paper does
    not.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): σ in pixels.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.colour import colour_diffusion
    >>> grey_wedge = np.arange(0, 256, 51, dtype=np.uint8)[None, :, None].repeat(3, axis=-1)
    >>> colour_diffusion(grey_wedge, level=3)[0, :, 0].tolist()  # no colour, nothing to blur
    [0, 51, 102, 153, 204, 255]

    ```
    """
    import cv2

    lab = to_lab(picture)
    lab[..., 1:] = cv2.GaussianBlur(lab[..., 1:], (0, 0), sigmaX=level, borderType=cv2.BORDER_REPLICATE)
    return from_lab(lab)


def colour_shift(picture: np.ndarray, *, level: float, generator: np.random.Generator) -> np.ndarray:
    """
    Move the green channel sideways near edges: colour fringes.

    Formula (Sec. 9.3): `G̃ = G(· - Δ) M + G (1 - M)`. Δ has the length `level` in a drawn direction, rounded to whole
    pixels. M, as in KADIS-700K, is the blurred gradient magnitude of the picture, on [0, 1] by its 99th percentile.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): length of Δ in pixels.
        generator (`np.random.Generator`): draws the direction.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.colour import colour_shift
    >>> edge = np.zeros((32, 32, 3), dtype=np.uint8)
    >>> edge[:16] = 200
    >>> changed = (colour_shift(edge, level=6, generator=np.random.default_rng(0)) != edge).any(axis=(0, 1))
    >>> changed.tolist()  # green only
    [False, True, False]

    ```
    """
    import cv2

    angle = generator.uniform(0, 2 * np.pi)
    right, down = np.rint(level * np.array([np.cos(angle), np.sin(angle)]))
    grey = cv2.cvtColor(unit(picture), cv2.COLOR_RGB2GRAY)
    edges = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    edges = cv2.GaussianBlur(edges, (0, 0), sigmaX=_EDGE_SIGMA, borderType=cv2.BORDER_REPLICATE)
    mask = np.minimum(edges / max(float(np.percentile(edges, _FULL_EDGE_PERCENTILE)), 1e-6), 1)
    shifted, green = picture.copy(), picture[..., 1]
    blend = translated(np.ascontiguousarray(green), right=right, down=down) * mask + green * (1 - mask)
    shifted[..., 1] = np.rint(blend)
    return shifted


def colour_quantisation(picture: np.ndarray, *, level: int) -> np.ndarray:
    """
    Show the picture in a few colours, which makes bands of its gradients.

    Formula (Sec. 9.3): `Ĩ(x, y) = C[X(x, y)]` with X the nearest colour of a palette C, without dithering. C has the K
    colours that k-means finds, from a start that covers all hues, in 128x128 pixels evenly spread over the picture.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`int`): K, 256 at most.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.colour import colour_quantisation
    >>> random = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    >>> len(np.unique(colour_quantisation(random, level=8).reshape(-1, 3), axis=0))
    8

    ```
    """
    palette = spread_pixels(picture).quantize(level, Image.Quantize.MAXCOVERAGE, kmeans=1)
    indexed = Image.fromarray(picture).quantize(palette=palette, dither=Image.Dither.NONE)
    return np.array(indexed.convert("RGB"))


def colour_over_saturation(picture: np.ndarray, *, level: float) -> np.ndarray:
    """
    Make colours more vivid than they are.

    Formula (Sec. 9.3): `S̃ = γ S`, cut at 1, with S the saturation in HSV.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): γ, above 1.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.colour import colour_over_saturation
    >>> rose = np.array([[[200, 150, 150]]], dtype=np.uint8)  # S = 0.25
    >>> colour_over_saturation(rose, level=2).tolist()  # S = 0.5, value and hue as before
    [[[200, 100, 100]]]

    ```
    """
    import cv2

    hsv = cv2.cvtColor(unit(picture), cv2.COLOR_RGB2HSV)
    hsv[..., 1] = np.minimum(level * hsv[..., 1], 1)
    return to_uint8(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).clip(0, 1))


def colour_de_saturation(picture: np.ndarray, *, level: float) -> np.ndarray:
    """
    Fade colours towards grey of the same lightness.

    Formula (Sec. 9.3): `ã = β a`, `b̃ = β b` in CIE Lab.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): β, between 0 and 1.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.colour import colour_de_saturation
    >>> red = np.array([[[255, 0, 0]]], dtype=np.uint8)  # lightness 53.2, that of the grey 127
    >>> colour_de_saturation(red, level=0).tolist()
    [[[127, 127, 127]]]

    ```
    """
    lab = to_lab(picture)
    lab[..., 1:] *= level
    return from_lab(lab)


def to_lab(picture: np.ndarray) -> np.ndarray:
    """CIE Lab of sRGB pixels under D65, float32: L on [0, 100], a and b on about [-128, 127]."""
    import cv2

    return cv2.cvtColor(unit(picture), cv2.COLOR_RGB2LAB)


def from_lab(lab: np.ndarray) -> np.ndarray:
    """sRGB pixels of CIE Lab, cut where they have no such colour."""
    import cv2

    return to_uint8(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB).clip(0, 1))
