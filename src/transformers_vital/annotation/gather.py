"""From sources to the originals of a dataset: candidates inspected shard by shard, repetitions left out (Sec. 3.1)."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import AnnotationError
from .executors import run_tasks
from .pool.candidates import Candidate
from .pool.inspection import Limits
from .pool.pool import duplicates, inspect
from .pool.sources import candidates
from .recipe import Recipe
from .stages import (
    Row,
    batched,
    check_settings,
    make_whole,
    read_rows,
    read_shard,
    shard_numbers,
    write_rows,
    write_shard,
)


def gather(
    sources: Any,
    *,
    media: Path,
    pool: Path,
    recipe: Recipe,
    processes: int = 1,
    use_ray: bool = False,
    allow_network: bool = False,
) -> int:
    """
    Inspect every candidate of the sources and copy those that keep to the limits.

    Args:
        sources: see [`~annotation.pool.sources.candidates`].
        media (`Path`): folder that receives the files.
        pool (`Path`): folder that receives a row for each candidate, see [`~annotation.pool.pool.inspect`].
        recipe ([`~annotation.recipe.Recipe`]): its limits and shard size.
        processes, use_ray: see [`~annotation.executors.run_tasks`].
        allow_network (`bool`, *optional*, defaults to `False`): fetch addresses and datasets of the Hub.

    Returns:
        `int`: shards that were worked on now.

    Raises:
        [`AnnotationError`]: the sources do not list what they listed when the build began.
    """
    check_settings(pool, {"limits": asdict(recipe.limits), "shard_size": recipe.shard_size})
    done = set(shard_numbers(pool))
    tasks = _pending(candidates(sources, allow_network=allow_network), pool, done, recipe.shard_size)
    arguments = {"media": media.absolute(), "pool": pool.absolute(), "limits": recipe.limits}
    return run_tasks(inspect_shard, tasks, arguments=arguments, processes=processes, use_ray=use_ray, name="pool")


def inspect_shard(task: tuple[int, list[Candidate]], *, media: Path, pool: Path, limits: Limits) -> None:
    """Inspect the candidates of one shard and write it."""
    number, candidates_of_shard = task
    write_shard(pool, number, inspect(candidates_of_shard, folder=media, limits=limits))


def select_originals(*, pool: Path, originals: Path, recipe: Recipe) -> None:
    """
    The accepted rows of the pool without repetitions.

    Args:
        pool (`Path`): folder of [`gather`].
        originals (`Path`): folder to make; its rows are those of [`~annotation.pool.pool.inspect`], and beside it,
            `repetitions` has a row with name and reason for each one left out.
        recipe ([`~annotation.recipe.Recipe`]): its near-duplicate bits and shard size.
    """

    def make(folder: Path) -> None:
        found = duplicates(read_rows(pool), max_distance=recipe.near_duplicate_bits)
        rows = zip(read_rows(pool), found, strict=True)
        kept = (row for row, repeats in rows if row["id"] is not None and repeats is None)
        write_rows(folder, kept, shard_size=recipe.shard_size)
        repetitions = (
            {"name": row["name"], **repeats} for row, repeats in zip(read_rows(pool), found, strict=True) if repeats
        )
        (folder / "repetitions").mkdir()
        write_rows(folder / "repetitions", repetitions, shard_size=100_000)

    settings = {"near_duplicate_bits": recipe.near_duplicate_bits, "shard_size": recipe.shard_size}
    make_whole(originals, settings, after=pool, make=make)


def rejections(*, pool: Path, originals: Path) -> Iterator[Row]:
    """Name, reason and detail of every candidate that is no original."""
    for row in read_rows(pool):
        if row["reason"]:
            yield {key: row[key] for key in ("name", "reason", "detail")}
    yield from read_rows(originals / "repetitions")


def _pending(
    found: Iterator[Candidate], pool: Path, done: set[int], shard_size: int
) -> Iterator[tuple[int, list[Candidate]]]:
    number = -1
    for number, shard in enumerate(batched(found, shard_size)):
        if number not in done:
            yield number, shard
        elif [row["name"] for row in read_shard(pool, number)] != [candidate.name for candidate in shard]:
            raise AnnotationError(
                f"The sources list other files than when the build began (from file {number * shard_size} on). Name "
                "another folder for the dataset, or make the sources what they were."
            )
    if number < max(done, default=-1) or number < 0:
        listed = "fewer files than when the build began" if done else "no file"
        raise AnnotationError(f"The sources list {listed}. Check the paths.")
