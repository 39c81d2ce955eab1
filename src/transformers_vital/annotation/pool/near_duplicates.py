"""Pictures that look the same: perceptual hashes, and which of many differ in a few bits only."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from string import hexdigits

import numpy as np
from PIL import Image

from ...errors import AnnotationError, MissingExtraError


MAX_DISTANCE = 4
_HASH_BITS = 64
# Beyond this hashes of unrelated photographs meet: two random ones differ in 32 bits, give or take 4.
_LARGEST_DISTANCE = 10
_REDUCED_SIZE = (32, 32)  # what the hash looks at
# Of a picture without structure the hash is made of rounding alone, and all such pictures would be duplicates.
_FLAT_GREY_LEVELS = 1.0


def perceptual_hash(picture: Image.Image) -> str | None:
    """
    Hash of how a picture looks: which of its 64 lowest cosine frequencies lie above their median (`imagehash.phash`).

    Args:
        picture (`PIL.Image.Image`): of any size and mode.

    Returns:
        `str`: 16 hexadecimal digits; `None` of a flat picture, whose luma deviates by less than one grey level.

    Raises:
        [`MissingExtraError`]: `imagehash` is not installed.

    Example:

    ```python
    >>> from PIL import Image
    >>> from transformers_vital.annotation.pool.near_duplicates import perceptual_hash
    >>> drawn = Image.effect_mandelbrot((400, 300), (-2, -1.2, 1, 1.2), 60)
    >>> perceptual_hash(drawn) == perceptual_hash(drawn.resize((200, 170))), perceptual_hash(Image.new("L", (9, 9)))
    (True, None)

    ```
    """
    try:
        import imagehash
    except ImportError as error:
        raise MissingExtraError("imagehash", extra="data", purpose="finding near-duplicates") from error
    reduced = picture.convert("L").resize(_REDUCED_SIZE, Image.Resampling.LANCZOS)
    if np.asarray(reduced).std() < _FLAT_GREY_LEVELS:
        return None
    return str(imagehash.phash(reduced))


def near_duplicates(
    hashes: Sequence[str | None], *, max_distance: int = MAX_DISTANCE
) -> tuple[np.ndarray, np.ndarray]:
    """
    Which pictures to keep so that no two look the same; of those that do, the first in order is kept.

    In order, a picture is dropped if it is within `max_distance` of one that is kept.

    Args:
        hashes (`Sequence[str | None]` of length n): of [`perceptual_hash`]; `None` is like no other.
        max_distance (`int`, *optional*, defaults to 4): bits in which two may differ, 0 to 10.

    Returns:
        Two arrays of shape `[n]`: `bool`, whether it is kept; `int64`, the first kept one it looks like, −1 where
        it is kept itself.

    Raises:
        [`AnnotationError`]: a hash is not 16 hexadecimal digits, or the distance is out of range.

    Example:

    ```python
    >>> from transformers_vital.annotation.pool.near_duplicates import near_duplicates
    >>> kept, of = near_duplicates(["00000000000000ff", "ff00000000000000", None, "00000000000000f0"])
    >>> kept.tolist(), of.tolist()  # the last differs from the first in four bits
    ([True, True, True, False], [-1, -1, -1, 0])

    ```
    """
    hashed = np.array([index for index, text in enumerate(hashes) if text is not None], dtype=np.int64)
    values = hash_values([hashes[index] for index in hashed])
    distinct, first, same = np.unique(values, return_index=True, return_inverse=True)
    order = np.argsort(first)  # distinct hashes as they come, so that the first in order wins
    found = np.full(len(distinct), -1, dtype=np.int64)
    for earlier, later in close_pairs(distinct[order], max_distance=max_distance):
        if found[later] < 0 and found[earlier] < 0:
            found[later] = earlier
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    mine = place[same]
    duplicate = (found[mine] >= 0) | (first[same] < np.arange(len(values)))
    original = first[order[np.where(found[mine] >= 0, found[mine], mine)]]
    duplicate_of = np.full(len(hashes), -1, dtype=np.int64)
    duplicate_of[hashed[duplicate]] = hashed[original[duplicate]]
    return duplicate_of < 0, duplicate_of


def hash_values(hashes: Sequence[str]) -> np.ndarray:
    """
    Hexadecimal hashes as numbers.

    Args:
        hashes (`Sequence[str]` of length n): 16 hexadecimal digits each.

    Returns:
        `np.ndarray` of shape `[n]`, `uint64`.

    Raises:
        [`AnnotationError`]: one is something else.

    Example:

    ```python
    >>> from transformers_vital.annotation.pool.near_duplicates import hash_values
    >>> hash_values(["00000000000000ff"]).tolist()
    [255]

    ```
    """
    wrong = next((text for text in hashes if len(text) != _HASH_BITS // 4), None)
    try:
        content = bytes.fromhex("".join(hashes)) if wrong is None else b""
    except ValueError:
        wrong = next(text for text in hashes if not all(digit in hexdigits for digit in text))
    if wrong is not None:
        raise AnnotationError(f"A hash is {wrong!r}; expected 16 hexadecimal digits. Hash the picture anew.")
    return np.frombuffer(content, dtype=">u8").astype(np.uint64)


def close_pairs(values: np.ndarray, *, max_distance: int) -> np.ndarray:
    """
    All pairs of hashes that differ in few bits, without comparing every two.

    With the 64 bits cut into `d + k` bands, two hashes that differ in at most `d` bits agree in `k` bands at least, so
    those that agree in some `k` bands are compared: with `d` = 4 and `k` = 2, fifteen times about 21 bits.

    Args:
        values (`np.ndarray` of shape `[n]`, `uint64`): the hashes.
        max_distance (`int`): d, 0 to 10.

    Returns:
        `np.ndarray` of shape `[p, 2]`, `int64`: earlier and later position, each pair once, by later then earlier.

    Raises:
        [`AnnotationError`]: the distance is out of range.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.pool.near_duplicates import close_pairs
    >>> close_pairs(np.array([0, 255, 3], dtype=np.uint64), max_distance=2).tolist()
    [[0, 2]]

    ```
    """
    if not 0 <= max_distance <= _LARGEST_DISTANCE:
        raise AnnotationError(
            f"The distance of near-duplicates is {max_distance}; expected 0 to {_LARGEST_DISTANCE} of 64 bits."
        )
    found = [pairs for mask in _masks(max_distance) for pairs in _pairs_alike_in(values, mask, max_distance)]
    coded = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *found]))
    later, earlier = np.divmod(coded, max(len(values), 1))
    return np.stack([earlier, later], axis=1)


def _masks(max_distance: int) -> list[np.uint64]:
    """The bits of every choice of bands; `k` grows with the distance, to leave them about 16 bits or more."""
    agreeing = max(1, -(-max_distance // 3))
    edges = np.linspace(0, _HASH_BITS, max_distance + agreeing + 1).astype(int).tolist()
    bands = [(1 << stop) - (1 << start) for start, stop in zip(edges, edges[1:], strict=False)]
    return [np.uint64(sum(chosen)) for chosen in combinations(bands, agreeing)]


def _pairs_alike_in(values: np.ndarray, mask: np.uint64, max_distance: int) -> Iterator[np.ndarray]:
    """Close pairs among the hashes that agree in these bits, as `later · n + earlier`."""
    keys = values & mask
    order = np.argsort(keys, kind="stable")  # of equal keys the earlier comes first
    keys, values = keys[order], values[order]
    # Every hash against its next neighbour with the same key, then the one after, while there is one.
    step, start = 1, np.arange(len(keys))
    while len(start := start[: np.searchsorted(start, len(keys) - step)]):
        start = start[keys[start] == keys[start + step]]
        close = start[np.bitwise_count(values[start] ^ values[start + step]) <= max_distance]
        yield order[close + step] * len(keys) + order[close]
        step += 1
