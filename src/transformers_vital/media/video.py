"""Sample a video by presentation time: one timeline, one plan, one decode, two lists of frames."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..errors import MediaDecodeError, MediaInputError
from .animation import Animation
from .formats import HEAD_BYTES, kind_of_bytes
from .image import load_image
from .source import seekable, source_name


# FFmpeg's own assumption for streams that state no rate.
ASSUMED_FPS = 25.0


@dataclass(frozen=True)
class FramePlan:
    """Which frames of a video to keep, as positions in presentation order.

    Args:
        key (`np.ndarray` of int, shape `(K,)`): frames for the image encoder; ascending, may repeat.
        motion (`np.ndarray` of int, shape `(T,)`): frames for the motion encoder; ascending, may repeat.

    Raises:
        MediaInputError: if positions are negative or descend, or both lists are empty.

    Example:

    ```python
    >>> from transformers_vital.media.video import FramePlan
    >>> FramePlan(key=[0, 8], motion=range(16)).motion.shape
    (16,)

    ```
    """

    key: np.ndarray
    motion: np.ndarray

    def __post_init__(self):
        for field in ("key", "motion"):
            positions = np.asarray(getattr(self, field), dtype=np.int64).reshape(-1)
            if positions.size and (positions[0] < 0 or (np.diff(positions) < 0).any()):
                raise MediaInputError(
                    f"FramePlan.{field} is {positions.tolist()}; expected ascending positions from 0."
                )
            object.__setattr__(self, field, positions)
        if not (self.key.size or self.motion.size):
            raise MediaInputError("FramePlan has no frame; expected at least one in key or motion.")


@dataclass(frozen=True)
class VideoClip:
    """The frames a plan chose, and the timeline it chose them from.

    Args:
        key_frames (`np.ndarray` of shape `(K, ...)`): what the transform made of the key frames.
        motion_frames (`np.ndarray` of shape `(T, ...)`): what it made of the motion frames.
        plan (`FramePlan`): the positions of both.
        timestamps (`np.ndarray` of float64, shape `(N,)`): presentation time of every frame of the video in seconds
            since the first. Evenly spaced when the file states no times, or contradictory ones.
        average_fps (`float`): what the file states, else estimated from `timestamps`.
        duration_seconds (`float`): last timestamp plus one mean frame period.
        width (`int`): pixels, after rotation, of the first chosen frame.
        height (`int`): likewise.
    """

    key_frames: np.ndarray
    motion_frames: np.ndarray
    plan: FramePlan
    timestamps: np.ndarray
    average_fps: float
    duration_seconds: float
    width: int
    height: int


Plan = Callable[[np.ndarray, float], FramePlan]
Transform = Callable[[np.ndarray], np.ndarray]


def read_video(source: Any, *, plan: Plan, transform: Transform, name: str | None = None) -> VideoClip:
    """Decode the frames of a video that a plan asks for.

    The timeline comes from the packets, without decoding. Should the decoded frames contradict it (a truncated tail,
    broken times), the timeline is the decoded one and the plan is asked again. Only transformed frames are kept.
    Rotation metadata is applied and alpha dropped (laid over white in animated images). Mirroring, pixel aspect ratio
    and HDR transfer are not applied.

    Args:
        source (`str`, `PathLike`, `bytes`, binary file or animated `PIL.Image.Image`): a video or an animated image.
        plan (`Callable`): given the presentation times in seconds (float64 of shape `(N,)`) and the average frame
            rate, returns a [`FramePlan`].
        transform (`Callable`): given one upright frame, `uint8` of shape `(height, width, 3)`, returns an array that
            has the same shape for every frame. Called once per distinct frame.
        name (`str`, *optional*): what to call the source in messages. Defaults to its path.

    Returns:
        [`VideoClip`]

    Raises:
        MediaNotFoundError: if the path does not exist.
        MediaDecodeError: if there is no video stream, or no frame can be decoded.
        MediaInputError: if the source is of another type, or the plan asks for frames that do not exist.

    Example:

    ```python
    >>> import io
    >>> from PIL import Image
    >>> from transformers_vital.media.video import FramePlan, read_video
    >>> file = io.BytesIO()
    >>> Image.new("L", (8, 6), 0).save(
    ...     file, "GIF", save_all=True, append_images=[Image.new("L", (8, 6), 255)], duration=500
    ... )
    >>> both = lambda timestamps, average_fps: FramePlan(key=[0], motion=[0, 1])
    >>> clip = read_video(file.getvalue(), plan=both, transform=lambda frame: frame)
    >>> clip.timestamps, clip.average_fps, clip.motion_frames[:, 0, 0, 0]
    (array([0. , 0.5]), 2.0, array([  0, 255], dtype=uint8))

    ```
    """
    name = name or source_name(source)
    return _read(open_video(source, name=name), plan=plan, transform=transform, name=name)


def open_video(source: Any, *, name: str) -> Any:
    """The reader of a video or an animated image: its `rate`, `listed_seconds()` and `pictures()`."""
    if isinstance(source, Image.Image):
        return Animation(source)
    opened = seekable(source)
    if _head_is_image(opened):
        return Animation(opened)
    # Imported here so that images can be scored where PyAV is not installed.
    from .container import Container

    return Container(opened, name=name)


def frames_to_clip(frames: Sequence[Any] | Any, *, fps: float, plan: Plan, transform: Transform) -> VideoClip:
    """Sample frames that are decoded already; frame `i` is shown at `i / fps` seconds.

    Args:
        frames (`Sequence` or array): Pillow images or arrays, or one array T x H x W x C or T x C x H x W; shapes and
            ranges of one frame as in [`~transformers_vital.media.arrays.pillow_from_array`].
        fps (`float`): frames a second.
        plan (`Callable`): as in [`read_video`].
        transform (`Callable`): as in [`read_video`].

    Returns:
        [`VideoClip`]

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.media.video import FramePlan, frames_to_clip
    >>> frames = np.arange(4, dtype=np.uint8)[:, None, None, None].repeat(3, axis=3)
    >>> ends = lambda timestamps, average_fps: FramePlan(key=[0, len(timestamps) - 1], motion=[])
    >>> clip = frames_to_clip(frames, fps=2.0, plan=ends, transform=lambda frame: frame)
    >>> clip.key_frames[:, 0, 0, 0], clip.duration_seconds
    (array([0, 3], dtype=uint8), 2.0)

    ```
    """
    if not fps > 0:
        raise MediaInputError(f"fps is {fps}; expected frames a second above 0.")
    return _read(_FrameList(frames, float(fps)), plan=plan, transform=transform, name="The list of frames")


@dataclass(frozen=True)
class _FrameList:
    frames: Any
    rate: float

    def listed_seconds(self) -> list[float]:
        return [index / self.rate for index in range(len(self.frames))]

    def pictures(self, *, careful: bool = False) -> Iterator[tuple[float, Callable[[], np.ndarray]]]:
        for index, frame in enumerate(self.frames):
            yield index / self.rate, lambda frame=frame: np.array(load_image(frame))


class _Collector:
    """Transforms the chosen frames as they pass and puts them where the plan wants them."""

    def __init__(self, chosen: FramePlan, transform: Transform):
        self.chosen, self.transform = chosen, transform
        self.last = max(chosen.key[-1:].tolist() + chosen.motion[-1:].tolist())
        self.key = self.motion = self.size = None

    def take(self, position: int, to_rgb: Callable[[], np.ndarray]):
        places = [_places(wanted, position) for wanted in (self.chosen.key, self.chosen.motion)]
        if not any(place.start < place.stop for place in places):
            return
        rgb = to_rgb()
        pixels = np.asarray(self.transform(rgb))
        if self.size is None:
            # Filled in place: a list that is stacked at the end would hold everything twice.
            self.size = rgb.shape[1], rgb.shape[0]
            self.key = np.empty((len(self.chosen.key), *pixels.shape), pixels.dtype)
            self.motion = np.empty((len(self.chosen.motion), *pixels.shape), pixels.dtype)
        self.key[places[0]] = pixels
        self.motion[places[1]] = pixels


def _read(reader: Any, *, plan: Plan, transform: Transform, name: str) -> VideoClip:
    seconds = reader.listed_seconds()
    if seconds and (clip := _sample(reader, seconds, plan, transform, careful=False, name=name)):
        return clip
    seconds = [moment for moment, _ in reader.pictures(careful=True)]
    if not seconds:
        raise MediaDecodeError(f"{name} holds no frame that can be decoded. Check that the file is complete.")
    clip = _sample(reader, seconds, plan, transform, careful=True, name=name)
    if clip is None:
        raise MediaDecodeError(f"{name} decodes differently each time. It is damaged; export it again.")
    return clip


def _sample(
    reader: Any, seconds: list[float | None], plan: Plan, transform: Transform, *, careful: bool, name: str
) -> VideoClip | None:
    """The clip that the plan makes of this timeline; `None` as soon as a decoded frame contradicts the timeline."""
    timestamps, fps = _timeline(seconds, reader.rate)
    chosen = plan(timestamps, fps)
    collector = _Collector(chosen, transform)
    if collector.last >= len(seconds):
        raise MediaInputError(f"The plan asks for frame {collector.last} of {name}, which has {len(seconds)} frames.")
    with closing(reader.pictures(careful=careful)) as pictures:
        for position, (moment, to_rgb) in enumerate(pictures):
            if moment != seconds[position]:
                return None
            collector.take(position, to_rgb)
            if position == collector.last:
                duration = float(timestamps[-1]) + 1 / fps
                return VideoClip(collector.key, collector.motion, chosen, timestamps, fps, duration, *collector.size)
    return None


def _timeline(seconds: list[float | None], rate: float | None) -> tuple[np.ndarray, float]:
    """Times since the first frame, and frames a second."""
    usable = None not in seconds and all(before <= after for before, after in zip(seconds, seconds[1:], strict=False))
    if not usable:
        fps = rate or ASSUMED_FPS
        return np.arange(len(seconds)) / fps, fps
    timestamps = np.asarray(seconds, dtype=np.float64) - seconds[0]
    if rate is None and timestamps[-1] > 0:
        rate = (len(timestamps) - 1) / float(timestamps[-1])
    return timestamps, rate or ASSUMED_FPS


def _places(wanted: np.ndarray, position: int) -> slice:
    return slice(*(int(np.searchsorted(wanted, position, side)) for side in ("left", "right")))


def _head_is_image(opened: Any) -> bool:
    if not isinstance(opened, Path):
        opened.seek(0)
        return kind_of_bytes(opened.read(HEAD_BYTES)) == "image"
    if not opened.is_file():
        return False
    with opened.open("rb") as file:
        return kind_of_bytes(file.read(HEAD_BYTES)) == "image"
