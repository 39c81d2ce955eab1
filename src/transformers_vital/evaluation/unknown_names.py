"""What is said where a name is none of the known ones."""

import difflib
from collections.abc import Iterable

from ..errors import EvaluationError


def unknown_name(name: str, *, what: str, known: Iterable[str]) -> EvaluationError:
    """
    An error that hints at the closest known names, without regard to case, or lists all of them.

    Args:
        name (`str`): the one given.
        what (`str`): what it should name.
        known (`Iterable[str]`): all such names.

    Example:

    ```python
    >>> from transformers_vital.evaluation.unknown_names import unknown_name
    >>> print(unknown_name("Konik", what="benchmark", known=["koniq", "kvq"]))
    There is no benchmark 'Konik' (did you mean koniq?).
    >>> print(unknown_name("ava", what="benchmark", known=["koniq", "kvq"]))
    There is no benchmark 'ava'; expected one of koniq, kvq.

    ```
    """
    known = {text.casefold(): text for text in known}
    near = [known[match] for match in difflib.get_close_matches(str(name).casefold(), known, n=3)]
    hint = f" (did you mean {' or '.join(near)}?)" if near else f"; expected one of {', '.join(known.values())}"
    return EvaluationError(f"There is no {what} {name!r}{hint}.")
