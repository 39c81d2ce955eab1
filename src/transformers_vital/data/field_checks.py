"""Checks of single fields of a training record; each raises what was given, what was expected and what to do."""

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from reprlib import repr as shown  # shortened: bytes of media are large
from typing import Any, get_args

from ..errors import RecordError
from ..levels import LEVELS
from ..media.formats import Kind


# Five probabilities rounded to two digits can sum to 0.975. Released labels are clamped and not normalised, so they
# sum to more than 1: to 1.4 at most where σ is 0.06 or more. Above 2 the mean is next to 0.5 and σ so small that the
# linear adjustment divides by almost 0, or the numbers are no probabilities.
_LOWEST_SUM, _HIGHEST_SUM = 0.97, 2.0
_ROUNDING = 1e-6  # of numbers that were once float32


def check_media(media: Any, *, field: str) -> None:
    """One image or video with a path, bytes, or both."""
    if not isinstance(media, Mapping) or media.get("kind") not in get_args(Kind):
        raise RecordError(f'{field} is {shown(media)}; expected a dict with kind "image" or "video", path and bytes.')
    path, content = media.get("path"), media.get("bytes")
    if not isinstance(path, str | None) or not isinstance(content, bytes | None):
        raise RecordError(
            f"{field} has a path of type {type(path).__name__} and bytes of type {type(content).__name__}; "
            "expected str and bytes, or None for one of them."
        )
    if not (path or content):
        raise RecordError(f"{field} has neither path nor bytes; expected at least one of them. Drop the record.")


def check_level_probs(level_probs: Any) -> None:
    """Five probabilities whose sum could be that of a label."""
    check_numbers(level_probs, field="level_probs")
    if len(level_probs) != len(LEVELS):
        raise RecordError(
            f"level_probs has {len(level_probs)} numbers; expected {len(LEVELS)} in the order {', '.join(LEVELS)}."
        )
    if min(level_probs) < 0:
        raise RecordError(f"level_probs is {shown(level_probs)}; expected no negative number. Clamp at 0.")
    if not _LOWEST_SUM <= (total := sum(level_probs)) <= _HIGHEST_SUM:
        raise RecordError(
            f"level_probs sum to {total:.4g}; expected 1, and accepted are {_LOWEST_SUM:g} to {_HIGHEST_SUM:g}. "
            'Make them anew with arithmetic="stable", or drop the record.'
        )


def check_opinions(opinions: Any, *, annotators: Any, mean: float) -> None:
    """Finite, around the mean, and with a name for each or for none."""
    check_numbers(opinions, field="opinions")
    if opinions and not min(opinions) - _ROUNDING <= mean <= max(opinions) + _ROUNDING:
        raise RecordError(
            f"mean is {mean:.6g}, but the opinions go from {min(opinions):.6g} to {max(opinions):.6g}; expected it "
            "among them. Put both on [0, 1]."
        )
    if len(listed(annotators, field="annotators", at_least=0)) not in (0, len(opinions)):
        raise RecordError(
            f"annotators has {len(annotators)} names for {len(opinions)} opinions; expected one for each, or none."
        )


def check_numbers(values: Any, *, field: str) -> None:
    """A list of finite numbers of any length."""
    for index, value in enumerate(listed(values, field=field, at_least=0)):
        if not isinstance(value, Real) or not math.isfinite(value):
            raise RecordError(f"{field}[{index}] is {shown(value)}; expected a finite number. Drop the record.")


def check_unit(value: Any, *, field: str) -> None:
    """A number in [0, 1]; NaN is none."""
    if not isinstance(value, Real) or not -_ROUNDING <= value <= 1 + _ROUNDING:
        raise RecordError(f"{field} is {shown(value)}; expected a number in [0, 1]. Check the scale it was made with.")


def check_text(value: Any, *, field: str, may_be_empty: bool = False) -> None:
    """A text, with something in it unless it may be empty."""
    if not isinstance(value, str) or not (may_be_empty or value.strip()):
        raise RecordError(f"{field} is {shown(value)}; expected a text, and not an empty one. Drop the record.")


def listed(values: Any, *, field: str, at_least: int) -> Sequence:
    """The values, once they are known to be a list of some length."""
    if not isinstance(values, list | tuple) or len(values) < at_least:
        raise RecordError(f"{field} is {shown(values)}; expected a list of at least {at_least}.")
    return values
