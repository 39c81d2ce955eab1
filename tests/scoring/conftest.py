"""Pictures and clips on disk, and a scorer whose scores differ from one to the next."""

import av
import numpy as np
import pytest
from PIL import Image

from transformers_vital import VitalScorer


def texture(seed: int, height: int, width: int) -> np.ndarray:
    """A smooth random picture, uint8 of shape `(height, width, 3)`."""
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def write_clip(path, *, seed: int, frames: int, fps: int = 8) -> None:
    """A texture that moves to the left."""
    picture = texture(seed, 48, 64 + 4 * frames)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(frames):
            pixels = np.ascontiguousarray(picture[:, 4 * index : 4 * index + 64])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())


@pytest.fixture(scope="session")
def media_folder(tmp_path_factory):
    """Three pictures of one to several tiles and three clips of different lengths."""
    folder = tmp_path_factory.mktemp("media")
    for seed, (name, height, width) in enumerate([("a.png", 50, 60), ("b.png", 100, 180), ("c.jpg", 240, 120)]):
        Image.fromarray(texture(seed, height, width)).save(folder / name)
    for seed, (name, frames) in enumerate([("d.mp4", 3), ("e.mp4", 20), ("f.mkv", 41)]):
        write_clip(folder / name, seed=10 + seed, frames=frames)
    return folder


@pytest.fixture
def bad_file(tmp_path):
    path = tmp_path / "bad.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n and then nothing of the kind")
    return path


@pytest.fixture(scope="session")
def scorer(tiny_folder):
    return VitalScorer.from_pretrained(tiny_folder, device="cpu")
