"""Brighten, darken and mean shift."""

import numpy as np

from ..media.arrays import to_uint8
from .colour import from_lab, to_lab
from .noise import unit


def brighten(picture: np.ndarray, *, level: float) -> np.ndarray:
    """
    Raise the midtones; black and white stay.

    Formula (Sec. 9.3): `L̃ = Γ(L; α)` with L the lightness of CIE Lab on [0, 1] and Γ the parabola through (0, 0),
    (1/2, 1/2 + α/2) and (1, 1), cut at 0 and 1: `Γ(L; α) = L + 2 α L (1 - L)`. The knots are those of KADIS-700K,
    which mixes this with the same curve of the channels.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): α.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.brightness import brighten
    >>> wedge = np.array([[[0] * 3, [119] * 3, [255] * 3]], dtype=np.uint8)  # lightness 0, 0.5 and 1
    >>> brighten(wedge, level=0.4)[0, :, 0].tolist()  # lightness 0, 0.7 and 1
    [0, 171, 255]

    ```
    """
    lab = to_lab(picture)
    lightness = lab[..., 0] / 100
    lab[..., 0] = 100 * (lightness + 2 * level * lightness * (1 - lightness)).clip(0, 1)
    return from_lab(lab)


def darken(picture: np.ndarray, *, level: float) -> np.ndarray:
    """
    Lower the midtones; black and white stay.

    Formula (Sec. 9.3): `L̃ = Γ(L; -α)` with Γ of [`brighten`].

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): α.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.brightness import darken
    >>> wedge = np.array([[[0] * 3, [119] * 3, [255] * 3]], dtype=np.uint8)  # lightness 0, 0.5 and 1
    >>> darken(wedge, level=0.4)[0, :, 0].tolist()  # lightness 0, about 0.3 and 1
    [0, 70, 255]

    ```
    """
    return brighten(picture, level=-level)


def mean_shift(picture: np.ndarray, *, level: float, generator: np.random.Generator) -> np.ndarray:
    """
    Add one constant to all pixels.

    Formula (Sec. 9.3): `Ĩ = clip(I + δ)`, with I on [0, 1]. The sign of δ is drawn, its size is the severity: the
    published levels go from one sign over 0 to the other, which is no order of severity.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): size of δ.
        generator (`np.random.Generator`): draws the sign.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.brightness import mean_shift
    >>> wedge = np.array([[[0] * 3, [128] * 3, [255] * 3]], dtype=np.uint8)
    >>> both = [mean_shift(wedge, level=0.2, generator=np.random.default_rng(seed)) for seed in (1, 0)]
    >>> [shifted[0, :, 0].tolist() for shifted in both]  # 0.2 · 255 = 51
    [[51, 179, 255], [0, 77, 204]]

    ```
    """
    return to_uint8((unit(picture) + np.float32(generator.choice([level, -level]))).clip(0, 1))
