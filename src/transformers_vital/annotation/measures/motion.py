"""Faults of motion: repeated frames, a shaking camera and unsteady light, from small frames."""

import numpy as np

from .natural_scene import opencv


_STILL = 1.0  # grey levels of change a frame, about what coding adds to a picture that stands still
_SHAKE = 0.02  # change of speed, in lengths of the longer side a frame, that counts in full
_FLICKER = 5.0  # grey levels off the mean of the neighbours that count in full


def motion_faults(frames: np.ndarray) -> float:
    """
    Sum of three faults, 0 for none, each at most 1: [`judder`], [`shake`] and [`flicker`].

    Args:
        frames (`np.ndarray` of shape `(T, height, width)`): luma, 0 to 255, in the order of presentation.
    """
    return judder(frames) + shake(frames) + flicker(frames)


def judder(frames: np.ndarray) -> float:
    """
    How unevenly a video moves on, in [0, 1]: repeated and dropped frames.

    Formula: `E min(|d_t - m_t| / (m_t + 1), 1)`, with d the mean absolute difference of consecutive frames and m its
    median over five of them. A video that stands still has none.

    Args:
        frames (`np.ndarray` of shape `(T, height, width)`): luma, 0 to 255.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.measures.motion import judder
    >>> ramp = np.arange(8.0)[:, None, None] * np.full((1, 4, 4), 9.0)  # steps of 9
    >>> held = ramp[[0, 1, 2, 3, 3, 5, 6, 7]]  # steps 9 9 9 0 18 9 9
    >>> judder(ramp), round(judder(held), 3)  # (9 + 9) / 10, clipped per step to 0.9, over 7 steps
    (0.0, 0.257)

    ```
    """
    from scipy.ndimage import median_filter

    if len(frames) < 3:
        return 0.0
    frames = np.asarray(frames, dtype=np.float32)
    steps = np.array([np.abs(after - before).mean() for before, after in zip(frames, frames[1:], strict=False)])
    usual = median_filter(steps, size=5, mode="nearest")
    return float(np.minimum(np.abs(steps - usual) / (usual + _STILL), 1).mean())


def shake(frames: np.ndarray) -> float:
    """
    How abruptly the picture as a whole changes its speed, in [0, 1].

    Formula: `E min(|v_t - v_(t-1)| / 0.02, 1)`, with v the shift of a frame against the one before, by phase
    correlation, in lengths of the longer side.

    Args:
        frames (`np.ndarray` of shape `(T, height, width)`): luma, 0 to 255.
    """
    cv2 = opencv()
    if len(frames) < 3 or min(frames.shape[1:]) < 8:
        return 0.0
    frames = np.asarray(frames, dtype=np.float32)
    window = cv2.createHanningWindow(frames.shape[:0:-1], cv2.CV_32F)
    shifts = [cv2.phaseCorrelate(before, after, window)[0] for before, after in zip(frames, frames[1:], strict=False)]
    speeds = np.array(shifts) / max(frames.shape[1:])
    changes = np.linalg.norm(np.diff(speeds, axis=0), axis=1)
    return float(np.minimum(changes / _SHAKE, 1).mean())


def flicker(frames: np.ndarray) -> float:
    """
    How unsteady the light is, in [0, 1].

    Formula: `E min(|l_t - (l_(t-1) + l_(t+1)) / 2| / 5, 1)`, with l the mean luma of a frame.

    Args:
        frames (`np.ndarray` of shape `(T, height, width)`): luma, 0 to 255.

    Example:

    ```python
    >>> import numpy as np
    >>> from transformers_vital.annotation.measures.motion import flicker
    >>> flicker(np.array([100.0, 102.0, 100.0, 102.0])[:, None, None])  # 2 of 5 grey levels
    0.4

    ```
    """
    if len(frames) < 3:
        return 0.0
    light = np.asarray(frames, dtype=np.float64).mean(axis=(1, 2))
    off = np.abs(light[1:-1] - (light[:-2] + light[2:]) / 2)
    return float(np.minimum(off / _FLICKER, 1).mean())
