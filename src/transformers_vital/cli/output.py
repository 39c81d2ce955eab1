"""What the commands print: results on stdout, everything else on stderr."""

import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TextIO

from ..levels import LEVELS


if TYPE_CHECKING:
    from ..results import QualityScore

COLUMNS = ("file", "score", "level", *(f"P({level})" for level in LEVELS), "std", "confidence")
TEXT_COLUMNS = ("file", "level")


class Output:
    """
    One way to print, for people (a table), for programs (`--json`) and without remarks (`--quiet`).

    Args:
        as_json (`bool`, *optional*, defaults to `False`): print results as JSON.
        quiet (`bool`, *optional*, defaults to `False`): print results and errors only, no remark and no progress.
    """

    def __init__(self, *, as_json: bool = False, quiet: bool = False):
        self.as_json = as_json
        self.quiet = quiet
        self.shows_progress = not quiet and sys.stderr.isatty()
        if not self.shows_progress:
            # The bars of transformers and huggingface_hub, which look here when they are imported.
            os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

    def remark(self, text: str) -> None:
        """A sentence for people, on stderr."""
        if not self.quiet:
            complain(text)

    def progress(self, results: Iterable, *, total: int) -> Iterable:
        """The same results, counted by a bar on stderr when that is a terminal."""
        from tqdm import tqdm

        return tqdm(results, total=total, unit="file", disable=not self.shows_progress)

    def scores(self, scored: list[tuple[str, "QualityScore"]]) -> None:
        """The results of files, by name."""
        if self.as_json:
            _print(json.dumps([{"file": file, **result.to_dict()} for file, result in scored], indent=2), sys.stdout)
        elif scored:
            _print(score_table(scored), sys.stdout)

    def text(self, text: str) -> None:
        """Lines that are made already."""
        _print("\n".join(map(printable, text.splitlines())), sys.stdout)

    def facts(self, facts: Mapping[str, Any]) -> None:
        """Named values, one a line."""
        if self.as_json:
            _print(json.dumps(facts, indent=2), sys.stdout)
            return
        width = max(map(len, facts))
        for name, value in facts.items():
            _print(f"{name:<{width}}  {'none' if value is None else printable(str(value))}", sys.stdout)


def complain(text: str) -> None:
    """Print a message on stderr, whatever it quotes."""
    _print("\n".join(map(printable, text.splitlines())), sys.stderr)


def printable(text: str) -> str:
    r"""
    The text with everything escaped that a terminal might obey instead of show.

    Example:

    ```python
    >>> from transformers_vital.cli.output import printable
    >>> print(printable("caf\u00e9\x1b[31m\n.png"))
    café\x1b[31m\n.png

    ```
    """
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def score_table(scored: list[tuple[str, "QualityScore"]]) -> str:
    """
    An aligned table, one line per file; a file that failed shows why instead of numbers.

    Args:
        scored (`list[tuple[str, QualityScore]]`): file names with their results.
    """
    cells = {place: _cells(result) for place, (_, result) in enumerate(scored) if result.error is None}
    names = [printable(file) for file, _ in scored]
    lines = [COLUMNS, *((names[place], *rest) for place, rest in cells.items())]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    widths[0] = max(map(_width, [COLUMNS[0], *names]))
    table = [_line(COLUMNS, widths)]
    for place, (name, (_, result)) in enumerate(zip(names, scored, strict=True)):
        if place in cells:
            table.append(_line((name, *cells[place]), widths))
        else:
            table.append(f"{_padded(name, widths[0])}  error: {printable(result.error)}")
    return "\n".join(table)


def _cells(result: "QualityScore") -> list[str]:
    probabilities = [f"{share:.3f}" for share in result.level_probabilities]
    return [f"{result.score:.4f}", result.level, *probabilities, f"{result.std:.3f}", f"{result.confidence:.3f}"]


def _line(cells: Iterable[str], widths: list[int]) -> str:
    aligned = [
        _padded(cell, width) if column in TEXT_COLUMNS else cell.rjust(width)
        for column, cell, width in zip(COLUMNS, cells, widths, strict=True)
    ]
    return "  ".join(aligned).rstrip()


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Columns on a terminal, where East Asian wide characters take two and combining ones none."""
    return sum(0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)


def _print(text: str, stream: TextIO) -> None:
    encoding = stream.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream)
