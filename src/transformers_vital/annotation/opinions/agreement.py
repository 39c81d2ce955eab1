"""How far annotators agree: Kendall's W, each against the others, and each against each."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import AnnotationError


def kendalls_w(opinions: Any) -> float | None:
    """
    Kendall's coefficient of concordance, corrected for ties.

    Formula (Kendall and Babington Smith, 1939), with m annotators, n items, `R_i` the sum of an item's ranks and, for
    each group of t ties of an annotator, `t³ - t` in T:
    `W = (12 Σ R_i² - 3 m² n (n + 1)²) / (m² n (n² - 1) - m T)`.

    Args:
        opinions (array of shape `[n, m]`): a column for each annotator; items with a NaN are left out.

    Returns:
        `float`: 1 where all rank alike, 0 where their ranks cancel out; `None` with fewer than two annotators or
        items, or where every annotator gives all items one opinion.

    Example:

    ```python
    >>> from transformers_vital.annotation.opinions.agreement import kendalls_w
    >>> round(kendalls_w([[1, 2], [2, 1], [3, 3]]), 6)  # rank sums 3, 3, 6: (12 · 54 - 3 · 4 · 3 · 16) / (4 · 3 · 8)
    0.75

    ```
    """
    from scipy.stats import rankdata

    ranks = rankdata(_complete(_checked(opinions)), axis=0)
    items, annotators = ranks.shape
    if items < 2 or annotators < 2:
        return None
    ties = sum(float((counts**3 - counts).sum()) for counts in map(_group_sizes, ranks.T))
    most = annotators**2 * items * (items**2 - 1) - annotators * ties
    spread = 12 * float((ranks.sum(axis=1) ** 2).sum()) - 3 * annotators**2 * items * (items + 1) ** 2
    return spread / most if most > 0 else None


def pairwise_srcc(opinions: Any) -> list[list[float | None]]:
    """
    Spearman rank correlation of every two annotators, over the items that both have rated.

    Args:
        opinions (array of shape `[n, m]`): a column for each annotator, NaN where there is no opinion.

    Returns:
        `list` of m lists of m: symmetric, 1 on the diagonal; `None` with fewer than three common items, or where one
        annotator gives them all one opinion.

    Example:

    ```python
    >>> from transformers_vital.annotation.opinions.agreement import pairwise_srcc
    >>> pairwise_srcc([[1, 9], [2, 7], [3, 8]])  # 1 - 6 · (2² + 1² + 1²) / (3 · 8)
    [[1.0, -0.5], [-0.5, 1.0]]

    ```
    """
    columns = _checked(opinions).T
    matrix: list[list[float | None]] = [[1.0] * len(columns) for _ in columns]
    for one in range(len(columns)):
        for other in range(one):
            matrix[one][other] = matrix[other][one] = _srcc(columns[one], columns[other])
    return matrix


def leave_one_out_srcc(opinions: Any) -> list[float | None]:
    """
    Spearman rank correlation of each annotator with the mean of the others.

    Args:
        opinions (array of shape `[n, m]`): all on one scale; only items that all have rated count.

    Returns:
        `list` of length m; `None` as in [`pairwise_srcc`].

    Example:

    ```python
    >>> from transformers_vital.annotation.opinions.agreement import leave_one_out_srcc
    >>> leave_one_out_srcc([[0.1, 0.2, 0.35], [0.4, 0.5, 0.3], [0.8, 0.7, 0.25]])  # the third the other way round
    [1.0, 1.0, -1.0]

    ```
    """
    complete = _complete(_checked(opinions))
    if complete.shape[1] < 2:
        return [None] * complete.shape[1]
    others = (complete.sum(axis=1, keepdims=True) - complete) / (complete.shape[1] - 1)
    return [_srcc(mine, theirs) for mine, theirs in zip(complete.T, others.T, strict=True)]


def agreement(opinions: Any, *, annotators: Sequence[str]) -> dict[str, Any]:
    """
    All measures of agreement of a set of items.

    Args:
        opinions (array of shape `[n, m]`): on one scale, NaN where an annotator failed.
        annotators (`Sequence[str]` of length m): their names.

    Returns:
        `dict`: `annotators`; `listed`, how many items there are, and `items`, how many have all opinions; `missing`,
        how many opinions each annotator lacks; `kendalls_w`; `leave_one_out` and `pairwise`, in the annotators' order.

    Raises:
        [`AnnotationError`]: there are not as many names as columns.

    Example:

    ```python
    >>> from transformers_vital.annotation.opinions.agreement import agreement
    >>> found = agreement([[1, 2], [2, 3], [3, 5], [4, float("nan")]], annotators=["niqe", "piqe"])
    >>> found["items"], found["missing"], found["kendalls_w"]
    (3, [0, 1], 1.0)

    ```
    """
    opinions = _checked(opinions)
    if opinions.shape[1] != len(annotators):
        raise AnnotationError(f"There are {len(annotators)} names for {opinions.shape[1]} columns of opinions.")
    return {
        "annotators": list(annotators),
        "listed": len(opinions),
        "items": len(_complete(opinions)),
        "missing": np.isnan(opinions).sum(axis=0).tolist(),
        "kendalls_w": kendalls_w(opinions),
        "leave_one_out": leave_one_out_srcc(opinions),
        "pairwise": pairwise_srcc(opinions),
    }


def _checked(opinions: Any) -> np.ndarray:
    opinions = np.asarray(opinions, dtype=np.float64)
    if opinions.ndim != 2:
        raise AnnotationError(f"The opinions have shape {list(opinions.shape)}; expected [items, annotators].")
    return opinions


def _complete(opinions: np.ndarray) -> np.ndarray:
    return opinions[np.isfinite(opinions).all(axis=1)]


def _group_sizes(ranks: np.ndarray) -> np.ndarray:
    return np.unique(ranks, return_counts=True)[1].astype(np.float64)


def _srcc(one: np.ndarray, other: np.ndarray) -> float | None:
    from scipy.stats import rankdata

    both = np.isfinite(one) & np.isfinite(other)
    if both.sum() < 3:
        return None
    ranks = np.stack([rankdata(one[both]), rankdata(other[both])])
    if (np.ptp(ranks, axis=1) == 0).any():
        return None
    return float(np.corrcoef(ranks)[0, 1])
