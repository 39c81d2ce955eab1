"""Answers of a model to questions: a parquet file with a row for every question, failed ones included."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import VitalError
from .qbench_prompts import Reading, question_prompt
from .qbench_questions import QualityQuestion
from .row_files import not_ours, read_rows, write_rows


_QUESTION = tuple(field.name for field in fields(QualityQuestion))
COLUMNS = (*_QUESTION, "prompt", "answer", "error")
_OTHER_TYPES = {"index": "int64", "concerns": "string[]", "options": "string[]"}
_TYPES = {name: _OTHER_TYPES.get(name, "string") for name in COLUMNS}

Ask = Callable[[str, str], str]  # path of a medium and prompt to answer


@dataclass(frozen=True)
class Answers:
    """
    What a model said to the questions of a file.

    Args:
        id (`str`): name of the file, without its suffix.
        fingerprint (`Mapping`): what the answers depend on: that of the model (see [`~results.Fingerprint`]), the
            `reading` of its prompts and `max_new_tokens`.
        rows (`tuple[Mapping, ...]`): one for each question, in the order of the file, with the fields of
            [`~evaluation.qbench_questions.QualityQuestion`], `prompt`, `answer` and `error`; either the answer or the
            error is `None`.
    """

    id: str
    fingerprint: Mapping[str, Any]
    rows: tuple[Mapping[str, Any], ...]

    @property
    def questions(self) -> list[QualityQuestion]:
        """What was asked."""
        values = ({name: row[name] for name in _QUESTION} for row in self.rows)
        lists = ("concerns", "options")
        return [QualityQuestion(**row | {name: tuple(row[name]) for name in lists}) for row in values]

    @property
    def reading(self) -> Reading:
        """How the answers are to be read, see [`~evaluation.answer_matching.chosen_option`]."""
        return self.fingerprint["reading"]

    @property
    def given(self) -> dict[str, Mapping[str, Any]]:
        """Rows with an answer, by [`answer_key`]."""
        return {answer_key(row["media"], row["prompt"]): row for row in self.rows if row["error"] is None}


def answer_key(media: str, prompt: str) -> str:
    """A name for what an answer depends on besides the model, so that a question that was changed is put again."""
    return hashlib.sha256(json.dumps([media, prompt]).encode()).hexdigest()


def answer_each(ask: Ask, asked: Iterable[tuple[str, Path, str]]) -> Iterator[dict[str, Any]]:
    """
    Put questions to a model, each as soon as the answer before it is there.

    Args:
        ask (`Callable`): takes the path of a medium and a prompt, and returns the answer; for a checkpoint see
            [`~evaluation.question_answering.QuestionAnswerer`].
        asked (`Iterable`): for each question its [`answer_key`], the path of its medium, and its prompt.

    Yields:
        `dict`: `name`, the key; `answer`; and `error`, why there is none.

    Example:

    ```python
    >>> from pathlib import Path
    >>> from transformers_vital.evaluation.answers import answer_each
    >>> list(answer_each(lambda media, prompt: " A. Yes\\n", [("key", Path("1.mp4"), "Sharp?")]))
    [{'name': 'key', 'answer': 'A. Yes', 'error': None}]

    ```
    """
    for name, path, prompt in asked:
        try:
            yield {"name": name, "answer": ask(str(path), prompt).strip(), "error": None}
        except (VitalError, ValueError, OSError, MemoryError) as error:
            yield {"name": name, "answer": None, "error": f"{type(error).__name__}: {error}"}


def join_answers(
    questions: Sequence[QualityQuestion],
    *,
    answered: Mapping[str, Mapping[str, Any]],
    lacking: Mapping[int, str],
    id: str,
    fingerprint: Mapping[str, Any],
) -> Answers:
    """
    Answers out of the questions of a file and what was said.

    Args:
        questions (`Sequence[QualityQuestion]`): of one file.
        answered (`Mapping`): rows of [`answer_each`] by their name, for every question that has a medium.
        lacking (`Mapping[int, str]`): by the index of a question, why there is no medium.
        id, fingerprint: see [`Answers`].

    Returns:
        [`Answers`].
    """
    rows = []
    for question in questions:
        prompt = question_prompt(question, reading=fingerprint["reading"])
        row = answered.get(answer_key(question.media, prompt), {})
        result = {"answer": row.get("answer"), "error": lacking.get(question.index, row.get("error"))}
        lists = {"concerns": list(question.concerns), "options": list(question.options)}  # as parquet gives them back
        rows.append({**asdict(question), **lists, "prompt": prompt, **result})
    return Answers(id, dict(fingerprint), tuple(rows))


def write_answers(answers: Answers, *, path: str | Path) -> Path:
    """
    Write answers as parquet, whole or not at all.

    Raises:
        [`EvaluationError`]: the file cannot be written.
        [`MissingExtraError`]: pyarrow is not installed.
    """
    header = {"questions": answers.id, "fingerprint": dict(answers.fingerprint)}
    return write_rows(answers.rows, path=path, types=_TYPES, header=header)


def read_answers(path: str | Path) -> Answers:
    """
    Read what [`write_answers`] wrote.

    Raises:
        [`EvaluationError`]: the file is missing or damaged, or not one of answers.
        [`MissingExtraError`]: pyarrow is not installed.
    """
    header, rows = read_rows(path, what="answers", types=_TYPES)
    id, fingerprint = header.get("questions"), header.get("fingerprint")
    if not isinstance(id, str) or not isinstance(fingerprint, dict) or "reading" not in fingerprint:
        raise not_ours(path, "it does not say of which model and questions it is", what="answers")
    for number, row in enumerate(rows):
        if (row["answer"] is None) == (row["error"] is None):
            raise not_ours(path, f"row {number} has not either an answer or an error", what="answers")
    if not rows or len({row["index"] for row in rows}) < len(rows):
        raise not_ours(path, "it has no row, or an index twice", what="answers")
    return Answers(id, fingerprint, tuple(rows))
