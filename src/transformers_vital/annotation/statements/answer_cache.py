"""Answers of models on disk, so that a run that was killed pays for none of them twice."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from ...errors import AnnotationError


_SCHEMA_VERSION = 1
# Answers come seconds apart; a writer waits for the others, in other processes too.
_BUSY_SECONDS = 60.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, text TEXT NOT NULL, truncated INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spending (
    model TEXT PRIMARY KEY, answers INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL, cost REAL NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Answer:
    """
    What a model answered.

    Args:
        text (`str`): plain, without its reasoning; may be empty.
        truncated (`bool`): whether the model was cut off at its highest number of tokens.
    """

    text: str
    truncated: bool = False


@dataclass(frozen=True)
class Usage:
    """
    What answers of a model took.

    Args:
        answers (`int`): how many were paid for; those read from the cache again are none.
        prompt_tokens, completion_tokens (`int`): as the server counts them.
        cost (`float`): by the prices at the time.
    """

    answers: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0


class AnswerCache:
    """
    A file of answers and of what they cost, for any number of processes on one machine.

    An answer and its cost are written in one transaction before anything is made of the answer. The file holds
    neither media nor keys. It must not lie on a network drive, where SQLite's log does not work.

    Args:
        path (`str` or `Path`): made when absent.

    Raises:
        [`AnnotationError`]: the file is no such cache.

    Example:

    ```python
    >>> import tempfile
    >>> from transformers_vital.annotation.statements.answer_cache import Answer, AnswerCache, Usage
    >>> with tempfile.TemporaryDirectory() as folder, AnswerCache(f"{folder}/answers.sqlite") as cache:
    ...     cache.put("key", Answer("2 points"), model="judge", usage=Usage(1, 900, 3, 0.002))
    ...     cache.get("key"), cache.usage()["judge"].completion_tokens, cache.get("other key")
    (Answer(text='2 points', truncated=False), 3, None)

    ```
    """

    def __init__(self, path: str | Path):
        try:
            # One thread at a time uses it: the one that runs the event loop.
            self._database = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._database.execute("PRAGMA journal_mode=WAL")
            version = self._database.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                self._database.executescript(_SCHEMA)
                self._database.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
        except sqlite3.Error as error:
            raise AnnotationError(
                f"{path} cannot be used as a cache of answers ({error}). Name another file."
            ) from error
        if version not in (0, _SCHEMA_VERSION):
            raise AnnotationError(
                f"{path} has version {version}; this version of the library reads {_SCHEMA_VERSION}. Name another."
            )

    def __enter__(self) -> "AnswerCache":
        return self

    def __exit__(self, *_):
        self._database.close()

    def get(self, key: str) -> Answer | None:
        """The answer to a question that was asked before, or `None`."""
        found = self._database.execute("SELECT text, truncated FROM answers WHERE key = ?", (key,)).fetchone()
        return Answer(found[0], bool(found[1])) if found else None

    def put(self, key: str, answer: Answer, *, model: str, usage: Usage) -> None:
        """Keep an answer, and count what it cost."""
        counted = (model, usage.answers, usage.prompt_tokens, usage.completion_tokens, usage.cost)
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.execute(
                "INSERT OR IGNORE INTO answers VALUES (?, ?, ?)", (key, answer.text, int(answer.truncated))
            )
            self._database.execute(
                "INSERT INTO spending VALUES (?, ?, ?, ?, ?) ON CONFLICT (model) DO UPDATE SET "
                "answers = answers + excluded.answers, prompt_tokens = prompt_tokens + excluded.prompt_tokens, "
                "completion_tokens = completion_tokens + excluded.completion_tokens, cost = cost + excluded.cost",
                counted,
            )
            self._database.execute("COMMIT")
        except BaseException:
            self._database.execute("ROLLBACK")
            raise

    def usage(self) -> dict[str, Usage]:
        """What all answers in this file took, by model."""
        rows = self._database.execute(
            "SELECT model, answers, prompt_tokens, completion_tokens, cost FROM spending ORDER BY model"
        )
        return {model: Usage(*counts) for model, *counts in rows}
