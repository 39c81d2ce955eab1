"""Frames of a video file through PyAV, in presentation order."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np

from ..errors import MediaDecodeError, MediaNotFoundError


# A cover or a preview is a video stream to FFmpeg; neither is the video.
_NOT_THE_VIDEO = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails


class Container:
    """A video file that can be read any number of times.

    Args:
        source (`Path` or seekable binary file): the file.
        name (`str`): what to call it in messages.

    Raises:
        MediaNotFoundError: if the path does not exist.
        MediaDecodeError: if FFmpeg knows no such format, or there is no video stream.
    """

    def __init__(self, source: Any, *, name: str):
        self.source, self.name = source, name
        with self._open() as (_, stream):
            rate = stream.average_rate or stream.guessed_rate or stream.base_rate
        self.rate = float(rate) if rate else None

    def listed_seconds(self) -> list[float]:
        """Presentation times as the packets announce them, ascending; nothing is decoded."""
        with self._open() as (container, stream):
            packets = _packets(container, stream)
            ticks = [packet.pts for packet in packets if packet.pts is not None and not packet.is_discard]
            return [_seconds(tick, stream.time_base) for tick in sorted(ticks)]

    def pictures(self, *, careful: bool = False) -> Iterator[tuple[float | None, Callable[[], np.ndarray]]]:
        """Decode, yielding each frame's presentation time and a function that converts it.

        Args:
            careful (`bool`, *optional*, defaults to `False`): keep every frame of a damaged file. Decoding several
                frames at a time is faster, and loses those in flight when one of them fails.

        Yields:
            seconds (`float` or `None` when the file does not tell), and a function without arguments that returns the
            upright frame, `uint8` of shape `(height, width, 3)`.
        """
        with self._open() as (container, stream):
            stream.thread_type = "SLICE" if careful else "AUTO"
            for frame in _decoded(container, stream):
                yield _seconds(frame.pts, frame.time_base or stream.time_base), partial(_upright_rgb, frame)

    @contextmanager
    def _open(self):
        if not isinstance(self.source, Path):
            self.source.seek(0)
        try:
            # Without "file:" FFmpeg reads "take: 2.mp4" as an address. The mode is said because PyAV would take a
            # temporary file, open for both, for an output; titles that are not UTF-8 would stop it too.
            file = f"file:{self.source}" if isinstance(self.source, Path) else self.source
            container = av.open(file, "r", metadata_errors="replace")
        except FileNotFoundError as error:
            raise MediaNotFoundError(f"{self.name} does not exist. Check the path.") from error
        except (av.error.FFmpegError, OSError) as error:
            raise MediaDecodeError(
                f"{self.name} cannot be opened as a video ({error.strerror}). Check that it is one and complete."
            ) from error
        with container:
            yield container, _video_stream(container, self.name)


def _video_stream(container: Any, name: str) -> Any:
    streams = [stream for stream in container.streams.video if not stream.disposition & _NOT_THE_VIDEO]
    readable = [stream for stream in streams if stream.codec_context is not None]
    if not readable:
        listed = ", ".join(_describe(stream) for stream in container.streams) or "none"
        raise MediaDecodeError(f"{name} has no video stream (streams: {listed}). Pass a file with a video track.")
    best = container.streams.best("video")
    return best if best in readable else max(readable, key=lambda stream: stream.width * stream.height)


def _describe(stream: Any) -> str:
    return "cover picture" if stream.disposition & _NOT_THE_VIDEO else stream.type


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    try:
        # The empty packet at the end, which flushes the decoder, is left to `_decoded`.
        yield from (packet for packet in container.demux(stream) if packet.size)
    except av.error.FFmpegError:
        # The tail is missing or broken: what came before it counts.
        return


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    for packet in _packets(container, stream):
        yield from _frames(stream, packet)
    yield from _frames(stream, None)


def _frames(stream: Any, packet: Any) -> list[Any]:
    try:
        return stream.decode(packet)
    except av.error.FFmpegError:
        # A corrupt packet costs its own frames only.
        return []


def _seconds(ticks: int | None, time_base: Any) -> float | None:
    return None if ticks is None else float(ticks * time_base)


def _upright_rgb(frame: Any) -> np.ndarray:
    # FFmpeg's angle and np.rot90 both turn counterclockwise.
    quarter_turns = round(frame.rotation / 90)
    return np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), quarter_turns))
