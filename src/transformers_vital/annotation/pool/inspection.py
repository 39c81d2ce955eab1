"""What a file holds, whether it can be decoded, and whether it keeps to the limits of the pool."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from ...errors import AnnotationError, MissingExtraError
from ...media.formats import HEAD_BYTES, Kind, kind_of_bytes, kind_of_suffix
from ...media.image import open_pillow, to_rgb
from ...media.inputs import expand_media
from ...media.video import FramePlan, read_video
from .near_duplicates import perceptual_hash


# Names of Pillow and FFmpeg whose usual suffix is another.
_IMAGE_SUFFIXES = {"JPEG": ".jpg", "MPO": ".jpg", "JPEG2000": ".jp2", "TIFF": ".tif"}
_VIDEO_SUFFIXES = {"mov": ".mp4", "matroska": ".mkv", "mpegts": ".ts", "mpeg": ".mpg", "asf": ".wmv", "ogg": ".ogv"}


@dataclass(frozen=True)
class Limits:
    """
    What a medium must keep to. The defaults are those of Sec. 3.1: a duration of 1 to 20 s, and a resolution from
    360x480 to 4K, whichever way the picture is turned; 4K is taken as 4096x2304, which 16:9 and wider formats keep to.

    Args:
        seconds (`tuple[float, float]`, *optional*): shortest and longest video.
        short_side, long_side (`tuple[int, int]`, *optional*): least and most pixels.
        max_bytes (`int`, *optional*, defaults to 1 GiB): of a file.

    Raises:
        [`AnnotationError`]: a pair of limits is none.

    Example:

    ```python
    >>> from transformers_vital.annotation.pool.inspection import Limits
    >>> Limits(short_side=[240, 1080]).short_side, Limits().seconds
    ((240, 1080), (1.0, 20.0))

    ```
    """

    seconds: tuple[float, float] = (1.0, 20.0)
    short_side: tuple[int, int] = (360, 2304)
    long_side: tuple[int, int] = (480, 4096)
    max_bytes: int = 1 << 30

    def __post_init__(self):
        for name in ("seconds", "short_side", "long_side"):
            given = getattr(self, name)  # a list where it comes from a recipe
            if not isinstance(given, list | tuple) or len(given) != 2 or not 0 <= given[0] <= given[1]:
                raise AnnotationError(f"The limits of {name} are {given}; expected [least, most].")
            object.__setattr__(self, name, tuple(given))


class Rejected(Exception):
    """Why a candidate does not enter the pool: a reason to count by, and a detail to read."""

    def __init__(self, reason: str, detail: Any):
        super().__init__(reason, detail)
        self.reason, self.detail = reason, str(detail)


def inspect_file(path: Path, *, limits: Limits) -> tuple[Kind, str, dict[str, Any]]:
    """
    Decode a file that may hold anything; what it is, its content says and not its name.

    An image is decoded whole, and its size read before. Of a video the packets are listed first, then frames are
    decoded up to the one shown at half time: of copies coded differently this is the same frame.

    Args:
        path (`Path`): the file.
        limits ([`Limits`]): what to hold it against.

    Returns:
        Kind; the suffix of its format; and `width`, `height`, `seconds`, `fps`, `frames` and `phash`.

    Raises:
        [`Rejected`]: it cannot be decoded, or passes a limit.
        [`MissingExtraError`]: `imagehash` is not installed.
    """
    try:
        with path.open("rb") as file:
            kind = expand_media(file)[0].kind
        return kind, *(_image if kind == "image" else _video)(path, limits)
    except (Rejected, MissingExtraError):
        raise
    except Exception as error:  # broken content makes decoders raise what they like
        # The path is a temporary one, which means nothing to whoever reads the report.
        raise Rejected("not decodable", str(error).replace(str(path), "the file") or repr(error)) from error


def _image(path: Path, limits: Limits) -> tuple[str, dict[str, Any]]:
    with open_pillow(path) as image:
        suffix = _image_suffix(image)
        _check_size(image.width, image.height, limits)
        # A truncated file raises here, unlike in `load_image`, which keeps the rows that are there.
        picture = to_rgb(ImageOps.exif_transpose(image))
    return suffix, _found(picture)


def _video(path: Path, limits: Limits) -> tuple[str, dict[str, Any]]:
    def plan(timestamps: np.ndarray, average_fps: float) -> FramePlan:
        seconds = round(float(timestamps[-1]) + 1 / average_fps, 3)  # 20 s in binary may be a little more
        if not limits.seconds[0] <= seconds <= limits.seconds[1]:
            reason = "too short" if seconds < limits.seconds[0] else "too long"
            raise Rejected(reason, f"{seconds:.4g} s; expected {limits.seconds[0]:g} to {limits.seconds[1]:g}")
        return FramePlan(key=[np.searchsorted(timestamps, seconds / 2, side="right") - 1], motion=[])

    def keep(frame: np.ndarray) -> np.ndarray:
        _check_size(frame.shape[1], frame.shape[0], limits)
        return frame

    clip = read_video(path, plan=plan, transform=keep, name="the file")
    times = {"seconds": clip.duration_seconds, "fps": clip.average_fps, "frames": len(clip.timestamps)}
    return _video_suffix(path), _found(Image.fromarray(clip.key_frames[0])) | times


def _found(picture: Image.Image) -> dict[str, Any]:
    size = {"width": picture.width, "height": picture.height, "seconds": None, "fps": None, "frames": None}
    return size | {"phash": perceptual_hash(picture)}


def _check_size(width: int, height: int, limits: Limits) -> None:
    sides = ((min(width, height), limits.short_side, "short"), (max(width, height), limits.long_side, "long"))
    for pixels, (least, most), side in sides:
        if not least <= pixels <= most:
            reason = "too small" if pixels < least else "too large"
            raise Rejected(reason, f"{width}x{height}; expected a {side} side of {least} to {most}")


def _image_suffix(image: Image.Image) -> str:
    suffix = _IMAGE_SUFFIXES.get(image.format, f".{image.format.lower()}")
    if kind_of_suffix(suffix) != "image":
        # Pillow knows more, among them EPS, which it would hand to Ghostscript.
        raise Rejected("not decodable", f"files of format {image.format} are not read as images")
    return suffix


def _video_suffix(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if kind_of_bytes(head) == "image":
        with open_pillow(path) as image:
            return _image_suffix(image)
    import av

    with av.open(f"file:{path}", "r", metadata_errors="replace") as container:
        name = container.format.name.split(",")[0]
    suffix = ".webm" if b"webm" in head else _VIDEO_SUFFIXES.get(name, f".{name}")
    return suffix if kind_of_suffix(suffix) == "video" else ""
