"""Write frames as a video, one at a time and all at once or not at all."""

import itertools
import os
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DistortionError


_TICKS_PER_SECOND = 90_000  # holds every usual frame rate, and any time to 6 µs
_LARGEST_RATE_DIVISOR = 1001  # of 30000/1001 frames a second


@dataclass(frozen=True)
class Encoding:
    """How frames are encoded.

    Args:
        codec (`str`): FFmpeg's name of the encoder.
        options (`dict[str, str]`): its options. They name the number of threads, since the bytes depend on it.
        rgb (`bool`, *optional*, defaults to `False`): encode RGB as it is. Else frames become BT.709 YCbCr, 4:2:0, or
            4:4:4 where width or height is odd, which 4:2:0 cannot hold.
        smallest_side (`int`, *optional*, defaults to 1): fewest pixels of width and height that the encoder takes.
    """

    codec: str
    options: dict[str, str]
    rgb: bool = False
    smallest_side: int = 1


# For frames whose distortion is not the encoding itself. RGB avoids the rounding and the coarser colours of YCbCr.
# Films come back at 44 dB and more, those of 1280x720 at 47; white noise (σ = 25 of 255) at 42.
NEAR_LOSSLESS = Encoding("libx264rgb", {"crf": "6", "preset": "veryfast", "threads": "1"}, rgb=True)


def write_video(
    frames: Iterable[tuple[float, np.ndarray]], target: str | os.PathLike, *, fps: float, encoding: Encoding
) -> None:
    """
    Encode frames to an mp4 file, without sound.

    The file grows under another name beside the target, `NAME.partial`, and is renamed when it is complete.

    Args:
        frames (`Iterable` of `(seconds, picture)`): ascending times, the first 0, and RGB pictures, `uint8` of shape
            `(H, W, 3)`, all of one size. Times are kept to 6 µs.
        target (`str` or `PathLike`): ends in `.mp4`.
        fps (`float`): frames a second, for the encoder's planning; the times count.
        encoding ([`Encoding`]): how.

    Raises:
        [`DistortionError`]: the target is no mp4, a frame has another size, or the encoder refuses.

    Example:

    ```python
    >>> import tempfile
    >>> import numpy as np
    >>> from transformers_vital.distortions.encoding import NEAR_LOSSLESS, write_video
    >>> from transformers_vital.media.stream import stream_video
    >>> grey = np.full((5, 7, 3), 100, dtype=np.uint8)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_video([(0.0, grey), (0.4, grey)], f"{folder}/a.mp4", fps=2.5, encoding=NEAR_LOSSLESS)
    ...     [(seconds, frame.shape) for seconds, frame in stream_video(f"{folder}/a.mp4")]
    [(0.0, (5, 7, 3)), (0.4, (5, 7, 3))]

    ```
    """
    import av

    target = Path(target)
    if target.suffix.lower() != ".mp4":
        raise DistortionError(f"{target} is no name of an mp4 file, which is what is written. Let it end in .mp4.")
    partial = target.with_name(target.name + ".partial")
    try:
        _write(iter(frames), partial, fps=fps, encoding=encoding)
        os.replace(partial, target)
    except av.error.FFmpegError as error:
        raise DistortionError(
            f"{target} cannot be written with {encoding.codec} ({error.strerror}). Check that its folder exists and "
            "has room, and that the frames have at most 16,384 pixels each way."
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _write(frames: Any, path: Path, *, fps: float, encoding: Encoding) -> None:
    import av

    first = next(frames)
    height, width = first[1].shape[:2]
    if min(height, width) < encoding.smallest_side:
        raise DistortionError(
            f"A video of {width}x{height} cannot be encoded with {encoding.codec}, which needs at least "
            f"{encoding.smallest_side} pixels each way. Choose another distortion for it."
        )
    # Without "file:" FFmpeg reads "take: 2.mp4" as an address.
    with av.open(f"file:{path}", "w", format="mp4") as container:
        stream = _stream(container, width, height, fps=fps, encoding=encoding)
        tick = -1
        for index, (seconds, picture) in enumerate(itertools.chain([first], frames)):
            if picture.shape[:2] != (height, width):
                raise DistortionError(
                    f"Frame {index} is {picture.shape[1]}x{picture.shape[0]} and the first {width}x{height}; expected "
                    "one size. Encode the video again at one size."
                )
            tick = max(tick + 1, round(seconds * _TICKS_PER_SECOND))
            container.mux(stream.encode(_frame(picture, tick, stream.pix_fmt)))
        container.mux(stream.encode())


def _stream(container: Any, width: int, height: int, *, fps: float, encoding: Encoding) -> Any:
    from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

    rate = Fraction(fps).limit_denominator(_LARGEST_RATE_DIVISOR)
    stream = container.add_stream(encoding.codec, rate=rate, options=encoding.options)
    stream.width, stream.height = width, height
    context = stream.codec_context
    context.time_base = Fraction(1, _TICKS_PER_SECOND)
    if encoding.rgb:
        stream.pix_fmt = "rgb24"
    else:
        stream.pix_fmt = "yuv444p" if width % 2 or height % 2 else "yuv420p"
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    return stream


def _frame(picture: np.ndarray, tick: int, pixel_format: str) -> Any:
    import av
    from av.video.reformatter import ColorRange, Colorspace

    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    if pixel_format != "rgb24":
        frame = frame.reformat(format=pixel_format, dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)
    frame.pts, frame.time_base = tick, Fraction(1, _TICKS_PER_SECOND)
    return frame
