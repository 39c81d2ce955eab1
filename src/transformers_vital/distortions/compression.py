"""JPEG, JPEG2000, H.264 and H.265 compression."""

import io
from typing import Any

import numpy as np
from PIL import Image

from .encoding import Encoding


def jpeg_compression(picture: np.ndarray, *, level: int) -> np.ndarray:
    """
    Compress as a JPEG file and read it back: blocks, ringing, coarse colours.

    Formula (Sec. 9.3): `Ĩ = Decode(Encode(I))`, with Pillow and its colour subsampling 4:2:0.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`int`): quality of libjpeg, from 1 to 95.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.compression import jpeg_compression
    >>> flat = np.full((64, 64, 3), 128, dtype=np.uint8)
    >>> np.unique(jpeg_compression(flat, level=4))  # all coefficients are 0, nothing to lose
    array([128], dtype=uint8)

    ```
    """
    return _decoded_again(picture, "JPEG", quality=level)


def jpeg2000_compression(picture: np.ndarray, *, level: float) -> np.ndarray:
    """
    Compress as a JPEG2000 file and read it back: smeared texture, ringing along edges.

    Formula (Sec. 9.3): `Ĩ = Decode(Encode(I))`, with Pillow and the wavelet 9/7. The file's headers count, so pictures
    below about 10,000 pixels lose all but their mean.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB.
        level (`float`): how many times smaller the file is than the pixels.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.compression import jpeg2000_compression
    >>> flat = np.full((64, 64, 3), 90, dtype=np.uint8)
    >>> np.unique(jpeg2000_compression(flat, level=16))  # nothing to lose
    array([90], dtype=uint8)

    ```
    """
    return _decoded_again(picture, "JPEG2000", quality_mode="rates", quality_layers=[level], irreversible=True)


def h264_compression(*, level: int) -> Encoding:
    """
    Settings of x264 as in Sec. 9.3: a constant rate factor and the preset `fast`.

    Args:
        level (`int`): CRF.

    Returns:
        [`~distortions.encoding.Encoding`]
    """
    return Encoding("libx264", {"crf": str(level), "preset": "fast", "threads": "1"})


def h265_compression(*, level: int) -> Encoding:
    """
    Settings of x265 as in Sec. 9.3: a constant rate factor and the preset `veryslow`.

    Args:
        level (`int`): CRF.

    Returns:
        [`~distortions.encoding.Encoding`]
    """
    one_thread = "pools=none:frame-threads=1:log-level=error"
    return Encoding("libx265", {"crf": str(level), "preset": "veryslow", "x265-params": one_thread}, smallest_side=16)


def _decoded_again(picture: np.ndarray, file_format: str, **settings: Any) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, file_format, **settings)
    return np.array(Image.open(file))
