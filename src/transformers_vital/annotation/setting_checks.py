"""Checks of the settings of a recipe; each raises what was given, what was expected and what to do."""

import difflib
import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from numbers import Real
from typing import Any

from ..errors import AnnotationError


def made(cls: type, values: Mapping[str, Any], *, where: str) -> Any:
    """An instance of a dataclass of settings; an error names the part of the recipe."""
    try:
        return cls(**values)
    except AnnotationError as error:
        raise AnnotationError(f"{where}: {error}") from None


def check_keys(cls: type, values: Any, *, where: str, further: set[str] = frozenset()) -> None:
    """A mapping with the fields that a dataclass needs and no others, but for some further ones."""
    if not isinstance(values, Mapping):
        raise AnnotationError(f"{where} is a {type(values).__name__}; expected a mapping of settings.")
    known = {entry.name: entry for entry in fields(cls)}
    for name in values:
        if name not in known and name not in further:
            near = difflib.get_close_matches(str(name), [*known, *further], n=1)
            hint = f" (did you mean {near[0]}?)" if near else f"; expected {', '.join(known)}"
            raise AnnotationError(f"{where}: unknown key {name}{hint}.")
    required = [n for n, entry in known.items() if entry.default is MISSING and entry.default_factory is MISSING]
    if missing := [name for name in required if name not in values]:
        raise AnnotationError(f"{where} lacks {', '.join(missing)}. Add them to the recipe.")


def check_number(name: str, value: Any, *, at_least: float, whole: bool = False) -> None:
    """A finite number from some limit on; a truth value is none."""
    kind = int if whole else Real
    if isinstance(value, bool) or not isinstance(value, kind) or not math.isfinite(value) or value < at_least:
        expected = "a whole number" if whole else "a number"
        bound = "" if at_least == -math.inf else f" of at least {at_least:g}"
        raise AnnotationError(f"{name} is {value!r}; expected {expected}{bound}.")
