"""The stage that maps: rows with raw scores in, `distribution` records out, vectorised over a table."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...data.field_checks import check_level_probs
from ...distributions import opinion_moments, pmod_from_moments
from ...errors import AnnotationError, RecordError
from ..stages import rows_of
from .mapping import OpinionMapping, fit_mapping, load_mappings


_RAW = ("directions", "scores", "reasons")
_RECORD = ("level_probs", "mean", "std", "opinions", "annotators")


class MappingStage:
    """
    Makes a `distribution` record of each row of [`~annotation.opinions.opinions.OpinionStage`].

    A row comes back with `level_probs`, `mean`, `std`, `opinions` and `annotators` (see [`~data.records.features`]),
    or with `None` in their place and a `reason`; `directions`, `scores` and `reasons` are gone, all else is kept. An
    annotator without a score or a mapping is left out of a record.

    Args:
        mappings (`str` or sequence of [`~annotation.opinions.mapping.OpinionMapping`]): or the file that holds them.
        min_opinions (`int`, *optional*, defaults to 2): a medium with fewer has no record.
        arithmetic (`str`, *optional*, defaults to `"stable"`): see [`~distributions.pmod_from_moments`].

    Raises:
        [`AnnotationError`]: the file cannot be read, or a setting cannot be used.
    """

    def __init__(
        self,
        *,
        mappings: str | Sequence[OpinionMapping],
        min_opinions: int = 2,
        arithmetic: str = "stable",
    ):
        if min_opinions < 1 or arithmetic not in ("stable", "exact"):
            raise AnnotationError(
                f"min_opinions is {min_opinions!r} and arithmetic {arithmetic!r}; expected at least 1, and stable or "
                "exact."
            )
        listed = load_mappings(mappings) if isinstance(mappings, str) else mappings
        self.mappings = {(mapping.kind, mapping.annotator): mapping for mapping in listed}
        self.min_opinions, self.arithmetic = min_opinions, arithmetic

    def __call__(self, rows: Any) -> Any:
        """
        Map rows.

        Args:
            rows (`list[dict]`, or `dict` of columns as `datasets` and Ray give them).

        Returns:
            The same form.
        """
        if not isinstance(rows, Mapping):
            return self.map_rows(rows)
        mapped = self.map_rows(rows_of(rows))
        kept = [name for name in rows if name not in _RAW]
        return {name: [row[name] for row in mapped] for name in dict.fromkeys([*kept, *_RECORD, "reason"])}

    def map_rows(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Rows with their record or the reason why there is none; see [`MappingStage`]."""
        records: list[dict[str, Any] | None] = [None] * len(rows)
        for (kind, names), indices in _alike(rows).items():
            scores = np.array([rows[index]["scores"] for index in indices], dtype=np.float64)  # None becomes NaN
            opinions = np.column_stack([self._opinions(kind, name, scores[:, i]) for i, name in enumerate(names)])
            for index, record in zip(indices, self._records(opinions, names), strict=True):
                records[index] = record
        return [
            {key: value for key, value in row.items() if key not in _RAW} | (record or self._refused(row, 0))
            for row, record in zip(rows, records, strict=True)
        ]

    def _opinions(self, kind: str, name: str, scores: np.ndarray) -> np.ndarray:
        mapping = self.mappings.get((kind, name))
        return np.full(len(scores), np.nan) if mapping is None else mapping.apply(scores)

    def _records(self, opinions: np.ndarray, names: Sequence[str]) -> list[dict[str, Any]]:
        """One record or refusal for each row; rows in which the same annotators are missing are worked on at once."""
        present = np.isfinite(opinions)
        records: list[dict[str, Any]] = [{}] * len(opinions)
        for pattern in np.unique(present, axis=0):
            rows = np.flatnonzero((present == pattern).all(axis=1)).tolist()
            if pattern.sum() < self.min_opinions:
                found = [self._refusal(int(pattern.sum()), len(names))] * len(rows)
            else:
                kept = [name for name, known in zip(names, pattern, strict=True) if known]
                found = self._distributions(opinions[np.ix_(rows, pattern)], kept)
            for row, record in zip(rows, found, strict=True):
                records[row] = record
        return records

    def _distributions(self, opinions: np.ndarray, names: list[str]) -> list[dict[str, Any]]:
        mean, std = opinion_moments(opinions)
        probabilities = pmod_from_moments(mean, std=std, arithmetic=self.arithmetic)
        columns = (probabilities.tolist(), mean.tolist(), std.tolist(), opinions.tolist())
        records = [
            dict(zip(_RECORD, (*values, names), strict=True), reason=None) for values in zip(*columns, strict=True)
        ]
        return records if self.arithmetic == "stable" else [_usable(record) for record in records]

    def _refused(self, row: Mapping[str, Any], count: int) -> dict[str, Any]:
        return self._refusal(count, len(row["annotators"]))

    def _refusal(self, count: int, asked: int) -> dict[str, Any]:
        return dict.fromkeys(_RECORD) | {
            "reason": f"{count} of {asked} annotators gave an opinion; at least {self.min_opinions} are needed."
        }


def fit_mappings(
    rows: Sequence[Mapping[str, Any]],
    *,
    method: str = "rank",
    mos: Any = None,
    mos_range: tuple[float, float] | None = None,
) -> tuple[list[OpinionMapping], dict[str, str]]:
    """
    Fit a mapping for every annotator of a table.

    Args:
        rows (sequence of `Mapping`): of [`~annotation.opinions.opinions.OpinionStage`]; for a large table a sample
            does.
        method, mos_range: see [`~annotation.opinions.mapping.fit_mapping`].
        mos (array of shape `[len(rows)]`, *optional*): reference MOS of the media of the rows.

    Returns:
        The mappings, and for each annotator that has none the reason.

    Raises:
        [`AnnotationError`]: none could be fitted.
    """
    mos = None if mos is None else np.asarray(mos, dtype=np.float64)
    found: dict[tuple[str, str, str], list[tuple[int, float | None]]] = {}
    for index, row in enumerate(rows):
        for name, direction, score in zip(row["annotators"], row["directions"], row["scores"], strict=True):
            found.setdefault((name, row["media"]["kind"], direction), []).append((index, score))
    mappings, reasons = [], {}
    for (name, kind, direction), scored in found.items():
        indices, scores = zip(*scored, strict=True)
        reference = {} if mos is None else {"mos": mos[list(indices)], "mos_range": mos_range}
        try:
            mappings.append(
                fit_mapping(scores, annotator=name, kind=kind, direction=direction, method=method, **reference)
            )
        except AnnotationError as error:
            reasons[name] = str(error)
    if not mappings:
        raise AnnotationError(f"No annotator has scores to map: {' '.join(reasons.values()) or 'there is none.'}")
    return mappings, reasons


def _alike(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, tuple[str, ...]], list[int]]:
    """Numbers of the rows of one kind that were shown to the same annotators, where there are any."""
    groups: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for index, row in enumerate(rows):
        if len(row["annotators"]):
            groups.setdefault((row["media"]["kind"], tuple(row["annotators"])), []).append(index)
    return groups


def _usable(record: dict[str, Any]) -> dict[str, Any]:
    """The record, or a refusal where exact arithmetic gave numbers that are no probabilities."""
    try:
        check_level_probs(record["level_probs"])
    except RecordError as error:
        return dict.fromkeys(_RECORD) | {"reason": str(error)}
    return record
