"""Rows of statements as a build keeps them: the accepted ones with where they come from, and the others with why."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...data.records import check_record, features


if TYPE_CHECKING:
    from datasets import Features

TASK = "description"
ACCEPTED = ("passed", "revised")
NOT_DONE = "not done"  # since the cap on spending was reached
OUTCOMES = (*ACCEPTED, "discarded", "failed", NOT_DONE)


def statement_row(
    row: Mapping[str, Any],
    *,
    text: str,
    annotator: str,
    outcome: str = "passed",
    reason: str | None = None,
    original: str | None = None,
    refined_by: str | None = None,
    votes: Sequence[dict] = (),
    self_votes: Sequence[dict] = (),
) -> dict[str, Any]:
    """A row of [`statement_features`] for a medium's row; `original` is the text where nothing was revised."""
    original = text if original is None else original
    return {
        "id": row["id"],
        "media": {key: row["media"].get(key) for key in ("kind", "path", "bytes")},
        "text": text,
        "task": TASK,
        "outcome": outcome,
        "reason": reason,
        "original": original,
        "revised": text != original,
        "annotator": annotator,
        "refined_by": refined_by,
        "votes": list(votes),
        "self_votes": list(self_votes),
    }


def statement_features() -> "Features":
    """
    Columns of a build's statements: those of a `statement` record, and where each comes from.

    `original` is the statement before a judge revised it. `votes` has one entry for each judge and round asked, with
    the score (0, 1, 2 or null), the correction and, without a score, the reason; `self_votes` has one for each round.

    Raises:
        [`MissingExtraError`]: `datasets` is not installed.
    """
    record = features("statement")
    from datasets import Features, List, Value

    text, whole = Value("string"), Value("int64")
    votes = {"judge": text, "round": whole, "score": whole, "revision": text, "reason": text}
    return Features(
        {
            "id": text,
            **record,
            **dict.fromkeys(("outcome", "reason", "original"), text),
            "revised": Value("bool"),
            "annotator": text,
            "refined_by": text,
            "votes": List(votes),
            "self_votes": List({"round": whole, "correct": Value("bool"), "reason": text}),
        }
    )


def statement_records(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """
    `statement` records of what was accepted.

    Args:
        rows (iterable of `Mapping`): with the columns of [`statement_features`].

    Example:

    ```python
    >>> from transformers_vital.annotation.statements.statement_rows import statement_records, statement_row
    >>> medium = {"id": "1", "media": {"kind": "image", "path": "a.png", "bytes": None}}
    >>> kept = statement_row(medium, text="Edges are sharp.", annotator="rules")
    >>> lost = statement_row(medium, text="Edges are soft.", annotator="rules", outcome="discarded")
    >>> [record["text"] for record in statement_records([kept, lost])]
    ['Edges are sharp.']

    ```
    """
    records = [{key: row[key] for key in ("media", "text", "task")} for row in rows if row["outcome"] in ACCEPTED]
    for record in records:
        check_record(record, record_type="statement")
    return records
