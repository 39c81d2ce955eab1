"""Files that hold a table of ratings, in the formats that datasets are published in, as lines of cells."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ..errors import EvaluationError, MissingExtraError


TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
SUFFIXES = (*TEXT_SUFFIXES, ".xlsx", ".json", ".jsonl", ".mat")
_HEADING_LINES = 20  # how far down the headings of a spreadsheet are looked for

Cells = tuple[Any, ...]


@dataclass(frozen=True)
class AnnotationTable:
    """
    A table of a file.

    Args:
        path (`Path`): of the file, for messages.
        lines (`tuple`): of cells. Files whose rows name their values have the names in the first line.
        has_headings (`bool`): whether the first line is surely names.
    """

    path: Path
    lines: tuple[Cells, ...]
    has_headings: bool

    def rows(self, columns: Iterable[str]) -> list[dict[str, Any]] | None:
        """
        The rows below the first line that has all of some names, by name; case does not matter.

        Args:
            columns (`Iterable[str]`): the names asked for.

        Returns:
            `list[dict]`: with those names as keys; `None` where no line has them all.
        """
        wanted = {name.strip().casefold(): name for name in columns}
        for place, line in enumerate(self.lines[: 1 if self.has_headings else _HEADING_LINES]):
            found = {str(cell).strip().casefold(): index for index, cell in reversed(list(enumerate(line)))}
            if wanted.keys() <= found.keys():
                places = {name: found[key] for key, name in wanted.items()}
                return [_pick(cells, places) for cells in self.lines[place + 1 :]]
        return None

    def rows_without_headings(self, columns: Sequence[str]) -> list[dict[str, Any]]:
        """All lines, with names given to their cells from the left."""
        places = {name: index for index, name in enumerate(columns)}
        return [_pick(cells, places) for cells in self.lines]

    @property
    def headings(self) -> list[str]:
        """The cells of the first line that has any, as text."""
        return next(([str(cell).strip() for cell in line if _filled(cell)] for line in self.lines if any(line)), [])


def read_table(path: str | Path, *, sheet: str | None = None, beside: Sequence[str] = ()) -> AnnotationTable | None:
    """
    Read a file of ratings.

    | suffix | what is read |
    |---|---|
    | `.csv`, `.tsv`, `.txt` | lines of cells between commas, semicolons or tabs, else between spaces |
    | `.xlsx` | a sheet of a workbook, values instead of formulas |
    | `.json`, `.jsonl` | an array of objects, or one object a line |
    | `.mat` | the vectors of a MATLAB file of version 7 or below, each a column |

    Args:
        path (`str` or `Path`): the file.
        sheet (`str`, *optional*): of a workbook; the first when left out.
        beside (`Sequence[str]`, *optional*): files of the same folder with further vectors, of a MATLAB file.

    Returns:
        [`AnnotationTable`]; `None` where the workbook has no such sheet or a file beside it is missing.

    Raises:
        [`EvaluationError`]: the file is missing, of another type, or damaged.
        [`MissingExtraError`]: a workbook without openpyxl.
    """
    path = Path(path)
    suffix = path.suffix.casefold()
    if suffix not in SUFFIXES:
        raise EvaluationError(f"{path} ends in {path.suffix or 'no suffix'}; expected one of {', '.join(SUFFIXES)}.")
    if not path.is_file():
        raise EvaluationError(f"There is no file {path}. Check the path of the list.")
    try:
        if suffix == ".xlsx":
            lines = _read_workbook(path, sheet)
            return None if lines is None else AnnotationTable(path, lines, has_headings=False)
        if suffix == ".mat":
            paths = [path, *(path.with_name(name) for name in beside)]
            return _read_matlab(path, paths) if all(part.is_file() for part in paths) else None
        text = path.read_text(encoding="utf-8-sig")
        if suffix in TEXT_SUFFIXES:
            return AnnotationTable(path, _split(text), has_headings=False)
        return AnnotationTable(path, _read_json(text, one_a_line=suffix == ".jsonl"), has_headings=True)
    except (UnicodeDecodeError, ValueError, csv.Error, OSError) as error:
        raise EvaluationError(f"{path} cannot be read as {suffix}: {error}. Download it again.") from error


def _split(text: str) -> tuple[Cells, ...]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    sign = next((sign for sign in ",;\t" if sign in first), None)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=sign) if sign else map(str.split, text.splitlines())
    return tuple(tuple(line) for line in lines)


def _read_json(text: str, *, one_a_line: bool) -> tuple[Cells, ...]:
    rows = [json.loads(line) for line in text.splitlines() if line.strip()] if one_a_line else json.loads(text)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("expected an array of objects")
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    return (names, *(tuple(row.get(name) for name in names) for row in rows))


def _read_workbook(path: Path, sheet: str | None) -> tuple[Cells, ...] | None:
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise MissingExtraError("openpyxl", extra="eval", purpose="reading .xlsx") from error
    try:
        workbook = load_workbook(path, read_only=True, data_only=True)
        with closing(workbook):
            if sheet is not None and sheet not in workbook.sheetnames:
                return None
            return tuple(workbook[sheet or workbook.sheetnames[0]].iter_rows(values_only=True))
    except Exception as error:  # of a damaged file: of zip, zlib, XML, or a missing part
        raise ValueError(f"it is no whole workbook ({error})") from error


def _read_matlab(path: Path, paths: Sequence[Path]) -> AnnotationTable:
    from scipy.io import loadmat

    columns = {}
    for part in paths:
        try:
            values = loadmat(part, squeeze_me=True)
        except NotImplementedError as error:
            raise ValueError(f"{part.name} is of version 7.3. Load it in MATLAB and save it with -v7") from error
        except Exception as error:  # of a damaged file: of zlib, of an index, or of scipy's own
            raise ValueError(f"{part.name} is no whole MATLAB file ({error})") from error
        columns |= {name: value.tolist() for name, value in values.items() if getattr(value, "ndim", 0) == 1}
    rows = zip_longest(*([_unpacked(cell) for cell in column] for column in columns.values()))
    return AnnotationTable(path, (tuple(columns), *rows), has_headings=True)


def _unpacked(cell: Any) -> Any:
    """A value out of the arrays of one that MATLAB puts around it."""
    while getattr(cell, "size", None) == 1 and hasattr(cell, "item") and cell.item() is not cell:
        cell = cell.item()
    return cell


def _pick(cells: Cells, places: dict[str, int]) -> dict[str, Any]:
    return {name: cells[index] if index < len(cells) else None for name, index in places.items()}


def _filled(cell: Any) -> bool:
    return cell is not None and str(cell).strip() != ""
