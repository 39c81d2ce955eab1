"""Share of edges that are too narrow to look blurred (CPBD)."""

import numpy as np


BLOCK = 64  # side of the blocks whose contrast decides how wide a sharp edge may be
LOW_CONTRAST = 50  # grey levels
SHARP_WIDTH_LOW_CONTRAST, SHARP_WIDTH = 5, 3  # pixels: edges of just noticeable blur
_EDGE_BLOCK_SHARE = 0.002  # blocks with fewer edge pixels hold no edge worth looking at


def sharp_edge_share(luma: np.ndarray) -> float | None:
    """
    Cumulative probability of blur detection: the share of edges whose blur is not noticed.

    Formula (Narvekar and Karam, IEEE Trans. Image Processing 20(9), 2011): an edge of width w is seen as blurred with
    probability `1 - exp(-(w / w_JNB)^3.6)`, and counts where that is at most 63 %, which is to say where
    `w ≤ w_JNB`; `w_JNB` is 5 pixels in blocks of 64x64 with a contrast of at most 50, else 3. Edges are upright ones
    that a Sobel filter finds, in blocks where these are more than 0.2 % of the pixels; the width is that of the
    monotone run of luma across the edge.

    Args:
        luma (`np.ndarray` of shape `[height, width]`, `uint8`): at least 3x3.

    Returns:
        `float`: in [0, 1], 1 is sharp; `None` where there is no edge.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.attributes.blur_detection import sharp_edge_share
    >>> step = np.full((64, 64), 40, dtype=np.uint8)
    >>> step[:, 32:] = 200
    >>> ramp = np.clip(np.arange(64) * 16 - 400, 40, 200).astype(np.uint8)[None].repeat(64, axis=0)  # over 10 pixels
    >>> sharp_edge_share(step), sharp_edge_share(ramp)
    (1.0, 0.0)

    ```
    """
    edges, rising = _upright_edges(luma)
    rows, columns = np.nonzero(edges & _in_edge_blocks(edges))
    if not len(rows):
        return None
    widths = run_lengths(luma, rows=rows, columns=columns, rising=rising[rows, columns])
    allowed = np.where(_block_contrast(luma) <= LOW_CONTRAST, SHARP_WIDTH_LOW_CONTRAST, SHARP_WIDTH)
    return float((widths <= allowed[rows // BLOCK, columns // BLOCK]).mean())


def run_lengths(luma: np.ndarray, *, rows: np.ndarray, columns: np.ndarray, rising: np.ndarray) -> np.ndarray:
    """
    Steps between the local extrema to the left and right of pixels, along their rows.

    Args:
        luma (`np.ndarray` of shape `[height, width]`, `uint8`): the picture.
        rows, columns (`np.ndarray` of shape `[n]`, int): where the pixels are.
        rising (`np.ndarray` of shape `[n]`, bool): whether luma rises to the right there, or falls.

    Returns:
        `np.ndarray` of shape `[n]`, int64: at most 6 are counted on each side, as any more are too many to be sharp.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.attributes.blur_detection import run_lengths
    >>> luma, place = np.array([[9, 5, 6, 8, 8]], dtype=np.uint8), np.array([2])
    >>> run_lengths(luma, rows=np.array([0]), columns=place, rising=np.array([True])).tolist()  # 5 to 6 to 8
    [2]

    ```
    """
    most = SHARP_WIDTH_LOW_CONTRAST + 1
    # Repeating the outermost pixel ends every run there.
    padded = np.pad(luma.astype(np.int16), ((0, 0), (most, most)), mode="edge").ravel()
    start = rows * (luma.shape[1] + 2 * most) + columns + most
    sign = np.where(rising, 1, -1).astype(np.int16)
    lengths = np.zeros(len(rows), dtype=np.int64)
    for side in (1, -1):
        position, running = start, np.ones(len(rows), dtype=bool)
        for _ in range(most):
            running = running & (side * sign * (padded[position + side] - padded[position]) > 0)
            position = position + side
            lengths += running
    return lengths


def _upright_edges(luma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels where the horizontal gradient is strong, largest along its row, and steeper than the vertical one."""
    import cv2

    across = cv2.Sobel(luma, cv2.CV_16S, 1, 0)
    strength = cv2.convertScaleAbs(across, alpha=0.25)  # on [0, 255]: 1020 is the largest response
    down = cv2.convertScaleAbs(cv2.Sobel(luma, cv2.CV_16S, 0, 1), alpha=0.25)
    # The automatic threshold of a Sobel detector: twice the root mean square.
    threshold = 2 * np.sqrt(np.square(strength, dtype=np.float32).mean())
    edges = (strength > threshold) & (strength >= down)
    edges[:, 1:] &= strength[:, 1:] >= strength[:, :-1]
    edges[:, :-1] &= strength[:, :-1] > strength[:, 1:]
    return edges, across > 0


def _block_starts(luma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(0, luma.shape[0], BLOCK), np.arange(0, luma.shape[1], BLOCK)


def _over_blocks(reduce: np.ufunc, pixels: np.ndarray, **settings) -> np.ndarray:
    rows, columns = _block_starts(pixels)
    return reduce.reduceat(reduce.reduceat(pixels, rows, axis=0, **settings), columns, axis=1)


def _block_contrast(luma: np.ndarray) -> np.ndarray:
    return _over_blocks(np.maximum, luma) - _over_blocks(np.minimum, luma)


def _in_edge_blocks(edges: np.ndarray) -> np.ndarray:
    """Whether each pixel lies in a block with enough edge pixels; blocks at the right and bottom may be smaller."""
    count = _over_blocks(np.add, edges, dtype=np.int32)
    sides = [np.diff(starts, append=size) for starts, size in zip(_block_starts(edges), edges.shape, strict=True)]
    enough = count > _EDGE_BLOCK_SHARE * sides[0][:, None] * sides[1]
    return enough.repeat(sides[0], axis=0).repeat(sides[1], axis=1)
