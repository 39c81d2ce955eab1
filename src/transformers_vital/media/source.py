"""Where the bytes of a medium come from: paths, memory, open files and, when allowed, the network."""

import http.client
import io
import shutil
import tempfile
import urllib.error
import urllib.request
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import MediaInputError, MediaNotFoundError


# Below this a copied stream stays in memory, above it moves to a temporary file.
_SPOOL_BYTES = 64 << 20
_CHUNK_BYTES = 1 << 20


def source_name(source: Any) -> str:
    """What to call a source in a message: its path, or its type when it has none.

    Example:

    ```python
    >>> from transformers_vital.media.source import source_name
    >>> source_name("a/clip.mp4"), source_name(b"...")
    ('a/clip.mp4', '<bytes>')

    ```
    """
    if isinstance(source, str | PathLike):
        return str(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else f"<{type(source).__name__}>"


def seekable(source: Any) -> Path | BinaryIO:
    """A source that can be read more than once: a `Path`, a seekable file as it is, or a copy of the rest.

    Args:
        source (`str`, `PathLike`, `bytes` or binary file): a pipe is read to its end, into memory or a temporary file.

    Raises:
        MediaInputError: if the source holds no bytes.

    Example:

    ```python
    >>> from transformers_vital.media.source import seekable
    >>> seekable(b"GIF89a").read()
    b'GIF89a'

    ```
    """
    if isinstance(source, str | PathLike):
        return Path(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return io.BytesIO(source)
    if not is_file(source):
        raise MediaInputError(
            f"A medium cannot be read from {type(source).__name__}; expected a path, bytes or a binary file."
        )
    if source.seekable():
        return source
    copy = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)
    shutil.copyfileobj(source, copy, _CHUNK_BYTES)
    copy.seek(0)
    return copy


def is_file(value: Any) -> bool:
    """Whether `value` is an open file, by the two methods that every reader of files relies on."""
    return callable(getattr(value, "read", None)) and callable(getattr(value, "seekable", None))


def is_url(value: Any) -> bool:
    """Whether `value` is an http(s) address.

    Example:

    ```python
    >>> from transformers_vital.media.source import is_url
    >>> is_url("https://example.org/a.png"), is_url("a.png")
    (True, False)

    ```
    """
    return isinstance(value, str) and value.lower().startswith(("http://", "https://"))


def download(url: str, *, max_bytes: int = 2 << 30, timeout_seconds: float = 30.0) -> BinaryIO:
    """Fetch an address into memory or, when large, a temporary file that vanishes when closed.

    Args:
        url (`str`): http or https.
        max_bytes (`int`, *optional*, defaults to 2 GiB): give up on anything larger.
        timeout_seconds (`float`, *optional*, defaults to 30): longest wait for the server at each step.

    Raises:
        MediaNotFoundError: if the server cannot be reached or refuses.
        MediaInputError: if the file is larger than `max_bytes`.
    """
    copy = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)
    try:
        with urllib.request.urlopen(url, timeout=timeout_seconds) as response:
            while chunk := response.read(_CHUNK_BYTES):
                copy.write(chunk)
                if copy.tell() > max_bytes:
                    raise MediaInputError(
                        f"{url} is larger than {max_bytes} bytes. Download it yourself and pass the file."
                    )
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise MediaNotFoundError(
            f"{url} cannot be downloaded ({error}). Check the address, or pass a local file."
        ) from error
    copy.seek(0)
    return copy
