"""Which frames of a clip become key frames and motion frames: the release's rule and ours."""

import numpy as np


def release_plan(timestamps: np.ndarray, average_fps: float, *, motion_stride: int) -> tuple[np.ndarray, np.ndarray]:
    """
    The frames that the authors' code reads.

    With N frames and stride s, motion frames are 0, s, 2s, … below 4·s·⌊N / 4s⌋. Key frames are round(fps·i), one a
    second, as far as they are motion frames too. Times of the frames take no part.

    Args:
        timestamps (`np.ndarray` of shape `(frames,)`): only its length is used.
        average_fps (`float`): frames per second of the stream.
        motion_stride (`int`): 1 for the release's scorer, 4 for its "less token" scorer, 8 for its training.

    Returns:
        key and motion frame indices, ascending.

    Raises:
        `ValueError`: fewer than 4·stride frames, or no key frame on the motion grid.

    Example:

    ```python
    >>> key, motion = release_plan(np.arange(40) / 8, 8.0, motion_stride=4)
    >>> key.tolist(), motion.tolist()
    ([0, 8, 16, 24], [0, 4, 8, 12, 16, 20, 24, 28])

    ```
    """
    frames = len(timestamps)
    motion = np.arange(0, 4 * motion_stride * (frames // (4 * motion_stride)), motion_stride)
    if not len(motion):
        raise ValueError(
            f"The clip has {frames} frames; the release sampling with motion_stride={motion_stride} needs at least "
            f"{4 * motion_stride}. Use a smaller motion_stride or frame_sampling='time', which takes any length."
        )
    seconds = max(int(frames // average_fps), 1)
    candidates = np.array([round(average_fps * second) for second in range(seconds)])
    return candidates[np.isin(candidates, motion)], motion


def time_plan(
    timestamps: np.ndarray,
    average_fps: float,
    *,
    key_frame_interval: float,
    motion_fps: float,
    max_key_frames: int,
    max_motion_frames: int,
) -> tuple[np.ndarray, np.ndarray]:
    """
    Key and motion frames chosen by presentation time; any length of at least one frame.

    Key frames lie every `key_frame_interval` seconds, at least one. Motion frames lie a whole number of average frame
    durations apart, so that their rate is about `motion_fps`, and the last is repeated to a multiple of four. Where a
    maximum would be passed, the frames are spread wider over the whole clip.

    Args:
        timestamps (`np.ndarray` of shape `(frames,)`): ascending presentation times in seconds.
        average_fps (`float`): used for the duration of a single frame only.
        key_frame_interval (`float`): seconds between key frames (1 in the paper, Table 8).
        motion_fps (`float`): wanted motion frames per second.
        max_key_frames, max_motion_frames (`int`): upper bounds, for long clips.

    Returns:
        key and motion frame indices, ascending; motion may repeat the last.

    Example:

    ```python
    >>> key, motion = time_plan(np.arange(50) / 25, 25.0, key_frame_interval=1.0, motion_fps=8.0,
    ...                         max_key_frames=32, max_motion_frames=256)
    >>> key.tolist(), motion.tolist()
    ([0, 25], [0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 39, 42, 45, 48, 48, 48, 48])

    ```
    """
    start, frames = timestamps[0], len(timestamps)
    span = timestamps[-1] - start
    frame_seconds = span / (frames - 1) if span > 0 else 1 / average_fps
    duration = frame_seconds * frames

    seconds = max(key_frame_interval, duration / max_key_frames)
    key = nearest_frames(timestamps, start + seconds * np.arange(max(1, int(duration / seconds + 1e-6))))

    stride = max(1, round(1 / (motion_fps * frame_seconds)), int(np.ceil(frames / max_motion_frames)))
    motion = nearest_frames(timestamps, start + stride * frame_seconds * np.arange(int(np.ceil(frames / stride))))
    return key, np.pad(motion, (0, -len(motion) % 4), mode="edge")


def nearest_frames(timestamps: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Index of the frame nearest in time to each target; the earlier of two equally near ones."""
    after = np.searchsorted(timestamps, targets).clip(1, max(1, len(timestamps) - 1))
    if len(timestamps) == 1:
        return np.zeros(len(targets), dtype=int)
    before = after - 1
    return np.where(targets - timestamps[before] <= timestamps[after] - targets + 1e-9, before, after)
