"""Model output to plain sentences: no control characters, no mark-up, one statement each."""

import re
import unicodedata


# What shows nothing, or changes how the rest is shown: control, format, surrogate, private, unassigned.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}
_BULLET = re.compile(r"^\s*(?:[-*•–—·▪◦]+\s+|\(?\d{1,2}[.)](?!\d)\s*|\(?[a-z]\)\s+|#{1,6}\s+|>\s+)+", re.IGNORECASE)
_EMPHASIS = re.compile(r"\*{1,3}|`+|(?<!\w)_{1,2}(?=\w)|(?<=\w)_{1,2}(?!\w)")
# A full stop, question or exclamation mark with what closes after it, then a space or a capital; or a full-width one,
# after which Chinese and Japanese write no space.
_END = re.compile(r"""[.!?]+["'”’)\]*]*(?=\s)|(?<=[a-z]{2})\.(?=[A-Z][a-z])|[。！？]+[”’」』）]*""")
_QUOTES = ('""', "“”", "''", "‘’", "«»")
_ABBREVIATIONS = frozenset("vs cf approx resp incl esp fig figs eq eqs nos vol sec ca mr mrs ms dr prof st".split())
# These may also be the last word of a sentence.
_LAST_ABBREVIATIONS = frozenset("etc al no min max avg".split())


def plain_text(text: str) -> str:
    """
    Text without characters that cannot be seen; line ends stay, a tab becomes a space.

    Example:

    ```python
    >>> from transformers_vital.annotation.statements.sentences import plain_text
    >>> plain_text("sharp\\x00\\u202e edges\\r\\nlow\\tnoise")
    'sharp edges\\nlow noise'

    ```
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\t", " ")
    return "".join(letter for letter in text if letter == "\n" or unicodedata.category(letter) not in _INVISIBLE)


def plain_sentence(text: str) -> str:
    """
    One line of plain text without bullet, numbering, emphasis and quotes around it.

    Example:

    ```python
    >>> from transformers_vital.annotation.statements.sentences import plain_sentence
    >>> plain_sentence('2) **"Edges are soft,\\n and dark areas are noisy."**')
    'Edges are soft, and dark areas are noisy.'

    ```
    """
    text = " ".join(_EMPHASIS.sub("", _BULLET.sub("", plain_text(text))).split())
    text = _BULLET.sub("", text)
    quoted = len(text) > 1 and f"{text[0]}{text[-1]}" in _QUOTES and text[-1] not in text[1:-1]
    return text[1:-1].strip() if quoted else text


def split_sentences(paragraph: str, *, max_characters: int, truncated: bool = False) -> list[str]:
    """
    The statements of a refined description, "split by periods" (Sec. 6.2).

    The dots of numbers, abbreviations and file names end no sentence; a line end does. Bullets, numbering, headings
    (lines that end in a colon), lines without a letter, repetitions and overlong sentences are dropped.

    Args:
        paragraph (`str`): of the model.
        max_characters (`int`): longer sentences are dropped.
        truncated (`bool`, *optional*, defaults to `False`): the model was cut off, so that the last sentence is
            dropped unless it ends in a full stop.

    Example:

    ```python
    >>> from transformers_vital.annotation.statements.sentences import split_sentences
    >>> split_sentences("Sharpness is low, e.g. at edges. Noise rises by 1.5 dB.\\n- Noise rises by 1.5 dB.",
    ...     max_characters=300)
    ['Sharpness is low, e.g. at edges.', 'Noise rises by 1.5 dB.']

    ```
    """
    pieces = [piece for line in plain_text(paragraph).split("\n") for piece in _pieces(_BULLET.sub("", line))]
    if truncated and pieces and not re.search(r"[.!?。！？][\"'”’)\]*]*$", pieces[-1]):
        pieces.pop()
    kept: dict[str, str] = {}
    for sentence in map(plain_sentence, pieces):
        if sentence.endswith((":", "：")) or not any(map(str.isalpha, sentence)) or len(sentence) > max_characters:
            continue
        kept.setdefault(sentence.casefold().rstrip(".!。！ "), sentence)
    return list(kept.values())


def _pieces(line: str) -> list[str]:
    start, pieces = 0, []
    for end in _END.finditer(line):
        if not _goes_on(line, end):
            pieces.append(line[start : end.end()].strip())
            start = end.end()
    return [piece for piece in [*pieces, line[start:].strip()] if piece]


def _goes_on(line: str, end: re.Match) -> bool:
    """Whether a dot belongs to an abbreviation, or dots only leave something out."""
    following = line[end.end() :].lstrip()[:1]
    if end[0] != ".":
        return end[0] == "..." and following.islower()
    word = re.search(r"[\w.]*$", line[: end.start()])[0].casefold()
    if word in _ABBREVIATIONS or re.fullmatch(r"(?:[a-z]\.)+[a-z]", word):
        return True
    return word in _LAST_ABBREVIATIONS and not following.isupper()
