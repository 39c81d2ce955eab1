"""What answers to questions are worth, and by what it was decided."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from ..errors import EvaluationError
from .answer_matching import chosen_option
from .judge_questions import highest_score
from .judge_votes import majority
from .qbench_prompts import Reading
from .qbench_questions import QualityQuestion


DecidedBy = Literal["option", "judge", "nothing"]


@dataclass(frozen=True)
class Judgement:
    """
    The worth of one answer.

    Args:
        index (`int`): of the question.
        credit (`float`, *optional*): share of full marks, in [0, 1]; `None` where nobody could say.
        by (`str`, *optional*): `"option"`, the answer chose one; `"judge"`; or `"nothing"`, it was empty, which is
            worth nothing.
        votes (`tuple`): scores of the judge, one for each round, `None` where it gave none.
        malformed (`int`): answers of the judge without a score, after which it was asked again or given up.
        reason (`str`, *optional*): why there is no credit.
    """

    index: int
    credit: float | None
    by: DecidedBy | None
    votes: tuple[int | None, ...] = ()
    malformed: int = 0
    reason: str | None = None


def without_judge(
    question: QualityQuestion, *, row: Mapping[str, Any], reading: Reading = "clean"
) -> Judgement | None:
    """
    The worth of an answer as far as it needs no judge (Sec. 8.1).

    An answer to a closed question that chooses an option is worth 1 or 0; an empty one is worth 0; a failed one has no
    credit.

    Args:
        question (`QualityQuestion`): with its correct answer.
        row (`Mapping`): of [`~evaluation.answer_file.answer_questions`].
        reading (`str`, *optional*, defaults to `"clean"`): see [`~evaluation.answer_matching.chosen_option`].

    Returns:
        [`Judgement`]; `None` where a judge must be asked: of an open-ended question, and where no option is chosen.

    Raises:
        [`EvaluationError`]: the question has no correct answer, or the row is of another question.

    Example:

    ```python
    >>> from transformers_vital.evaluation.judgements import without_judge
    >>> from transformers_vital.evaluation.qbench_questions import QualityQuestion
    >>> question = QualityQuestion(0, "video", "1.mp4", "Sharp?", "binary", ("technical",), ("Yes", "No"), "A", "Yes")
    >>> answers = [{"index": 0, "answer": text, "error": None} for text in ("A.", "(b)", "It is.")]
    >>> [found and found.credit for found in (without_judge(question, row=row) for row in answers)]
    [1.0, 0.0, None]

    ```
    """
    if question.reference is None:
        raise EvaluationError(f"Question {question.index} has no correct answer. Use a file with answers.")
    if row["index"] != question.index:
        raise EvaluationError(f"Row {row['index']} stands where question {question.index} is. Put them in one order.")
    if row["error"] is not None:
        return Judgement(question.index, None, None, reason=row["error"])
    if not row["answer"]:
        return Judgement(question.index, 0.0, "nothing")
    if question.letter and (chosen := chosen_option(row["answer"], options=question.options, reading=reading)):
        return Judgement(question.index, float(chosen == question.letter), "option")
    return None


def by_votes(
    question: QualityQuestion, *, votes: Sequence[int | None], malformed: int = 0, reason: str | None = None
) -> Judgement:
    """
    The worth of an answer by what most rounds of a judge gave it: 0, 1/2 or 1 of an open-ended question, 0 or 1 of a
    closed one.

    Args:
        question (`QualityQuestion`): what was answered.
        votes (`Sequence`): see [`~evaluation.judge_votes.majority`].
        malformed (`int`, *optional*, defaults to 0): see [`Judgement`].
        reason (`str`, *optional*): why votes are missing.

    Example:

    ```python
    >>> from transformers_vital.evaluation.judgements import by_votes
    >>> from transformers_vital.evaluation.qbench_questions import QualityQuestion
    >>> question = QualityQuestion(0, "video", "1.mp4", "Which flaw?", "open-ended", ("technical",), reference="Noise")
    >>> by_votes(question, votes=[1, 1, 2, 1, 0]).credit
    0.5

    ```
    """
    score = majority(votes)
    if score is None:
        given = sum(vote is not None for vote in votes)
        lacking = f"The judge gave a score in {given} of {len(votes)} rounds. {reason or ''}".strip()
        return Judgement(question.index, None, None, tuple(votes), malformed, lacking)
    return Judgement(question.index, score / highest_score(question), "judge", tuple(votes), malformed)


def write_judgements(path: str | Path, *, judgements: Iterable[Judgement]) -> None:
    """
    Write judgements to a `.jsonl` file, from which a table can be computed without model and judge.

    Args:
        path (`str` or `Path`): replaced where it exists.
        judgements (`Iterable[Judgement]`): in any order.
    """
    lines = (json.dumps(asdict(judgement), ensure_ascii=False) + "\n" for judgement in judgements)
    Path(path).write_text("".join(lines), encoding="utf-8")


def read_judgements(path: str | Path) -> list[Judgement]:
    """
    What [`write_judgements`] wrote.

    Raises:
        [`EvaluationError`]: the file is missing or holds something else.
    """
    names = [field.name for field in fields(Judgement)]
    try:
        rows = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise EvaluationError(f"{path} cannot be read as judgements ({error}). Judge the answers again.") from error
    if not all(isinstance(row, dict) and list(row) == names for row in rows):
        raise EvaluationError(f"A line of {path} has not the keys {', '.join(names)}. Judge the answers again.")
    return [Judgement(**row | {"votes": tuple(row["votes"])}) for row in rows]
