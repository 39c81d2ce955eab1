"""Frames of an animated GIF, WebP, PNG or AVIF through Pillow.

FFmpeg cannot read animated WebP and reads one frame of an animated AVIF.
"""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from typing import Any

import numpy as np
from PIL import Image

from .image import open_pillow, to_rgb


# Browsers show frames that claim 10 ms or less for 100 ms, and authors rely on it.
_SHORTEST_MILLISECONDS = 10
_DEFAULT_MILLISECONDS = 100


class Animation:
    """An animated image that can be read any number of times; a still image is one frame.

    Args:
        source (`Path`, seekable binary file or `PIL.Image.Image`): the animation.
    """

    # The formats hold durations, not a rate.
    rate = None

    def __init__(self, source: Any):
        self.source = source

    def listed_seconds(self) -> list[float]:
        """Nothing: Pillow learns the durations by decoding."""
        return []

    def pictures(self, *, careful: bool = False) -> Iterator[tuple[float, Callable[[], np.ndarray]]]:
        """Decode, yielding each frame's presentation time and a function that converts it; always with care.

        Yields:
            seconds (`float`), and a function without arguments that returns the frame over white, `uint8` of shape
            `(height, width, 3)`. Call it before asking for the next frame.
        """
        opened = nullcontext(self.source) if isinstance(self.source, Image.Image) else open_pillow(self.source)
        milliseconds = 0.0
        with opened as image:
            for index in range(getattr(image, "n_frames", 1)):
                try:
                    image.seek(index)
                    image.load()
                except (OSError, SyntaxError, ValueError, EOFError):
                    # The tail is missing or broken: what came before it counts.
                    return
                yield milliseconds / 1000, partial(_rgb, image)
                duration = image.info.get("duration", 0)
                milliseconds += duration if duration > _SHORTEST_MILLISECONDS else _DEFAULT_MILLISECONDS


def _rgb(image: Image.Image) -> np.ndarray:
    # A copy: the plain view of a Pillow image is read-only.
    return np.array(to_rgb(image))
