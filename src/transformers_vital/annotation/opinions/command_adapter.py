"""Annotators that are programs of their own: a command that receives paths and prints or writes scores."""

import math
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import AnnotationError
from ...media.inputs import MediaItem
from .annotators import AnnotatorDescriptor, Permissions
from .table_adapter import ScoreTable


SETTINGS = {"command", "folder", "pattern", "output", "columns", "timeout_seconds"}
_SHOWN = 400  # characters of what a failed program said


class CommandAnnotator:
    """
    Scores media by running a program, without a shell.

    Settings of the descriptor:

    | setting | meaning |
    |---|---|
    | `command` | list of arguments; `{path}`, `{folder}` and `{file}` are those of one medium, `{output}` a file that the program writes |
    | | an argument that is `{paths}` becomes the paths of all media, `{list}` a file with one path a line: one run for all |
    | `folder` | working directory, such as a checkout of the program |
    | `pattern` | regular expression whose first group is the score in what the program prints, for one medium a run |
    | `columns` | how `{output}`, or else what the program prints, is read as CSV; see [`~annotation.opinions.table_adapter.ScoreTable`] |
    | `timeout_seconds` | of one run; 600 when left out |

    Args:
        descriptor ([`~annotation.opinions.annotators.AnnotatorDescriptor`]): with these settings.
        permissions ([`~annotation.opinions.annotators.Permissions`], *optional*): the program is the user's own choice.

    Raises:
        [`AnnotationError`]: a setting is missing, unknown or cannot be used.
    """  # noqa: E501

    def __init__(self, descriptor: AnnotatorDescriptor, permissions: Permissions | None = None):
        self.descriptor = descriptor
        settings = dict(descriptor.settings)
        name = f"Annotator {descriptor.name}"
        if unknown := sorted(set(settings) - SETTINGS):
            raise AnnotationError(f"{name}: unknown setting {', '.join(unknown)}; expected {', '.join(SETTINGS)}.")
        self._command = _checked_command(settings.get("command"), name=name)
        self._folder = settings.get("folder")
        if "folder" in settings and not (self._folder and Path(self._folder).is_dir()):
            raise AnnotationError(
                f"{name} runs a program that is not part of this package, in the folder of its checkout, and that "
                f"is {self._folder!r}. Install it from {descriptor.homepage} and name its folder in the settings."
            )
        self._together = bool({"{paths}", "{list}"} & set(self._command))
        self.reads = "files" if self._together else "file"
        self._pattern = re.compile(settings["pattern"]) if settings.get("pattern") else None
        if self._pattern and (self._together or not self._pattern.groups):
            raise AnnotationError(
                f"{name}: pattern is {settings['pattern']!r}; expected one with a group for the score, and a command "
                "for one medium a run."
            )
        self._columns = settings.get("columns") or {}
        self._timeout_seconds = settings.get("timeout_seconds", 600)

    def score(self, items: Sequence[MediaItem]) -> list[float]:
        """
        One score for each medium, NaN where the program gave none in a run for all.

        Raises:
            [`AnnotationError`]: a medium is no file, or the program failed, took too long or gave no score.
        """
        paths = [_path(item) for item in items]
        if self._together:
            return self._run(paths)
        return [score for path in paths for score in self._run([path])]

    def _run(self, paths: list[Path]) -> list[float]:
        with tempfile.TemporaryDirectory() as scratch:
            output, listing = Path(scratch) / "scores.csv", Path(scratch) / "paths.txt"
            listing.write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
            words = {"{output}": output, "{list}": listing}
            if not self._together:
                words |= {"{path}": paths[0], "{folder}": paths[0].parent, "{file}": paths[0].name}
            printed = self._printed([part for part in self._command for part in _filled(part, words, paths)])
            if self._pattern:
                return [self._found(printed)]
            text = output.read_text(encoding="utf-8") if output.is_file() else printed
        table = ScoreTable.parse(text, name=self.descriptor.name, **self._columns)
        return [table.find(path) for path in paths] if self._together else [table.only()]

    def _printed(self, arguments: list[str]) -> str:
        program = f"{self.descriptor.name}: {arguments[0]}"
        try:
            done = subprocess.run(
                arguments,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self._timeout_seconds,
            )
        except subprocess.TimeoutExpired as error:
            raise AnnotationError(
                f"{program} took more than {self._timeout_seconds} s. Raise timeout_seconds."
            ) from error
        except OSError as error:
            raise AnnotationError(f"{program} cannot be run ({error.strerror}). Check command and folder.") from error
        if done.returncode:
            said = (done.stderr or done.stdout).strip()[-_SHOWN:] or "nothing"
            raise AnnotationError(f"{program} ended with {done.returncode} and said: {said}")
        return done.stdout

    def _found(self, printed: str) -> float:
        match = self._pattern.search(printed)
        try:
            score = float(match.group(1)) if match else math.nan
        except ValueError:
            score = math.nan
        if not math.isfinite(score):
            raise AnnotationError(
                f"{self.descriptor.name} printed no score that fits {self._pattern.pattern!r}, but: "
                f"{printed.strip()[-_SHOWN:] or 'nothing'}"
            )
        return score


def _checked_command(command: Any, *, name: str) -> list[str]:
    if not isinstance(command, list) or not command or not all(isinstance(part, str) for part in command):
        raise AnnotationError(
            f"{name}: command is {command!r}; expected a list with the program and its arguments, as no shell is used."
        )
    return command


def _filled(part: str, words: Mapping[str, Path | str], paths: list[Path]) -> list[str]:
    if part == "{paths}":
        return [str(path) for path in paths]
    # One pass over the argument, so that a name such as "{file}.mp4" is not filled again.
    known = "|".join(re.escape(word) for word in words)
    return [re.sub(known, lambda match: str(words[match.group()]), part)]


def _path(item: MediaItem) -> Path:
    if not isinstance(item.source, str | Path) or not Path(item.source).is_file():
        raise AnnotationError(f"{item.name} is no file on disk, which a program needs. Write it to one.")
    return Path(item.source).absolute()
