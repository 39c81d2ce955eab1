"""Media drawn and encoded at test time, with the numbers that were put in."""

import struct
from pathlib import Path

import av
import numpy as np
import pytest
from drawing import COUNT, RATE, draw, encode, level
from PIL import Image


@pytest.fixture
def video(tmp_path):
    """Function that encodes a clip into the test's folder and returns its path."""

    def write(name="clip.mp4", **settings) -> Path:
        encode(str(tmp_path / name), **settings)
        return tmp_path / name

    return write


@pytest.fixture
def rotated(video):
    """Function that writes an mp4 with the track matrix `(a, b, c, d)`: x' = ax + cy, y' = bx + dy."""

    def write(matrix) -> Path:
        path = video("rotated.mp4")
        content = bytearray(path.read_bytes())
        start = content.index(b"tkhd") + 44
        a, b, c, d = (value << 16 for value in matrix)
        content[start : start + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def sound(tmp_path):
    """Function that writes a file with a second of sound, and a cover picture when asked."""

    def write(name="song.m4a", *, cover=False, with_video=False) -> Path:
        with av.open(str(tmp_path / name), "w") as container:
            picture = None
            if cover:
                picture = container.add_stream("mjpeg", rate=1)
                picture.width, picture.height, picture.pix_fmt = 128, 96, "yuvj420p"
                picture.disposition = av.stream.Disposition.attached_pic
            film = container.add_stream("libx264", rate=RATE) if with_video else None
            if film:
                film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
            stream = container.add_stream("aac", rate=16000, layout="mono")
            if picture:
                container.mux(picture.encode(av.VideoFrame.from_ndarray(draw(0, (128, 96)), format="rgb24")))
                container.mux(picture.encode())
            for index in range(COUNT if film else 0):
                container.mux(film.encode(av.VideoFrame.from_ndarray(draw(index, (64, 48)), format="rgb24")))
            if film:
                container.mux(film.encode())
            for block in range(16):
                frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
                frame.sample_rate, frame.pts = 16000, block * 1024
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return tmp_path / name

    return write


@pytest.fixture
def animation(tmp_path):
    """Function that writes an animated image; frame `i` is flat `level(i)` and lasts `durations[i]` milliseconds."""

    def write(name, durations) -> Path:
        pictures = [Image.fromarray(np.full((20, 30, 3), level(index), np.uint8)) for index in range(len(durations))]
        lossless = {} if name.endswith(".avif") else {"lossless": True}
        pictures[0].save(
            tmp_path / name, save_all=True, append_images=pictures[1:], duration=durations, loop=0, **lossless
        )
        return tmp_path / name

    return write
