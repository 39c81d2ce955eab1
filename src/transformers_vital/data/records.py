"""The four record types of training data: columns, checks, and the media that they name."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MediaInputError, MediaNotFoundError, MissingExtraError, RecordError
from .field_checks import (
    check_level_probs,
    check_media,
    check_opinions,
    check_text,
    check_unit,
    listed,
    shown,
)


if TYPE_CHECKING:
    from datasets import Features

_MEDIA = {"kind": "string", "path": "string", "bytes": "binary"}
_MOMENTS = ("mean_a", "std_a", "mean_b", "std_b")
_SCHEMAS = {
    "distribution": {
        "media": _MEDIA,
        "level_probs": ["float64"],
        "mean": "float64",
        "std": "float64",
        "opinions": ["float64"],
        "annotators": ["string"],
    },
    "pair": {"media_a": _MEDIA, "media_b": _MEDIA, "preference": "float64", **dict.fromkeys(_MOMENTS, "float64")},
    "statement": {"media": _MEDIA, "text": "string", "task": "string"},
    "instruction": {"media": [_MEDIA], "messages": [{"role": "string", "content": "string"}]},
}
RECORD_TYPES = tuple(_SCHEMAS)
STATEMENT_TASKS = ("distortion", "description")


def features(record_type: str) -> "Features":
    """
    Columns of a record type.

    | record type | loss | columns |
    |---|---|---|
    | `distribution` | Eq. 1 | media, level_probs, mean, std, opinions, annotators |
    | `pair` | Eqs. 2 to 4 | media_a, media_b, preference, mean_a, std_a, mean_b, std_b |
    | `statement` | Eq. 5 | media, text, task |
    | `instruction` | Eq. 5 | media, messages |

    A medium is `{"kind": "image" or "video", "path", "bytes"}`; the bytes of an encoded file win over its path.
    `level_probs` are five, best level first; `annotators` names one for each opinion, or none. Means, deviations and
    opinions are on [0, 1]. `preference` is 1 where `a` is better, 0 where `b` is, 0.5 for a tie. `task` is one of
    [`STATEMENT_TASKS`]. An instruction has a list of media and messages of `role` and `content`, a text; all media
    come before the text of the first user turn, in the order of the list, and no text holds a placeholder.

    Args:
        record_type (`str`): one of [`RECORD_TYPES`].

    Returns:
        `datasets.Features`

    Raises:
        [`RecordError`]: there is no such type.
        [`MissingExtraError`]: `datasets` is not installed.

    Example:

    ```python
    >>> from transformers_vital.data.records import features
    >>> features("statement")["media"]
    {'kind': Value('string'), 'path': Value('string'), 'bytes': Value('binary')}

    ```
    """
    try:
        from datasets import Features
    except ImportError as error:
        raise MissingExtraError("datasets", extra="data", purpose="a table of records") from error
    return Features(_feature(_schema(record_type)))


def record_type_of(columns: Iterable[str]) -> str:
    """
    Record type of a table, by the names of its columns; further columns do no harm.

    Args:
        columns (`Iterable[str]`): for example `dataset.column_names`.

    Returns:
        `str`: one of [`RECORD_TYPES`].

    Raises:
        [`RecordError`]: they are the columns of no type, or of several.

    Example:

    ```python
    >>> from transformers_vital.data.records import record_type_of
    >>> record_type_of(["id", "media", "text", "task"])
    'statement'

    ```
    """
    given = set(columns)
    fitting = [record_type for record_type, schema in _SCHEMAS.items() if given >= schema.keys()]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise RecordError(f"The table has the columns of {' and of '.join(fitting)}; expected one. Drop the others.")
    nearest, schema = max(_SCHEMAS.items(), key=lambda item: (len(given & item[1].keys()), -len(item[1])))
    missing = [column for column in schema if column not in given]
    raise RecordError(
        f"The columns {sorted(given)} are those of no record type; the nearest, {nearest}, also has "
        f"{', '.join(missing)}. Add or rename columns."
    )


def check_table(dataset: Iterable[Mapping[str, Any]], *, record_type: str) -> None:
    """
    Refuses the first row that [`check_record`] refuses. Every row is read once and no medium is decoded.

    Args:
        dataset (`datasets.Dataset` or iterable of dicts): the rows.
        record_type (`str`): one of [`RECORD_TYPES`].

    Raises:
        [`RecordError`]: see [`check_record`].
    """
    for row, record in enumerate(dataset):
        check_record(record, record_type=record_type, row=row)


def check_record(record: Mapping[str, Any], *, record_type: str, row: int | None = None) -> None:
    """
    Refuses a record that is not what [`features`] describes. What a path or the bytes hold is not looked at.

    Level probabilities sum to between 0.97 and 2: rounded ones sum to less than 1, and released ones, which are not
    normalised, to more. Opinions may lie beyond [0, 1], as they do where a corpus is scaled by its lowest and highest
    mean, but the mean lies among them. Messages are user and assistant in turn, the assistant last, and at most one of
    the system before them.

    Args:
        record (`Mapping`): one row.
        record_type (`str`): one of [`RECORD_TYPES`].
        row (`int`, *optional*): its number, for the message.

    Raises:
        [`RecordError`]: a field is missing or unusable; the message names the row and the field.

    Example:

    ```python
    >>> from transformers_vital.data.records import check_record
    >>> record = {"media": {"kind": "image", "path": "a.png"}, "text": "mild blur", "task": "blur"}
    >>> try:
    ...     check_record(record, record_type="statement", row=7)
    ... except ValueError as error:
    ...     print(error)
    Row 7: task is 'blur'; expected distortion or description.

    ```
    """
    try:
        if missing := [column for column in _schema(record_type) if column not in record]:
            raise RecordError(f"{', '.join(missing)} missing, which a {record_type} has. Add or rename columns.")
        _CHECKS[record_type](record)
    except RecordError as error:
        raise error if row is None else RecordError(f"Row {row}: {error}") from None


def resolve_media(media: Mapping[str, Any], *, root: str | Path) -> dict[str, Any]:
    """
    A medium whose path is a file inside a folder, as [`~media.inputs.expand_media`] reads it.

    A table can come from anyone, so its paths are not trusted: none may leave the folder, be it absolute, by `..` or
    over a symbolic link, and none is taken for a pattern, a folder or an address.

    Args:
        media (`Mapping`): see [`features`]. With bytes it is returned as it is; the path is then only a name.
        root (`str` or `Path`): the folder.

    Returns:
        `dict` with `kind`, `path` and `bytes`.

    Raises:
        [`RecordError`]: it is no medium.
        [`MediaInputError`]: the path leads outside the folder.
        [`MediaNotFoundError`]: it is no file.
    """
    check_media(media, field="media")
    if media.get("bytes"):
        return {key: media.get(key) for key in _MEDIA}
    folder = Path(root).resolve()
    path = (folder / media["path"]).resolve()
    if not path.is_relative_to(folder):
        raise MediaInputError(
            f"{media['path']} leads to {path}, outside {root}. Name a folder that holds all media as root."
        )
    if not path.is_file():
        raise MediaNotFoundError(f"{media['path']} is no file in {root}. Check the path and root.")
    return {"kind": media["kind"], "path": str(path), "bytes": None}


def _schema(record_type: str) -> dict[str, Any]:
    if record_type not in _SCHEMAS:
        raise RecordError(f"record_type is {record_type!r}; expected one of {', '.join(RECORD_TYPES)}.")
    return _SCHEMAS[record_type]


def _feature(schema: Any) -> Any:
    from datasets import Value

    if isinstance(schema, dict):
        return {name: _feature(inner) for name, inner in schema.items()}
    return [_feature(schema[0])] if isinstance(schema, list) else Value(schema)


def _check_distribution(record: Mapping[str, Any]) -> None:
    check_media(record["media"], field="media")
    # Before the probabilities, since moments on another scale are what makes these strange.
    check_unit(record["mean"], field="mean")
    check_unit(record["std"], field="std")
    check_level_probs(record["level_probs"])
    check_opinions(record["opinions"], annotators=record["annotators"], mean=record["mean"])


def _check_pair(record: Mapping[str, Any]) -> None:
    check_media(record["media_a"], field="media_a")
    check_media(record["media_b"], field="media_b")
    if record["preference"] not in (1, 0, 0.5):
        raise RecordError(
            f"preference is {shown(record['preference'])}; expected 1 (a is better), 0 (b is better) or 0.5 (a tie)."
        )
    for moment in _MOMENTS:
        check_unit(record[moment], field=moment)


def _check_statement(record: Mapping[str, Any]) -> None:
    check_media(record["media"], field="media")
    check_text(record["text"], field="text")
    if record["task"] not in STATEMENT_TASKS:
        raise RecordError(f"task is {shown(record['task'])}; expected {' or '.join(STATEMENT_TASKS)}.")


def _check_instruction(record: Mapping[str, Any]) -> None:
    for index, media in enumerate(listed(record["media"], field="media", at_least=1)):
        check_media(media, field=f"media[{index}]")
    messages = listed(record["messages"], field="messages", at_least=2)
    roles = [message.get("role") if isinstance(message, Mapping) else None for message in messages]
    turns = roles[1:] if roles[0] == "system" else roles
    if turns != ["user", "assistant"] * (len(turns) // 2):
        raise RecordError(
            f"messages have the roles {', '.join(map(str, roles))}; expected user and assistant in turn, the "
            "assistant last, and at most one system message, the first."
        )
    for index, message in enumerate(messages):
        field, content = f"messages[{index}].content", message.get("content")
        # A turn of the user may be nothing but media.
        check_text(content, field=field, may_be_empty=message["role"] == "user")
        # Common in other formats, and the model would be trained on the literal word.
        if "<image>" in content or "<video>" in content:
            raise RecordError(f"{field} holds a placeholder; all media come before the first user text. Remove it.")


_CHECKS = {
    "distribution": _check_distribution,
    "pair": _check_pair,
    "statement": _check_statement,
    "instruction": _check_instruction,
}
