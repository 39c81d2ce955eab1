"""Random draws that depend on nothing but a seed and names."""

import hashlib
import json

import numpy as np


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """
    Generator for one purpose, the same in every process and on every machine.

    Formula: PCG64 of numpy's SeedSequence of the SHA-256 of the JSON list `[seed, *names]`.

    Args:
        seed (`int`): any integer.
        names (`str` or `int`): what the draws are for; other names give independent draws.

    Returns:
        `np.random.Generator`: its stream is numpy's, which keeps it within a version of numpy.

    Example:

    ```python
    >>> from transformers_vital.distortions.draws import generator
    >>> first, again, other = (generator(7, name).random() for name in ("jitter", "jitter", "white_noise"))
    >>> first == again, first == other
    (True, False)

    ```
    """
    listed = json.dumps([int(seed), *(name if isinstance(name, str) else int(name) for name in names)])
    digest = hashlib.sha256(listed.encode()).digest()
    return np.random.default_rng(np.random.SeedSequence(int.from_bytes(digest, "big")))
