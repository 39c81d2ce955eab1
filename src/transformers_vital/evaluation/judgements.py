"""What answers to questions are worth, and by what it was decided."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ..errors import EvaluationError
from .answer_matching import chosen_option
from .answers import Answers
from .judge_questions import highest_score
from .judge_votes import majority
from .qbench_prompts import Reading
from .qbench_questions import QualityQuestion
from .row_files import read_rows, write_rows


DecidedBy = Literal["option", "judge", "nothing", "failed"]
_TYPES = {"index": "int64", "credit": "double", "by": "string", "votes": "int64[]", "malformed": "int64"}
_TYPES |= {"reason": "string", "answer": "string"}


@dataclass(frozen=True)
class Judgement:
    """
    The worth of one answer.

    Args:
        index (`int`): of the question.
        credit (`float`, *optional*): share of full marks, in [0, 1]; `None` where nobody could say.
        by (`str`, *optional*): `"option"`, the answer chose one; `"judge"`; `"nothing"`, it was empty, which is worth
            nothing; or `"failed"`, there is no answer. `None` where a judge did not say.
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

    An answer to a closed question that chooses an option is worth 1 or 0; an empty one is worth 0. A failed one has no
    credit, and neither has any in a file without correct answers.

    Args:
        question (`QualityQuestion`): with its correct answer.
        row (`Mapping`): of [`~evaluation.answers.Answers`].
        reading (`str`, *optional*, defaults to `"clean"`): see [`~evaluation.answer_matching.chosen_option`].

    Returns:
        [`Judgement`]; `None` where a judge must be asked: of an open-ended question, and where no option is chosen.

    Raises:
        [`EvaluationError`]: the row is of another question.

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
    if row["index"] != question.index:
        raise EvaluationError(f"Row {row['index']} stands where question {question.index} is. Put them in one order.")
    if row["error"] is not None:
        return Judgement(question.index, None, "failed", reason=row["error"])
    if question.reference is None:
        return Judgement(question.index, None, None, reason="The file of questions has no correct answer.")
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


def decide(
    questions: Sequence[QualityQuestion],
    *,
    rows: Sequence[Mapping[str, Any]],
    judged: Mapping[int, Judgement],
    reading: Reading = "clean",
) -> list[Judgement]:
    """
    The worth of all answers, out of what a judge said about those that need one.

    Args:
        questions (`Sequence[QualityQuestion]`): with their correct answers.
        rows (`Sequence[Mapping]`): of [`~evaluation.answers.Answers`], one for each question.
        judged (`Mapping[int, Judgement]`): by the index of the question; without one an answer that needs a judge has
            no credit.
        reading (`str`, *optional*, defaults to `"clean"`): see [`without_judge`].

    Returns:
        `list[Judgement]`, in the order of the questions.
    """
    pairs = zip(questions, rows, strict=True)
    return [
        without_judge(question, row=row, reading=reading)
        or judged.get(question.index)
        or Judgement(question.index, None, None, reason="It needs a judge, and none was given.")
        for question, row in pairs
    ]


def write_judgements(path: str | Path, *, judgements: Iterable[Judgement], answers: Answers, judge: str) -> Path:
    """
    Write judgements as parquet, from which a table can be computed without model and judge.

    Args:
        path (`str` or `Path`): replaced where it exists.
        judgements (`Iterable[Judgement]`): in the order of the answers.
        answers ([`~evaluation.answers.Answers`]): what they are of.
        judge (`str`): its name.

    Raises:
        [`EvaluationError`]: the file cannot be written.
        [`MissingExtraError`]: pyarrow is not installed.
    """
    rows = [asdict(one) | {"answer": row["answer"]} for one, row in zip(judgements, answers.rows, strict=True)]
    return write_rows(rows, path=path, types=_TYPES, header={"judge": judge})


def read_judgements(path: str | Path, *, answers: Answers) -> tuple[str, list[Judgement]]:
    """
    What [`write_judgements`] wrote, as far as it is about answers; an answer that has changed since has no judge.

    Returns:
        `tuple[str, list[Judgement]]`: name of the judge, and a judgement for each answer, in their order.

    Raises:
        [`EvaluationError`]: the file is missing or holds something else.
    """
    header, rows = read_rows(path, what="judgements", types=_TYPES)
    said = {row["index"]: row["answer"] for row in answers.rows}
    kept = [row for row in rows if row["by"] != "failed" and said.get(row["index"]) == row.pop("answer")]
    judged = {row["index"]: Judgement(**row | {"votes": tuple(row["votes"])}) for row in kept}
    return str(header.get("judge")), decide(
        answers.questions, rows=answers.rows, judged=judged, reading=answers.reading
    )
