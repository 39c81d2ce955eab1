"""Results of a model on questions out of its judged answers, beside the paper's values."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import EvaluationError
from ..media.formats import Kind
from .answers import Answers
from .judgements import Judgement
from .paper import ANSWER_TABLES, PaperDifference, paper_table
from .qbench import OVERALL, Column, qbench_columns, qbench_summary
from .results import json_types


@dataclass(frozen=True)
class QuestionResults:
    """
    A model on the questions of one file.

    Args:
        model (`str`): its name.
        id (`str`): name of the file of questions, without its suffix.
        kind (`str`): what they are about, `"image"` or `"video"`.
        fingerprint (`Mapping`): see [`~evaluation.answers.Answers`].
        judge (`str`, *optional*): who judged; `None` where nobody did.
        columns (`Mapping[str, Column]`): those of Table 4, or of Q-Bench for images.
        summary (`Mapping`): by what answers were decided and how rounds agree, see
            [`~evaluation.qbench.qbench_summary`].
        paper_model (`str`, *optional*): the paper's model it stands beside.
        paper (`Mapping[str, PaperDifference]`): by column, where the paper has that model; of videos only.
    """

    model: str
    id: str
    kind: Kind
    fingerprint: Mapping[str, Any]
    judge: str | None
    columns: Mapping[str, Column]
    summary: Mapping[str, Any]
    paper_model: str | None
    paper: Mapping[str, PaperDifference]

    @property
    def overall(self) -> Column:
        """All questions."""
        return self.columns[OVERALL]

    @property
    def failed(self) -> int:
        """Questions without an answer."""
        return self.summary["decided_by"]["failed"]

    @property
    def unjudged(self) -> int:
        """Answers of which nobody said what they are worth."""
        return self.summary["decided_by"]["unjudged"]

    def to_dict(self) -> dict[str, Any]:
        """As JSON types; a value that is not defined is `None`."""
        values = asdict(self) | dict(self.summary)
        del values["summary"]
        for name, beside in self.paper.items():
            values["paper"][name]["difference"] = beside.difference
        return json_types(values)


def question_results(
    answers: Answers,
    *,
    judgements: Sequence[Judgement],
    judge: str | None,
    model: str,
    paper_model: str | None = None,
) -> QuestionResults:
    """
    Results out of answers and what they are worth.

    Args:
        answers ([`~evaluation.answers.Answers`]): to the questions of one file.
        judgements (`Sequence[Judgement]`): one for each.
        judge, model, paper_model (`str`): see [`QuestionResults`].

    Returns:
        [`QuestionResults`].

    Example:

    ```python
    >>> from transformers_vital.evaluation.answers import answer_key, join_answers
    >>> from transformers_vital.evaluation.judgements import decide
    >>> from transformers_vital.evaluation.qbench_questions import QualityQuestion
    >>> from transformers_vital.evaluation.question_results import question_results
    >>> question = QualityQuestion(0, "video", "1.mp4", "Sharp?", "binary", ("technical",), ("Yes", "No"), "A", "Yes")
    >>> answered = {answer_key("1.mp4", "Sharp?\\nA. Yes\\nB. No\\n"): {"answer": "A.", "error": None}}
    >>> answers = join_answers([question], answered=answered, lacking={}, id="mine", fingerprint={"reading": "clean"})
    >>> judgements = decide([question], rows=answers.rows, judged={})
    >>> results = question_results(answers, judgements=judgements, judge=None, model="m",
    ...     paper_model="VITAL-ASSISTANT-8B")
    >>> results.overall.share, results.paper["overall"].paper
    (1.0, 0.6311)

    ```
    """
    questions = answers.questions
    columns = qbench_columns(questions, judgements=judgements)
    summary = qbench_summary(questions, judgements=judgements)
    kind = questions[0].kind
    beside = _beside_paper(columns, model=paper_model) if paper_model and kind == "video" else {}
    return QuestionResults(model, answers.id, kind, answers.fingerprint, judge, columns, summary, paper_model, beside)


def _beside_paper(columns: Mapping[str, Column], *, model: str) -> dict[str, PaperDifference]:
    for number in ANSWER_TABLES:
        try:
            values = paper_table(number).row(model).values
        except EvaluationError:  # a model of ratings only, or of the other table
            continue
        shares = {name: math.nan if column.share is None else column.share for name, column in columns.items()}
        return {name: PaperDifference(share, values[name, "accuracy"], number) for name, share in shares.items()}
    return {}
