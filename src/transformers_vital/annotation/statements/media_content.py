"""An image, or key frames of a video, as parts of a message to a model."""

import base64
import hashlib
import io
import mimetypes
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ...data.records import resolve_media
from ...errors import MediaInputError
from ...media.image import load_image
from ...media.source import seekable
from .model_settings import ModelSettings


# Servers refuse larger requests; a third more than this is sent, as base64.
_MOST_VIDEO_BYTES = 32 << 20
_SAVING = {"PNG": {}, "JPEG": {"quality": 95, "subsampling": 0}}


class MediaContent:
    """
    One medium, to be shown to several models; what a model needs is decoded when it is first asked for.

    An image is sent as PNG, so that nothing is lost by sending it. Key frames are sent as JPEG of quality 95 with
    full colour. No metadata is sent. What is larger than a model's `long_side_pixels` is made smaller first.

    Args:
        media (`Mapping`): see [`~data.records.features`].
        root (`str` or `Path`): folder that holds its path.

    Raises:
        [`RecordError`], [`MediaInputError`], [`MediaNotFoundError`]: see [`~data.records.resolve_media`].
    """

    def __init__(self, media: Mapping[str, Any], *, root: str | Path):
        resolved = resolve_media(media, root=root)
        self.kind, self.name = resolved["kind"], resolved["path"] or "<bytes>"
        self._source = resolved["bytes"] or Path(resolved["path"])
        self._digest = ""
        self._parts: dict[str, list[dict]] = {}
        self._decoding = threading.Lock()  # statements of one medium are judged at the same time

    def key(self, model: ModelSettings) -> str:
        """What names the content that a model is shown: the hash of the file and how it is sent."""
        if not self._digest:
            opened = seekable(self._source)
            with opened.open("rb") if isinstance(opened, Path) else opened as file:
                self._digest = hashlib.file_digest(file, "sha256").hexdigest()
        return f"{self._digest} {self._manner(model)}"

    def parts(self, model: ModelSettings) -> list[dict]:
        """
        The parts of a message, in the order in which a video shows them.

        Raises:
            [`MediaDecodeError`]: the file cannot be decoded.
            [`MediaInputError`]: it is to be sent whole and is too large.
        """
        manner = self._manner(model)
        with self._decoding:
            if manner not in self._parts:
                self._parts[manner] = self._made(model)
        return self._parts[manner]

    def _made(self, model: ModelSettings) -> list[dict]:
        if self.kind == "image":
            return [_picture_part(load_image(self._source), "PNG", long_side_pixels=model.long_side_pixels)]
        if model.video_as == "video_url":
            return [self._whole_video()]
        frames = _key_frames(self._source, frames=model.frames, long_side_pixels=model.long_side_pixels)
        return [_picture_part(Image.fromarray(f), "JPEG", long_side_pixels=model.long_side_pixels) for f in frames]

    def _manner(self, model: ModelSettings) -> str:
        if self.kind == "image":
            return f"{model.long_side_pixels} px"
        return "whole" if model.video_as == "video_url" else f"{model.frames} frames, {model.long_side_pixels} px"

    def _whole_video(self) -> dict:
        in_memory = isinstance(self._source, bytes)
        size = len(self._source) if in_memory else self._source.stat().st_size
        if size > _MOST_VIDEO_BYTES:
            raise MediaInputError(
                f"{self.name} has {size >> 20} MiB; a video is sent whole up to {_MOST_VIDEO_BYTES >> 20}. "
                "Set video_as to frames."
            )
        content = self._source if in_memory else self._source.read_bytes()
        kind = mimetypes.guess_type(self.name)[0] or "video/mp4"
        return {"type": "video_url", "video_url": {"url": _data_url(content, kind)}}


def key_frame_positions(timestamps: np.ndarray, *, duration_seconds: float, frames: int) -> np.ndarray:
    """
    Frames on show in the middle of equal parts of a video; fewer where the video has fewer.

    Args:
        timestamps (array of shape `[N]`): presentation times, in seconds from 0.
        duration_seconds (`float`): the end of the last frame.
        frames (`int`): number of parts.

    Returns:
        `np.ndarray` of int: ascending positions, none twice.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.statements.media_content import key_frame_positions
    >>> key_frame_positions(np.arange(8) / 4, duration_seconds=2.0, frames=2).tolist()  # at 0.5 s and 1.5 s
    [2, 6]

    ```
    """
    middles = (np.arange(frames) + 0.5) * duration_seconds / frames
    return np.unique(np.maximum(np.searchsorted(timestamps, middles, side="right") - 1, 0))


def _key_frames(source: Path | bytes, *, frames: int, long_side_pixels: int) -> np.ndarray:
    # Imported here so that images can be annotated where PyAV is not installed.
    from ...media.video import FramePlan, read_video

    def plan(timestamps: np.ndarray, fps: float) -> FramePlan:
        duration = float(timestamps[-1]) + 1 / fps
        return FramePlan(key=key_frame_positions(timestamps, duration_seconds=duration, frames=frames), motion=[])

    size: list[tuple[int, int]] = []  # of the first frame; the others may differ, where a stream changes

    def smaller(frame: np.ndarray) -> np.ndarray:
        picture = Image.fromarray(frame)
        size[:] = size or [_bounded(picture.size, long_side_pixels)]
        return np.asarray(picture if picture.size == size[0] else picture.resize(size[0], Image.Resampling.LANCZOS))

    return read_video(source, plan=plan, transform=smaller).key_frames


def _bounded(size: tuple[int, int], long_side_pixels: int) -> tuple[int, int]:
    scale = min(1.0, long_side_pixels / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _picture_part(picture: Image.Image, form: str, *, long_side_pixels: int) -> dict:
    size = _bounded(picture.size, long_side_pixels)
    picture = picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)
    file = io.BytesIO()
    # A new picture: what came with the file, such as a place or a profile, stays here.
    Image.fromarray(np.asarray(picture)).save(file, form, **_SAVING[form])
    return {"type": "image_url", "image_url": {"url": _data_url(file.getvalue(), f"image/{form.lower()}")}}


def _data_url(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
