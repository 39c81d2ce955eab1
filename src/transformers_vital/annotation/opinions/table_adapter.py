"""Annotators that have scored already: a CSV file of names and scores."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import AnnotationError
from ...media.inputs import MediaItem
from .annotators import AnnotatorDescriptor, Permissions


@dataclass(frozen=True)
class ScoreTable:
    """
    Scores by name.

    Args:
        name (`str`): of the annotator, for messages.
        scores (`dict[str, float]`): by the name as the table has it.
        by_file_name (`dict[str, float | None]`): by the last part of the name; `None` where several have it.
    """

    name: str
    scores: dict[str, float]
    by_file_name: dict[str, float | None]

    @classmethod
    def parse(
        cls, text: str, *, name: str, name_column: str | int = "name", score_column: str | int = "score"
    ) -> "ScoreTable":
        """
        Read CSV.

        Args:
            text (`str`): its content. A byte order mark is skipped.
            name (`str`): of the annotator, for messages.
            name_column, score_column (`str` or `int`, *optional*): titles of the columns, or their numbers from 0 where
                there are no titles.

        Raises:
            [`AnnotationError`]: a column is missing, a score is no finite number, or there is no row.

        Example:

        ```python
        >>> from transformers_vital.annotation.opinions.table_adapter import ScoreTable
        >>> ScoreTable.parse("path,overall\\na/b.mp4,0.25\\n", name="dover", name_column="path", score_column="overall").scores
        {'a/b.mp4': 0.25}

        ```
        """  # noqa: E501
        rows = [row for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) if row]
        columns = name_column, score_column
        if all(isinstance(column, int) for column in columns):
            positions = columns
        else:
            titles = [title.strip() for title in rows.pop(0)] if rows else []
            if missing := [str(column) for column in columns if column not in titles]:
                raise AnnotationError(
                    f"The scores of {name} have no column {' and '.join(missing)} (columns: {', '.join(titles)}). "
                    "Name them in the settings: name_column, score_column."
                )
            positions = [titles.index(column) for column in columns]
        if not rows:
            raise AnnotationError(f"The scores of {name} have no row. Check the file, or what the program says.")
        scores = dict(_entry(row, positions, name=name) for row in rows)
        by_file_name: dict[str, float | None] = {}
        for path, score in scores.items():
            short = Path(path).name
            by_file_name[short] = None if short in by_file_name else score
        return cls(name, scores, by_file_name)

    def find(self, path: str | Path) -> float:
        """The score of a medium by its name, else by the last part of it; NaN where there is none or it is unclear."""
        found = self.scores.get(str(path))
        found = self.by_file_name.get(Path(path).name) if found is None else found
        return math.nan if found is None else found

    def only(self) -> float:
        """
        The score of a table with one row.

        Raises:
            [`AnnotationError`]: there are several.
        """
        if len(self.scores) != 1:
            raise AnnotationError(f"{self.name} gave {len(self.scores)} scores for one medium; expected one.")
        return next(iter(self.scores.values()))


class TableAnnotator:
    """
    Reads scores that were made elsewhere.

    Settings of the descriptor: `scores`, a CSV file; `name_column` and `score_column`, see [`ScoreTable.parse`]. A
    medium is found by the name under which the build lists it, else by the last part of that name.

    Args:
        descriptor ([`~annotation.opinions.annotators.AnnotatorDescriptor`]): with these settings.
        permissions ([`~annotation.opinions.annotators.Permissions`], *optional*): none are needed.

    Raises:
        [`AnnotationError`]: the file is not named or cannot be read.
    """

    reads = "file"

    def __init__(self, descriptor: AnnotatorDescriptor, permissions: Permissions | None = None):
        self.descriptor = descriptor
        columns = dict(descriptor.settings)
        path = columns.pop("scores", None)
        if not path:
            raise AnnotationError(
                f"Annotator {descriptor.name} reads scores from a CSV file, and its settings name none. Score your "
                f"media with the program of {descriptor.homepage} and name the file as scores."
            )
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise AnnotationError(f"The scores of {descriptor.name} cannot be read: {error}.") from error
        if unknown := sorted(set(columns) - {"name_column", "score_column"}):
            raise AnnotationError(
                f"Annotator {descriptor.name}: unknown setting {', '.join(unknown)}; expected scores, name_column and "
                "score_column."
            )
        self._table = ScoreTable.parse(text, name=descriptor.name, **columns)

    def score(self, items: Sequence[MediaItem]) -> list[float]:
        """The score of each medium, NaN where the table has none."""
        return [self._table.find(item.name) for item in items]


def _entry(row: list[str], positions: Sequence[int], *, name: str) -> tuple[str, float]:
    try:
        path, score = (row[position].strip() for position in positions)
        number = float(score)
    except (IndexError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise AnnotationError(f"A row in the scores of {name} is {','.join(row)!r}; expected a name and a number.")
    return path, number
