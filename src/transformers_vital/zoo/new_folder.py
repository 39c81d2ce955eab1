"""Checkpoints that appear when they are whole."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def new_folder(output: str | Path) -> Iterator[Path]:
    """
    A folder to fill; it gets its name when the block ends well, and is gone when not.

    Args:
        output (`str` or `Path`): a folder that does not exist or is empty, in one that exists.

    Yields:
        `Path`: another folder on the same disk, with the same last name.
    """
    output = Path(output).absolute()
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}-") as scratch:
        built = Path(scratch) / output.name
        yield built
        os.replace(built, output)
