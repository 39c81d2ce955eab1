"""What a judge is asked about an answer."""

from ..annotation.statements.sentences import plain_text
from ..prompts import OPEN_ENDED_JUDGE
from .qbench_questions import OPEN_ENDED, OPTION_LETTERS, QualityQuestion


# The paper prints no prompt for closed questions, only that they are scored 0 or 1; this one follows the other.
CLOSED_JUDGE = (
    "Given the [question] and its [options], evaluate whether the response [answer] chooses the [correct answer]. "
    "First, check the response, and please rate the score 0 if the response is not a valid answer. "
    "Please rate score 1 if the response chooses the correct answer, by its letter or by its meaning. "
    "Please rate score 0 if the response chooses another option, several options, or none. "
    "Please provide the result in the following format: Score:"
)


def highest_score(question: QualityQuestion) -> int:
    """Full marks: 2 of an open-ended question, 1 of a closed one (Sec. 8.1)."""
    return 2 if question.type == OPEN_ENDED else 1


def judge_question(question: QualityQuestion, *, answer: str) -> str:
    """
    What asks a judge to score an answer: what the brackets of the prompt stand for, then the prompt as it is printed.

    Each bracket is one line, whatever the answer holds, so that an answer cannot pass for another bracket.

    Args:
        question (`QualityQuestion`): with its correct answer.
        answer (`str`): of the model.

    Example:

    ```python
    >>> from transformers_vital.evaluation.judge_questions import judge_question
    >>> from transformers_vital.evaluation.qbench_questions import QualityQuestion
    >>> question = QualityQuestion(0, "video", "1.mp4", "Which flaw?", "open-ended", ("technical",), reference="Noise")
    >>> print(judge_question(question, answer="It is\\nnoisy.")[:92])
    [question]: Which flaw?
    [answer]: It is noisy.
    [correct answer]: Noise
    <BLANKLINE>
    Given the [question]

    ```
    """
    lettered = [f"{letter}. {option}" for letter, option in zip(OPTION_LETTERS, question.options, strict=False)]
    correct = f"{question.letter}. {question.reference}" if question.options else question.reference
    named = {
        "question": question.text,
        **({"options": "; ".join(lettered)} if lettered else {}),
        "answer": answer,
        "correct answer": correct,
    }
    lines = [f"[{name}]: {' '.join(plain_text(text).split())}" for name, text in named.items()]
    prompt = CLOSED_JUDGE if question.options else OPEN_ENDED_JUDGE
    return "\n".join([*lines, "", prompt])
