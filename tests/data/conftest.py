"""Pictures and clips of several sizes in one folder, and an encoder of records about them."""

import pytest
from drawing import draw, encode
from PIL import Image

from transformers_vital import VitalProcessor
from transformers_vital.data.encoding import RecordEncoder


def medium(path: str) -> dict:
    return {"kind": "video" if path.endswith("mp4") else "image", "path": path, "bytes": None}


@pytest.fixture(scope="session")
def media():
    """Name → medium: a picture of one tile and one of several, clips of one and of two seconds."""
    return {path.split(".")[0]: medium(path) for path in ("small.png", "wide.png", "short.mp4", "clip.mp4")}


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records") / "media"
    folder.mkdir()
    Image.fromarray(draw(3, (60, 50))).save(folder / "small.png")
    Image.fromarray(draw(9, (180, 60))).save(folder / "wide.png")
    encode(str(folder / "short.mp4"), count=8, rate=8)
    encode(str(folder / "clip.mp4"), count=16, rate=8)
    (folder / "broken.png").write_bytes(b"\x89PNG and nothing more")
    (folder / "broken.mp4").write_bytes(b"\x00\x00\x00\x18ftypmp42 and nothing more")
    (folder.parent / "outside.png").write_bytes((folder / "small.png").read_bytes())
    (folder / "link.png").symlink_to("../outside.png")
    return folder


@pytest.fixture(scope="session")
def processor(tiny_folder):
    """Tiles of 56 x 56 and four tokens each."""
    return VitalProcessor.from_pretrained(tiny_folder)


@pytest.fixture(scope="session")
def encoder(processor, root):
    def build(**settings) -> RecordEncoder:
        return RecordEncoder(processor, root=root, **settings)

    return build
