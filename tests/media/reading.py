"""Two ways to read a whole video: ours, and a plain PyAV loop to compare it with."""

import av
import numpy as np

from transformers_vital.media.video import FramePlan, read_video


def every_frame(timestamps, average_fps):
    return FramePlan(key=[0], motion=np.arange(len(timestamps)))


def unchanged(frame):
    return frame


def read_all(source, **settings):
    return read_video(source, plan=every_frame, transform=unchanged, **settings)


def decode_with_av(path):
    """Presentation ticks and frames by a plain PyAV loop that skips what cannot be decoded."""
    ticks, frames = [], []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        for packet in container.demux(stream):
            try:
                decoded = packet.decode()
            except av.error.InvalidDataError:
                continue
            ticks += [frame.pts for frame in decoded]
            frames += [frame.to_ndarray(format="rgb24") for frame in decoded]
    return ticks, np.stack(frames)
