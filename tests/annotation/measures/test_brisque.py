"""BRISQUE against the package whose machine it uses."""

import numpy as np
import pytest
from PIL import Image

from transformers_vital.annotation.measures import brisque as module
from transformers_vital.annotation.measures.brisque import brisque, features, half_brisque
from transformers_vital.annotation.measures.picture_view import PictureView
from transformers_vital.errors import AnnotationError, MissingExtraError


@pytest.mark.parametrize(
    ("name", "score"),
    # BRISQUE().score of brisque 0.2.0 with numpy 2.4, its scale_features given numbers in place of arrays of one.
    [("cat.png", 2.8708), ("rocket.jpg", 4.2332), ("dogs.jpg", 16.6666)],
)
def test_scores_are_those_of_the_package(example, name, score):
    assert brisque(example(name)) == pytest.approx(score, abs=0.02)


def test_there_are_eighteen_features_at_each_of_two_sizes(example):
    found = features(example("cat.png").rgb)
    assert found.shape == (36,)
    assert np.isfinite(found).all()


def test_half_size_is_the_score_of_the_averaged_picture(example):
    view = example("rocket.jpg")  # 640x427
    half = np.floor(view.rgb[:426].reshape(213, 2, 320, 2, 3).mean(axis=(1, 3)) + 0.5).astype(np.uint8)
    assert half_brisque(PictureView(view.rgb[:426])) == pytest.approx(brisque(PictureView(half)))


def test_blur_noise_and_compression_raise_the_score(example):
    view = example("cat.png")
    picture = Image.fromarray(view.rgb)
    noisy = view.rgb + np.random.default_rng(0).normal(0, 25, view.rgb.shape)
    small = picture.resize((90, 60)).resize(picture.size)
    for worse in (np.asarray(small), noisy.clip(0, 255).astype(np.uint8)):
        assert brisque(PictureView(worse)) > brisque(view) + 20


def test_a_picture_of_one_colour_has_a_score():
    assert np.isfinite(brisque(PictureView(np.full((40, 40, 3), 128, dtype=np.uint8))))


def test_a_picture_that_is_too_small_is_refused():
    with pytest.raises(AnnotationError, match="BRISQUE judges pictures of 16x16 pixels or more; this one has 20x15"):
        brisque(PictureView(np.zeros((15, 20, 3), dtype=np.uint8)))


def test_the_missing_package_is_named(monkeypatch):
    from importlib import metadata

    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", absent)
    with pytest.raises(MissingExtraError, match=r"BRISQUE needs brisque.*transformers-vital\[data\]"):
        module._machine_file()
