"""Names, levels and severities of the distortions (Secs. 3.1 and 9.3)."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Literal

from ..errors import DistortionError
from ..media.formats import Kind
from .blur import gaussian_blur, lens_blur, motion_blur
from .brightness import brighten, darken, mean_shift
from .colour import (
    colour_de_saturation,
    colour_diffusion,
    colour_over_saturation,
    colour_quantisation,
    colour_shift,
)
from .compression import h264_compression, h265_compression, jpeg2000_compression, jpeg_compression
from .contrast import contrast_change, high_sharpen
from .draws import generator
from .noise import denoise, impulse_noise, multiplicative_noise, white_noise, white_noise_with_colour
from .spatial import colour_block, jitter, non_eccentricity_patch, pixelation, quantisation
from .temporal import camera_shake, stuttering


SEVERITIES = ("mild", "noticeable", "relatively severe", "severe", "very severe")  # Sec. 3.1
VIDEO_SEVERITIES = ("mild", "noticeable", "severe")  # likewise, of what only videos have


@dataclass(frozen=True)
class Distortion:
    """One type of distortion. It changes pictures, or the sequence of frames, or is an encoding of them.

    Args:
        name (`str`): that of its function.
        text (`str`): what a statement calls it: the words of the paper, in its spelling.
        levels (`tuple`): the parameter of its function at each severity, mildest first.
        draws (`str`, *optional*, defaults to `"nothing"`): whether its function draws at random: `"clip"` once for all
            frames of a video, `"frame"` for each frame anew.
        picture (`Callable`, *optional*): changes one picture; videos too, frame by frame.
        frames (`Callable`, *optional*): changes the sequence of the frames of a video.
        encoding (`Callable`, *optional*): makes the settings that the video is encoded with.
    """

    name: str
    text: str
    levels: tuple[float, ...]
    draws: Literal["nothing", "clip", "frame"] = "nothing"
    picture: Callable | None = None
    frames: Callable | None = None
    encoding: Callable | None = None

    @property
    def video_only(self) -> bool:
        return self.picture is None

    @property
    def severities(self) -> tuple[str, ...]:
        """The word for each severity."""
        return VIDEO_SEVERITIES if self.video_only else SEVERITIES

    def index_of(self, severity: int) -> int:
        """Place of a severity, from 1, in `levels` and `severities`.

        Raises:
            [`DistortionError`]: it has no such severity.
        """
        if isinstance(severity, Integral) and 1 <= severity <= len(self.levels):
            return int(severity) - 1
        listed = ", ".join(f"{number} ({word})" for number, word in enumerate(self.severities, start=1))
        raise DistortionError(f"severity is {severity!r}; expected one of {self.name}: {listed}.")


def _picture(function: Callable, text: str, levels: tuple[float, ...], draws: str = "nothing") -> Distortion:
    return Distortion(function.__name__, text, levels, draws, picture=function)


# Types and their order are those of KADIS-700K, and so are the levels, from the MATLAB code published with it
# (imdist_generator, http://database.mmsp-kn.de/kadid-10k-database.html), made for pictures of 512x384 and in pixels
# whatever the size. A comment says where a level is another one, and why.
_LISTED = (
    _picture(gaussian_blur, "Gaussian blur", (0.4, 0.5, 1, 2, 5)),  # KADIS 0.1, which changes no pixel
    _picture(lens_blur, "lens blur", (1, 2, 4, 6, 8)),
    _picture(motion_blur, "motion blur", (1, 2, 4, 6, 10), "clip"),
    _picture(colour_diffusion, "color diffusion", (3.5, 6.5, 11, 14, 20)),  # KADIS: 1.5 x + 2 with 1, 3, 6, 8, 12
    _picture(colour_shift, "color shift", (1, 3, 6, 8, 12), "clip"),
    _picture(colour_quantisation, "color quantization", (64, 48, 32, 16, 8)),
    # KADIS over-saturates in Lab, by 1 (nothing), 2, 3, 6, 9, and de-saturates in HSV, by 0.4, 0.2, 0.1, 0, -0.4. The
    # paper has it the other way round and keeps β between 0 and 1.
    _picture(colour_over_saturation, "color over-saturation", (1.5, 2, 3, 6, 9)),
    _picture(colour_de_saturation, "color de-saturation", (0.8, 0.6, 0.4, 0.2, 0.05)),
    _picture(jpeg2000_compression, "JPEG2000 compression", (16, 32, 45, 120, 400)),
    _picture(jpeg_compression, "JPEG compression", (43, 36, 24, 7, 4)),
    _picture(white_noise, "white noise", (0.001, 0.002, 0.003, 0.005, 0.01), "frame"),
    _picture(white_noise_with_colour, "white noise with color", (0.0001, 0.0005, 0.001, 0.002, 0.003), "frame"),
    _picture(impulse_noise, "impulse noise", (0.001, 0.005, 0.01, 0.02, 0.03), "frame"),
    _picture(multiplicative_noise, "multiplicative noise", (0.001, 0.005, 0.01, 0.02, 0.05), "frame"),
    _picture(denoise, "denoise", (0.01, 0.03, 0.05, 0.1, 0.15), "frame"),
    _picture(brighten, "brighten", (0.1, 0.2, 0.4, 0.7, 1.1)),
    _picture(darken, "darken", (0.05, 0.1, 0.2, 0.4, 0.8)),
    # KADIS: 0.15, 0.08, 0, -0.08, -0.15, whose third is nothing and whose order is none of severity.
    _picture(mean_shift, "mean shift", (0.04, 0.08, 0.12, 0.16, 0.2), "clip"),
    # KADIS moves five times by 0.05, 0.1, 0.2, 0.5, 1; once by √5 times as much reaches as far and blurs less.
    _picture(jitter, "jitter", (0.11, 0.22, 0.45, 1.1, 2.2), "frame"),
    _picture(non_eccentricity_patch, "non-eccentricity patch", (20, 40, 60, 80, 100), "clip"),
    _picture(pixelation, "pixelation", (0.01, 0.05, 0.1, 0.2, 0.5)),
    _picture(quantisation, "quantization", (21, 17, 14, 11, 8)),  # KADIS counts thresholds, one fewer
    _picture(colour_block, "color block", (2, 4, 6, 8, 10), "clip"),
    _picture(high_sharpen, "high sharpen", (1, 2, 3, 6, 12)),
    # KADIS goes from more contrast to less: 0.3, 0.15, 0, -0.4, -0.6, which are β = 0.125, 0.0875, 0.05, -0.05, -0.1.
    _picture(contrast_change, "contrast change", (0.025, 0.05, 0.075, 0.1, 0.125), "clip"),
    # The paper has no levels of these two: q, and the largest offset over the shorter side.
    Distortion("stuttering", "stuttering", (0.1, 0.3, 0.6), "clip", frames=stuttering),
    Distortion("camera_shake", "camera shake", (0.005, 0.015, 0.04), "clip", frames=camera_shake),
    Distortion("h264_compression", "H264 compression", (24, 36, 48), encoding=h264_compression),  # Sec. 9.3
    Distortion("h265_compression", "H265 compression", (24, 36, 48), encoding=h265_compression),  # Sec. 9.3
)

DISTORTIONS = {distortion.name: distortion for distortion in _LISTED}


def find_distortion(name: str) -> Distortion:
    """
    Distortion of a name.

    Args:
        name (`str`): a key of [`DISTORTIONS`].

    Returns:
        [`Distortion`]

    Raises:
        [`DistortionError`]: there is none; the message names the closest ones.

    Example:

    ```python
    >>> from transformers_vital.distortions.registry import find_distortion
    >>> find_distortion("camera_shakes")
    Traceback (most recent call last):
    ...
    transformers_vital.errors.DistortionError: 'camera_shakes' is no distortion. Did you mean camera_shake?

    ```
    """
    if name in DISTORTIONS:
        return DISTORTIONS[name]
    closest = difflib.get_close_matches(str(name), DISTORTIONS)
    hint = f"Did you mean {' or '.join(closest)}?" if closest else f"Choose one of {', '.join(DISTORTIONS)}."
    raise DistortionError(f"{name!r} is no distortion. {hint}")


def distortions_of(kind: Kind) -> list[str]:
    """
    Names of the distortions that media of a kind can have.

    Args:
        kind (`str`): `"image"` (25 types) or `"video"` (29).

    Returns:
        `list[str]`, in the order of [`DISTORTIONS`].

    Raises:
        [`DistortionError`]: the kind is neither.

    Example:

    ```python
    >>> from transformers_vital.distortions.registry import distortions_of
    >>> len(distortions_of("image")), len(distortions_of("video"))
    (25, 29)

    ```
    """
    if kind not in ("image", "video"):
        raise DistortionError(f'kind is {kind!r}; expected "image" or "video".')
    return [name for name, distortion in DISTORTIONS.items() if kind == "video" or not distortion.video_only]


def choose_distortion(key: str, *, kind: Kind, seed: int) -> tuple[str, int]:
    """
    The distortion and severity that an item of a dataset gets: uniform over the types, then over its severities.

    Args:
        key (`str`): what names the item; the choice depends on it and not on the items around it.
        kind (`str`): see [`distortions_of`].
        seed (`int`): another one chooses anew.

    Returns:
        `tuple[str, int]`: name and severity, from 1.

    Raises:
        [`DistortionError`]: the kind is neither.

    Example:

    ```python
    >>> from transformers_vital.distortions.registry import choose_distortion
    >>> choose_distortion("3f2a", kind="image", seed=0) == choose_distortion("3f2a", kind="image", seed=0)
    True

    ```
    """
    offered = distortions_of(kind)
    draw = generator(seed, "choice", kind, key)
    name = offered[draw.integers(len(offered))]
    return name, int(draw.integers(len(DISTORTIONS[name].levels))) + 1
