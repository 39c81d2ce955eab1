"""Pictures and clips whose content a test can predict."""

import io

import av
import numpy as np


COUNT = 24
RATE = 12
# Lossy codecs and limited-range YUV keep a flat grey within this many levels.
TOLERANCE = 3


def level(index):
    """Grey of frame `index`: neighbours differ by more than twice the tolerance."""
    return 16 + 8 * index


def draw(index, size):
    """Frame `index`: flat grey, with a white top left quarter that tells which way is up."""
    width, height = size
    picture = np.full((height, width, 3), level(index), np.uint8)
    picture[: height // 2, : width // 2] = 255
    return picture


def levels(frames):
    """Grey of the bottom right corner of each frame, as `int`."""
    return frames[:, -4, -4, 0].astype(int)


def encode(target, *, codec="libx264", pix_fmt="yuv420p", count=COUNT, size=(64, 48), rate=RATE, **extra):
    """Draw `count` frames and encode them; the frames hold `level(0)`, `level(1)`, ..."""
    container = av.open(target, "w", format=extra.get("format"), options=extra.get("muxer", {}))
    if "title" in extra:
        container.metadata["title"] = extra["title"]
    stream = container.add_stream(codec, rate=rate, options=extra.get("options", {}))
    stream.width, stream.height = size
    stream.pix_fmt = pix_fmt
    if "b_frames" in extra:
        stream.codec_context.max_b_frames = extra["b_frames"]
    ticks = extra.get("ticks")
    if ticks:
        stream.codec_context.time_base = extra["time_base"]
    for index in range(count):
        frame = av.VideoFrame.from_ndarray(draw(index, size), format="rgb24")
        if "alpha" in extra:
            rgba = np.dstack([draw(index, size), np.full(size[::-1], extra["alpha"], np.uint8)])
            frame = av.VideoFrame.from_ndarray(rgba, format="rgba")
        if ticks:
            frame.pts, frame.time_base = ticks[index], extra["time_base"]
        container.mux(stream.encode(frame))
    container.mux(stream.encode())
    container.close()
    return target


class Pipe(io.RawIOBase):
    """A readable file that cannot go back, as standard input."""

    def __init__(self, content):
        self.stream = io.BytesIO(content)

    def readable(self):
        return True

    def seekable(self):
        return False

    def readinto(self, buffer):
        return self.stream.readinto(buffer)
