"""Sources for builds in tests: photographs of the repository at thumbnail size, and two short clips of their parts."""

from pathlib import Path

import av
import numpy as np
from PIL import Image


MEDIA = Path(__file__).resolve().parents[2] / "examples" / "media"
PHOTOS = ("cat.png", "dandelions.jpg", "dogs.jpg", "rocket.jpg", "stream.jpg", "window.jpg")
SIZE = (256, 192)  # the least that every default annotator takes is 192 pixels
LIMITS = {"seconds": [0.5, 20], "short_side": [96, 2304], "long_side": [128, 4096]}


def photo(name: str) -> Image.Image:
    return Image.open(MEDIA / name).convert("RGB").resize(SIZE)


def pan(path: Path, name: str, *, frames: int = 12) -> None:
    """A clip of one second that moves over a photograph."""
    whole = np.asarray(Image.open(MEDIA / name).convert("RGB").resize((320, 240)))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=12, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for index in range(frames):
            part = np.ascontiguousarray(whole[index : index + SIZE[1], 2 * index : 2 * index + SIZE[0]])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(part, format="rgb24")))
        container.mux(stream.encode())


def write_sources(folder: Path) -> Path:
    """Six photographs, two clips, a copy of a photograph, one that is too small, and one that is broken."""
    folder.mkdir()
    for name in PHOTOS:
        photo(name).save(folder / name, **({"quality": 90} if name.endswith("jpg") else {}))
    pan(folder / "harbour.mp4", "stream.jpg")
    pan(folder / "kennel.mp4", "dogs.jpg")
    (folder / "zz_copy.png").write_bytes((folder / "cat.png").read_bytes())
    photo("dogs.jpg").resize((60, 40)).save(folder / "small.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff and nothing more")
    return folder
