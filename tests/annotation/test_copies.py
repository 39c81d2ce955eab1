"""Distorted copies in a build: what they are, that they depend on nothing around them, and what fails."""

import numpy as np
import pytest
from building import pan, photo
from PIL import Image

from transformers_vital.annotation.copies import COLUMNS, make_copies
from transformers_vital.distortions.registry import DISTORTIONS, choose_distortion


@pytest.fixture
def root(tmp_path):
    photo("dogs.jpg").save(tmp_path / "dogs.png")
    pan(tmp_path / "pan.mp4", "dogs.jpg", frames=8)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG")
    return tmp_path


def row(path: str, *, identity: str = "a") -> dict:
    kind = "video" if path.endswith("mp4") else "image"
    return {"id": identity, "name": path, "media": {"kind": kind, "path": path, "bytes": None}}


def key_of(distortion: str, kind: str, *, seed: int = 0) -> str:
    """An id whose first copy gets this distortion."""
    return next(
        str(number)
        for number in range(2000)
        if choose_distortion(f"{number}/0", kind=kind, seed=seed)[0] == distortion
    )


def test_a_copy_of_a_picture_is_the_distorted_picture_without_loss(root):
    from transformers_vital.distortions.apply import distort_image

    (made,) = make_copies([row("dogs.png", identity=key_of("gaussian_blur", "image"))], root=root, copies=1, seed=0)
    expected = distort_image(
        np.asarray(Image.open(root / "dogs.png")), distortion="gaussian_blur", severity=made["severity"], seed=0
    )  # blur draws nothing, so any seed will do
    assert (np.asarray(Image.open(root / made["media"]["path"])) == expected).all()
    assert list(made) == list(COLUMNS) and made["reason"] is None
    assert made["text"].endswith("Gaussian blur")


def test_a_copy_of_a_video_plays_as_long(root):
    import av

    (made,) = make_copies([row("pan.mp4", identity=key_of("gaussian_blur", "video"))], root=root, copies=1, seed=0)
    with av.open(str(root / made["media"]["path"])) as container:
        assert sum(1 for _ in container.decode(video=0)) == 8
    assert made["media"]["kind"] == "video"


def test_as_many_copies_as_there_are_types_are_one_of_each(root):
    made = make_copies([row("dogs.png")], root=root, copies=25, seed=0)
    assert len({copy["distortion"] for copy in made}) == 25
    assert len({copy["id"] for copy in made}) == 25
    assert {copy["of"] for copy in made} == {"a"}


def test_a_copy_does_not_depend_on_its_neighbours(root):
    rows = [row("dogs.png", identity=str(number)) for number in range(4)]
    together = make_copies(rows, root=root, copies=1, seed=5)
    alone = [copy for one in reversed(rows) for copy in make_copies([one], root=root, copies=1, seed=5)]
    assert together == alone[::-1]


def test_another_seed_makes_other_copies(root):
    rows = [row("dogs.png", identity=str(number)) for number in range(8)]
    first, second = (make_copies(rows, root=root, copies=1, seed=seed) for seed in (0, 1))
    assert [copy["text"] for copy in first] != [copy["text"] for copy in second]


def test_types_of_both_kinds_occur():
    image = {choose_distortion(f"{n}/0", kind="image", seed=0)[0] for n in range(1000)}
    video = {choose_distortion(f"{n}/0", kind="video", seed=0)[0] for n in range(1000)}
    assert len(image) == 25 and video == set(DISTORTIONS) and len(video) == 29


@pytest.mark.parametrize("path", ["broken.png", "../elsewhere.png", "absent.png"])
def test_what_cannot_be_distorted_is_a_row_with_the_reason(root, path):
    made, fine = make_copies([row(path), row("dogs.png", identity="b")], root=root, copies=1, seed=0)
    assert (made["reason"], made["id"], made["media"]) == ("not distorted", None, None)
    assert path.removeprefix("../") in made["detail"] or "decoded" in made["detail"]
    assert fine["reason"] is None
    assert not list(root.glob(".incoming-*"))
