"""How many statements each judge and each round let through."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from .statement_rows import OUTCOMES


POINTS = {2: "two", 1: "one", 0: "zero", None: "failed"}
SELF_ANSWERS = {True: "yes", False: "no", None: "failed"}


def acceptance(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """
    Counts of votes and outcomes over the rows of a build.

    A vote that was never taken, because the statement was lost before, is counted nowhere: with `stop_early` a later
    judge or round sees only what the earlier ones left, and shares of different rounds are shares of different
    statements.

    Args:
        rows (iterable of `Mapping`): with the columns of [`~annotation.statements.statement_rows.statement_features`];
            read once.

    Returns:
        `dict`:
        - `statements` (`int`): drafted; media without any are not among them.
        - `outcomes` (`dict[str, int]`): rows by outcome, media without statements included.
        - `reasons` (`dict[str, int]`): rows by what went wrong, the most frequent first, as far as it is the same
          for many: the part before the first colon.
        - `judges` (`list[dict]`): for each `judge` and `round` the votes `two`, `one`, `zero` and `failed`.
        - `self_judge` (`list[dict]`): for each `round` the answers `yes`, `no` and `failed`.

    Example:

    ```python
    >>> from transformers_vital.annotation.statements.acceptance import acceptance
    >>> from transformers_vital.annotation.statements.statement_rows import statement_row
    >>> medium = {"id": "1", "media": {"kind": "image", "path": "a.png", "bytes": None}}
    >>> votes = [{"judge": "x", "round": 1, "score": 2}, {"judge": "x", "round": 2, "score": 0}]
    >>> row = statement_row(medium, text="Edges are soft.", annotator="a", outcome="discarded", votes=votes)
    >>> acceptance([row])["judges"][1]
    {'judge': 'x', 'round': 2, 'two': 0, 'one': 0, 'zero': 1, 'failed': 0}

    ```
    """
    statements, outcomes, reasons = 0, Counter(), Counter()
    judges: dict[tuple[str, int], Counter] = {}
    own: dict[int, Counter] = {}
    for row in rows:
        statements += bool(row["text"])
        outcomes[row["outcome"]] += 1
        if row["reason"]:
            reasons[row["reason"].split(": ")[0]] += 1
        for vote in row["votes"]:
            judges.setdefault((vote["judge"], vote["round"]), Counter())[POINTS[vote["score"]]] += 1
        for vote in row["self_votes"]:
            own.setdefault(vote["round"], Counter())[SELF_ANSWERS[vote["correct"]]] += 1
    return {
        "statements": statements,
        "outcomes": {outcome: outcomes[outcome] for outcome in OUTCOMES},
        "reasons": dict(reasons.most_common()),
        "judges": [
            {"judge": judge, "round": round, **{name: votes[name] for name in POINTS.values()}}
            for (judge, round), votes in sorted(judges.items(), key=lambda item: item[0][1])
        ],
        "self_judge": [
            {"round": round, **{name: own[round][name] for name in SELF_ANSWERS.values()}} for round in sorted(own)
        ],
    }
