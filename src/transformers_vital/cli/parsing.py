"""Parsers whose errors are raised like all others of the library, and end with what to run next."""

import argparse
import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import VitalError


class UsageError(VitalError, ValueError):
    """The command line asks for something that cannot be done as written."""


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` without abbreviations that raises [`UsageError`] instead of leaving the process.

    Args:
        takes_settings (`bool`, *optional*, defaults to `False`): arguments that are not declared are no error; they
            are in `settings` of the namespace.
        **kwargs: of `ArgumentParser`.
    """

    commands: argparse.Action | None = None  # of a parser that has commands and nothing else

    def __init__(self, *, takes_settings: bool = False, **kwargs):
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **kwargs)
        self._takes_settings = takes_settings

    def error(self, message: str):
        raise UsageError(f"{message}. See: {self.prog} --help")

    def add_subparsers(self, **kwargs):
        self.commands = super().add_subparsers(**kwargs)
        return self.commands

    def parse_command(self, arguments: list[str]) -> argparse.Namespace:
        """
        Parse the arguments of one command, or those of the command that they begin with; inputs and options may be
        mixed.

        Args:
            arguments (`list[str]`): what follows the verb.

        Raises:
            [`UsageError`]: an argument is missing, malformed or unknown, or there is no such command.
        """
        if self.commands is not None:
            return self._parse_chosen(arguments)
        namespace, unknown = self.parse_known_intermixed_args(arguments)
        if self._takes_settings:
            namespace.settings = unknown
        elif unknown:
            options = re.findall(r"--[a-z][a-z-]+", self.format_help())
            self.error(f"unknown argument {unknown[0]}{closest(unknown[0].split('=')[0], options)}")
        return namespace

    def _parse_chosen(self, arguments: list[str]) -> argparse.Namespace:
        verb, known = arguments[0] if arguments else None, self.commands.choices
        if verb in known:
            return known[verb].parse_command(arguments[1:])
        if verb is not None and verb.startswith("-"):
            self.parse_args(arguments)
        where = f"Commands: {', '.join(known)}. See: {self.prog} --help"
        if verb is None or verb.startswith("-"):
            raise UsageError(f"no command given. {where}")
        raise UsageError(f"{verb} is no command{closest(verb, known)}. {where}")


def settings_from(arguments: Sequence[str]) -> dict[str, Any]:
    """
    Settings at the end of a command line, their values as YAML; several make a list.

    Raises:
        [`UsageError`]: an argument is none, or has no value.

    Example:

    ```python
    >>> from transformers_vital.cli.parsing import settings_from
    >>> settings_from(["--max_steps", "3", "--leave_out", "pair", "distortion", "--pmod=false"])
    {'max_steps': 3, 'leave_out': ['pair', 'distortion'], 'pmod': False}

    ```
    """
    import yaml

    given: dict[str, list[str]] = {}
    for argument in arguments:
        if argument.startswith("--"):
            name, is_said, value = argument.removeprefix("--").partition("=")
            given[name] = [value] if is_said else []
        elif not given:
            raise UsageError(f"{argument} is no setting. Settings are given as --name value.")
        else:
            given[list(given)[-1]].append(argument)
    if empty := [name for name, values in given.items() if not values]:
        raise UsageError(f"--{empty[0]} has no value. Settings are given as --name value.")
    parsed = {name: [yaml.safe_load(value) for value in values] for name, values in given.items()}
    return {name: values if len(values) > 1 else values[0] for name, values in parsed.items()}


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


def names_in(text: str) -> list[str]:
    """
    The names in a text with commas, each once.

    Example:

    ```python
    >>> from transformers_vital.cli.parsing import names_in
    >>> names_in("koniq, spaq,,koniq")
    ['koniq', 'spaq']

    ```
    """
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def positive_int(text: str) -> int:
    """An argparse type for whole numbers from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1")
    return int(text)
