"""A file that may become a medium of a dataset, as plain values that a table can hold."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ...errors import MediaDecodeError, MediaInputError
from ...media.source import download, is_url


@dataclass(frozen=True)
class Candidate:
    """
    A file that may become a medium; nothing of it is read until it is opened, in this process or another.

    Args:
        name (`str`): what its source calls it. It is shown and compared, never opened.
        place (`str`, *optional*): path, http(s) address, or address that `fsspec` reads.
        start, size (`int`, *optional*): where it lies in the file at its place, in bytes, if that is an archive.
        content (`bytes`, *optional*): itself, of a row that holds it.
        problem (`str`, *optional*): why an entry of a source leads to no file; it is listed so that it is counted.

    Example:

    ```python
    >>> from transformers_vital.annotation.pool.candidates import Candidate
    >>> Candidate("a.gif", content=b"GIF89a").open(max_bytes=100).read()
    b'GIF89a'

    ```
    """

    name: str
    place: str | None = None
    start: int | None = None
    size: int | None = None
    content: bytes | None = None
    problem: str | None = None

    def open(self, *, max_bytes: int) -> BinaryIO:
        """
        A binary file at its start.

        Args:
            max_bytes (`int`): give up on what is known to be larger.

        Raises:
            [`MediaInputError`]: there is nothing to open, or too much.
            `OSError`: it is not there; what `fsspec` raises may be something else.
        """
        if self.problem is not None:
            raise MediaInputError(self.problem)
        if self.content is not None:
            return io.BytesIO(self.content)
        if is_url(self.place):
            return download(self.place, max_bytes=max_bytes)
        if "://" in self.place:
            import fsspec

            return fsspec.open(self.place, "rb").open()
        return Path(self.place).open("rb") if self.start is None else self._open_member(max_bytes)

    def _open_member(self, max_bytes: int) -> BinaryIO:
        if self.size > max_bytes:
            raise MediaInputError(f"It has {self.size} bytes; expected at most {max_bytes}. Raise the limit.")
        with Path(self.place).open("rb") as archive:
            archive.seek(self.start)
            content = archive.read(self.size)
        if len(content) < self.size:
            raise MediaDecodeError(f"{self.place} ends {self.size - len(content)} bytes too early. Fetch it again.")
        return io.BytesIO(content)
