"""Votes of a judge in several rounds: the score they decide on, and how far they agree."""

from collections import Counter
from collections.abc import Sequence
from statistics import median_low
from typing import Any

import numpy as np

from ..annotation.statements.judge_answers import read_points
from ..errors import EvaluationError


Votes = Sequence[int | None]


def read_score(text: str, *, most: int) -> int | None:
    """
    The score that a judge gave, out of an answer that should be "Score: 1".

    Other common forms are read too; several scores, one out of range, or none at all are `None`. See
    [`~annotation.statements.judge_answers.read_points`].

    Args:
        text (`str`): the answer.
        most (`int`): highest score, 1 or 2.

    Example:

    ```python
    >>> from transformers_vital.evaluation.judge_votes import read_score
    >>> read_score("Score: 2", most=2), read_score("**Score:** [1]", most=2), read_score("Score: 2", most=1)
    (2, 1, None)

    ```
    """
    points = read_points(text.replace("[", "").replace("]", ""))
    return points.score if points and points.score <= most else None


def majority(votes: Votes) -> int | None:
    """
    The score given most often (Sec. 8.1: "majority voting").

    Where two scores are given equally often, which the paper says never happened in its five rounds, it is the median
    of all votes, and of two medians the lower.

    Args:
        votes (`Sequence`): a score for each round, `None` where there is none.

    Returns:
        `int`; `None` where not even half of the rounds have a score, or just half.

    Example:

    ```python
    >>> from transformers_vital.evaluation.judge_votes import majority
    >>> majority([2, 2, 1, 2, 0]), majority([2, 2, 1, 0, 0]), majority([2, None, None, 2, None])
    (2, 1, None)

    ```
    """
    given = [vote for vote in votes if vote is not None]
    if 2 * len(given) <= len(votes):
        return None
    (score, count), *others = Counter(given).most_common()
    return median_low(given) if others and others[0][1] == count else score


def agreement(votes: Sequence[Votes]) -> dict[str, Any]:
    """
    How far the rounds agree, over the questions that have a score in every round.

    Formulas (Fleiss, 1971), with n rounds, N questions and `n_ij` the rounds that gave question i the score j:
    `P_i = (Σ_j n_ij² - n) / (n (n - 1))`, `p_j = Σ_i n_ij / (N n)`, `κ = (mean P_i - Σ_j p_j²) / (1 - Σ_j p_j²)`.

    Args:
        votes (`Sequence`): for each question its votes, as many for each.

    Returns:
        `dict`: `rounds`; `questions`, how many have votes, and `complete`, how many have one in every round; over the
        latter `unanimous`, the share with one score in all rounds, `pairwise`, the mean of `P_i`, which is the share
        of pairs of rounds that agree, and `fleiss_kappa`. Those three are `None` without such questions or with one
        round, and κ also where all votes are the same.

    Raises:
        [`EvaluationError`]: the questions have not equally many votes.

    Example:

    ```python
    >>> from transformers_vital.evaluation.judge_votes import agreement
    >>> found = agreement([[2, 2, 2], [0, 0, 1], [1, None, 1]])  # P = 1 and 1/3, p = 2/6, 1/6, 3/6
    >>> found["unanimous"], round(found["pairwise"], 4), round(found["fleiss_kappa"], 4)  # (2/3 - 14/36) / (22/36)
    (0.5, 0.6667, 0.4545)

    ```
    """
    if len({len(rounds) for rounds in votes}) > 1:
        raise EvaluationError(f"The questions have {sorted({len(v) for v in votes})} votes; expected equally many.")
    complete = [rounds for rounds in votes if None not in rounds]
    found = {"rounds": len(votes[0]) if votes else 0, "questions": len(votes), "complete": len(complete)}
    if not complete or len(complete[0]) < 2:
        return found | dict.fromkeys(("unanimous", "pairwise", "fleiss_kappa"))
    given = np.asarray(complete)
    rounds = given.shape[1]
    counts = (given[:, :, None] == np.unique(given)).sum(axis=1)
    alike = (counts**2).sum(axis=1) - rounds
    pairwise = float(alike.mean()) / (rounds * (rounds - 1))
    by_chance = float(((counts.sum(axis=0) / given.size) ** 2).sum())
    return found | {
        "unanimous": float((counts.max(axis=1) == rounds).mean()),
        "pairwise": pairwise,
        "fleiss_kappa": (pairwise - by_chance) / (1 - by_chance) if by_chance < 1 else None,
    }
