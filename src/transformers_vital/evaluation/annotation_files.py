"""Names and ratings out of annotation files, in the forms in which datasets and the authors' release write them."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from ..errors import EvaluationError
from .annotation_tables import AnnotationTable, read_table
from .media_folder import leads_out


NAME_COLUMNS = (
    *("name", "image", "video", "path", "file", "filename", "file_name", "image_name", "video_name"),
    *("img_path", "image_path", "video_path"),
)
MOS_COLUMNS = ("mos", "gt_score", "score")
DMOS_COLUMNS = ("dmos",)
_COLUMN = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class AnnotationLayout:
    """
    Where a form of an annotation file has its names and ratings.

    Args:
        source (`str`): `"official"`, as the dataset is published, or `"release"`, as the authors' release rewrites it.
        file (`str`, *optional*): name under which it is published.
        name (`str`, *optional*): column of the names of media, or a pattern with columns in braces, such as
            `"{flickr_id}.mp4"`; found by [`NAME_COLUMNS`] when left out.
        mos (`str`, *optional*): column of the ratings, alone or after `->`; found by [`MOS_COLUMNS`] when left out.
        columns (`tuple[str, ...]`, *optional*): of a file without headings, from the left. A first line without a
            rating counts as headings all the same.
        where (`Mapping`, *optional*): by column, the values of the rows that belong to the benchmark.
        replace (`Mapping`, *optional*): by column, what stands for its values in the names of media.
        sheet, beside (*optional*): see [`~evaluation.annotation_tables.read_table`].
        higher_is_better (`bool`, *optional*, defaults to `True`): of the ratings as written.
        scale (`tuple[float, float]`, *optional*): lowest and highest rating as written, where the form has another
            scale than the dataset.
    """

    source: Literal["official", "release"]
    file: str | None = None
    name: str | None = None
    mos: str | None = None
    columns: tuple[str, ...] = ()
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)
    replace: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sheet: str | None = None
    beside: tuple[str, ...] = ()
    higher_is_better: bool = True
    scale: tuple[float, float] | None = None


@dataclass(frozen=True)
class Annotation:
    """
    The rating of one image or video.

    Args:
        name (`str`): relative path of the file.
        mos (`float`): higher is better: that of a DMOS, and of any rating that falls, is negated.
    """

    name: str
    mos: float


@dataclass(frozen=True)
class _Row:
    name: str
    rating: Any
    cells: Mapping[str, Any]


def read_annotations(path: str | Path, *, layouts: Sequence[AnnotationLayout]) -> list[Annotation]:
    """
    Names and ratings of a file in the first of some forms that it has.

    Args:
        path (`str` or `Path`): `.csv`, `.tsv`, `.txt`, `.xlsx`, `.json`, `.jsonl` or `.mat`.
        layouts (`Sequence[AnnotationLayout]`): the forms to try, those whose `file` is the file's name first.

    Returns:
        `list[Annotation]`, in the order of the file.

    Raises:
        [`EvaluationError`]: the file is missing, damaged or has none of the forms, a rating is no number, a name comes
            twice, or a name leads out of the folder of the media.
        [`MissingExtraError`]: `.xlsx` without openpyxl.

    Example:

    ```python
    >>> import tempfile
    >>> from transformers_vital.evaluation.annotation_files import AnnotationLayout, read_annotations
    >>> layout = AnnotationLayout("official", name="{image}.png", mos="dmos", higher_is_better=False)
    >>> with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
    ...     _ = file.write("image,dmos\\n1600,0.25\\n")
    ...     file.flush()
    ...     read_annotations(file.name, layouts=[layout])
    [Annotation(name='1600.png', mos=-0.25)]

    ```
    """
    path = Path(path)
    table = None
    for layout in sorted(layouts, key=lambda layout: Path(layout.file or "").name != path.name):
        table = read_table(path, sheet=layout.sheet, beside=layout.beside)
        if table and (rows := _rows(table, layout)) is not None:
            return _annotations(rows, layout, path=path)
    raise EvaluationError(
        f"{path} has none of the known forms of this annotation file: {_found(table)}. Expected {_expected(layouts)}."
    )


def has_form(path: str | Path, *, layouts: Sequence[AnnotationLayout]) -> bool:
    """Whether [`read_annotations`] knows the form of a file; that of a file which cannot be read it does not."""
    try:
        tables = ((read_table(path, sheet=layout.sheet, beside=layout.beside), layout) for layout in layouts)
        return any(table is not None and _rows(table, layout) is not None for table, layout in tables)
    except EvaluationError:
        return False


def detected_columns(path: str | Path) -> tuple[str | None, str | None, str | None]:
    """
    The columns of a file that look like names of media, ratings and ratings as a DMOS, each `None` when there is none.

    Args:
        path (`str` or `Path`): see [`read_annotations`].

    Raises:
        [`EvaluationError`], [`MissingExtraError`]: see [`read_annotations`].
    """
    headings = {heading.casefold(): heading for heading in read_table(path).headings}
    name, mos, dmos = (
        next((headings[name] for name in names if name in headings), None)
        for names in (NAME_COLUMNS, MOS_COLUMNS, DMOS_COLUMNS)
    )
    return name, mos, dmos


def _rows(table: AnnotationTable, layout: AnnotationLayout) -> list[_Row] | None:
    """The rows of a file that has the form of a layout."""
    if layout.columns:
        place = layout.columns.index(layout.mos)
        elsewhere = [*table.headings[:place], *table.headings[place + 1 :]]
        if any(heading.casefold() in MOS_COLUMNS for heading in elsewhere):
            return None
        cells = table.rows_without_headings(layout.columns)
        if cells and _text(cells[0][layout.mos]) and math.isnan(_rating(cells[0][layout.mos])):
            cells = cells[1:]
        rated = [row for row in cells if _text(row[layout.mos])]
        if not rated or any(math.isnan(_rating(row[layout.mos])) for row in rated):
            return None
        return [_Row(_built(layout.name, row, layout), row[layout.mos], row) for row in cells]
    for name in [layout.name] if layout.name else NAME_COLUMNS:
        for mos in [layout.mos] if layout.mos else MOS_COLUMNS:
            cells = table.rows({*_columns_of(name), mos, *layout.where})
            if cells is not None:
                return [_Row(_built(name, row, layout), row[mos], row) for row in cells]
    return None


def _annotations(rows: list[_Row], layout: AnnotationLayout, *, path: Path) -> list[Annotation]:
    found, unrated = {}, []
    for row in rows:
        if not row.name or not _belongs(row.cells, layout):
            continue
        if leads_out(row.name):
            raise EvaluationError(
                f"{path} names {row.name!r}, which leads out of the folder of the media. Make it relative."
            )
        if row.name in found:
            raise EvaluationError(f"{path} has {row.name} twice. Keep one row for each file.")
        rating = _rating(row.rating)
        if math.isnan(rating):
            unrated.append(row.name)
        found[row.name] = rating if layout.higher_is_better else -rating
    if unrated:
        raise EvaluationError(
            f"{len(unrated)} of {len(found)} files in {path} have no rating, the first is {unrated[0]}. "
            "Drop their rows, or fill the cells in."
        )
    if not found:
        raise EvaluationError(f"{path} has no row of this benchmark. Check that it is the whole annotation file.")
    return [Annotation(name, mos) for name, mos in found.items()]


def _columns_of(pattern: str) -> list[str]:
    return _COLUMN.findall(pattern) or [pattern]


def _built(pattern: str, row: Mapping[str, Any], layout: AnnotationLayout) -> str:
    """The name of a row; empty where a column is, as in the blank rows of spreadsheets."""
    values = {column: _text(row[column]) for column in _columns_of(pattern)}
    if not all(values.values()):
        return ""
    values = {column: layout.replace.get(column, {}).get(text, text) for column, text in values.items()}
    if "{" not in pattern:
        return values[pattern]
    name = _COLUMN.sub(lambda found: values[found[1]], pattern)
    suffix = PurePosixPath(name).suffix
    return name.removesuffix(suffix) if suffix and name.endswith(suffix * 2) else name


def _belongs(row: Mapping[str, Any], layout: AnnotationLayout) -> bool:
    return all(
        _text(row[column]).casefold() in {str(value).casefold() for value in values}
        for column, values in layout.where.items()
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    # spreadsheets and MATLAB keep the name 1600 as 1600.0
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _rating(value: Any) -> float:
    try:
        rating = float(str(value).rpartition("->")[2])
    except ValueError:
        return math.nan
    return rating if math.isfinite(rating) else math.nan


def _found(table: AnnotationTable | None) -> str:
    if table is None:
        return "a sheet or a file beside it is missing"
    shown = table.headings[:12]
    return (
        f"its first line is {', '.join(shown)}{' …' if len(table.headings) > 12 else ''}" if shown else "it is empty"
    )


def _expected(layouts: Sequence[AnnotationLayout]) -> str:
    forms = []
    for layout in layouts:
        columns = dict.fromkeys([*_columns_of(layout.name or "name"), layout.mos or "mos", *layout.where])
        sheet = f" in sheet {layout.sheet}" if layout.sheet else ""
        forms.append(f"{layout.file or 'a file'} with {', '.join(columns)}{sheet}")
    return "; or ".join(dict.fromkeys(forms))
