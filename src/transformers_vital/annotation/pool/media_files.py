"""The media folder of a dataset: every file once, under the hash of its content."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


ID_DIGITS = 32  # of a SHA-256
_INCOMING = ".incoming-"


@contextmanager
def incoming_file(folder: Path, *, suffix: str = "") -> Iterator[Path]:
    """
    An empty file in the folder for what is not known by its content yet; it is gone at the end unless it was kept.

    Args:
        folder (`Path`): of the media.
        suffix (`str`, *optional*): of its name, where a writer goes by it.
    """
    handle, name = tempfile.mkstemp(prefix=_INCOMING, suffix=suffix, dir=folder)
    os.close(handle)
    incoming = Path(name)
    try:
        yield incoming
    finally:
        incoming.unlink(missing_ok=True)


def keep_file(incoming: Path, *, digest: str, suffix: str) -> tuple[str, str]:
    """
    Give a whole file its place: `<2 hex>/<id><suffix>`. The same content twice is one file.

    Args:
        incoming (`Path`): of [`incoming_file`].
        digest (`str`): hexadecimal SHA-256 of its content; its first 32 digits are the id.
        suffix (`str`): of its format.

    Returns:
        Id, and path inside the folder.
    """
    identity = digest[:ID_DIGITS]
    path = incoming.parent / identity[:2] / f"{identity}{suffix}"
    path.parent.mkdir(exist_ok=True)
    incoming.chmod(0o644)  # a temporary file is made for its owner alone
    incoming.replace(path)
    return identity, f"{identity[:2]}/{path.name}"


def clear_incoming(folder: Path) -> None:
    """Remove what a run that was killed had not kept yet."""
    for left_over in folder.glob(f"{_INCOMING}*"):
        left_over.unlink()
