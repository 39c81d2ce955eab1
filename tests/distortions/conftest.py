"""Photographs and clips of the examples, made small."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image


MEDIA = Path(__file__).resolve().parents[2] / "examples" / "media"
PHOTOS = ("cat.png", "dandelions.jpg", "dogs.jpg", "window.jpg")


@pytest.fixture(scope="session")
def photos() -> dict[str, np.ndarray]:
    """Photographs by name, 320 pixels on the longer side."""
    small = {}
    for name in PHOTOS:
        picture = Image.open(MEDIA / name).convert("RGB")
        picture.thumbnail((320, 320))
        small[name] = np.asarray(picture)
    return small


@pytest.fixture(scope="session")
def photo(photos) -> np.ndarray:
    return photos["cat.png"]


@pytest.fixture(scope="session")
def clip_frames() -> list[np.ndarray]:
    """16 frames of a film with motion, 256x144."""
    with av.open(str(MEDIA / "bunny.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24", width=256, height=144) for frame in container.decode(video=0)]
    return frames[8:40:2]


@pytest.fixture(scope="session")
def clip(clip_frames, tmp_path_factory) -> Path:
    """Those frames as a lossless video, 12 a second."""
    path = tmp_path_factory.mktemp("clip") / "clip.mkv"
    return encode_losslessly(path, clip_frames)


@pytest.fixture
def lossless(tmp_path):
    """Function that writes frames as a lossless video and returns its path."""

    def write(frames, name="source.mkv") -> Path:
        return encode_losslessly(tmp_path / name, frames)

    return write


def encode_losslessly(path: Path, frames: list[np.ndarray]) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264rgb", rate=12, options={"qp": "0", "preset": "ultrafast"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "rgb24"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture
def read():
    """Function that returns presentation times and frames of a video, by a plain PyAV loop."""

    def read(path) -> tuple[list[float], list[np.ndarray]]:
        with av.open(str(path)) as container:
            decoded = list(container.decode(video=0))
        return [frame.time for frame in decoded], [frame.to_ndarray(format="rgb24") for frame in decoded]

    return read
