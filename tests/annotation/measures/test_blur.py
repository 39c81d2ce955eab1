"""Blur against what was done to pictures, and against the definition."""

import numpy as np
import pytest

from transformers_vital.annotation.measures.blur import blur
from transformers_vital.annotation.measures.picture_view import PictureView
from transformers_vital.distortions.blur import motion_kernel
from transformers_vital.errors import AnnotationError


def grey(values: np.ndarray) -> PictureView:
    return PictureView(np.rint(values).astype(np.uint8)[..., None].repeat(3, axis=-1))


def test_blur_is_what_a_mean_of_eleven_pixels_leaves_of_the_edges():
    step = np.repeat([0.0, 110.0], 40)
    # Halves of central differences: 55 at the two columns of a step, 10 there once it is spread over eleven pixels. Of
    # the sharp 2 x 55 a mean takes 2 x 45 away, and what is left is 20 of 110, along both axes alike.
    assert blur(grey(step[None] + step[:, None])) == pytest.approx(20 / 110, abs=1e-6)


@pytest.mark.parametrize("angle", [0.0, 0.4, 0.8, 1.2, 1.57])
def test_motion_in_any_direction_blurs(example, angle):
    import cv2

    view, found = example("cat.png"), []
    for length in (0, 2, 4, 8):
        moved = cv2.filter2D(view.rgb, -1, motion_kernel(length, angle=angle)) if length else view.rgb
        found.append(blur(PictureView(moved)))
    assert (np.diff(found) > 0.01).all()


def test_blur_is_in_the_unit_interval(example):
    noise = grey(np.random.default_rng(0).integers(0, 256, (64, 64)))
    assert 0 < blur(noise) < blur(example("cat.png")) < 1


def test_a_picture_that_is_too_small_is_refused():
    with pytest.raises(AnnotationError, match="blur judges pictures of 8x8 pixels or more; this one has 8x7"):
        blur(PictureView(np.zeros((7, 8, 3), dtype=np.uint8)))
