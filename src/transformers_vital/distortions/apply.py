"""Distort a picture or a video, and say so."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..errors import DistortionError, MissingExtraError
from .draws import generator
from .encoding import NEAR_LOSSLESS, write_video
from .registry import Distortion, find_distortion


_LARGEST_SIDE = 32_766  # of what OpenCV moves pixels in


def distort_image(picture: np.ndarray, *, distortion: str, severity: int, seed: int) -> np.ndarray:
    """
    A distorted copy of a picture.

    The draws depend on seed and distortion only, not on the severity: the five severities of one seed are one
    distortion growing stronger. On one machine the same arguments give the same pixels in every process.

    Args:
        picture (`np.ndarray` of uint8, shape `(H, W, 3)`): RGB, from 1x1 on.
        distortion (`str`): a name of [`~distortions.registry.DISTORTIONS`].
        severity (`int`): 1 (mild) to 5 (very severe).
        seed (`int`): of what is drawn at random.

    Returns:
        `np.ndarray` of uint8, shape `(H, W, 3)`

    Raises:
        [`DistortionError`]: the distortion or severity does not exist or is for videos, or the picture is of another
            type or shape.
        [`MissingExtraError`]: OpenCV is not installed.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.apply import distort_image
    >>> rose = np.array([[[200, 150, 150]]], dtype=np.uint8)  # saturation 0.25
    >>> distort_image(rose, distortion="colour_over_saturation", severity=2, seed=0).tolist()  # twice that
    [[[200, 100, 100]]]

    ```
    """
    chosen = find_distortion(distortion)
    level = chosen.levels[chosen.index_of(severity)]
    if chosen.video_only:
        raise DistortionError(f"{chosen.name} is for videos. Use distort_video, or another distortion.")
    _check_opencv()
    return _distorted(_checked(picture), chosen, level=level, seed=seed)


def distort_video(source: Any, target: str | os.PathLike, *, distortion: str, severity: int, seed: int) -> None:
    """
    Write a distorted copy of a video, frame by frame: memory does not grow with its length.

    The distortions of pictures apply to all frames with the same level. What they draw is the same for all frames
    (direction, places), except noise and jitter, which are drawn anew for each. What they find in a picture, such as
    a palette, they find in each frame.

    The copy is an mp4 file without sound. Its frames are upright and have the size and the presentation times of the
    source, variable rates included. H.264 and H.265 are encoded as 8-bit 4:2:0, and as 4:4:4 where width or height is
    odd. Everything else is encoded as RGB by x264 at CRF 6, which adds nothing to be seen; not every browser plays
    that. Encoders use one thread, because their bytes depend on the number: run several processes for several files.
    On one machine the same arguments give the same bytes in every process.

    Args:
        source (`str`, `PathLike`, `bytes`, binary file or animated `PIL.Image.Image`): a video or an animated image.
        target (`str` or `PathLike`): ends in `.mp4`; appears when it is complete. May be the source.
        distortion (`str`): a name of [`~distortions.registry.DISTORTIONS`].
        severity (`int`): 1 to 5, or 1 to 3 for stuttering, camera shake, H.264 and H.265.
        seed (`int`): of what is drawn at random.

    Raises:
        [`DistortionError`]: the distortion or severity does not exist, the target is no mp4, the frames change size,
            or are too small for x265 (below 16 pixels).
        [`MediaNotFoundError`], [`MediaDecodeError`], [`MediaInputError`]: see [`~media.stream.stream_video`].
        [`MissingExtraError`]: OpenCV is not installed.

    Example:

    ```python
    >>> import io, tempfile
    >>> from PIL import Image
    >>> from transformers_vital.distortions.apply import distort_video
    >>> from transformers_vital.media.stream import stream_video
    >>> file = io.BytesIO()
    >>> pictures = [Image.new("RGB", (8, 6), (200, 150, 150)), Image.new("RGB", (8, 6), (150, 200, 150))]
    >>> pictures[0].save(file, "PNG", save_all=True, append_images=pictures[1:], duration=500)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = f"{folder}/a.mp4"
    ...     distort_video(file.getvalue(), target, distortion="colour_over_saturation", severity=2, seed=0)
    ...     [(seconds, frame[0, 0].tolist()) for seconds, frame in stream_video(target)]
    [(0.0, [200, 100, 100]), (0.5, [100, 200, 100])]

    ```
    """
    # Imported here so that pictures can be distorted where PyAV is not installed.
    from ..media.stream import stream_video

    chosen = find_distortion(distortion)
    level = chosen.levels[chosen.index_of(severity)]
    _check_opencv()
    stream = stream_video(source)
    encoding = chosen.encoding(level=level) if chosen.encoding else NEAR_LOSSLESS
    write_video(_distorted_frames(stream, chosen, level=level, seed=seed), target, fps=stream.fps, encoding=encoding)


def distortion_text(distortion: str, *, severity: int) -> str:
    """
    What a statement says of a distorted copy (Sec. 3.1, "[severity level] [distortion type]").

    Args:
        distortion (`str`): a name of [`~distortions.registry.DISTORTIONS`].
        severity (`int`): from 1.

    Returns:
        `str`

    Raises:
        [`DistortionError`]: the distortion or severity does not exist.

    Example:

    ```python
    >>> from transformers_vital.distortions.apply import distortion_text
    >>> distortion_text("white_noise", severity=3), distortion_text("h264_compression", severity=1)
    ('relatively severe white noise', 'mild H264 compression')

    ```
    """
    chosen = find_distortion(distortion)
    return f"{chosen.severities[chosen.index_of(severity)]} {chosen.text}"


def _distorted(picture: np.ndarray, chosen: Distortion, *, level: float, seed: int, frame: int = 0) -> np.ndarray:
    if chosen.draws == "nothing":
        return chosen.picture(picture, level=level)
    names = (chosen.name, frame) if chosen.draws == "frame" else (chosen.name,)
    return chosen.picture(picture, level=level, generator=generator(seed, *names))


def _distorted_frames(
    frames: Iterable[tuple[float, np.ndarray]], chosen: Distortion, *, level: float, seed: int
) -> Iterator[tuple[float, np.ndarray]]:
    if chosen.frames:
        yield from chosen.frames(frames, level=level, generator=generator(seed, chosen.name))
        return
    for index, (seconds, picture) in enumerate(frames):
        yield seconds, _distorted(picture, chosen, level=level, seed=seed, frame=index) if chosen.picture else picture


def _checked(picture: np.ndarray) -> np.ndarray:
    kind = f"{picture.dtype} of shape {list(picture.shape)}" if isinstance(picture, np.ndarray) else type(picture)
    fits = isinstance(picture, np.ndarray) and picture.dtype == np.uint8 and picture.ndim == 3
    if not (fits and picture.shape[2] == 3 and picture.size and max(picture.shape) <= _LARGEST_SIDE):
        raise DistortionError(
            f"The picture is {kind}; expected a numpy array of uint8, shape [H, W, 3], with 1 to {_LARGEST_SIDE:,} "
            "pixels each way. Convert it, for example with numpy.asarray(load_image(path))."
        )
    return np.ascontiguousarray(picture)


def _check_opencv() -> None:
    try:
        import cv2  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("cv2", extra="data", purpose="a distortion") from error
