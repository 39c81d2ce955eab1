"""Which option of a closed question an answer chooses, as far as its first letter says."""

import re
import unicodedata
from collections.abc import Sequence

from .qbench_prompts import Reading
from .qbench_questions import OPTION_LETTERS


# A capital alone, or with something after it that is neither part of a word nor the next word of a sentence.
_CAPITAL = re.compile(r"[\W_]*([A-D])(?=\s*$|\s*\n|[^\w\s'’‘-]|\s+[-–—:=]+\s)")
# "a" begins sentences, so that a small letter needs a mark.
_SMALL = re.compile(r"[\W_]*([a-d])(?=\s*$|\s*\n|[.):\]}])(?!\.\w)")
# Another letter: "B, C", "A/B". An "A" may be an article, and then has a word after it.
_ANOTHER = re.compile(r"[\W_]*(?:and|or)?[\W_]*([B-D](?![\w'’])|A(?=\s*$|[^\w\s'’]))")
_LISTED = re.compile(r"^[\W_]*([A-D])[.):]", re.MULTILINE)
_OF_OPTION = re.compile(r"[\W_]*([A-D])[\W_]+(.*)", re.IGNORECASE | re.DOTALL)
_MARKS = " \t\r\n.!。\"“”'‘’*`_()"


def chosen_option(answer: str, *, options: Sequence[str], reading: Reading = "clean") -> str | None:
    """
    The letter of the option that an answer chooses (Sec. 8.1: "we compare the first letter of the output").

    With `release` it is the first character that chooses, as in the authors' script, so that "Average" chooses A. With
    `clean` it is one of:

    - the first letter where it stands alone: "B", "(b)", "**B.** Blurry". "A blurry video", "B-frames" and
      "I cannot say" choose nothing, nor do "A or B" and a list of several options;
    - a letter followed by the whole text of its option: "B Blurry";
    - the whole text of one option, and nothing else: "Blurry".

    Where nothing is chosen, the paper asks a judge.

    Args:
        answer (`str`): of the model.
        options (`Sequence[str]`): two to four texts. A letter beyond them chooses nothing.
        reading (`str`, *optional*, defaults to `"clean"`): see above.

    Returns:
        `str`: A to D; `None` where no option is chosen.

    Example:

    ```python
    >>> from transformers_vital.evaluation.answer_matching import chosen_option
    >>> [chosen_option(answer, options=["Yes", "No"]) for answer in ("B.", "(b) No", "no", "A clear video", "C", "")]
    ['B', 'B', 'B', None, None, None]

    ```
    """
    if reading == "release":
        letter = answer[:1]
    else:
        answer = unicodedata.normalize("NFKC", answer)  # full-width letters and marks, as Chinese models write them
        letter = _by_its_text(answer, options) or _letter_alone(answer)
    return letter if letter and letter in OPTION_LETTERS[: len(options)] else None


def _by_its_text(answer: str, options: Sequence[str]) -> str | None:
    """The option whose whole text is the answer, or follows its own letter."""
    texts = dict(zip(OPTION_LETTERS, map(_bare, options), strict=False))
    named = _OF_OPTION.fullmatch(answer)
    if named and (said := _bare(named[2])) and texts.get(named[1].upper()) == said:
        return named[1].upper()
    same = [letter for letter, text in texts.items() if text and text == _bare(answer)]
    return same[0] if len(same) == 1 else None


def _letter_alone(answer: str) -> str | None:
    found = _CAPITAL.match(answer) or _SMALL.match(answer)
    if not found:
        return None
    letter = found[1].upper()
    another = _ANOTHER.match(answer, found.end())
    if another and another[1] != letter:
        return None
    return letter if set(_LISTED.findall(answer)) <= {letter} else None


def _bare(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).strip(_MARKS).casefold().split())
