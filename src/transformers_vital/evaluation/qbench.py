"""The columns of a table of Q-Bench-Video (Tables 4 and 11) or Q-Bench, out of judged answers."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import EvaluationError
from .answer_matching import chosen_option
from .judge_votes import agreement
from .judgements import Judgement
from .qbench_prompts import Reading
from .qbench_questions import (
    IMAGE_CONCERNS,
    IMAGE_TYPES,
    OPEN_ENDED,
    OPTION_LETTERS,
    VIDEO_CONCERNS,
    VIDEO_TYPES,
    QualityQuestion,
)


OVERALL = "overall"
COLUMNS = {
    "video": (*VIDEO_TYPES.values(), *VIDEO_CONCERNS, OVERALL),
    "image": (*IMAGE_TYPES, *IMAGE_CONCERNS, OVERALL),
}


@dataclass(frozen=True)
class Column:
    """
    One column of a table.

    Args:
        share (`float`, *optional*): mean credit of the answers that were judged, in [0, 1]; times 100 it is what the
            paper prints. `None` where none was.
        credit (`float`): their sum.
        judged (`int`): how many were.
        listed (`int`): questions of the column. Where fewer were judged, the share is not that of the benchmark.
    """

    share: float | None
    credit: float
    judged: int
    listed: int


def qbench_columns(questions: Sequence[QualityQuestion], *, judgements: Iterable[Judgement]) -> dict[str, Column]:
    """
    All columns of a table.

    Formula: the credit of the answers of a column by their number. A closed question has a credit of 0 or 1, an
    open-ended one of 0, 1/2 or 1 for scores 0, 1 and 2. A question counts in the column of its type, in that of each
    of its concerns, and in "overall", which is therefore no mean of other columns. Table 4 is computed so: its
    open-ended shares are multiples of 1/632 and not of 1/316, its other columns fit 297, 287, 617, 211, 294 and 161
    questions, and "overall" is the sum of the first three over 900.

    Args:
        questions (`Sequence[QualityQuestion]`): of one benchmark.
        judgements (`Iterable[Judgement]`): one for each question, in any order.

    Returns:
        `dict[str, Column]` in the order of the table: `binary`, `multiple choice`, `open-ended`, `technical`,
        `aesthetic`, `temporal`, `AIGC` and `overall`; of images `yes-or-no`, `what`, `how`, `distortion`, `other`,
        `in-context distortion`, `in-context other` and `overall`.

    Raises:
        [`EvaluationError`]: there are no questions, or of both kinds, or not one judgement for each.

    Example:

    ```python
    >>> from transformers_vital.evaluation.judgements import Judgement
    >>> from transformers_vital.evaluation.qbench import qbench_columns
    >>> from transformers_vital.evaluation.qbench_questions import QualityQuestion
    >>> sharp = QualityQuestion(0, "video", "1.mp4", "Sharp?", "binary", ("technical",), ("Yes", "No"), "A", "Yes")
    >>> wrong = QualityQuestion(1, "video", "1.mp4", "What is wrong?", "open-ended", ("technical", "temporal"),
    ...     reference="Judder")
    >>> judgements = [Judgement(0, 1.0, "option"), Judgement(1, 0.5, "judge")]
    >>> columns = qbench_columns([sharp, wrong], judgements=judgements)
    >>> columns["technical"].share, columns["temporal"].share, columns["AIGC"].share
    (0.75, 0.5, None)

    ```
    """
    credits = _credits(questions, judgements)
    return {
        name: _column([credits[question.index] for question in questions if name in _columns_of(question)])
        for name in COLUMNS[questions[0].kind]
    }


def qbench_summary(questions: Sequence[QualityQuestion], *, judgements: Sequence[Judgement]) -> dict[str, Any]:
    """
    By what answers were decided, and how far the judge agrees with itself, as JSON types.

    Args:
        questions, judgements: see [`qbench_columns`].

    Returns:
        `dict`:
        - `decided_by`: how many answers by `option`, `judge` or `nothing`, how many `failed`, and how many are
          `unjudged`.
        - `malformed`: answers of the judge without a score.
        - `agreement`: of its rounds, for `open-ended` and `closed` questions; see
          [`~evaluation.judge_votes.agreement`].

    Raises:
        [`EvaluationError`]: see [`qbench_columns`].
    """
    decided = Counter(judgement.by or "unjudged" for judgement in judgements)
    open_ended = {question.index for question in questions if question.type == OPEN_ENDED}
    votes: dict[str, list] = {OPEN_ENDED: [], "closed": []}
    for judgement in judgements:
        if judgement.votes:
            votes[OPEN_ENDED if judgement.index in open_ended else "closed"].append(judgement.votes)
    return {
        "decided_by": {name: decided[name] for name in ("option", "judge", "nothing", "failed", "unjudged")},
        "malformed": sum(judgement.malformed for judgement in judgements),
        "agreement": {name: agreement(given) for name, given in votes.items()},
    }


def qbench_accuracy(
    predictions: Sequence[str],
    *,
    references: Sequence[str],
    concerns: Sequence[str],
    options: Sequence[Sequence[str]] | None = None,
    reading: Reading = "clean",
) -> dict[str, float]:
    """
    Accuracy of answers to closed questions by their first letter alone, overall and for each concern.

    An answer that chooses no option is wrong here, where the paper asks a judge; `undecided` says how many those are.

    Args:
        predictions (`Sequence[str]`): answers of the model.
        references (`Sequence[str]`): letters of the correct options, A to D.
        concerns (`Sequence[str]`): for each question one or more names joined by `_`, with `CONCERN_` before them or
            not.
        options (`Sequence`, *optional*): for each question the texts of its options; four letters when left out.
        reading (`str`, *optional*, defaults to `"clean"`): see [`~evaluation.answer_matching.chosen_option`].

    Returns:
        `dict[str, float]`: `overall`, a share in [0, 1] for each concern that occurs, in lower case and sorted, and
        `undecided`, a count.

    Raises:
        [`EvaluationError`]: the lists differ in length or are empty, or a reference is no letter of an option.

    Example:

    ```python
    >>> from transformers_vital.evaluation.qbench import qbench_accuracy
    >>> qbench_accuracy(["A.", "(b)", "It is."], references=["A", "A", "B"],
    ...     concerns=["CONCERN_Technical", "CONCERN_Technical_Temporal", "CONCERN_Temporal"])
    {'overall': 0.3333333333333333, 'technical': 0.5, 'temporal': 0.0, 'undecided': 1}

    ```
    """
    options = [[""] * len(OPTION_LETTERS)] * len(predictions) if options is None else options
    if not predictions or len({len(predictions), len(references), len(concerns), len(options)}) > 1:
        raise EvaluationError(
            f"There are {len(predictions)} predictions, {len(references)} references, {len(concerns)} concerns and "
            f"{len(options)} lists of options; expected as many of all, and at least one."
        )
    correct: dict[str, list[bool]] = {OVERALL: []}
    undecided = 0
    for place, (prediction, reference, label) in enumerate(zip(predictions, references, concerns, strict=True)):
        if len(reference) != 1 or reference not in OPTION_LETTERS[: len(options[place])]:
            raise EvaluationError(f"Reference {place} is {reference!r}; expected the letter of an option.")
        chosen = chosen_option(prediction.strip(), options=options[place], reading=reading)
        undecided += chosen is None
        for name in (OVERALL, *label.removeprefix("CONCERN_").casefold().split("_")):
            correct.setdefault(name, []).append(chosen == reference)
    names = [OVERALL, *sorted(correct.keys() - {OVERALL})]
    return {name: sum(correct[name]) / len(correct[name]) for name in names} | {"undecided": undecided}


def _credits(questions: Sequence[QualityQuestion], judgements: Iterable[Judgement]) -> dict[int, float | None]:
    credits = {judgement.index: judgement.credit for judgement in judgements}
    if not questions or len({question.kind for question in questions}) > 1:
        raise EvaluationError(
            f"There are {len(questions)} questions; expected some, all about images or all about videos."
        )
    if missing := [question.index for question in questions if question.index not in credits]:
        raise EvaluationError(
            f"{len(missing)} of {len(questions)} questions have no judgement, the first is {missing[0]}. Judge all."
        )
    return credits


def _columns_of(question: QualityQuestion) -> tuple[str, ...]:
    return (question.type, *question.concerns, OVERALL)


def _column(credits: Sequence[float | None]) -> Column:
    judged = [credit for credit in credits if credit is not None]
    return Column(sum(judged) / len(judged) if judged else None, float(sum(judged)), len(judged), len(credits))
