"""What a judge said: points and a correction out of free text, and the letter of a choice."""

import json
import re
from dataclasses import dataclass
from typing import Any

from .sentences import plain_sentence, plain_text


_WORDS = {"zero": 0, "one": 1, "two": 2}
_NUMBER = r"(?P<number>\d+(?:[.,]\d+)?|zero|one|two)"
_OUT_OF = r"(?:\s*(?:/|out\s+of)\s*2)?"
_ENDS = r"(?![\d.,/:%]*\d|\s*(?:/|out\s+of)\s*\d)\b"
# "between 1 and 2", "0-1": no score, whatever stands around it
_RANGE = re.compile(r"(?<![\d.,])[0-2]\s*(?:-|–|—|\bto\b|\bor\b|\band\b)\s*[0-3](?![\d.,]*\d)")
# In the order of trust: a named score, "2 points", and a number that stands where the answer begins.
_NAMED = re.compile(
    r"(?:(?:^|\n)\W*points?|(?<!frame )\b(?:score|rating|rate))\b"
    r"(?:\s+(?:is|of|as|it|this|statement|the|i|would|be|give))*"
    rf"\s*[:：=\-–—>]*\s*\(?{_NUMBER}{_OUT_OF}{_ENDS}",
    re.IGNORECASE,
)
_POINTS = re.compile(rf"(?<![\d.,/-]){_NUMBER}{_OUT_OF}[\s-]*(?:points?|marks?|pts?|分)(?![a-z])", re.IGNORECASE)
_LEADING = re.compile(rf"^\W*{_NUMBER}{_OUT_OF}{_ENDS}(?=\s*(?:$|[.,;:)\]}}—–-]|\n))", re.IGNORECASE)

