"""Jitter, non-eccentricity patches, pixelation, quantisation and colour blocks."""

import numpy as np
from PIL import Image


# Of KADIS-700K, in pixels of its pictures of 512x384. A patch moves by at most half the radius each way.
_PATCH_SIDE, _PATCH_RADIUS = 16, 16
_BLOCK_SIDE = 32
# The values of a picture are found in this many pixels each way: k-means of all takes a hundred times as long.
_SPREAD_SIDE = 128


def jitter(picture: np.ndarray, *, level: float, generator: np.random.Generator) -> np.ndarray:
    """
    Read every pixel a little beside its place.

    Formula (Sec. 9.3): `Ĩ(x, y) = I(x + Δ_x, y + Δ_y)` by bilinear interpolation, with Δ `~ N(0, σ²)` for each pixel;
    the border is repeated.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): σ in pixels.
        generator (`np.random.Generator`): draws Δ.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.spatial import jitter
    >>> ramp = np.arange(0, 256, dtype=np.uint8)[None, :, None].repeat(256, axis=0).repeat(3, axis=-1)
    >>> moved = jitter(ramp, level=2, generator=np.random.default_rng(0)).astype(int) - ramp
    >>> round(float(moved[:, 32:-32].std()), 1)  # a step of 1 a pixel
    2.0

    ```
    """
    import cv2

    down, right = np.indices(picture.shape[:2], dtype=np.float32)
    draw = generator.standard_normal((2, *picture.shape[:2]), dtype=np.float32) * np.float32(level)
    return cv2.remap(picture, right + draw[0], down + draw[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def non_eccentricity_patch(picture: np.ndarray, *, level: int, generator: np.random.Generator) -> np.ndarray:
    """
    Copy small patches to places nearby.

    Formula (Sec. 9.3): `Ĩ(Ω'_k) = I(Ω_k)` for squares of 16 pixels, each moved by up to 8 pixels each way.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB; what is smaller than a patch has smaller ones.
        level (`int`): number of patches.
        generator (`np.random.Generator`): draws places and moves.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.spatial import non_eccentricity_patch
    >>> ramp = np.arange(64, dtype=np.uint8)[None, :, None].repeat(64, axis=0).repeat(3, axis=-1)
    >>> moved = non_eccentricity_patch(ramp, level=1, generator=np.random.default_rng(0)).astype(int) - ramp
    >>> int((moved != 0).sum()) == 3 * 16 * 16, int(abs(moved).max()) <= 8
    (True, True)

    ```
    """
    patched, corners = picture.copy(), np.array(picture.shape[:2])
    side = np.minimum(_PATCH_SIDE, corners)
    for _ in range(level):
        start = generator.integers(0, corners - side, endpoint=True)
        move = np.rint(generator.uniform(-0.5, 0.5, 2) * _PATCH_RADIUS).astype(int)
        end = (start + move).clip(0, corners - side)
        patched[_square(end, side)] = picture[_square(start, side)]
    return patched


def pixelation(picture: np.ndarray, *, level: float) -> np.ndarray:
    """
    Make large pixels of small ones.

    Formula (Sec. 9.3): `Ĩ = resize_nn(I↓)` with `I↓` the picture made smaller by the factor `z = 0.95 - s^0.6` of
    KADIS-700K, by means over areas.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): s.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.spatial import pixelation
    >>> ramp = np.arange(0, 160, 10, dtype=np.uint8)[None, :, None].repeat(3, axis=-1)
    >>> pixelation(ramp, level=0.5)[0, :, 0].tolist()  # z = 0.29: five means of three or four
    [10, 10, 10, 40, 40, 40, 75, 75, 75, 75, 110, 110, 110, 140, 140, 140]

    ```
    """
    whole = Image.fromarray(picture)
    smaller = [max(1, round((0.95 - level**0.6) * side)) for side in whole.size]
    reduced = whole.resize(smaller, Image.Resampling.BOX)
    return np.array(reduced.resize(whole.size, Image.Resampling.NEAREST))


def quantisation(picture: np.ndarray, *, level: int) -> np.ndarray:
    """
    Keep a few intensities, the same for all channels.

    Formula (Sec. 9.3): `Ĩ(x, y) = q_j` if `I(x, y)` is in `[t_j, t_{j+1})`. The q are the centres that k-means finds
    in 128x128 pixels evenly spread over the picture; the t, halfway between them, are nearly Otsu's thresholds.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`int`): number of intensities, 256 at most.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.spatial import quantisation
    >>> ramp = np.arange(240, dtype=np.uint8).reshape(8, 10, 3)
    >>> len(np.unique(quantisation(ramp, level=8)))
    8

    ```
    """
    pixels = np.asarray(spread_pixels(picture))
    values = Image.fromarray(pixels.reshape(len(pixels), -1))
    kept = np.unique(values.quantize(level, Image.Quantize.MAXCOVERAGE, kmeans=1).convert("L")).astype(int)
    nearest = np.abs(np.arange(256)[:, None] - kept).argmin(axis=1)
    return kept.astype(np.uint8)[nearest][picture]


def colour_block(picture: np.ndarray, *, level: int, generator: np.random.Generator) -> np.ndarray:
    """
    Cover places of the picture with squares of one colour each.

    Formula (Sec. 9.3): `Ĩ(x, y) = v_k` for `(x, y)` in `Ω_k`, squares of 32 pixels.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB; what is smaller than a block is covered.
        level (`int`): number of blocks; they may overlap.
        generator (`np.random.Generator`): draws places and colours.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.spatial import colour_block
    >>> black = np.zeros((128, 128, 3), dtype=np.uint8)
    >>> int((colour_block(black, level=1, generator=np.random.default_rng(0)) > 0).all(axis=-1).sum())  # 32²
    1024

    ```
    """
    covered, corners = picture.copy(), np.array(picture.shape[:2])
    side = np.minimum(_BLOCK_SIDE, corners)
    for _ in range(level):
        start = generator.integers(0, corners - side, endpoint=True)
        covered[_square(start, side)] = generator.integers(0, 256, 3)
    return covered


def spread_pixels(picture: np.ndarray) -> Image.Image:
    """128x128 pixels evenly spread over a picture, or all of one that has fewer."""
    whole = Image.fromarray(picture)
    return whole.resize([min(side, _SPREAD_SIDE) for side in whole.size], Image.Resampling.NEAREST)


def translated(pixels: np.ndarray, *, right: float, down: float) -> np.ndarray:
    """Pixels of shape `(H, W)` or `(H, W, 3)` moved by whole numbers of them; the border is repeated."""
    import cv2

    matrix = np.array([[1, 0, right], [0, 1, down]], dtype=np.float64)
    return cv2.warpAffine(
        pixels, matrix, pixels.shape[1::-1], flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
    )


def _square(start: np.ndarray, side: np.ndarray) -> tuple[slice, slice]:
    return tuple(slice(first, first + length) for first, length in zip(start, side, strict=True))
