"""A picture that measures share."""

import numpy as np
import pytest

from transformers_vital.annotation.measures.picture_view import PictureView, bounded


def test_a_large_picture_is_averaged_down():
    picture = np.zeros((4, 2048, 3), dtype=np.uint8)
    picture[:, ::2] = 100  # every other column
    view = PictureView(picture)
    assert view.rgb.shape == (2, 1024, 3)
    assert (view.rgb == 50).all()
    assert view.original is picture


@pytest.mark.parametrize(("given", "expected"), [((1, 4000), (1, 1024)), ((4000, 1), (1024, 1)), ((7, 9), (7, 9))])
def test_no_side_vanishes(given, expected):
    assert bounded(np.zeros((*given, 3), dtype=np.uint8)).shape[:2] == expected


def test_a_small_picture_is_not_copied():
    picture = np.zeros((7, 9, 3), dtype=np.uint8)
    assert PictureView(picture).rgb is picture
