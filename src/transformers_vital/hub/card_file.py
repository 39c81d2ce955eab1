"""The file of a card, which is written anew only while no person has changed it; and its text."""

import hashlib
import html
import json
import re
from pathlib import Path
from typing import Any

from huggingface_hub import RepoCard

from ..errors import OutputError
from ..whole_files import whole_file


CARD = "README.md"
OTHER_CARD = "README.new.md"
_SIGNATURE = "\n<!-- Written by transformers_vital. sha256 of the text above: {} -->\n"


def write_card(folder: str | Path, card: RepoCard) -> Path:
    """
    Write a card as `README.md`, unless a person wrote or changed the one that is there.

    A card ends with the hash of its text. Where it no longer fits, or is absent, the new card becomes `README.new.md`
    beside it and `README.md` stays as it is; to have it replaced, remove it.

    Args:
        folder (`str` or `Path`): of the dataset or model.
        card (`RepoCard`): see [`~hub.dataset_card.dataset_card`] and [`~hub.model_card.model_card`].

    Returns:
        `Path`: the file that was written.
    """
    path = Path(folder) / CARD
    if path.exists() and not is_unchanged(path):
        path = path.with_name(OTHER_CARD)
    text = str(card).rstrip() + "\n"
    with whole_file(path) as unfinished:
        unfinished.write_text(text + _signature(text), encoding="utf-8", newline="\n")
    return path


def is_unchanged(path: str | Path) -> bool:
    """
    Whether a file is a card that [`write_card`] wrote and nobody has changed.

    Args:
        path (`str` or `Path`): of the file.
    """
    written = Path(path).read_bytes().decode("utf-8", "replace")
    length = len(_signature(""))
    return written[-length:] == _signature(written[:-length])


def check_license(text: str) -> None:
    """
    Find out whether a text has the form of an identifier of a licence on the Hub.

    Raises:
        [`OutputError`]: it has not.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9.\-]*", text):
        raise OutputError(
            f"license is {text!r}; expected an identifier of the Hub such as cc-by-4.0, or other. See "
            "https://huggingface.co/docs/hub/repositories-licenses"
        )


def one_line(value: Any) -> str:
    """
    A value in one line without control characters; what is no text as JSON.

    Example:

    ```python
    >>> from transformers_vital.hub.card_file import one_line
    >>> one_line("two\\nlines"), one_line({"seed": 7})
    ('two lines', '{"seed": 7}')

    ```
    """
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def plain(value: Any) -> str:
    r"""
    The value as it reads, neither HTML nor Markdown, in one line that ends no cell of a table.

    An underscore between letters or digits is none of Markdown's.

    Example:

    ```python
    >>> from transformers_vital.hub.card_file import plain
    >>> print(plain("a | <b> _c_ d_e"))
    a \| &lt;b&gt; \_c\_ d_e

    ```
    """
    return re.sub(r"([\\`*~|\[\]#$]|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", html.escape(one_line(value), quote=False))


def _signature(text: str) -> str:
    return _SIGNATURE.format(hashlib.sha256(text.encode()).hexdigest())
