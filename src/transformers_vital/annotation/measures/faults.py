"""Faults of a picture that the statistics of normalised luminance cannot see, or take for detail."""

import numpy as np

from .natural_scene import opencv
from .picture_view import PictureView


NATURAL_LUMA = (115.94, 27.99)  # mean and deviation of the mean luma of photographs (Yeganeh and Wang, TMQI, 2013)
_AGREEMENT = 0.75  # correlation of the fine detail of two channels; most photographs lie above
_ROUGHNESS = 0.03  # of the histogram of an untouched photograph
_FLAT_BLOCK = 4  # pixels
_EDGE = 40  # grey levels to the local mean, which a step of 80 has


def visible_faults(view: PictureView) -> float:
    """
    Sum of seven faults, 0 for none.

    Formula: `0.5 misregistration + 4 min(flat, 0.05) + 0.5 min(clipped, 0.3) + min(gaps, 0.25) + 0.03 exposure +
    0.2 paleness + 0.4 min(halos / 10, 1)`. The weights bring each fault to 0.15 to 0.5 at its worst, so that drawn
    pictures, which are flat by nature, are not judged by one of them alone; no ratings were used for them.

    Args:
        view ([`~annotation.measures.picture_view.PictureView`]): at least 8x8.

    Raises:
        [`AnnotationError`]: the picture is smaller.
        [`MissingExtraError`]: OpenCV is not installed.
    """
    view.require(8, by="The search for faults")
    return (
        0.5 * misregistration(view)
        + 4 * min(flat_share(view), 0.05)
        + 0.5 * min(clipped_share(view), 0.3)
        + min(tonal_gaps(view), 0.25)
        + 0.03 * exposure_distance(view)
        + 0.2 * paleness(view)
        + 0.4 * min(halos(view) / 10, 1)
    )


def misregistration(view: PictureView) -> float:
    """
    How little the fine detail of red and blue goes with that of green: shifted channels and noise of colour.

    Formula: `1 - min((ρ(R, G) + ρ(G, B)) / 2 / 0.75, 1)`, correlations of `I - I * G_1.5`, in [0, 1].
    """
    cv2 = opencv()
    rgb = view.rgb.astype(np.float32)
    detail = (rgb - cv2.GaussianBlur(rgb, (0, 0), 1.5)).reshape(-1, 3)
    products = detail.T @ detail
    lengths = np.sqrt(np.diag(products))
    agreement = products / np.maximum(np.outer(lengths, lengths), 1e-6)
    # A channel without any detail, such as one of a picture of one colour, disagrees with none.
    agreement = np.where(np.outer(lengths, lengths) > 1e-3, agreement, 1)
    return float(np.clip(1 - (agreement[0, 1] + agreement[1, 2]) / 2 / _AGREEMENT, 0, 1))


def flat_share(view: PictureView) -> float:
    """Share of blocks of 4x4 pixels with one grey level: sensors leave almost none, coders and painted areas do."""
    grey = np.rint(view.luma)
    rows, columns = (side // _FLAT_BLOCK for side in grey.shape)
    blocks = grey[: rows * _FLAT_BLOCK, : columns * _FLAT_BLOCK].reshape(rows, _FLAT_BLOCK, columns, _FLAT_BLOCK)
    return float((blocks.max(axis=(1, 3)) == blocks.min(axis=(1, 3))).mean())


def clipped_share(view: PictureView) -> float:
    """Share of pixels that are black (below 2) or white (above 253)."""
    return float(((view.luma < 2) | (view.luma > 253)).mean())


def tonal_gaps(view: PictureView) -> float:
    """
    Roughness of the histogram of luma, as stretched and quantised tones leave it.

    Formula: `Σ |h_i - (h_(i-1) + h_(i+1)) / 2| / Σ h_i - 0.03` over the levels between the 2nd and 98th percentile, in
    [0, 1].
    """
    counts = np.bincount(np.rint(view.luma).astype(np.uint8).ravel(), minlength=256).astype(np.float64)
    shares = counts.cumsum() / counts.sum()
    first, last = np.searchsorted(shares, [0.02, 0.98])
    inner = np.pad(counts[first : last + 1], 1, mode="edge")
    around = (inner[:-2] + inner[2:]) / 2
    return float(np.clip(np.abs(inner[1:-1] - around).sum() / inner[1:-1].sum() - _ROUGHNESS, 0, 1))


def exposure_distance(view: PictureView) -> float:
    """
    How far the mean luma is from that of photographs, in [0, 6].

    Formula (the exponent of TMQI's naturalness of brightness): `min((μ - 115.94)² / (2 · 27.99²), 6)`.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.measures.faults import exposure_distance
    >>> from transformers_vital.annotation.measures.picture_view import PictureView
    >>> round(exposure_distance(PictureView(np.full((8, 8, 3), 60, dtype=np.uint8))), 3)  # (60 - 115.94)² / (2 · 27.99²)
    1.997

    ```
    """  # noqa: E501
    mean, deviation = NATURAL_LUMA
    return float(min((view.luma.mean() - mean) ** 2 / (2 * deviation**2), 6.0))


def paleness(view: PictureView) -> float:
    """
    How little colour the picture has, 1 where it is grey.

    Formula: `exp(-M / 25)`, with the colourfulness M of Hasler and Süsstrunk (2003): `hypot(σ_rg, σ_yb) + 0.3
    hypot(μ_rg, μ_yb)`, where `rg = R - G` and `yb = (R + G) / 2 - B`; 15 is slightly, 45 fairly colourful.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.measures.faults import paleness
    >>> from transformers_vital.annotation.measures.picture_view import PictureView
    >>> paleness(PictureView(np.full((8, 8, 3), 60, dtype=np.uint8)))
    1.0

    ```
    """
    red, green, blue = np.moveaxis(view.rgb.astype(np.float32), -1, 0)
    opponents = np.stack([red - green, (red + green) / 2 - blue]).reshape(2, -1)
    colourfulness = np.hypot(*opponents.std(axis=1)) + 0.3 * np.hypot(*opponents.mean(axis=1))
    return float(np.exp(-colourfulness / 25))


def halos(view: PictureView) -> float:
    """
    How far the picture overshoots beside its edges, in grey levels, as sharpening leaves it.

    Formula: `E max(|I - I * G_2| - 40, 0)`, with a Gaussian of deviation 2; a photograph mostly has less than 1.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.measures.faults import halos
    >>> from transformers_vital.annotation.measures.picture_view import PictureView
    >>> halos(PictureView(np.full((8, 8, 3), 60, dtype=np.uint8)))
    0.0

    ```
    """
    detail = np.abs(view.luma - opencv().GaussianBlur(view.luma, (0, 0), 2))
    return float(np.maximum(detail - _EDGE, 0).mean())
