"""Answers of a model to questions on disk: each as soon as it is there, so that a run goes on where it stopped."""

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..data.records import resolve_media
from ..errors import EvaluationError, VitalError
from .qbench_prompts import Reading, question_prompt
from .qbench_questions import QualityQuestion


COLUMNS = ("index", "media", "question", "prompt", "model", "answer", "error")
_FAILURES_IN_A_ROW = 10

Ask = Callable[[str, str], str]  # path of a medium and prompt to answer


def answer_questions(
    ask: Ask,
    *,
    questions: Sequence[QualityQuestion],
    media_root: str | Path,
    path: str | Path,
    model: str,
    reading: Reading = "clean",
    progress: Callable[[Iterable[QualityQuestion]], Iterable[QualityQuestion]] = iter,
) -> list[dict[str, Any]]:
    """
    Put questions to a model and write its answers down.

    Rows that are in the file already are kept, but for those with an error, whose questions are put again. A question
    whose medium is missing or that fails otherwise becomes a row with its error.

    Args:
        ask (`Callable`): takes the path of a medium and a prompt, and returns the answer; for a checkpoint see
            [`~evaluation.question_answering.QuestionAnswerer`].
        questions (`Sequence[QualityQuestion]`): of one file.
        media_root (`str` or `Path`): folder of the media; no path of a question may lead out of it.
        path (`str` or `Path`): a `.jsonl` file, made when absent, with an object of [`COLUMNS`] on each line.
        model (`str`): what answers, for the rows.
        reading (`str`, *optional*, defaults to `"clean"`): see [`~evaluation.qbench_prompts.question_prompt`].
        progress (`Callable`, *optional*): wraps the questions that are put, such as `tqdm`.

    Returns:
        `list[dict]`: a row for each question, in their order.

    Raises:
        [`EvaluationError`]: the file is none of answers of this model to these questions, or ten questions in a row
            failed.

    Example:

    ```python
    >>> import tempfile
    >>> from pathlib import Path
    >>> from transformers_vital.evaluation.answer_file import answer_questions
    >>> from transformers_vital.evaluation.qbench_questions import QualityQuestion
    >>> question = QualityQuestion(0, "video", "1.mp4", "Sharp?", "binary", ("technical",), ("Yes", "No"), "A", "Yes")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Path(folder, "1.mp4").touch()
    ...     path = Path(folder, "answers.jsonl")
    ...     (row,) = answer_questions(lambda media, prompt: "A. Yes", questions=[question], media_root=folder,
    ...         path=path, model="yes-man")
    >>> row["answer"], row["error"]
    ('A. Yes', None)

    ```
    """
    path = Path(path)
    prompts = {question.index: question_prompt(question, reading=reading) for question in questions}
    if len(prompts) < len(questions):
        raise EvaluationError("Several questions have one index. Give each file of questions its own answers.")
    blanks = {question.index: _row(question, prompt=prompts[question.index], model=model) for question in questions}
    done = _kept_rows(path, blanks=blanks, model=model)
    _replace(path, done.values())
    failures = 0
    with path.open("a", encoding="utf-8") as file:
        for question in progress([question for question in questions if question.index not in done]):
            row = _asked(ask, question, row=blanks[question.index], media_root=media_root)
            file.write(_line(row))
            file.flush()
            done[question.index] = row
            failures = failures + 1 if row["error"] else 0
            if failures == _FAILURES_IN_A_ROW:
                raise EvaluationError(
                    f"{failures} questions in a row failed, the last, {question.index}, with: {row['error']} The "
                    f"answers so far are in {path}; run the same again to go on."
                )
    return [done[question.index] for question in questions]


def read_answers(path: str | Path, *, questions: Sequence[QualityQuestion]) -> list[dict[str, Any]]:
    """
    What [`answer_questions`] wrote, without asking anything.

    Args:
        path (`str` or `Path`): its file.
        questions (`Sequence[QualityQuestion]`): the same.

    Returns:
        `list[dict]`: a row for each question, in their order; those that were not put have an error that says so.

    Raises:
        [`EvaluationError`]: there is no such file, or it holds something else.
    """
    path = Path(path)
    if not path.is_file():
        raise EvaluationError(f"There is no file {path}. Put the questions to a model first.")
    rows = {row["index"]: row for row in _whole_rows(path)}
    found = []
    for question in questions:
        blank = _row(question, prompt=None, model=None)
        row = rows.get(question.index, blank | {"error": "The question was not put."})
        if any(row[name] != blank[name] for name in ("media", "question")):
            raise _other(path, f"its row {question.index} answers another question")
        found.append(row)
    return found


def _row(question: QualityQuestion, *, prompt: str | None, model: str | None) -> dict[str, Any]:
    known = {"index": question.index, "media": question.media, "question": question.text}
    return dict.fromkeys(COLUMNS) | known | {"prompt": prompt, "model": model}


def _asked(ask: Ask, question: QualityQuestion, *, row: dict[str, Any], media_root: str | Path) -> dict[str, Any]:
    try:
        media = {"kind": question.kind, "path": question.media, "bytes": None}
        answer = ask(resolve_media(media, root=media_root)["path"], row["prompt"])
        if not isinstance(answer, str):
            raise EvaluationError(f"The model returned a {type(answer).__name__}; expected its answer, a text.")
    except (VitalError, ValueError, OSError, RuntimeError, MemoryError) as error:
        return row | {"error": f"{type(error).__name__}: {error}"}
    return row | {"answer": answer.strip()}


def _kept_rows(path: Path, *, blanks: Mapping[int, Mapping[str, Any]], model: str) -> dict[int, dict[str, Any]]:
    kept = {}
    for row in _whole_rows(path) if path.exists() else []:
        if row["model"] != model:
            raise _other(path, f"it has answers of {row['model']}, not of {model}")
        blank = blanks.get(row["index"], row)
        if any(row[name] != blank[name] for name in ("media", "question", "prompt")):
            raise _other(path, f"its row {row['index']} answers another question")
        if row["error"] is None:
            kept[row["index"]] = row
    return kept


def _whole_rows(path: Path) -> list[dict[str, Any]]:
    """The rows up to the last line end; what follows was torn by a kill."""
    content = path.read_bytes()
    try:
        lines = content[: content.rfind(b"\n") + 1].decode("utf-8").split("\n")
        rows = [json.loads(line) for line in lines if line]
    except ValueError as error:
        raise _other(path, f"a line is not JSON ({error})") from error
    if not all(isinstance(row, dict) and tuple(row) == COLUMNS for row in rows):
        raise _other(path, f"a line has not the keys {', '.join(COLUMNS)}")
    return rows


def _replace(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    unfinished = path.with_name(path.name + ".tmp")
    unfinished.write_text("".join(map(_line, rows)), encoding="utf-8")
    os.replace(unfinished, path)


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def _other(path: Path, reason: str) -> EvaluationError:
    return EvaluationError(f"{path} holds no answers to these questions: {reason}. Name another file, or delete it.")
