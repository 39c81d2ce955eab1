"""Text and CSV files that list names or addresses."""

import csv
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path


SUFFIXES = (".txt", ".csv", ".tsv")


def read_list(path: str | Path, *, columns: Collection[str]) -> Iterator[tuple[int, str]]:
    """
    The entries of a list, one by one.

    Of a `.txt` file every line is an entry, blank ones and those that begin with `#` left out. Of a `.csv` or `.tsv`
    file it is the column that the first row calls by one of the names, whatever their case; where it calls none so,
    the first row is an entry too, and the first column is taken.

    Args:
        path (`str` or `Path`): the file, UTF-8.
        columns (`Collection[str]`): names of the column, in lower case.

    Yields:
        Line number, from 1, and entry without surrounding spaces.

    Example:

    ```python
    >>> import tempfile
    >>> from pathlib import Path
    >>> from transformers_vital.annotation.pool.lists import read_list
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "list.csv"
    ...     _ = path.write_text("mos,Name\\n3.1,a.png\\n2.5,b.png\\n")
    ...     print(list(read_list(path, columns=["name"])))
    [(2, 'a.png'), (3, 'b.png')]

    ```
    """
    path = Path(path)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        if path.suffix.lower() == ".txt":
            yield from _lines(file)
        else:
            yield from _cells(csv.reader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ","), columns)


def _lines(file: Iterable[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(file, start=1):
        if line.strip() and not line.startswith("#"):
            yield number, line.strip()


def _cells(table: Iterable[list[str]], columns: Collection[str]) -> Iterator[tuple[int, str]]:
    column = None
    for row in table:
        if column is None:
            named = [index for index, name in enumerate(row) if name.strip().lower() in columns]
            column = named[0] if named else 0
            if named:
                continue
        if any(row):
            yield table.line_num, row[column].strip() if column < len(row) else ""
