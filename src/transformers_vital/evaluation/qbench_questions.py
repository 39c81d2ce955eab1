"""Questions of Q-Bench-Video and Q-Bench, as their authors and those of VITAL write them down."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as shown
from typing import Any

from ..errors import EvaluationError
from ..media.formats import Kind
from .media_folder import leads_out


OPEN_ENDED = "open-ended"
OPTION_LETTERS = "ABCD"

VIDEO_TYPES = {"yes-or-no": "binary", "what/how": "multiple choice", "open_ended": OPEN_ENDED}
VIDEO_CONCERNS = ("technical", "aesthetic", "temporal", "AIGC")  # the order of Table 4
IMAGE_TYPES = ("yes-or-no", "what", "how")  # by number, as are the concerns
IMAGE_CONCERNS = ("distortion", "other", "in-context distortion", "in-context other")

_LABEL = "CONCERN_"
_CONCERN_OF = {concern.casefold(): concern for concern in VIDEO_CONCERNS}


@dataclass(frozen=True)
class QualityQuestion:
    """
    A question about the quality of one image or video.

    Args:
        index (`int`): place in the file, from 0, which is its name.
        kind (`str`): `"image"` or `"video"`.
        media (`str`): path of the file, inside the folder of the benchmark's media.
        text (`str`): the question.
        type (`str`): of a video `"binary"`, `"multiple choice"` or `"open-ended"`, of an image `"yes-or-no"`, `"what"`
            or `"how"`: its column among the types.
        concerns (`tuple[str, ...]`): its columns among the concerns; see [`concerns_of`].
        options (`tuple[str, ...]`): two to four; none of an open-ended question.
        letter (`str`, *optional*): of the correct option; `None` in a file without answers, and of an open-ended
            question.
        reference (`str`, *optional*): the correct answer in words; `None` in a file without answers.
    """

    index: int
    kind: Kind
    media: str
    text: str
    type: str
    concerns: tuple[str, ...]
    options: tuple[str, ...] = ()
    letter: str | None = None
    reference: str | None = None


def read_questions(path: str | Path) -> list[QualityQuestion]:
    """
    Questions of either benchmark: the file is read by [`read_qbench_video`] where its dicts have a `quality_concern`,
    and by [`read_qbench`] otherwise.

    Raises:
        [`EvaluationError`]: see there.
    """
    of_videos = any(isinstance(entry, Mapping) and "quality_concern" in entry for entry in _entries(path))
    return read_qbench_video(path) if of_videos else read_qbench(path)


def read_qbench_video(path: str | Path) -> list[QualityQuestion]:
    """
    Questions about single videos, from a file such as `qbvideo_dev_single.json`.

    The file is a JSON array of dicts with `video` (or `video_name`), `question`, `answers`, `question_type`,
    `quality_concern` and, unless the answers are kept back, `correct_choice`. The correct answer is the one that the
    letter names: `correct_ans` of the same dict is an older wording of it, and another one in 195 of the 892 questions
    of that file.

    Args:
        path (`str` or `Path`): the file.

    Returns:
        `list[QualityQuestion]`, in the order of the file.

    Raises:
        [`EvaluationError`]: the file has another form, or asks about pairs of videos; the message names the question
            and the field.

    Example:

    ```python
    >>> import json, tempfile
    >>> from transformers_vital.evaluation.qbench_questions import read_qbench_video
    >>> entry = {"video": "1.mp4", "question": "Is there flicker?", "answers": ["Yes", "No", "", ""],
    ...     "question_type": "yes-or-no", "quality_concern": "CONCERN_Technical_Temporal", "correct_choice": "B"}
    >>> with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
    ...     json.dump([entry], file)
    ...     file.flush()
    ...     (question,) = read_qbench_video(file.name)
    >>> question.type, question.concerns, question.options, question.reference
    ('binary', ('technical', 'temporal'), ('Yes', 'No'), 'No')

    ```
    """
    return _read(path, _video_question)


def read_qbench(path: str | Path) -> list[QualityQuestion]:
    """
    Questions about single images, from a file such as `llvisionqa_dev.json`.

    The file is a JSON array of dicts with `question`, `type`, `concern` (numbers that stand for [`IMAGE_TYPES`] and
    [`IMAGE_CONCERNS`]) and, in the published form, `img_path`, `candidates` and `correct_ans`, or, in that of VITAL's
    authors, `image`, `answers` and `correct_choice`. The published test set has no answers.

    Args:
        path (`str` or `Path`): the file.

    Returns:
        `list[QualityQuestion]`, in the order of the file.

    Raises:
        [`EvaluationError`]: the file has another form; the message names the question and the field.

    Example:

    ```python
    >>> import json, tempfile
    >>> from transformers_vital.evaluation.qbench_questions import read_qbench
    >>> entry = {"img_path": "1.jpg", "question": "How is the clarity?", "candidates": ["Low", "Medium", "High"],
    ...     "correct_ans": "High", "type": 2, "concern": 0}
    >>> with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
    ...     json.dump([entry], file)
    ...     file.flush()
    ...     (question,) = read_qbench(file.name)
    >>> question.type, question.concerns, question.letter
    ('how', ('distortion',), 'C')

    ```
    """
    return _read(path, _image_question)


def concerns_of(label: str) -> tuple[str, ...]:
    """
    The concerns of a question of Q-Bench-Video, from their label.

    A question may have several, and counts in the column of each: so only do the shares of Table 4 come out as those
    of whole questions (617 technical, 211 aesthetic, 294 temporal and 161 of AIGC, together more than its 900).

    Args:
        label (`str`): `CONCERN_` and names of [`VIDEO_CONCERNS`] joined by `_`.

    Raises:
        [`EvaluationError`]: it is something else.

    Example:

    ```python
    >>> from transformers_vital.evaluation.qbench_questions import concerns_of
    >>> concerns_of("CONCERN_Technical_AIGC")
    ('technical', 'AIGC')

    ```
    """
    names = label.removeprefix(_LABEL).split("_") if isinstance(label, str) and label.startswith(_LABEL) else []
    if not names or any(name.casefold() not in _CONCERN_OF for name in names) or len(set(names)) < len(names):
        raise EvaluationError(
            f"quality_concern is {shown(label)}; expected {_LABEL} and one or more of Technical, Aesthetic, Temporal "
            "and AIGC, joined by _."
        )
    return tuple(_CONCERN_OF[name.casefold()] for name in names)


def _entries(path: str | Path) -> list[Any]:
    try:
        entries = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise EvaluationError(f"{path} cannot be read as JSON ({error}). Name the file of questions.") from error
    if not isinstance(entries, list) or not entries:
        raise EvaluationError(f"{path} holds {shown(entries)}; expected one JSON array of questions.")
    return entries


def _read(path: str | Path, question: Callable[[int, Mapping[str, Any]], QualityQuestion]) -> list[QualityQuestion]:
    questions = []
    for index, entry in enumerate(_entries(path)):
        try:
            if not isinstance(entry, Mapping):
                raise EvaluationError(f"it is {shown(entry)}; expected a dict.")
            questions.append(question(index, entry))
        except EvaluationError as error:
            raise EvaluationError(f"{path}, question {index}: {error}") from None
    return questions


def _media(entry: Mapping[str, Any], *fields: str) -> str:
    media = _text(entry, *fields)
    if leads_out(media):
        raise EvaluationError(f"{media!r} leads out of the folder of the media. Make it relative.")
    return media


def _video_question(index: int, entry: Mapping[str, Any]) -> QualityQuestion:
    media = _media(entry, "video", "video_name")
    if "_cat_" in media:
        raise EvaluationError(f"video is {shown(media)}, a pair. Keep the questions about single videos.")
    given = _text(entry, "question_type")
    if given not in VIDEO_TYPES:
        raise EvaluationError(f"question_type is {shown(given)}; expected one of {', '.join(VIDEO_TYPES)}.")
    open_ended = VIDEO_TYPES[given] == OPEN_ENDED
    options = _options(entry, "answers", at_least=1 if open_ended else 2)
    letter = _letter(entry, options)
    return QualityQuestion(
        index=index,
        kind="video",
        media=media,
        text=_text(entry, "question"),
        type=VIDEO_TYPES[given],
        concerns=concerns_of(entry.get("quality_concern")),
        options=() if open_ended else options,
        letter=None if open_ended else letter,
        reference=options[OPTION_LETTERS.index(letter)] if letter else None,
    )


def _image_question(index: int, entry: Mapping[str, Any]) -> QualityQuestion:
    options = _options(entry, "candidates" if "candidates" in entry else "answers", at_least=2)
    letter = _letter(entry, options) or _letter_of_answer(entry, options)
    return QualityQuestion(
        index=index,
        kind="image",
        media=_media(entry, "img_path", "image"),
        text=_text(entry, "question"),
        type=_numbered(entry, "type", IMAGE_TYPES),
        concerns=(_numbered(entry, "concern", IMAGE_CONCERNS),),
        options=options,
        letter=letter,
        reference=options[OPTION_LETTERS.index(letter)] if letter else None,
    )


def _text(entry: Mapping[str, Any], *fields: str) -> str:
    """The text of the first of the fields that there is."""
    field = next((field for field in fields if field in entry), fields[0])
    value = entry.get(field)
    if not isinstance(value, str) or not value.strip():
        raise EvaluationError(f"{field} is {shown(value)}; expected a text, and not an empty one.")
    return value.strip()


def _options(entry: Mapping[str, Any], field: str, *, at_least: int) -> tuple[str, ...]:
    """The options without the empty ones that fill their list up."""
    values = entry.get(field)
    texts = [value.strip() for value in values if isinstance(value, str)] if isinstance(values, list) else []
    while texts and not texts[-1] and len(texts) == len(values):
        values = values[:-1]
        texts.pop()
    if not at_least <= len(texts) <= len(OPTION_LETTERS) or len(texts) < len(values) or not all(texts):
        raise EvaluationError(
            f"{field} is {shown(entry.get(field))}; expected {at_least} to {len(OPTION_LETTERS)} texts, and "
            "empty ones at the end only."
        )
    return tuple(texts)


def _letter(entry: Mapping[str, Any], options: tuple[str, ...]) -> str | None:
    letter = entry.get("correct_choice")
    if letter is None:
        return None
    if not isinstance(letter, str) or len(letter) != 1 or letter not in OPTION_LETTERS[: len(options)]:
        raise EvaluationError(
            f"correct_choice is {shown(letter)}; expected a letter from A to {OPTION_LETTERS[len(options) - 1]}."
        )
    return letter


def _letter_of_answer(entry: Mapping[str, Any], options: tuple[str, ...]) -> str | None:
    answer = entry.get("correct_ans")
    if answer is None:
        return None
    if not isinstance(answer, str) or options.count(answer.strip()) != 1:
        raise EvaluationError(f"correct_ans is {shown(answer)}; expected the text of one of the options.")
    return OPTION_LETTERS[options.index(answer.strip())]


def _numbered(entry: Mapping[str, Any], field: str, names: tuple[str, ...]) -> str:
    value = entry.get(field)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < len(names):
        meanings = ", ".join(f"{number} ({name})" for number, name in enumerate(names))
        raise EvaluationError(f"{field} is {shown(value)}; expected {meanings}.")
    return names[value]
