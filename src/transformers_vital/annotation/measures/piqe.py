"""PIQE: share and strength of distortion in the blocks of a picture that the eye is drawn to."""

import numpy as np

from .natural_scene import normalised
from .picture_view import PictureView


BLOCK = 16  # pixels
SEGMENT = 6  # pixels of a block's edge
ACTIVE_VARIANCE = 0.1  # of a block that is looked at
FLAT_DEVIATION = 0.1  # below which a segment is an artefact


def piqe(view: PictureView) -> float:
    """
    Score of Venkatanath et al. (2015), which needs no model; lower is better, 0 to 100.

    Formula (their Eq. 9): `100 (Σ_k D_k + 1) / (N + 1)` over the N active blocks of normalised luminance. Of a block
    with variance v, `D = 1 - v` where a segment of its edges is flat, plus v where it is noisy.

    Args:
        view ([`~annotation.measures.picture_view.PictureView`]): at least 16x16.

    Returns:
        `float`: 100 where no block is active.

    Raises:
        [`AnnotationError`]: the picture is smaller.
        [`MissingExtraError`]: OpenCV is not installed.
    """
    grey = np.rint(view.require(BLOCK, by="PIQE").luma)
    grey = np.pad(grey, [(0, -side % BLOCK) for side in grey.shape], mode="symmetric")
    grey = np.rint(255 * (grey / max(grey.max(), 1)))
    coefficients, _ = normalised(grey, border="replicate")
    rows, columns = (side // BLOCK for side in grey.shape)
    blocks = coefficients.reshape(rows, BLOCK, columns, BLOCK).swapaxes(1, 2).reshape(-1, BLOCK, BLOCK)
    variance = blocks.reshape(len(blocks), -1).var(axis=1, ddof=1)
    active = variance > ACTIVE_VARIANCE
    blocks, variance = blocks[active], variance[active]
    distortion = np.where(_has_flat_edge(blocks), 1 - variance, 0) + np.where(_is_noisy(blocks, variance), variance, 0)
    return float(100 * (distortion.sum() + 1) / (len(blocks) + 1))


def _has_flat_edge(blocks: np.ndarray) -> np.ndarray:
    edges = np.stack([blocks[:, 0], blocks[:, -1], blocks[:, :, 0], blocks[:, :, -1]], axis=1)
    segments = np.lib.stride_tricks.sliding_window_view(edges, SEGMENT, axis=-1)
    return (segments.std(axis=-1, ddof=1) < FLAT_DEVIATION).any(axis=(1, 2))


def _is_noisy(blocks: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Where the two central columns vary about as much as all others do, which edges and textures rarely do."""
    centre = blocks[:, :, BLOCK // 2 - 1 : BLOCK // 2 + 1].reshape(-1, 2 * BLOCK)
    # The reference implementations take out the first central column and then, of what is left, one further.
    surround = np.delete(blocks, [BLOCK // 2 - 1, BLOCK // 2 + 1], axis=2).reshape(-1, (BLOCK - 2) * BLOCK)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.nan_to_num(centre.std(axis=1, ddof=1) / surround.std(axis=1, ddof=1))
    deviation = np.sqrt(variance)
    return deviation > 2 * np.abs(deviation - ratio) / np.maximum(deviation, ratio)