_CORRECTION_WORDS = r"(?:correct(?:ion|ed)|revis(?:ion|ed)|rewrit(?:e|ten)|amended|refined|improved)"
_CORRECTION = re.compile(
    rf"(?:^|[\s(])(?:(?:my|suggested|proposed|possible|the|a|an)\s+)*{_CORRECTION_WORDS}"
    r"(?:\s+(?:evaluation|assessment|original|quality|statement|version|suggestion|sentence|of|the|is|could|be|would))*"
    r"\s*[:：—–]\s*",
    re.IGNORECASE,
)
_AFTER = re.compile(r"\n\s*\n|\n?\s*\b(?:reason(?:ing)?|explanation|justification|rationale|note|score)\s*[:：]", re.I)
_LETTER = re.compile(
    r"^\W*([AB])(?=\W|$)(?!\s+[a-z])|^\W*([ab])\W*$|\b(?i:answer|option|choice)\s*(?:is|:|=)?\s*\W?([AB])\b"
)
_YES_OR_NO = re.compile(
    r"^\W*(?:[AB]\W+)?(yes|no)\b(?!\s+(?:and|or)\b)|\banswer\s*(?:is|:)\s*(?:[AB]\W+)?(yes|no)\b", re.IGNORECASE
)
_SCORE_KEYS = ("score", "points", "point", "rating", "mark")
_CORRECTION_KEYS = ("correction", "corrected_statement", "revised_statement", "revision", "corrected", "revised")
_REFUSAL = re.compile(
    r"^\W*(?:(?:i['’]?m|i\s+am)\s+(?:very\s+)?(?:sorry|unable|not\s+able)|i\s+apologi[sz]e|sorry[,.]|unfortunately,?\s+i\b|"
    r"i\s+(?:can(?:no|['’])?t|am\s+unable|won['’]t)\b|as\s+an\s+ai\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Points:
    """
    What a judge gave a statement.

    Args:
        score (`int`): 0, 1 or 2.
        revision (`str`, *optional*): the corrected statement, where the score is 1 and there is one.
    """

    score: int
    revision: str | None = None


def is_refusal(text: str) -> bool:
    """
    Whether a model declined to answer.

    Example:

    ```python
    >>> from transformers_vital.annotation.statements.judge_answers import is_refusal
    >>> is_refusal("I'm sorry, but I can't assist with that."), is_refusal("The image is sharp.")
    (True, False)

    ```
    """
    return bool(_REFUSAL.match(text))


def read_points(text: str, *, truncated: bool = False) -> Points | None:
    """
    Points of a judge's answer, and its correction of the statement (Sec. 6.2, rejection sampling).

    The paper asks for no format, so JSON, Markdown, "Score: 1. Correction: …", "2 points" and a bare "2" are all read.
    Nothing is guessed: an answer with several different scores, a score that is not 0, 1 or 2, or a refusal is `None`.
    A correction must be called one ("Correction:", "Revised statement:"), since an unnamed sentence may as well be the
    reason.

    Args:
        text (`str`): the answer.
        truncated (`bool`, *optional*, defaults to `False`): the judge was cut off; a correction at the end is dropped.

    Returns:
        [`Points`], or `None`.

    Example:

    ```python
    >>> from transformers_vital.annotation.statements.judge_answers import read_points
    >>> read_points("**Score:** 1 point\\n\\n**Correction:** The edges are slightly soft.")
    Points(score=1, revision='The edges are slightly soft.')
    >>> read_points("2 points. The statement is consistent."), read_points("Between 1 and 2, I would say.")
    (Points(score=2, revision=None), None)

    ```
    """
    text = plain_text(text).strip()
    if is_refusal(text):
        return None
    if (fields := _json_object(text)) is not None:
        score, revision = _first(fields, _SCORE_KEYS), _first(fields, _CORRECTION_KEYS)
        return _points(score, revision if isinstance(revision, str) else None)
    bare = re.sub(r"[*`#]|(?<!\w)_|_(?!\w)", "", text)
    found = _CORRECTION.search(bare)
    scored = bare[: found.start()] if found and found.start() else bare
    revision = _AFTER.split(bare[found.end() :].strip(), maxsplit=1)[0] if found else None
    score = _score(scored)
    if score is None and found:  # the score may stand behind the correction
        score = _score(bare[found.end() + len(revision or "") :])
    cut_off = truncated and found and bare.endswith(revision or "\0")
    return _points(score, None if cut_off else revision)


def read_choice(text: str, *, yes: str) -> bool | None:
    """
    Whether the answer to a question with "A" and "B" is the one that says yes (Sec. 6.2, self-judge).

    Args:
        text (`str`): the answer.
        yes (`str`): the letter of "Yes".

    Returns:
        `bool`, or `None` where the answer names no option, or contradicts itself.

    Example:

    ```python
    >>> from transformers_vital.annotation.statements.judge_answers import read_choice
    >>> read_choice("A. Yes", yes="A"), read_choice("**B**", yes="A"), read_choice("A. No", yes="A")
    (True, False, None)

    ```
    """
    text = plain_text(text).strip()
    fields = _json_object(text)
    if fields is not None:
        text = str(_first(fields, ("answer", "choice", "option", "judgement", "judgment")) or "")
    bare = re.sub(r"[*`#_]", "", text).strip()
    said = {"".join(letter).upper() == yes for letter in _LETTER.findall(bare)}
    said |= {"".join(word).lower() == "yes" for word in _YES_OR_NO.findall(bare)}
    return said.pop() if len(said) == 1 else None


def _score(text: str) -> float | None:
    text = _RANGE.sub("?", text)
    for pattern in (_NAMED, _POINTS, _LEADING):
        if found := {_value(match["number"].lower()) for match in pattern.finditer(text)}:
            return found.pop() if len(found) == 1 else None
    return None


def _value(number: str) -> float:
    return _WORDS[number] if number in _WORDS else float(number.replace(",", "."))


def _points(score: Any, revision: str | None) -> Points | None:
    if isinstance(score, str):
        score = _score(score)
    if isinstance(score, bool) or score not in (0, 1, 2):
        return None
    revision = plain_sentence(revision) if revision and score == 1 else ""
    return Points(int(score), revision if any(map(str.isalpha, revision)) else None)


def _json_object(text: str) -> dict | None:
    """The object that an answer is, also inside a code fence or with a few words around it."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        return None
    try:
        fields = json.loads(text[start : end + 1], strict=False)
    except ValueError:
        return None
    return {str(key).lower().replace(" ", "_"): value for key, value in fields.items()} if fields else None


def _first(fields: dict, keys: tuple[str, ...]) -> Any:
    return next((fields[key] for key in keys if fields.get(key) is not None), None)
