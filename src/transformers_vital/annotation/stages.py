"""A stage of a build: rows in, rows out, shard by shard, so that a stopped build goes on where it was."""

import functools
import hashlib
import importlib
import inspect
import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import AnnotationError


Row = dict[str, Any]
_SETTINGS = "settings.json"


@dataclass(frozen=True)
class Stage:
    """
    What makes rows of rows, named so that any process or machine can construct it.

    Args:
        name (`str`): of the folder of its shards.
        function (`str`): `"module:name"` of a function that takes a list of rows and the settings, by name, and
            returns a list of rows; or of what takes the settings alone, by name, and returns a function of rows, such
            as a class whose objects can be called.
        settings (`Mapping`): JSON values. Shards made with other settings are not mixed with these.
        places (`Mapping`, *optional*): further settings that do not change the rows, such as folders.
        num_gpus (`float`, *optional*, defaults to 0): that one worker needs; used on Ray only.
    """

    name: str
    function: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, Any] = field(default_factory=dict)
    num_gpus: float = 0

    def load(self) -> Callable[[list[Row]], list[Row]]:
        """The function, constructed once in a process, as models are slow to load."""
        return _loaded(self.function, json.dumps(dict(self.settings)), json.dumps(dict(self.places)))


@dataclass(frozen=True)
class ShardRun:
    """
    Runs a stage on one shard of a folder and writes the shard of the same number; what maps it may be anything.

    A row with a `reason` goes no further: it says why something could not be done, and is counted where it is.

    Args:
        stage ([`Stage`]): what to run.
        source (`Path`): folder of the shards to read.
        target (`Path`): folder of the shards to write.
    """

    stage: Stage
    source: Path
    target: Path

    def __call__(self, shard: Mapping[str, int]) -> dict[str, int]:
        going_on = [row for row in read_shard(self.source, shard["number"]) if row.get("reason") is None]
        rows = self.stage.load()(going_on)
        write_shard(self.target, shard["number"], rows)
        return {"rows": len(rows)}


def prepare_stage(stage: Stage, *, source: Path, target: Path) -> list[int]:
    """
    Make the folder of a stage ready and say what is to be done.

    Args:
        stage ([`Stage`]): what will run.
        source, target (`Path`): folders of shards.

    Returns:
        `list[int]`: numbers of the shards that the source has and the target has not.

    Raises:
        [`AnnotationError`]: the folder holds shards that were made with other settings.
    """
    check_settings(target, {"function": stage.function, **stage.settings}, after=source)
    for left_over in target.glob("*.tmp"):
        left_over.unlink()
    done = set(shard_numbers(target))
    return [number for number in shard_numbers(source) if number not in done]


def check_settings(folder: Path, settings: Mapping[str, Any], *, after: Path | None = None) -> None:
    """
    Remember with which settings the shards of a folder are made, and refuse others later.

    Args:
        folder (`Path`): is created.
        settings (`Mapping`): JSON values.
        after (`Path`, *optional*): the folder that the rows come from, whose settings count too.

    Raises:
        [`AnnotationError`]: the folder was begun with other settings.
    """
    wanted = dict(settings)
    if after is not None:
        wanted["after"] = hashlib.sha256((after / _SETTINGS).read_bytes()).hexdigest()
    text, path = json.dumps(wanted, indent=2, sort_keys=True), folder / _SETTINGS
    folder.mkdir(parents=True, exist_ok=True)
    if path.is_file() and (before := path.read_text(encoding="utf-8")) != text:
        given = json.loads(before)
        changed = sorted(key for key in given.keys() | wanted.keys() if given.get(key) != wanted.get(key))
        raise AnnotationError(
            f"{folder} was made with other settings ({', '.join(changed)} differ). Name another folder for the "
            f"dataset, or delete {folder} and what was made of it."
        )
    _write(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def make_whole(target: Path, settings: Mapping[str, Any], *, after: Path, make: Callable[[Path], Any]) -> bool:
    """
    What needs all rows at once, done once: a folder that is there whole or not at all.

    Args:
        target (`Path`): folder to make.
        settings (`Mapping`): JSON values.
        after (`Path`): folder that the rows come from.
        make (`Callable`): fills the folder it is given.

    Returns:
        `bool`: whether it was made now; it may have been there before.

    Raises:
        [`AnnotationError`]: it is there, made with other settings.
    """
    if target.is_dir():
        check_settings(target, settings, after=after)
        return False
    growing = target.with_name(f"{target.name}.growing")
    shutil.rmtree(growing, ignore_errors=True)
    check_settings(growing, settings, after=after)
    make(growing)
    growing.rename(target)
    return True


def write_rows(folder: Path, rows: Iterable[Row], *, shard_size: int) -> int:
    """Write rows as shards of equal size and say how many there are."""
    number = -1
    for number, shard in enumerate(batched(rows, shard_size)):
        write_shard(folder, number, shard)
    return number + 1


def rows_of(columns: Mapping[str, Any]) -> list[Row]:
    """
    Columns, as `datasets` and Ray give them, as rows.

    Example:

    ```python
    >>> from transformers_vital.annotation.stages import rows_of
    >>> rows_of({"a": [1, 2], "b": ["x", "y"]})
    [{'a': 1, 'b': 'x'}, {'a': 2, 'b': 'y'}]

    ```
    """
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def batched(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """
    Lists of so many items, the last maybe shorter.

    Example:

    ```python
    >>> from transformers_vital.annotation.stages import batched
    >>> list(batched("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]

    ```
    """
    waiting = iter(items)
    while batch := list(itertools.islice(waiting, size)):
        yield batch


def shard_numbers(folder: Path) -> list[int]:
    """Numbers of the shards that are complete."""
    return sorted(int(path.stem) for path in folder.glob("*.parquet"))


def read_shard(folder: Path, number: int) -> list[Row]:
    """Rows of one shard."""
    import pyarrow.parquet

    return pyarrow.parquet.read_table(_path(folder, number)).to_pylist()


def write_shard(folder: Path, number: int, rows: list[Row]) -> None:
    """Write one shard so that it is there whole or not at all."""
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.Table.from_pylist(rows) if rows else pyarrow.table({})
    _write(_path(folder, number), lambda temporary: pyarrow.parquet.write_table(table, temporary))


def read_rows(folder: Path) -> Iterator[Row]:
    """Rows of all shards, one shard in memory at a time."""
    for number in shard_numbers(folder):
        yield from read_shard(folder, number)


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:05}.parquet"


def _write(path: Path, write: Callable[[Path], Any]) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    write(temporary)
    temporary.replace(path)


@functools.lru_cache(maxsize=4)
def _loaded(function: str, settings: str, places: str) -> Callable[[list[Row]], list[Row]]:
    module, name = function.split(":")
    named = getattr(importlib.import_module(module), name)
    arguments = json.loads(settings) | json.loads(places)
    parameters = inspect.signature(named).parameters.values()
    takes_rows = not inspect.isclass(named) and any(p.kind == p.POSITIONAL_OR_KEYWORD for p in parameters)
    return functools.partial(named, **arguments) if takes_rows else named(**arguments)
