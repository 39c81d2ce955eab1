"""Files that appear when they are whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """
    A file to write; it gets its name when the block ends well, so that nobody sees half of it.

    Args:
        path (`str` or `Path`): a file that is there stays until then.

    Yields:
        `Path`: another name in the same folder.

    Example:

    ```python
    >>> import tempfile
    >>> from pathlib import Path
    >>> from transformers_vital.whole_files import whole_file
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(f"{folder}/a.txt") as unfinished:
    ...         _ = unfinished.write_text("all of it")
    ...     [path.name for path in Path(folder).iterdir()]
    ['a.txt']

    ```
    """
    path = Path(path)
    unfinished = path.with_name(path.name + ".tmp")
    yield unfinished
    os.replace(unfinished, path)
