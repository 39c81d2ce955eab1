"""The nine low-level attributes of an image or a video (Sec. 9.3, Fig. 9), a video in one pass."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...data.records import resolve_media
from ...errors import AnnotationError, MissingExtraError
from ...media.image import load_image
from ...media.video import FramePlan, read_video
from .spatial_attributes import spatial_attributes, spatial_information


# What each is and which way it goes, as plots and reports say it.
ATTRIBUTES = {
    "blockiness": "differences across 8x8 borders over those within; 1 without blocks",
    "blur": "CPBD, share of edges without visible blur; 1 is sharp",
    "contrast": "standard deviation of luma, in grey levels",
    "noise": "standard deviation of noise, in grey levels",
    "flickering": "share of frame changes with a jump in mean luma",
    "colourfulness": "Hasler–Süsstrunk; 0 is grey",
    "luminance": "mean luma, 0 to 255",
    "spatial_information": "SI of ITU-T P.910",
    "temporal_information": "TI of ITU-T P.910",
}
SPATIAL_INTERVAL_SECONDS = 1.0  # of videos, for what is a mean over frames: as the paper samples key frames
FLICKER_GREY_LEVELS = 5.0  # 2 % of the range; a change of 1 % can just be seen


def image_attributes(picture: Any) -> dict[str, float | None]:
    """
    The attributes of one picture.

    Args:
        picture: what [`~media.image.load_image`] takes; at least 3x3.

    Returns:
        `dict`: the names of [`ATTRIBUTES`]; flickering and temporal_information are `None`, and so is blur where the
        picture has no edge. Luma is that of BT.601 in whole grey levels.

    Raises:
        `ValueError`: no picture can be decoded, or it is smaller.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.attributes.attributes import image_attributes
    >>> attributes = image_attributes(np.full((16, 16, 3), 90, dtype=np.uint8))
    >>> attributes["luminance"], attributes["contrast"], attributes["blur"]
    (90.0, 0.0, None)

    ```
    """
    frame = np.asarray(load_image(picture))
    luma = _luma(frame)
    attributes = spatial_attributes(frame, luma=luma) | {"spatial_information": spatial_information(luma)}
    return {name: attributes.get(name) for name in ATTRIBUTES}


def video_attributes(source: Any) -> dict[str, float | None]:
    """
    The attributes of one video, decoded once and with no more than two frames in memory.

    Over all frames: `spatial_information` is the largest of any frame and `temporal_information` the largest standard
    deviation of the difference of two consecutive frames (ITU-T P.910); `flickering` is the share of consecutive
    frames whose mean luma differs by more than 5 grey levels, cuts and fades included. The others are means over the
    first frame of each second, where they exist.

    Args:
        source: what [`~media.video.read_video`] takes; frames of at least 3x3.

    Returns:
        `dict`: the names of [`ATTRIBUTES`]; flickering and temporal_information are `None` of a single frame.

    Raises:
        `ValueError`: no frame can be decoded, or frames are smaller.

    Example:

    ```python
    >>> import io
    >>> from PIL import Image
    >>> from transformers_vital.annotation.attributes.attributes import video_attributes
    >>> frames, file = [Image.new("L", (16, 16), grey) for grey in (40, 60, 62)], io.BytesIO()
    >>> frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=600)
    >>> attributes = video_attributes(file.getvalue())  # shown at 0, 0.6 and 1.2 s
    >>> attributes["flickering"], attributes["luminance"]  # of the frames at 0 and 1.2 s
    (0.5, 51.0)

    ```
    """
    measuring = _Measuring()
    per_frame = read_video(source, plan=measuring.plan, transform=measuring.measure).motion_frames
    change, spatial, temporal = per_frame.T
    steps = change[np.isfinite(change)]
    attributes = {name: _mean_of_known(values) for name, values in measuring.sampled.items()}
    attributes["spatial_information"] = float(spatial.max())
    attributes["flickering"] = float((steps > FLICKER_GREY_LEVELS).mean()) if len(steps) else None
    attributes["temporal_information"] = float(np.nanmax(temporal)) if len(steps) else None
    return {name: attributes[name] for name in ATTRIBUTES}


def measure_attributes(rows: Iterable[Mapping[str, Any]], *, root: str | Path) -> list[dict[str, Any]]:
    """
    The attributes of a batch of the pool; a medium that cannot be measured gets a reason instead.

    Args:
        rows (`Iterable[Mapping]`): with `id` and `media`; see [`~annotation.pool.pool.inspect`].
        root (`str` or `Path`): the folder that the paths of media are in.

    Returns:
        `list[dict]`: each row with the names of [`ATTRIBUTES`] beside what it had; where it went wrong also `reason`,
        "not measured", and `detail`, which else are `None`.

    Raises:
        [`MissingExtraError`]: OpenCV is not installed.
    """
    try:
        import cv2  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("cv2", extra="data", purpose="measuring attributes") from error
    return [_measured(row, root) for row in rows]


def _measured(row: Mapping[str, Any], root: str | Path) -> dict[str, Any]:
    attributes, reason, detail = dict.fromkeys(ATTRIBUTES), None, None
    try:
        media = resolve_media(row["media"], root=root)
        source = media["bytes"] or media["path"]
        attributes = (image_attributes if media["kind"] == "image" else video_attributes)(source)
    except (ValueError, OSError, MemoryError) as error:
        reason, detail = "not measured", str(error)
    return {**row, **attributes, "reason": reason, "detail": detail}


class _Measuring:
    """Measures the frames of a video as they pass, in the place of a transform."""

    def plan(self, timestamps: np.ndarray, average_fps: float) -> FramePlan:
        """All frames; a reader that finds the times wrong asks again and begins anew."""
        second = np.floor(timestamps / SPATIAL_INTERVAL_SECONDS)
        self.chosen = set(np.flatnonzero(np.diff(second, prepend=-1) > 0).tolist())
        self.position, self.previous, self.sampled = 0, None, {}
        return FramePlan(key=[], motion=np.arange(len(timestamps)))

    def measure(self, frame: np.ndarray) -> np.ndarray:
        """Change of mean luma, SI and TI of one frame; the first change and TI are NaN."""
        luma = _luma(frame)
        if self.position in self.chosen:
            for name, value in spatial_attributes(frame, luma=luma).items():
                self.sampled.setdefault(name, []).append(value)
        numbers = [np.nan, spatial_information(luma), np.nan]
        # A stream may change its size on the way; such frames have no difference.
        if self.previous is not None and self.previous.shape == luma.shape:
            numbers[0], numbers[2] = _difference(luma, self.previous)
        self.position, self.previous = self.position + 1, luma
        return np.array(numbers)


def _difference(luma: np.ndarray, previous: np.ndarray) -> tuple[float, float]:
    """Absolute mean and standard deviation of the difference of two frames."""
    import cv2

    mean, deviation = cv2.meanStdDev(cv2.subtract(luma, previous, dtype=cv2.CV_16S))
    return abs(mean.item()), deviation.item()


def _luma(frame: np.ndarray) -> np.ndarray:
    import cv2

    if min(frame.shape[:2]) < 3:
        raise AnnotationError(
            f"A picture of {frame.shape[1]}x{frame.shape[0]} is too small for gradients; expected at least 3x3."
        )
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)


def _mean_of_known(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
