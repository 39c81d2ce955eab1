"""Every frame of a video, one after another, so that memory does not grow with its length."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import MediaDecodeError
from .source import source_name
from .video import ASSUMED_FPS, open_video


@dataclass(frozen=True)
class FrameStream:
    """A video whose frames come one at a time; each iteration decodes it anew.

    Args:
        reader: of [`~transformers_vital.media.video.open_video`].
        name (`str`): what to call it in messages.
        fps (`float`): frames a second as the file states, else 25.

    Yields:
        seconds (`float`) since the first frame, ascending, and the upright frame, `uint8` of shape `(height, width,
        3)`. A frame without a time, or with one that is not after the frame before, is shown one mean period after it.

    Raises:
        MediaDecodeError: if no frame can be decoded.
    """

    reader: Any
    name: str
    fps: float

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]:
        first = shown = None
        with closing(self.reader.pictures(careful=True)) as pictures:
            for moment, to_rgb in pictures:
                first = moment if first is None else first
                seconds = None if moment is None else moment - first
                if shown is None:
                    seconds = 0.0
                elif seconds is None or seconds <= shown:
                    seconds = shown + 1 / self.fps
                shown = seconds
                yield seconds, to_rgb()
        if shown is None:
            raise MediaDecodeError(f"{self.name} holds no frame that can be decoded. Check that the file is complete.")


def stream_video(source: Any, *, name: str | None = None) -> FrameStream:
    """Open a video to go through its frames once, in presentation order.

    Rotation metadata is applied and alpha dropped, as in [`~transformers_vital.media.video.read_video`].

    Args:
        source (`str`, `PathLike`, `bytes`, binary file or animated `PIL.Image.Image`): a video or an animated image.
        name (`str`, *optional*): what to call the source in messages. Defaults to its path.

    Returns:
        [`FrameStream`]

    Raises:
        MediaNotFoundError: if the path does not exist.
        MediaDecodeError: if there is no video stream.
        MediaInputError: if the source is of another type.

    Example:

    ```python
    >>> import io
    >>> from PIL import Image
    >>> from transformers_vital.media.stream import stream_video
    >>> file = io.BytesIO()
    >>> Image.new("L", (8, 6), 0).save(
    ...     file, "GIF", save_all=True, append_images=[Image.new("L", (8, 6), 255)], duration=500
    ... )
    >>> [(seconds, int(frame[0, 0, 0])) for seconds, frame in stream_video(file.getvalue())]
    [(0.0, 0), (0.5, 255)]

    ```
    """
    name = name or source_name(source)
    reader = open_video(source, name=name)
    return FrameStream(reader, name=name, fps=reader.rate or ASSUMED_FPS)
