"""Rows of an evaluation on disk: a parquet file that also says of what they are."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import EvaluationError, MissingExtraError
from ..whole_files import whole_file


SCHEMA_VERSION = 1
_METADATA = b"transformers_vital"


def write_rows(
    rows: Iterable[Mapping[str, Any]], *, path: str | Path, types: Mapping[str, str], header: Mapping[str, Any]
) -> Path:
    """
    Write a file, whole or not at all.

    Args:
        rows (`Iterable[Mapping]`): with the names of `types` as keys.
        path (`str` or `Path`): in a folder that exists.
        types (`Mapping[str, str]`): by column `"string"`, `"double"`, `"int64"`, or a list of one: `"string[]"`.
        header (`Mapping`): what the rows are of, as JSON types.

    Returns:
        `Path`: the file.

    Raises:
        [`MissingExtraError`]: pyarrow is not installed.
        [`EvaluationError`]: the file cannot be written.
    """
    parquet, pyarrow = _pyarrow()
    path = Path(path)
    metadata = {_METADATA: json.dumps({"schema_version": SCHEMA_VERSION, **header}).encode()}
    schema = pyarrow.schema({name: _type(text, pyarrow) for name, text in types.items()}, metadata=metadata)
    try:
        with whole_file(path) as unfinished:
            parquet.write_table(pyarrow.Table.from_pylist(list(rows), schema=schema), unfinished)
    except OSError as error:
        raise EvaluationError(f"{path} cannot be written: {error.strerror or error}. Name another folder.") from error
    return path


def read_rows(path: str | Path, *, what: str, types: Mapping[str, str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """
    Read what [`write_rows`] wrote.

    Args:
        path (`str` or `Path`): the file.
        what (`str`): of which its rows should be, for messages.
        types (`Mapping[str, str]`): see [`write_rows`].

    Returns:
        `tuple[dict, list[dict]]`: header and rows.

    Raises:
        [`EvaluationError`]: the file is missing or damaged, or another one.
        [`MissingExtraError`]: pyarrow is not installed.
    """
    parquet, pyarrow = _pyarrow()
    try:
        table = parquet.read_table(Path(path))
    except (pyarrow.ArrowException, OSError) as error:
        raise EvaluationError(f"{path} cannot be read: {error}. Name a file of {what}.") from error
    try:
        header = json.loads((table.schema.metadata or {})[_METADATA])
        version = header["schema_version"]
    except (KeyError, TypeError, ValueError) as error:
        raise not_ours(path, "it does not say of what its rows are", what=what) from error
    if version != SCHEMA_VERSION:
        raise not_ours(path, f"it has schema version {version}; expected {SCHEMA_VERSION}", what=what)
    if table.column_names != list(types):
        shown = f"its columns are {', '.join(table.column_names)}; expected {', '.join(types)}"
        raise not_ours(path, shown, what=what)
    return header, table.to_pylist()


def not_ours(path: str | Path, why: str, *, what: str) -> EvaluationError:
    """What is said of a file that is not what it should be."""
    return EvaluationError(f"{path} is no file of {what}: {why}. Name one that evaluate wrote.")


def differing(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """
    In what two fingerprints differ, as text.

    Example:

    ```python
    >>> from transformers_vital.evaluation.row_files import differing
    >>> differing({"model": "a", "dtype": "float32"}, {"model": "a", "dtype": "bfloat16"})
    'dtype was float32 and is bfloat16'

    ```
    """
    names = [name for name in {**now, **then} if then.get(name) != now.get(name)]
    return ", ".join(f"{name} was {then.get(name)} and is {now.get(name)}" for name in names)


def check_fingerprint(then: Mapping[str, Any], now: Mapping[str, Any], *, path: Path) -> None:
    """
    Refuse to go on with rows of another model or other settings.

    Raises:
        [`EvaluationError`]: they are; the message says in what they differ.
    """
    if differences := differing(then, now):
        raise EvaluationError(
            f"{path} was made otherwise: {differences}. Use the same settings, name another folder (-o), or start "
            "again (--overwrite)."
        )


def _type(text: str, pyarrow: Any) -> Any:
    if text.endswith("[]"):
        return pyarrow.list_(pyarrow.type_for_alias(text.removesuffix("[]")))
    return pyarrow.type_for_alias(text)


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", extra="eval", purpose="reading and writing parquet") from error
    return pyarrow.parquet, pyarrow
