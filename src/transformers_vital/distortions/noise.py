"""White, coloured, impulse and multiplicative noise, and what a denoiser leaves of it."""

import math

import numpy as np

from ..media.arrays import to_uint8


# Windows of non-local means.
_PATCH_PIXELS, _SEARCH_PIXELS = 7, 15


def white_noise(picture: np.ndarray, *, level: float, generator: np.random.Generator) -> np.ndarray:
    """
    Add Gaussian noise to each colour channel of each pixel.

    Formula (Sec. 9.3): `Ĩ = I + η`, `η ~ N(0, σ²)`, with I on [0, 1], where the sum is cut.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): σ².
        generator (`np.random.Generator`): draws η.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.noise import white_noise
    >>> grey = np.full((256, 256, 3), 128, dtype=np.uint8)
    >>> noisy = white_noise(grey, level=0.01, generator=np.random.default_rng(0))
    >>> round(float(noisy.std() / 255), 2)  # σ = 0.1
    0.1

    ```
    """
    return to_uint8((unit(picture) + _normal(picture, level, generator)).clip(0, 1))


def white_noise_with_colour(picture: np.ndarray, *, level: float, generator: np.random.Generator) -> np.ndarray:
    """
    Add Gaussian noise to luma and both colour differences, which tints it.

    Formula (Sec. 9.3): `(Y', Cb', Cr') = (Y, Cb, Cr) + (η_Y, η_Cb, η_Cr)`, all `~ N(0, σ²)`, in the full-range YCbCr
    of BT.601 with all three on [0, 1].

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): σ².
        generator (`np.random.Generator`): draws η.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.noise import white_noise_with_colour
    >>> grey = np.full((256, 256, 3), 128, dtype=np.uint8)
    >>> noisy = white_noise_with_colour(grey, level=0.0025, generator=np.random.default_rng(0))
    >>> (noisy.std(axis=(0, 1)) / 255).round(2)  # red is Y + 1.4 Cr: 0.05 · sqrt(1 + 1.4²)
    array([0.09, 0.06, 0.1 ])

    ```
    """
    import cv2

    components = cv2.cvtColor(unit(picture), cv2.COLOR_RGB2YCrCb) + _normal(picture, level, generator)
    return to_uint8(cv2.cvtColor(components, cv2.COLOR_YCrCb2RGB).clip(0, 1))


def impulse_noise(picture: np.ndarray, *, level: float, generator: np.random.Generator) -> np.ndarray:
    """
    Turn random pixels black or white: salt and pepper.

    Formula (Sec. 9.3): 0 with probability p/2, 1 with probability p/2, else I.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): p, of a pixel with all its channels.
        generator (`np.random.Generator`): draws one number a pixel.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.noise import impulse_noise
    >>> grey = np.full((500, 500, 3), 128, dtype=np.uint8)
    >>> speckled = impulse_noise(grey, level=0.02, generator=np.random.default_rng(0))
    >>> [round(float((speckled == value).mean()), 2) for value in (0, 128, 255)]
    [0.01, 0.98, 0.01]

    ```
    """
    chance = generator.random(picture.shape[:2], dtype=np.float32)
    speckled = picture.copy()
    speckled[chance < level / 2] = 0
    speckled[chance >= 1 - level / 2] = 255
    return speckled


def multiplicative_noise(picture: np.ndarray, *, level: float, generator: np.random.Generator) -> np.ndarray:
    """
    Scale each channel of each pixel by a random factor (speckle): bright parts become noisier than dark ones.

    Formula (Sec. 9.3): `Ĩ = I (1 + ε)`, `ε ~ N(0, σ²)`, with I on [0, 1], where the product is cut.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): σ².
        generator (`np.random.Generator`): draws ε.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.noise import multiplicative_noise
    >>> picture = np.full((256, 256, 3), 100, dtype=np.uint8)
    >>> picture[:128] = 0
    >>> noisy = multiplicative_noise(picture, level=0.01, generator=np.random.default_rng(0))
    >>> int(noisy[:128].max()), round(float(noisy[128:].std()))  # 0 · 0.1 and 100 · 0.1
    (0, 10)

    ```
    """
    return to_uint8((unit(picture) * (1 + _normal(picture, level, generator))).clip(0, 1))


def denoise(picture: np.ndarray, *, level: float, generator: np.random.Generator) -> np.ndarray:
    """
    Add [`white_noise`] and remove it again, with what that costs: lost texture, smears, blotches.

    Formula (Sec. 9.3): `Ĩ = D(I + η)`. The paper and KADIS-700K denoise with a network (DnCNN, channel by channel),
    whose weights are not part of this package. D is OpenCV's non-local means here, channel by channel too, with σ as
    its strength.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): σ² of η, with I on [0, 1].
        generator (`np.random.Generator`): draws η.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.noise import denoise
    >>> grey = np.full((64, 64, 3), 128, dtype=np.uint8)
    >>> left = denoise(grey, level=0.01, generator=np.random.default_rng(0))
    >>> bool(0 < left.std() < 0.3 * 25.5)  # most of the noise is gone, not all
    True

    ```
    """
    import cv2

    noisy = white_noise(picture, level=level, generator=generator)
    strength = 255 * math.sqrt(level)
    channels = [np.ascontiguousarray(noisy[..., channel]) for channel in range(3)]
    windows = {"templateWindowSize": _PATCH_PIXELS, "searchWindowSize": _SEARCH_PIXELS}
    return np.dstack([cv2.fastNlMeansDenoising(channel, h=strength, **windows) for channel in channels])


def unit(picture: np.ndarray) -> np.ndarray:
    """Pixels on [0, 1], float32."""
    return picture.astype(np.float32) / 255


def _normal(picture: np.ndarray, variance: float, generator: np.random.Generator) -> np.ndarray:
    return generator.standard_normal(picture.shape, dtype=np.float32) * np.float32(math.sqrt(variance))
