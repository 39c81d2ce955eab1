"""NIQE against the package whose pristine model it uses."""

import numpy as np
import pytest
from PIL import Image

from transformers_vital.annotation.measures.niqe import niqe, patch_features
from transformers_vital.annotation.measures.picture_view import PictureView
from transformers_vital.errors import AnnotationError


@pytest.mark.parametrize(
    ("name", "score"),
    # skvideo.measure.niqe of scikit-video 1.1.11, with np.float and np.int put back and scipy.misc.imresize written
    # with Pillow, as it was.
    [("cat.png", 11.6984), ("rocket.jpg", 9.0340), ("dogs.jpg", 12.9661)],
)
def test_scores_are_those_of_the_package(example, name, score):
    assert niqe(example(name)) == pytest.approx(score, abs=0.05)


def test_only_whole_patches_count(example):
    grey = example("cat.png").luma  # 451x300: four by three patches
    found = patch_features(grey)
    assert found.shape == (12, 36)
    np.testing.assert_array_equal(found, patch_features(grey[:288, :384]))


def test_noise_moves_a_picture_away_from_pristine_ones(example):
    view = example("cat.png")
    noisy = view.rgb + np.random.default_rng(0).normal(0, 25, view.rgb.shape)
    assert niqe(PictureView(noisy.clip(0, 255).astype(np.uint8))) > niqe(view) + 1


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_a_picture_of_one_colour_has_a_score(colour):
    assert np.isfinite(niqe(PictureView(np.full((200, 200, 3), colour, dtype=np.uint8))))


def test_a_picture_that_is_too_small_is_refused():
    picture = np.asarray(Image.new("RGB", (300, 191)))
    with pytest.raises(AnnotationError, match="NIQE judges pictures of 192x192 pixels or more; this one has 300x191"):
        niqe(PictureView(picture))
