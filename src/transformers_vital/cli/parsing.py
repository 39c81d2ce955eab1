"""Parsers whose errors are raised like all others of the library, and end with what to run next."""

import argparse
import difflib
import re
from collections.abc import Iterable

from ..errors import VitalError


class UsageError(VitalError, ValueError):
    """The command line asks for something that cannot be done as written."""


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` without abbreviations that raises [`UsageError`] instead of leaving the process."""

    def __init__(self, **kwargs):
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **kwargs)

    def error(self, message: str):
        raise UsageError(f"{message}. See: {self.prog} --help")

    def parse_command(self, arguments: list[str]) -> argparse.Namespace:
        """
        Parse the arguments of one command; inputs and options may be mixed.

        Args:
            arguments (`list[str]`): what follows the verb.

        Raises:
            [`UsageError`]: an argument is missing, malformed or unknown.
        """
        namespace, unknown = self.parse_known_intermixed_args(arguments)
        if unknown:
            options = re.findall(r"--[a-z][a-z-]+", self.format_help())
            self.error(f"unknown argument {unknown[0]}{closest(unknown[0].split('=')[0], options)}")
        return namespace


def closest(word: str, known: Iterable[str]) -> str:
    """
    A hint at the known word that is most like the one given, or nothing when none is.

    Example:

    ```python
    >>> from transformers_vital.cli.parsing import closest
    >>> closest("scroe", ["score", "convert"]), closest("xyz", ["score", "convert"])
    (' (did you mean score?)', '')

    ```
    """
    matches = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {matches[0]}?)" if matches else ""


def check_device(name: str) -> None:
    """
    Find out before loading a model whether torch can use a device.

    Args:
        name (`str`): such as `cpu` or `cuda:1`.

    Raises:
        [`UsageError`]: it cannot.
    """
    import torch

    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"--device {name} cannot be used: {reason} Pass cpu, or leave it out.") from error


def positive_int(text: str) -> int:
    """An argparse type for whole numbers from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1")
    return int(text)
