"""Stuttering and camera shake."""

from collections.abc import Iterable, Iterator

import numpy as np

from .spatial import translated


Frames = Iterable[tuple[float, np.ndarray]]


def stuttering(frames: Frames, *, level: float, generator: np.random.Generator) -> Iterator[tuple[float, np.ndarray]]:
    """
    Show the last picture again instead of the next one, now and then.

    Formula (Sec. 9.3): `F̃_t = F̃_{t-1}` if `u ≤ q`, else `F_t`, with `u ~ U(0, 1)`. The paper prints `F_{t-1}`; its
    text speaks of freezing, so it is the previous output here: several in a row hold one picture. The first frame
    stays, and the times of all.

    Args:
        frames (`Iterable` of `(seconds, picture)`): in order.
        level (`float`): q, a probability.
        generator (`np.random.Generator`): draws one u a frame.

    Yields:
        seconds, picture

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.temporal import stuttering
    >>> frames = [(seconds, "abcdef"[seconds]) for seconds in range(6)]
    >>> [picture for _, picture in stuttering(frames, level=1.0, generator=np.random.default_rng(0))]
    ['a', 'a', 'a', 'a', 'a', 'a']

    ```
    """
    shown = None
    for seconds, picture in frames:
        if generator.random() > level or shown is None:
            shown = picture
        yield seconds, shown


def camera_shake(
    frames: Frames, *, level: float, generator: np.random.Generator
) -> Iterator[tuple[float, np.ndarray]]:
    """
    Move every frame by a random offset of its own.

    Formula (Sec. 9.3): the affine map `[1 0 Δ_x; 0 1 Δ_y]`, with both Δ uniform on `[-d, d]` and rounded to whole
    pixels, so that the frames themselves stay sharp; the border is repeated.

    Args:
        frames (`Iterable` of `(seconds, picture)`): in order; RGB, `uint8` of shape `(H, W, 3)`.
        level (`float`): d over the shorter side of the frame.
        generator (`np.random.Generator`): draws two offsets a frame.

    Yields:
        seconds, picture

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.distortions.temporal import camera_shake
    >>> ramp = np.arange(100, dtype=np.uint8)[None, :, None].repeat(100, axis=0).repeat(3, axis=-1)
    >>> shaken = camera_shake([(0.0, ramp), (0.1, ramp)], level=0.1, generator=np.random.default_rng(0))
    >>> [int(picture[50, 50, 0]) for _, picture in shaken]  # within 10 of 50
    [47, 59]

    ```
    """
    for seconds, picture in frames:
        right, down = np.rint(generator.uniform(-1, 1, 2) * level * min(picture.shape[:2]))
        yield seconds, translated(picture, right=right, down=down)
