"""Small pictures of media, for pages."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from ..data.records import resolve_media
from ..media.image import load_image
from ..media.video import FramePlan, read_video


_SIDE = 320
_QUALITY = 80


def thumbnail(media: Mapping[str, Any], *, root: str | Path) -> bytes | None:
    """
    A medium, or the first frame of a video, in at most 320x320 pixels.

    Args:
        media (`Mapping`): see [`~data.records.features`].
        root (`str` or `Path`): the folder that its path is in.

    Returns:
        `bytes` of a JPEG; `None` where nothing can be decoded, as a page is worth having without it.

    Example:

    ```python
    >>> import io
    >>> from PIL import Image
    >>> from transformers_vital.reporting.thumbnails import thumbnail
    >>> file = io.BytesIO()
    >>> Image.new("RGB", (640, 400)).save(file, "PNG")
    >>> Image.open(io.BytesIO(thumbnail({"kind": "image", "path": None, "bytes": file.getvalue()}, root="."))).size
    (320, 200)

    ```
    """
    try:
        media = resolve_media(media, root=root)
        source = media["bytes"] or media["path"]
        picture = load_image(source) if media["kind"] == "image" else _first_frame(source)
    except (ValueError, OSError, MemoryError):
        return None
    picture.thumbnail((_SIDE, _SIDE))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def _first_frame(source: Any) -> Image.Image:
    clip = read_video(source, plan=lambda *_: FramePlan(key=[0], motion=[]), transform=lambda frame: frame)
    return Image.fromarray(clip.key_frames[0])
