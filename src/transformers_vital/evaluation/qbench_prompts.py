"""How a model is asked a question of Q-Bench-Video or Q-Bench."""

from typing import Literal

from ..prompts import RELEASE_QBENCH_FORMAT, RELEASE_QBENCH_INTRODUCTION
from .qbench_questions import OPTION_LETTERS, QualityQuestion


Reading = Literal["clean", "release"]


def question_prompt(question: QualityQuestion, *, reading: Reading = "clean") -> str:
    """
    The text that follows the medium.

    | question | text |
    |---|---|
    | open-ended | the question alone |
    | closed, video | the question, and a line for each option |
    | image, `clean` | the introduction, the question, a line for each option, and the format of the answer |
    | image, `release` | the same, but with the format after every option and without line ends around it |

    All are those of the authors' release; of an image, `clean` is what its script was meant to write. The paper prints
    none of them.

    Args:
        question (`QualityQuestion`): of either benchmark.
        reading (`str`, *optional*, defaults to `"clean"`): or `"release"`, to the letter.

    Example:

    ```python
    >>> from transformers_vital.evaluation.qbench_prompts import question_prompt
    >>> from transformers_vital.evaluation.qbench_questions import QualityQuestion
    >>> question = QualityQuestion(0, "video", "1.mp4", "Sharp?", "binary", ("technical",), ("Yes", "No"), "A", "Yes")
    >>> question_prompt(question)
    'Sharp?\\nA. Yes\\nB. No\\n'

    ```
    """
    lines = [f"{letter}. {option}\n" for letter, option in zip(OPTION_LETTERS, question.options, strict=False)]
    if not lines:
        return question.text
    if question.kind == "video":
        return f"{question.text}\n{''.join(lines)}"
    if reading == "release":
        return f"{RELEASE_QBENCH_INTRODUCTION}{question.text}\n" + "".join(
            line + RELEASE_QBENCH_FORMAT for line in lines
        )
    return f"{RELEASE_QBENCH_INTRODUCTION}\n{question.text}\n{''.join(lines)}{RELEASE_QBENCH_FORMAT}"
