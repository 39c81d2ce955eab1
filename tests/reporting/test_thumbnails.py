"""Small pictures of whatever a record holds."""

import io

import pytest
from PIL import Image

from transformers_vital.reporting.thumbnails import thumbnail


@pytest.mark.parametrize(
    ("name", "kind", "size"),
    [("window.jpg", "image", (213, 320)), ("cat.png", "image", (320, 213)), ("dog.mp4", "video", (320, 180))],
)
def test_a_medium_is_made_small_and_stays_in_shape(name, kind, size, pytestconfig):
    root = pytestconfig.rootpath / "examples" / "media"
    content = thumbnail({"kind": kind, "path": name, "bytes": None}, root=root)
    picture = Image.open(io.BytesIO(content))
    assert (picture.format, picture.size) == ("JPEG", size)
    assert len(content) < 40_000


def test_a_video_shows_its_first_frame(pytestconfig):
    import av

    path = pytestconfig.rootpath / "examples" / "media" / "bunny.mp4"
    with av.open(str(path)) as container:
        first = next(container.decode(video=0)).to_image().resize((32, 18))
    content = thumbnail({"kind": "video", "path": path.name, "bytes": None}, root=path.parent)
    found = Image.open(io.BytesIO(content)).resize((32, 18))
    worst = max(abs(one - other) for one, other in zip(first.tobytes(), found.tobytes(), strict=True))
    assert worst < 30


def test_what_cannot_be_read_has_none(tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    for path in ("broken.jpg", "absent.jpg", "../x.jpg"):
        assert thumbnail({"kind": "image", "path": path, "bytes": None}, root=tmp_path) is None
