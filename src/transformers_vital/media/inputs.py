"""Accept whatever a user hands over and list it as media to decode later."""

import glob
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

from ..errors import MediaInputError, MediaNotFoundError
from .arrays import is_array
from .formats import ANIMATED_FORMATS, ANIMATED_SUFFIXES, HEAD_BYTES, Kind, kind_of_bytes, kind_of_suffix
from .source import download, is_file, is_url, seekable


@dataclass(frozen=True)
class Frames:
    """The frames of one video, already decoded.

    Args:
        frames (`Sequence` or array): Pillow images or arrays in presentation order, or one array T x H x W x C or
            T x C x H x W (see [`~transformers_vital.media.arrays.pillow_from_array`] for one frame).
        fps (`float`): frames a second.
    """

    frames: Any
    fps: float


@dataclass(frozen=True)
class MediaItem:
    """One image or video, not decoded yet.

    Args:
        kind (`str`): `"image"` or `"video"`.
        source: `Path`, address as `str`, `bytes`, open binary file, Pillow image, array, or list of frames.
        name (`str`): what to show in a table; for a file its path as given.
        fps (`float`, *optional*): frame rate of frames that are already decoded; files know their own.
    """

    kind: Kind
    source: Any
    name: str
    fps: float | None = None


@dataclass(frozen=True)
class _Rules:
    kind: Kind | None
    allow_network: bool
    recursive: bool


def expand_media(
    inputs: Any, *, kind: Kind | None = None, allow_network: bool = False, recursive: bool = True
) -> list[MediaItem]:
    """List the media in what a user hands over, in the order given; folders and globs are sorted.

    | input | becomes |
    |---|---|
    | path of a file | one item, even when the file is absent: decoding it raises, so one bad file costs one row |
    | folder | its media files; hidden files and files that are no media are skipped |
    | path with `*`, `?` or `[` that is no file | the media files it matches; `**` descends into folders |
    | http(s) address | one item, with `allow_network=True` |
    | `bytes`, binary file, Pillow image | one item; an animated image is a video |
    | numpy array, torch tensor | 2-D and 3-D an image, 4-D (T first) a video |
    | `Frames(frames, fps)`, list of pictures inside a list | one video |
    | row of a dataset | its `media`, `image` or `video`, or itself when it is `{"path", "bytes"}` |
    | list or tuple of any of these | all of them |

    The kind comes from the suffix, else from the first bytes. GIF, WebP, PNG and AVIF are videos when animated.

    Args:
        inputs: one of the above.
        kind (`str`, *optional*): treat every input as `"image"` or `"video"`; of folders and globs keep only those.
        allow_network (`bool`, *optional*, defaults to `False`): accept addresses. They are fetched by `open_source`.
        recursive (`bool`, *optional*, defaults to `True`): descend into the subfolders of a folder.

    Returns:
        `list[MediaItem]`

    Raises:
        MediaNotFoundError: if a folder or glob holds no media file.
        MediaInputError: if an input is of no accepted type, or an address is not allowed.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.media.inputs import expand_media
    >>> items = expand_media(["street.jpg", "clip.mkv", np.zeros((4, 8, 8, 3), dtype=np.uint8)])
    >>> [(item.kind, item.name) for item in items]
    [('image', 'street.jpg'), ('video', 'clip.mkv'), ('video', 'input[2]')]

    ```
    """
    if kind not in (None, "image", "video"):
        raise MediaInputError(f'kind is {kind!r}; expected "image", "video" or None.')
    rules = _Rules(kind=kind, allow_network=allow_network, recursive=recursive)
    listed = inputs if isinstance(inputs, list | tuple) else [inputs]
    return [item for index, given in enumerate(listed) for item in _expand(given, f"input[{index}]", rules)]


def open_source(item: MediaItem) -> Any:
    """What the decoders read: a path, a seekable binary file, or pictures that are decoded already.

    An address is downloaded here; `expand_media` has asked for permission.

    Raises:
        MediaNotFoundError: if the file does not exist or the address cannot be fetched.

    Example:

    ```python
    >>> from transformers_vital.media.inputs import expand_media, open_source
    >>> open_source(expand_media("absent.png")[0])
    Traceback (most recent call last):
    ...
    transformers_vital.errors.MediaNotFoundError: absent.png does not exist. Check the path.

    ```
    """
    if is_url(item.source):
        return download(item.source)
    if isinstance(item.source, Path) and not item.source.exists():
        raise MediaNotFoundError(f"{item.name} does not exist. Check the path.")
    if isinstance(item.source, bytes) or is_file(item.source):
        return seekable(item.source)
    return item.source


def _expand(given: Any, label: str, rules: _Rules) -> Iterator[MediaItem]:
    if is_url(given):
        yield _from_url(given, rules)
    elif isinstance(given, str | Path):
        yield from _from_path(given, rules)
    elif isinstance(given, bytes | bytearray | memoryview):
        yield _from_file(seekable(given), bytes(given), label, rules)
    elif isinstance(given, Mapping):
        yield from _from_row(given, label, rules)
    elif isinstance(given, Image.Image):
        yield MediaItem(rules.kind or _kind_of_pillow(given), given, _name_of(given, "filename") or label)
    elif is_array(given):
        yield MediaItem("video" if given.ndim == 4 else "image", given, label)
    elif isinstance(given, Frames):
        yield _from_frames(given.frames, label, fps=float(given.fps))
    elif isinstance(given, list | tuple):
        yield _from_frames(given, label, fps=None)
    elif is_file(given):
        opened = seekable(given)
        yield _from_file(opened, opened, _name_of(given, "name") or label, rules)
    else:
        raise MediaInputError(
            f"{label} is a {type(given).__name__}; expected a path, folder, glob, address, bytes, binary file, Pillow "
            "image, array, tensor, Frames(frames, fps), or a dataset row with image, video or media."
        )


