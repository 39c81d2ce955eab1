"""What a build would take, from a small sample that is really worked on; no model behind an address is asked."""

import itertools
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import AnnotationError
from .attributes.attributes import measure_attributes
from .build import KINDS
from .copies import make_copies
from .opinions.opinions import OpinionStage
from .pool.pool import inspect
from .pool.sources import candidates
from .stages import Row
from .statements.answer_cache import AnswerCache
from .statements.describer import describe_rows
from .statements.statement_settings import StatementSettings


if TYPE_CHECKING:
    from .build import Build

PAPER_POOL = {"image": 5_000_000, "video": 4_000_000}  # Sec. 3.1
SAMPLE = 4  # media of each kind
MOST_INSPECTED = 200  # candidates that are looked at to find them
# The paper does not say how many statements a description makes; calls are counted with this many where no earlier
# answers say more.
ASSUMED_STATEMENTS = 5


def plan_build(build: "Build", sources: Any, *, items: dict[str, int]) -> dict[str, Any]:
    """
    Items, bytes, calls, hours and money of a build, measured on a sample and multiplied.

    Every stage of the recipe but the models behind addresses works on up to four images and four videos, in one
    process and in a folder that is removed. Money is known only where the folder of the dataset has answers of an
    earlier, small run: what they cost for each medium.

    Args:
        build ([`~annotation.build.Build`]): its recipe and workers count; nothing is written into its folder.
        sources: see [`~annotation.pool.sources.candidates`].
        items (`dict[str, int]`): how many images and videos to plan for; [`PAPER_POOL`] are the paper's.

    Returns:
        `dict`: JSON values: `items`, `sample` (kind → media worked on), `inspected` and `accepted` candidates;
        `stages`, for each its `seconds` for one medium by kind and its `hours`; `hours` in all; `bytes`; `calls`,
        `None` without models; `cost`, `None` where it is not known.

    Raises:
        [`AnnotationError`]: the sources have no usable medium of a kind that is planned for.
    """
    with tempfile.TemporaryDirectory() as folder:
        media = Path(folder)
        found, inspecting, inspected = _sample(build, sources, media=media, wanted=[k for k in KINDS if items[k]])
        seconds = {"pool": inspecting}
        bytes_of = {}
        for kind, rows in found.items():
            for stage, taken in _timed_stages(build, rows, media=media).items():
                seconds.setdefault(stage, {})[kind] = taken / len(rows)
            # originals and copies are all that the folder holds of this kind
            bytes_of[kind] = sum(path.stat().st_size for path in _files_of(media, kind)) / len(rows)
    stages = [_stage(name, by_kind, items, build.workers.processes) for name, by_kind in seconds.items()]
    return {
        "items": items,
        "sample": {kind: len(rows) for kind, rows in found.items()},
        "inspected": inspected,
        "accepted": sum(map(len, found.values())),
        "processes": build.workers.processes,
        "stages": stages,
        "hours": sum(stage["hours"] for stage in stages),
        "bytes": round(sum(bytes_of[kind] * items[kind] for kind in bytes_of)),
        **_models(build, items),
    }


def _sample(
    build: "Build", sources: Any, *, media: Path, wanted: Iterable[str]
) -> tuple[dict[str, list[Row]], dict[str, float], int]:
    """Accepted media by kind, seconds to inspect one by kind, and how many candidates were looked at."""
    found, taken, inspected = {kind: [] for kind in wanted}, dict.fromkeys(wanted, 0.0), 0
    listed = candidates(sources, allow_network=build.workers.allow_network)
    for candidate in itertools.islice(listed, MOST_INSPECTED):
        began = time.perf_counter()
        (row,) = inspect([candidate], folder=media, limits=build.recipe.limits)
        inspected += 1
        kind = row["media"]["kind"] if row["id"] else None
        if kind not in found or len(found[kind]) >= SAMPLE:
            if kind:
                (media / row["media"]["path"]).unlink(missing_ok=True)
            continue
        taken[kind] += time.perf_counter() - began
        found[kind].append(row)
        if all(len(rows) >= SAMPLE for rows in found.values()):
            break
    if missing := [kind for kind, rows in found.items() if not rows]:
        raise AnnotationError(
            f"Among {inspected} candidates of the sources is no usable {' and no '.join(missing)}. Plan for 0 of "
            "them, or name a source that has some."
        )
    return found, {kind: taken[kind] / len(rows) for kind, rows in found.items()}, inspected


def _timed_stages(build: "Build", rows: list[Row], *, media: Path) -> dict[str, float]:
    """Seconds that each stage takes for these rows."""
    recipe, taken, parts = build.recipe, {}, {"originals": rows}
    if recipe.copies:
        copies = _timed(taken, "copies", lambda: make_copies(rows, root=media, copies=recipe.copies, seed=recipe.seed))
        parts["copies"] = [row for row in copies if row["reason"] is None]
    measured = {
        part: _timed(taken, "attributes", lambda part=part: measure_attributes(parts[part], root=media))
        for part in build.measured
    }
    if recipe.scored:
        stage = OpinionStage(root=media, annotators=recipe.annotators, settings=recipe.annotator_settings)
        stage(rows[:1])  # models are loaded once
        for part in recipe.scored:
            _timed(taken, "opinions", lambda part=part: stage(parts[part]))
    if recipe.statements == "rules":
        for part in build.described:
            going_on = [row for row in measured[part] if row["reason"] is None]
            _timed(taken, "statements", lambda rows=going_on: describe_rows(rows, seed=recipe.seed))
    return taken


def _timed(taken: dict[str, float], stage: str, work: Callable[[], Any]) -> Any:
    began = time.perf_counter()
    made = work()
    taken[stage] = taken.get(stage, 0.0) + time.perf_counter() - began
    return made


def _stage(name: str, by_kind: dict[str, float], items: dict[str, int], processes: int) -> dict[str, Any]:
    hours = sum(seconds * items[kind] for kind, seconds in by_kind.items()) / processes / 3600
    return {"stage": name, "seconds": by_kind, "hours": hours}


def _files_of(media: Path, kind: str) -> list[Path]:
    from ..media.formats import kind_of_suffix

    return [path for path in media.rglob("*") if path.is_file() and kind_of_suffix(path.suffix) == kind]


def _models(build: "Build", items: dict[str, int]) -> dict[str, Any]:
    settings = build.recipe.statements
    if not isinstance(settings, StatementSettings):
        return {"calls": None, "cost": None}
    media = sum(items.values()) * sum(build.recipe.copies if part == "copies" else 1 for part in build.described)
    judged = len(settings.judges) * settings.rounds + settings.self_judge_rounds
    calls, cost, cache = media * (2 + ASSUMED_STATEMENTS * judged), None, build.stage("answers.sqlite")
    if cache.is_file():
        described = {row["id"] for part in build.described for row in build.rows(f"statements_{part}")}
        with AnswerCache(cache) as answers:
            usage = list(answers.usage().values())
        if described:
            calls = round(media * sum(used.answers for used in usage) / len(described))
            cost = media * sum(used.cost for used in usage) / len(described)
    return {"calls": calls, "cost": cost}
