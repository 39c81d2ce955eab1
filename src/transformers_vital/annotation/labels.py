"""From raw scores to the records of the scoring task: distributions and pairs (Secs. 3.1, 3.2 and 8.5)."""

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..data.records import features
from .opinions.mapping import METHODS, OpinionMapping, load_mappings, save_mappings
from .opinions.opinion_records import MappingStage, fit_mappings
from .pairs import sample_pairs
from .stages import Row, read_shard, shard_numbers


MOST_FITTED = 200_000  # rows that mappings are fitted to; more do not move a quantile


def make_mappings(folders: list[Path], *, mapping: str, target: Path) -> tuple[list[OpinionMapping], dict[str, str]]:
    """
    How each annotator's scores become opinions: read from a file, or fitted to the scores of the build.

    Args:
        folders (`list[Path]`): of the opinion stages.
        mapping (`str`): a method, or the file of mappings that were fitted before.
        target (`Path`): file that keeps them.

    Returns:
        The mappings, and for each annotator that has none the reason.

    Raises:
        [`AnnotationError`]: the file cannot be read, or no annotator tells the media apart.
    """
    if mapping in METHODS:
        rows = itertools.chain.from_iterable(_shards(folders))
        mappings, reasons = fit_mappings(list(itertools.islice(rows, MOST_FITTED)), method=mapping)
    else:
        mappings, reasons = load_mappings(mapping), {}
    save_mappings(mappings, target)
    return mappings, reasons


class Labels:
    """
    Scored media with their distributions.

    Args:
        folders (`list[Path]`): of the opinion stages.
        mappings (`list[OpinionMapping]`): of [`make_mappings`].
        min_opinions (`int`): a medium with fewer has no label.
    """

    def __init__(self, folders: list[Path], *, mappings: list[OpinionMapping], min_opinions: int):
        self.folders = folders
        self.stage = MappingStage(mappings=mappings, min_opinions=min_opinions)

    def rows(self) -> Iterator[Row]:
        """Every scored medium, with its label or the reason why it has none; a shard at a time is in memory."""
        for rows in _shards(self.folders):
            yield from self.stage(rows)

    def distributions(self, *, kind: str) -> Iterator[Row]:
        """The `distribution` records of images or of videos."""
        columns = list(features("distribution"))
        for row in self.rows():
            if row["reason"] is None and row["media"]["kind"] == kind:
                yield {column: row[column] for column in columns}

    def pairs(self, *, kind: str, per_item: float, seed: int) -> Iterator[Row]:
        """
        The `pair` records of images or of videos; see [`~annotation.pairs.sample_pairs`].

        Args:
            kind (`str`): `"image"` or `"video"`.
            per_item (`float`): pairs for each labelled medium.
            seed (`int`): of the choice.
        """
        media, moments = [], []
        for record in self.distributions(kind=kind):
            media.append(record["media"]["path"])
            moments.append((record["mean"], record["std"]))
        means, stds = np.asarray(moments, dtype=np.float64).reshape(-1, 2).T
        chosen = sample_pairs(means, stds=stds, num_pairs=round(per_item * len(media)), seed=seed)
        for a, b, preference in zip(chosen.a.tolist(), chosen.b.tolist(), chosen.preference.tolist(), strict=True):
            yield {
                "media_a": _medium(kind, media[a]),
                "media_b": _medium(kind, media[b]),
                "preference": preference,
                "mean_a": means[a],
                "std_a": stds[a],
                "mean_b": means[b],
                "std_b": stds[b],
            }


def _medium(kind: str, path: str) -> Mapping[str, Any]:
    return {"kind": kind, "path": path, "bytes": None}


def _shards(folders: list[Path]) -> Iterator[list[Row]]:
    for folder in folders:
        for number in shard_numbers(folder):
            yield read_shard(folder, number)
