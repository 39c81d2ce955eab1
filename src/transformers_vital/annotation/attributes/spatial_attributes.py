"""Low-level attributes of one picture, each a number of its luma or colours."""

import numpy as np

from .blur_detection import sharp_edge_share


_BLOCK = 8  # of JPEG, and the smallest transform of H.264 and H.265 that leaves visible borders
# Immerkær's mask: the difference of two Laplacians, blind to flat, sloped and edged structure.
_NOISE_MASK = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)


def blockiness(luma: np.ndarray) -> float:
    """
    Differences of luma across the borders of 8x8 blocks, against those within blocks.

    Formula: `(1 + A) / (1 + W)`; A and W are the mean absolute differences of neighbouring pixels on two sides of a
    border and within a block. The 1, one grey level, keeps differences that nobody sees from counting. Romaniak et
    al., CCNC 2012 (reference [46] of the paper), compare the same two groups of pixels.

    Args:
        luma (`np.ndarray` of shape `[height, width]`, `uint8`): its blocks begin at the first pixel, as when it was
            coded; a crop or a resized copy hides them.

    Returns:
        `float`: about 1 without blocks, more with them.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.attributes.spatial_attributes import blockiness
    >>> blocks = np.kron([[10, 14], [14, 10]], np.ones((8, 8))).astype(np.uint8)
    >>> blockiness(blocks), blockiness(np.zeros((16, 16), dtype=np.uint8))  # (1 + 4) / (1 + 0), 1 / 1
    (5.0, 1.0)

    ```
    """
    import cv2

    across = within = across_pixels = within_pixels = 0
    for pixels in (luma, luma.T):
        difference = cv2.absdiff(pixels[1:], pixels[:-1])
        border = difference[_BLOCK - 1 :: _BLOCK]
        total, border_total = int(difference.sum(dtype=np.int64)), int(border.sum(dtype=np.int64))
        across, across_pixels = across + border_total, across_pixels + border.size
        within, within_pixels = within + total - border_total, within_pixels + difference.size - border.size
    return (1 + across / max(across_pixels, 1)) / (1 + within / max(within_pixels, 1))


def noise(luma: np.ndarray) -> float:
    """
    Standard deviation of noise, from what a low-pass filter would remove.

    Formula (Immerkær, Computer Vision and Image Understanding 64(2), 1996): `σ = sqrt(π / 2) · mean |I ∗ N| / 6`, N
    the difference of two Laplacians, over all pixels but the outermost. Fine texture counts as noise.

    Args:
        luma (`np.ndarray` of shape `[height, width]`, `uint8`): at least 3x3.

    Returns:
        `float`: in grey levels.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.attributes.spatial_attributes import noise
    >>> noisy = np.random.default_rng(0).normal(128, 8, (400, 400)).round().astype(np.uint8)
    >>> round(noise(noisy))
    8

    ```
    """
    import cv2

    response = cv2.filter2D(luma, cv2.CV_32F, _NOISE_MASK)[1:-1, 1:-1]
    return float(np.sqrt(np.pi / 2) * cv2.norm(np.ascontiguousarray(response), cv2.NORM_L1) / response.size / 6)


def colourfulness(picture: np.ndarray) -> float:
    """
    Spread and distance from grey of the opponent colours.

    Formula (Hasler and Süsstrunk, 2003): with `rg = R - G`, `yb = (R + G) / 2 - B`,
    `sqrt(σ_rg² + σ_yb²) + 0.3 sqrt(μ_rg² + μ_yb²)`.

    Args:
        picture (`np.ndarray` of shape `[height, width, 3]`, `uint8`): RGB.

    Returns:
        `float`: 0 is grey; the authors call 15 slightly, 45 averagely and 109 extremely colourful.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.attributes.spatial_attributes import colourfulness
    >>> red = np.zeros((4, 4, 3), dtype=np.uint8)
    >>> red[..., 0] = 100
    >>> round(colourfulness(red), 3)  # 0.3 · sqrt(100² + 50²)
    33.541

    ```
    """
    import cv2

    red, green, blue = cv2.split(picture)
    red_green = cv2.subtract(red, green, dtype=cv2.CV_16S)
    # Twice the formula's: in whole numbers it is exact, and faster.
    yellow_blue = cv2.subtract(cv2.add(red, green, dtype=cv2.CV_16S), cv2.add(blue, blue, dtype=cv2.CV_16S))
    moments = [np.ravel(cv2.meanStdDev(opponent)) for opponent in (red_green, yellow_blue)]
    means, deviations = np.transpose(moments) * [1, 0.5]
    return float(np.linalg.norm(deviations) + 0.3 * np.linalg.norm(means))


def spatial_information(luma: np.ndarray) -> float:
    """
    Spatial information of one frame.

    Formula (ITU-T P.910): standard deviation over the frame of the magnitude of its Sobel gradient, without the
    outermost pixels; of a video the maximum over its frames.

    Args:
        luma (`np.ndarray` of shape `[height, width]`, `uint8`): at least 3x3.

    Returns:
        `float`: 0 of a flat or evenly sloped picture.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.attributes.spatial_attributes import spatial_information
    >>> step = np.zeros((6, 6), dtype=np.uint8)
    >>> step[:, 3:] = 10
    >>> spatial_information(step)  # half of the 4x4 inner pixels have a gradient of 40, half of 0
    20.0

    ```
    """
    import cv2

    across, down = (cv2.Sobel(luma, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    return float(cv2.meanStdDev(cv2.magnitude(across, down)[1:-1, 1:-1])[1].item())


def spatial_attributes(picture: np.ndarray, *, luma: np.ndarray) -> dict[str, float | None]:
    """
    The six attributes that one frame has by itself, apart from its spatial information.

    Args:
        picture (`np.ndarray` of shape `[height, width, 3]`, `uint8`): RGB.
        luma (`np.ndarray` of shape `[height, width]`, `uint8`): of the same picture.

    Returns:
        `dict`: blockiness, blur, contrast, noise, colourfulness and luminance.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.attributes.spatial_attributes import spatial_attributes
    >>> grey = np.full((16, 16, 3), 90, dtype=np.uint8)
    >>> spatial_attributes(grey, luma=grey[..., 0])["luminance"]
    90.0

    ```
    """
    import cv2

    mean, deviation = cv2.meanStdDev(luma)
    return {
        "blockiness": blockiness(luma),
        "blur": sharp_edge_share(luma),
        "contrast": deviation.item(),
        "noise": noise(luma),
        "colourfulness": colourfulness(picture),
        "luminance": mean.item(),
    }
