"""The questions that make and check the statements of one image or video, from the prompts of Sec. 6.2."""

import re
import zlib

from ...media.formats import Kind
from ...prompts import (
    ANNOTATOR_INSTRUCTION_DESCRIBE,
    ANNOTATOR_INSTRUCTION_ELABORATE,
    PARAGRAPH_PROCESSING,
    REJECTION_SAMPLING,
    SELF_JUDGE_ROUNDS,
)


def for_kind(prompt: str, *, kind: Kind) -> str:
    """
    A prompt of the paper for images, or for videos.

    The paper prints one wording for both, "for convenience". Where it says "video/image" the kind is put, and for an
    image also where it says "video" or "key frame sequence" alone, so that no answer speaks of a video.

    Args:
        prompt (`str`): of [`prompts`].
        kind (`str`): `"image"` or `"video"`.

    Example:

    ```python
    >>> from transformers_vital.annotation.statements.questions import for_kind
    >>> for_kind("Elaborate on the quality of the video/image in detail.", kind="video")
    'Elaborate on the quality of the video in detail.'
    >>> for_kind("the observed key frame sequence of the video", kind="image")
    'the observed image of the image'

    ```
    """
    prompt = prompt.replace("video/image", kind)
    return prompt if kind == "video" else prompt.replace("key frame sequence", kind).replace("video", kind)


def describe(kind: Kind, *, medium: str, seed: int) -> str:
    """
    One of the two instructions to the annotator; a medium always gets the same.

    Args:
        kind (`str`): `"image"` or `"video"`.
        medium (`str`): its id.
        seed (`int`): which media get which.
    """
    instructions = (ANNOTATOR_INSTRUCTION_DESCRIBE, ANNOTATOR_INSTRUCTION_ELABORATE)
    return for_kind(instructions[zlib.crc32(f"{seed} {medium}".encode()) % 2], kind=kind)


def refine(paragraph: str, *, kind: Kind) -> str:
    """What refines a description and splits it into statements, with the description after it."""
    return f"{for_kind(PARAGRAPH_PROCESSING, kind=kind)}\n\n{paragraph}"


def judge(statement: str, *, kind: Kind) -> str:
    """What asks a judge for 0, 1 or 2 points, with the statement after it."""
    return f"{for_kind(REJECTION_SAMPLING, kind=kind)}\n\nEvaluation statement: {statement}"


def self_judge(statement: str, *, kind: Kind, round: int) -> tuple[str, str]:
    """
    What asks the annotator whether a statement is correct, and the letter that says so.

    Args:
        statement (`str`): a sentence.
        kind (`str`): `"image"` or `"video"`.
        round (`int`): from 1; the wordings take turns.

    Example:

    ```python
    >>> from transformers_vital.annotation.statements.questions import self_judge
    >>> question, letter = self_judge("Noise is visible.", kind="image", round=2)
    >>> print(question)
    Look closely at the image. Does this statement about its visual quality hold: "Noise is visible."?
    A. No
    B. Yes
    >>> letter
    'B'

    ```
    """
    prompt = SELF_JUDGE_ROUNDS[(round - 1) % len(SELF_JUDGE_ROUNDS)]
    letter = re.search(r"^([AB])\. Yes$", prompt, re.MULTILINE)[1]
    return for_kind(prompt, kind=kind).replace("[statement]", f'"{statement}"'), letter
