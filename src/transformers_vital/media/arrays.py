"""Arrays and tensors of pixels as Pillow images."""

import sys
from typing import Any

import numpy as np
from PIL import Image

from ..errors import MediaInputError


_CHANNELS = (1, 3, 4)


def is_tensor(value: Any) -> bool:
    """Whether `value` is a torch tensor; torch is never imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def is_array(value: Any) -> bool:
    """Whether `value` is a numpy array or a torch tensor.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.media.arrays import is_array
    >>> is_array(np.zeros((2, 2))), is_array([[0, 0], [0, 0]])
    (True, False)

    ```
    """
    return isinstance(value, np.ndarray) or is_tensor(value)


def pillow_from_array(array: Any) -> Image.Image:
    """One picture as a Pillow image of mode L, RGB or RGBA.

    An axis of 1, 3 or 4 is the channel axis. When the first and the last both qualify (a 3 x H x 3 picture), numpy
    arrays are read as H x W x C and torch tensors as C x H x W, the custom of each library.

    Args:
        array (`np.ndarray` or `torch.Tensor`): H x W, H x W x C or C x H x W. `uint8` and other integers hold 0..255,
            `uint16` holds 0..65535, `bool` is black and white, floats hold 0..1.

    Returns:
        `PIL.Image.Image`: 8 bits a channel.

    Raises:
        MediaInputError: if the shape is not that of one picture, or values leave the range of their type.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.media.arrays import pillow_from_array
    >>> image = pillow_from_array(np.full((3, 20, 30), 0.5))
    >>> image.mode, image.size, image.getpixel((0, 0))
    ('RGB', (30, 20), (128, 128, 128))

    ```
    """
    pixels = _channels_last(_numpy(array), first_wins=is_tensor(array))
    pixels = np.ascontiguousarray(to_uint8(pixels))
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def to_uint8(pixels: np.ndarray) -> np.ndarray:
    """Pixels of any number type as `uint8`, same shape; the ranges are those of [`pillow_from_array`].

    Raises:
        MediaInputError: if values leave the range of their type.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.media.arrays import to_uint8
    >>> to_uint8(np.array([0.0, 0.2, 1.0])), to_uint8(np.array([0, 257, 65535], dtype=np.uint16))
    (array([  0,  51, 255], dtype=uint8), array([  0,   1, 255], dtype=uint8))

    ```
    """
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.bool_:
        return pixels.astype(np.uint8) * np.uint8(255)
    if pixels.dtype == np.uint16:
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if np.issubdtype(pixels.dtype, np.integer):
        _check_range(pixels, 255, fix="Pass uint8 pixels.")
        return pixels.astype(np.uint8)
    if np.issubdtype(pixels.dtype, np.floating):
        _check_range(pixels, 1, fix="Divide by the largest value the source can hold, or pass uint8 pixels.")
        return np.rint(pixels.astype(np.float32) * 255).astype(np.uint8)
    raise MediaInputError(f"Pixels have dtype {pixels.dtype}; expected uint8, uint16, bool, or floats in [0, 1].")


def _numpy(array: Any) -> np.ndarray:
    if not is_tensor(array):
        return array
    tensor = array.detach().cpu()
    # numpy has no bfloat16, and a float16 picture loses nothing in float32.
    return (tensor.float() if tensor.is_floating_point() else tensor).numpy()


def _channels_last(pixels: np.ndarray, *, first_wins: bool) -> np.ndarray:
    if pixels.ndim == 2 and pixels.size:
        return pixels[..., None]
    if pixels.ndim == 3 and pixels.size:
        first, last = pixels.shape[0] in _CHANNELS, pixels.shape[-1] in _CHANNELS
        if first and (first_wins or not last):
            return np.moveaxis(pixels, 0, -1)
        if last:
            return pixels
    raise MediaInputError(
        f"An array of shape {tuple(pixels.shape)} is not one picture; expected H x W, H x W x C or C x H x W with 1, "
        "3 or 4 channels. A grey video needs a channel axis too: T x H x W x 1."
    )


def _check_range(pixels: np.ndarray, high: int, *, fix: str):
    low_value, high_value = pixels.min(), pixels.max()
    # Written so that NaN fails as well.
    if not (low_value >= 0 and high_value <= high):
        raise MediaInputError(
            f"Pixels of dtype {pixels.dtype} range from {low_value} to {high_value}; expected 0 to {high}. {fix}"
        )
