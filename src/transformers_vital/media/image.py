"""One still picture from any source as an RGB Pillow image."""

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from ..errors import MediaDecodeError, MediaInputError, MediaNotFoundError
from .arrays import is_array, pillow_from_array, to_uint8
from .source import seekable, source_name


# Pillow keeps these two limits per process; the lock lets one thread at a time lend itself other values.
_PILLOW_LIMITS = threading.RLock()
# Pillow raises any of these for broken content, depending on the format.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError)


def load_image(
    source: Any,
    *,
    apply_exif: bool = True,
    alpha: Literal["composite", "drop"] = "composite",
    max_pixels: int | None = None,
) -> Image.Image:
    """Decode one picture to RGB.

    `apply_exif=False, alpha="drop"` is what the official release does: `Image.open(source).convert("RGB")`, with
    truncated files tolerated. ICC profiles are never applied.

    Args:
        source (`str`, `PathLike`, `bytes`, binary file, `PIL.Image.Image`, `np.ndarray` or `torch.Tensor`): what to
            read. Of an animated file the first frame is taken, of a Pillow image the current one. Array shapes and
            ranges are those of [`~transformers_vital.media.arrays.pillow_from_array`].
        apply_exif (`bool`, *optional*, defaults to `True`): turn the picture upright as its EXIF orientation says.
        alpha (`str`, *optional*, defaults to `"composite"`): `"composite"` lays transparent pixels over white and
            scales 16-bit and float grey to 8 bits; `"drop"` leaves every mode to Pillow's `convert("RGB")`.
        max_pixels (`int`, *optional*): refuse larger files before decoding. Defaults to Pillow's own limit, twice
            `PIL.Image.MAX_IMAGE_PIXELS`.

    Returns:
        `PIL.Image.Image`: mode RGB.

    Raises:
        MediaNotFoundError: if the path does not exist.
        MediaDecodeError: if no picture can be decoded, or it has more than `max_pixels`.
        MediaInputError: if the source is of another type, or an array is not one picture.

    Example:

    ```python
    >>> from PIL import Image
    >>> from transformers_vital.media.image import load_image
    >>> load_image(Image.new("RGBA", (4, 2), (255, 0, 0, 0))).getpixel((0, 0))
    (255, 255, 255)

    ```
    """
    if alpha not in ("composite", "drop"):
        raise MediaInputError(f'alpha is {alpha!r}; expected "composite" or "drop".')
    if isinstance(source, Image.Image):
        return _rgb(source, apply_exif=apply_exif, alpha=alpha)
    if is_array(source):
        return _rgb(pillow_from_array(source), apply_exif=False, alpha=alpha)
    name, opened = source_name(source), seekable(source)
    try:
        return _decode(opened, apply_exif=apply_exif, alpha=alpha, max_pixels=max_pixels)
    except FileNotFoundError as error:
        raise MediaNotFoundError(f"{name} does not exist. Check the path.") from error
    except UnidentifiedImageError as error:
        raise MediaDecodeError(
            f"{name} is not an image that Pillow can read. Convert it to PNG or JPEG (HEIC: install pillow-heif and "
            'register its opener), or say that it is a video (kind="video", --kind video).'
        ) from error
    except Image.DecompressionBombError as error:
        raise MediaDecodeError(f"{name}: {error} Pass max_pixels=... if you trust the file.") from error
    except _BROKEN as error:
        if isinstance(error, MediaDecodeError):
            raise
        raise MediaDecodeError(f"{name} cannot be decoded as an image ({error}). Export it again.") from error


def to_rgb(image: Image.Image) -> Image.Image:
    """Pillow image of any mode as RGB: transparency over white, 16-bit and float grey scaled to 8 bits.

    Modes `I` (as 16-bit PGM opens) and `I;16` hold 0..65535, mode `F` holds 0..1.

    Raises:
        MediaInputError: if a float picture leaves 0..1.

    Example:

    ```python
    >>> from PIL import Image
    >>> from transformers_vital.media.image import to_rgb
    >>> to_rgb(Image.new("I;16", (1, 1), 32896)).getpixel((0, 0))
    (128, 128, 128)

    ```
    """
    if image.mode.startswith("I"):
        return Image.fromarray(to_uint8(np.asarray(image).clip(0, 65535).astype(np.uint16))).convert("RGB")
    if image.mode == "F":
        return Image.fromarray(to_uint8(np.asarray(image))).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


@contextmanager
def open_pillow(source: Any, *, max_pixels: int | None = None):
    """Open a file for Pillow without decoding it, yielding the `PIL.Image.Image`; files given open stay open.

    Raises:
        MediaDecodeError: if it has more than `max_pixels`.
        PIL.Image.DecompressionBombError: if it passes Pillow's own limit and `max_pixels` is `None`.
    """
    if not isinstance(source, Path):
        source.seek(0)
    if max_pixels is None:
        image = Image.open(source)
    else:
        with _pillow_limit(Image, "MAX_IMAGE_PIXELS", None):
            image = Image.open(source)
    with image:
        if max_pixels is not None and image.width * image.height > max_pixels:
            raise MediaDecodeError(
                f"An image of {image.width}x{image.height} has more than max_pixels={max_pixels}. Raise max_pixels or "
                "pass a smaller image."
            )
        yield image


def _decode(source: Any, *, apply_exif: bool, alpha: str, max_pixels: int | None) -> Image.Image:
    try:
        with open_pillow(source, max_pixels=max_pixels) as image:
            return _rgb(image, apply_exif=apply_exif, alpha=alpha)
    except (UnidentifiedImageError, FileNotFoundError, MediaDecodeError, Image.DecompressionBombError):
        raise
    except _BROKEN:
        # A truncated file: keep the rows that are there. Only now, because the switch is process-wide and the lock
        # would otherwise make every decode wait for the others.
        with (
            _pillow_limit(ImageFile, "LOAD_TRUNCATED_IMAGES", True),
            open_pillow(source, max_pixels=max_pixels) as image,
        ):
            return _rgb(image, apply_exif=apply_exif, alpha=alpha)


def _rgb(image: Image.Image, *, apply_exif: bool, alpha: str) -> Image.Image:
    if apply_exif:
        image = ImageOps.exif_transpose(image)
    return to_rgb(image) if alpha == "composite" else image.convert("RGB")


@contextmanager
def _pillow_limit(module: Any, name: str, value: Any):
    with _PILLOW_LIMITS:
        before = getattr(module, name)
        setattr(module, name, value)
        try:
            yield
        finally:
            setattr(module, name, before)
