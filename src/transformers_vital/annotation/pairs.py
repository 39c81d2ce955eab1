"""Which scored items become preference pairs (paper, Sec. 3.2)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..distributions import preference
from ..errors import AnnotationError


TIE_SHARE = 0.2  # better : worse : tie = 4 : 4 : 2
_FEW = 2000  # items of which all pairs are listed; of more, pairs are drawn until there are enough


@dataclass(frozen=True)
class Pairs:
    """
    Chosen pairs of items, by their positions.

    Args:
        a, b (`np.ndarray` of int64, shape `(P,)`): positions; never the same, and no two pairs have the same items.
        preference (`np.ndarray` of float64, shape `(P,)`): Eq. 3, 1 where `a` is better, 0 where `b` is, 0.5 for ties.
    """

    a: np.ndarray
    b: np.ndarray
    preference: np.ndarray


def sample_pairs(means: Any, *, stds: Any, num_pairs: int, seed: int) -> Pairs:
    """
    Random pairs, 40 % better, 40 % worse and 20 % ties by Eq. 3.

    Where fewer pairs of a kind exist than its share, or could be found in reasonable time, there are fewer pairs in
    all; the other kind stays at its share. Time is O((n + p) log(n + p)) for p pairs of n items.

    Args:
        means, stds (arrays of shape `(n,)`): moments of the items' opinions, on one scale.
        num_pairs (`int`): how many to choose.
        seed (`int`): of the choice.

    Returns:
        [`Pairs`]: in random order.

    Raises:
        [`AnnotationError`]: the moments are of different length, or one is not finite.

    Example:

    ```python
    >>> from transformers_vital.annotation.pairs import sample_pairs
    >>> pairs = sample_pairs([0.9, 0.5, 0.5], stds=[0.1, 0.1, 0.1], num_pairs=10, seed=0)
    >>> len(pairs.a), sorted(pairs.preference.tolist())  # all there are: two decided, one tie
    (3, [0.0, 0.5, 1.0])

    ```
    """
    means, stds = np.asarray(means, dtype=np.float64), np.asarray(stds, dtype=np.float64)
    if means.ndim != 1 or means.shape != stds.shape or not (np.isfinite(means) & np.isfinite(stds)).all():
        raise AnnotationError(
            f"The moments have the shapes {list(means.shape)} and {list(stds.shape)}; expected two equal lists of "
            "finite numbers. Drop items without opinions."
        )
    generator = np.random.default_rng(seed)
    found = _found(means, stds, num_pairs=num_pairs, generator=generator)
    keys = generator.permutation(np.concatenate(found))
    a, b = np.divmod(keys, max(1, len(means)))
    given = _preferences(keys, means, stds)
    turned = generator.integers(2, size=len(keys)) == 1
    decided = generator.permutation(np.flatnonzero(given != 0.5))
    turned[decided] = given[decided] != np.arange(len(decided)) % 2  # as many better as worse
    return Pairs(np.where(turned, b, a), np.where(turned, a, b), np.where(turned, 1 - given, given))


def _found(
    means: np.ndarray, stds: np.ndarray, *, num_pairs: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Decided pairs and ties, as keys `lower position * n + higher position`."""
    n, num_ties = len(means), round(TIE_SHARE * num_pairs)
    wanted = (num_pairs - num_ties, num_ties)
    if n <= _FEW:
        lower, higher = np.triu_indices(n, k=1)
        keys = generator.permutation(lower * n + higher)
        is_tie = _preferences(keys, means, stds) == 0.5
        return keys[~is_tie][: wanted[0]], keys[is_tie][: wanted[1]]
    found = [np.empty(0, dtype=np.int64)] * 2
    order = np.argsort(means, kind="stable")
    gained, number = [num_pairs, num_pairs], 0
    while any(len(found[kind]) < wanted[kind] and gained[kind] >= wanted[kind] / 100 for kind in (0, 1)):
        first = generator.integers(n, size=2 * num_pairs)
        second = generator.integers(n, size=len(first))
        # A kind that chance does not bring is looked for where it is: ties near an item, decided pairs far from it.
        if number and len(found[1]) < wanted[1]:
            second[::2] = order[_near(first[::2], means, stds, order, generator)]
        if number and len(found[0]) < wanted[0]:
            second[1::2] = order[_far(first[1::2], means, order, generator)]
        keys = _keys(first, second, n)
        is_tie = _preferences(keys, means, stds) == 0.5
        for kind in (0, 1):
            known = len(found[kind])
            found[kind] = _distinct(np.concatenate([found[kind], keys[is_tie == kind]]))[: wanted[kind]]
            gained[kind] = len(found[kind]) - known if number else num_pairs
        number += 1
    return found[0], found[1]


def _near(first: np.ndarray, means: np.ndarray, stds: np.ndarray, order: np.ndarray, generator) -> np.ndarray:
    """Places in the order of means of items within σ of the first, which are ties whatever their own σ is."""
    ascending = means[order]
    start = np.searchsorted(ascending, means[first] - stds[first], side="left")
    stop = np.searchsorted(ascending, means[first] + stds[first], side="right")
    return start + (generator.random(len(first)) * (stop - start)).astype(np.int64)


def _far(first: np.ndarray, means: np.ndarray, order: np.ndarray, generator) -> np.ndarray:
    """Places in the order of means among the hundredth at the other end."""
    places = generator.integers(max(1, len(order) // 100), size=len(first))
    return np.where(means[first] > means[order[len(order) // 2]], places, len(order) - 1 - places)


def _keys(first: np.ndarray, second: np.ndarray, n: int) -> np.ndarray:
    keys = np.minimum(first, second) * n + np.maximum(first, second)
    return keys[first != second]


def _distinct(keys: np.ndarray) -> np.ndarray:
    """Each key once, in the order in which they first come."""
    return keys[np.sort(np.unique(keys, return_index=True)[1])]


def _preferences(keys: np.ndarray, means: np.ndarray, stds: np.ndarray) -> np.ndarray:
    a, b = np.divmod(keys, max(1, len(means)))
    return np.atleast_1d(preference(means[a], mean_b=means[b], std_a=stds[a], std_b=stds[b]))
