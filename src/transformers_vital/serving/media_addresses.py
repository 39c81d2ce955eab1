"""Which media a request may name: data of its own, files of one folder, and the network when that is allowed."""

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

from ..errors import MediaInputError
from ..media.source import download, is_url


@dataclass(frozen=True)
class MediaAddresses:
    """
    What the clients of a server may have it read.

    Args:
        root (`Path`, *optional*): a folder whose files they may name, by paths relative to it; none when left out.
        allow_network (`bool`, *optional*, defaults to `False`): whether it fetches http(s) addresses for them.
    """

    root: Path | None = None
    allow_network: bool = False

    def open(self, address: Any) -> bytes | Path | BinaryIO:
        """
        What an address names, for the readers of media.

        Args:
            address (`str`): `data:image/png;base64,…`, `http(s)://…`, or a path below the root.

        Raises:
            [`MediaInputError`]: it is none of them, or not allowed.
            [`MediaNotFoundError`]: it cannot be fetched.

        Example:

        ```python
        >>> from transformers_vital.serving.media_addresses import MediaAddresses
        >>> MediaAddresses().open("data:text/plain;base64,aGVsbG8=")
        b'hello'

        ```
        """
        if not isinstance(address, str) or not address:
            raise MediaInputError(f"The address of a medium is {address!r}; expected a text such as data:image/png;…")
        if address.startswith("data:"):
            return _inline(address)
        if is_url(address):
            if not self.allow_network:
                raise MediaInputError(
                    "This server fetches nothing from the network. Send the medium itself as "
                    "data:image/png;base64,…, or start the server with --allow-network."
                )
            return download(address)
        return self._file(address)

    def _file(self, address: str) -> Path:
        if self.root is None:
            raise MediaInputError(
                "This server reads no files by name. Send the medium itself as data:image/png;base64,…, or start the "
                "server with --media-root FOLDER."
            )
        path = (self.root / unquote(address.removeprefix("file://").lstrip("/"))).resolve()
        if not path.is_relative_to(self.root.resolve()) or not path.is_file():
            raise MediaInputError(f"{address[:200]} is no file below the folder that this server reads.")
        return path


def _inline(address: str) -> bytes:
    head, _, content = address.partition(",")
    try:
        if not head.endswith(";base64"):
            raise binascii.Error("it is not base64")
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MediaInputError(
            f"The medium {head[:100]} cannot be read: {error}. Expected data:image/png;base64, and the file in base64."
        ) from error
