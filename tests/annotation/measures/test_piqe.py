"""PIQE against a package that computes it block by block."""

import numpy as np
import pytest

from transformers_vital.annotation.measures.picture_view import PictureView
from transformers_vital.annotation.measures.piqe import piqe
from transformers_vital.errors import AnnotationError


@pytest.mark.parametrize(
    ("name", "score"),
    # piqe of pypiqe 1.2, which rounds luma a little otherwise; the size of the first is no multiple of 16.
    [("cat.png", 34.0170), ("rocket.jpg", 38.7713), ("dogs.jpg", 19.8002)],
)
def test_scores_are_those_of_the_package(example, name, score):
    assert piqe(example(name)) == pytest.approx(score, abs=0.2)


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_a_picture_in_which_nothing_varies_is_the_worst(colour):
    assert piqe(PictureView(np.full((50, 70, 3), colour, dtype=np.uint8))) == 100


def test_noise_is_seen(example):
    view = example("cat.png")
    noisy = view.rgb + np.random.default_rng(0).normal(0, 25, view.rgb.shape)
    assert piqe(PictureView(noisy.clip(0, 255).astype(np.uint8))) > piqe(view) + 20


def test_a_picture_that_is_too_small_is_refused():
    with pytest.raises(AnnotationError, match="PIQE judges pictures of 16x16 pixels or more; this one has 15x16"):
        piqe(PictureView(np.zeros((16, 15, 3), dtype=np.uint8)))