def _from_path(given: str | Path, rules: _Rules) -> Iterator[MediaItem]:
    if not str(given).strip():
        raise MediaInputError("An input is an empty text; expected the path of a file or folder. Name one.")
    path = Path(given).expanduser()
    if path.is_dir():
        found = path.rglob("*") if rules.recursive else path.iterdir()
        visible = [file for file in found if not any(part.startswith(".") for part in file.relative_to(path).parts)]
        yield from _from_many(visible, f"The folder {given}", rules)
    elif glob.has_magic(str(given)) and not path.exists():
        yield from _from_many(map(Path, glob.iglob(str(path), recursive=True)), f"The pattern {given}", rules)
    else:
        # Pillow refuses what it does not know with a clear message; FFmpeg would play a text file as a video.
        yield MediaItem(rules.kind or _kind_of_file(path) or "image", path, str(given))


def _from_many(paths: Iterator[Path] | list[Path], what: str, rules: _Rules) -> list[MediaItem]:
    kinds = ((path, _kind_of_file(path)) for path in sorted(paths) if path.is_file())
    wanted = (rules.kind,) if rules.kind else ("image", "video")
    items = [MediaItem(kind, path, str(path)) for path, kind in kinds if kind in wanted]
    if not items:
        raise MediaNotFoundError(f"{what} holds no {' or '.join(wanted)} file. Check the path, or name the files.")
    return items


def _from_url(url: str, rules: _Rules) -> MediaItem:
    if not rules.allow_network:
        raise MediaInputError(
            f"{url} is an address and the network is not allowed. Pass allow_network=True, or a local file."
        )
    kind = rules.kind or kind_of_suffix(Path(urlsplit(url).path).suffix)
    if kind is None:
        raise MediaInputError(f'{url} ends in no known suffix. Pass kind="image" or kind="video".')
    return MediaItem(kind, url, url)


def _from_file(opened: Any, source: Any, name: str, rules: _Rules) -> MediaItem:
    opened.seek(0)
    kind = rules.kind or kind_of_bytes(opened.read(HEAD_BYTES))
    if rules.kind is None and kind == "image":
        kind = _kind_of_image_file(opened)
    opened.seek(0)
    return MediaItem(kind or kind_of_suffix(Path(name).suffix) or "image", source, name)


def _from_frames(frames: Any, label: str, *, fps: float | None) -> MediaItem:
    if fps is not None and not fps > 0:
        raise MediaInputError(f"{label} has fps={fps}; expected frames a second above 0.")
    if is_array(frames):
        whole = frames.ndim == 4 and len(frames) > 0
    else:
        whole = isinstance(frames, Sequence) and len(frames) > 0
        whole = whole and all(isinstance(frame, Image.Image) or is_array(frame) for frame in frames)
    if not whole:
        raise MediaInputError(
            f"{label} is not the frames of one video; expected Pillow images or arrays, at least one, or an array "
            "with 4 axes. Lists of paths must not be nested."
        )
    return MediaItem("video", frames, label, fps=fps)


def _from_row(row: Mapping, label: str, rules: _Rules) -> Iterator[MediaItem]:
    named = {column: row[column] for column in ("media", "image", "video") if row.get(column) is not None}
    if len(named) > 1:
        raise MediaInputError(f"{label} has {' and '.join(named)}; expected one of them. Drop the other columns.")
    for column, value in named.items():
        column_kind = None if column == "media" else column
        inner = _Rules(rules.kind or column_kind, rules.allow_network, rules.recursive)
        yield from _expand(value, label, inner)
        return
    source = row.get("bytes") if row.get("bytes") is not None else row.get("path")
    if source is None:
        raise MediaInputError(
            f"{label} is a row with columns {sorted(map(str, row))}; expected media, image, video, or path and bytes."
        )
    inner = _Rules(rules.kind or row.get("kind"), rules.allow_network, rules.recursive)
    yield from _expand(source, row.get("path") or label, inner)


def _kind_of_file(path: Path) -> Kind | None:
    kind = kind_of_suffix(path.suffix)
    if path.is_file():
        if kind is None:
            with path.open("rb") as file:
                kind = kind_of_bytes(file.read(HEAD_BYTES))
        if path.suffix.lower() in ANIMATED_SUFFIXES or (kind == "image" and kind_of_suffix(path.suffix) is None):
            return _kind_of_image_file(path)
    return kind


def _kind_of_image_file(source: Any) -> Kind:
    try:
        with Image.open(source) as image:
            return _kind_of_pillow(image)
    except Exception:
        # Whatever is wrong with the file is reported when it is decoded.
        return "image"


def _kind_of_pillow(image: Image.Image) -> Kind:
    animated = image.format in ANIMATED_FORMATS and getattr(image, "is_animated", False)
    return "video" if animated else "image"


def _name_of(value: Any, attribute: str) -> str | None:
    name = getattr(value, attribute, None)
    return name if isinstance(name, str) and name else None
