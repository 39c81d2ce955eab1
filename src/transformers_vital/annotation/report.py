"""What a build did, as one JSON value: counts and reasons of each stage, and the statistics of Sec. 9.2."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.tables import iterate_rows, table_files
from .gather import rejections
from .opinions.agreement import agreement
from .pool.overlap import overlap, read_test_set
from .stages import Row
from .statements.acceptance import acceptance
from .statistics import (
    attribute_distributions,
    distortion_shares,
    level_histogram,
    preference_shares,
    sentence_lengths,
    stage_counts,
    word_frequencies,
)


if TYPE_CHECKING:
    from .build import Build

MOST_OPINIONS = 200_000  # media of a kind whose opinions are compared


def build_report(build: "Build", *, records: Mapping[str, int], unmapped: Mapping[str, str]) -> dict[str, Any]:
    """
    The report of a finished build.

    Args:
        build ([`~annotation.build.Build`]): it.
        records (`Mapping[str, int]`): subset → records.
        unmapped (`Mapping[str, str]`): annotator → why its scores were not used.

    Returns:
        `dict`: JSON values, as [`~reporting.html.html_report`] shows them; `rejected` has every candidate left out.
    """
    rejected = list(rejections(pool=build.stage("pool"), originals=build.stage("originals")))
    report = {
        "records": dict(records),
        "stages": list(_stages(build, rejected)),
        "recipe": build.recipe.to_dict(),
        "unmapped": dict(unmapped),
        "statistics": _statistics(build),
        "licence": build.recipe.license,
        "rejected": rejected,
    }
    if build.recipe.test_sets:
        test_sets = {name: read_test_set(path) for name, path in build.recipe.test_sets.items()}
        report["overlap"] = overlap(build.rows("originals"), test_sets=test_sets)
    return report


def _stages(build: "Build", rejected: list[Row]) -> Iterator[dict[str, Any]]:
    passed = ({"reason": None} for _ in build.rows("originals"))
    yield stage_counts(itertools.chain(rejected, passed), stage="pool")
    if build.recipe.copies:
        yield stage_counts(build.rows("copies"), stage="copies")
    for part in build.measured:
        yield stage_counts(build.rows(f"attributes_{part}"), stage=f"attributes of {part}")
    if build.recipe.scored:
        yield stage_counts(build.labels.rows(), stage="labels")
    for part in build.described:
        yield stage_counts(build.rows(f"statements_{part}"), stage=f"statements on {part}")


def _statistics(build: "Build") -> dict[str, Any]:
    found = {
        "attributes": attribute_distributions(build.rows("attributes_originals")),
        "levels": level_histogram(_records(build, "distribution")),
        "agreement": _agreements(build),
        "preferences": preference_shares(_records(build, "pair")),
        "distortions": distortion_shares(row for row in build.rows("copies") if row["reason"] is None),
        "sentence_lengths": sentence_lengths(_records(build, "description")),
        "words": word_frequencies(_records(build, "description")),
    }
    if build.recipe.statements != "rules" and build.described:
        described = itertools.chain.from_iterable(build.rows(f"statements_{part}") for part in build.described)
        found["acceptance"] = acceptance(described)  # rules are judged by nobody
    return found


def _records(build: "Build", group: str) -> Iterator[Row]:
    for subset, paths in table_files(build.folder / "records").items():
        if subset.endswith(f"_{group}"):
            for path in paths:
                yield from iterate_rows(path)


def _agreements(build: "Build") -> dict[str, Any]:
    found = {}
    for kind in ("image", "video"):
        rows = list(itertools.islice(_scored(build, kind), MOST_OPINIONS))
        names = list(dict.fromkeys(name for row in rows for name in row["annotators"]))
        if len(names) > 1:
            opinions = [
                [dict(zip(row["annotators"], row["opinions"], strict=True)).get(n) for n in names] for row in rows
            ]
            found[kind] = agreement(np.asarray(opinions, dtype=np.float64), annotators=names)
    return found


def _scored(build: "Build", kind: str) -> Iterable[Row]:
    return build.labels.distributions(kind=kind) if build.recipe.scored else ()
