"""Loss of detail against counts and noise of known strength."""

import numpy as np
import pytest

from transformers_vital.annotation.measures.detail import calm_noise, detail_loss, torn_detail
from transformers_vital.annotation.measures.picture_view import PictureView
from transformers_vital.errors import AnnotationError


def grey(values: np.ndarray) -> PictureView:
    return PictureView(np.rint(values.clip(0, 255)).astype(np.uint8)[..., None].repeat(3, axis=-1))


@pytest.mark.parametrize("deviation", [2.0, 5.0, 15.0])
def test_the_noise_of_a_flat_picture_is_found(deviation):
    noise = np.random.default_rng(0).normal(128, deviation, (256, 256))
    assert calm_noise(grey(noise)) == pytest.approx(deviation, rel=0.2)  # the calmest blocks are calmer


def test_texture_is_no_noise_while_a_fifth_is_calm():
    values = np.full((160, 160), 100.0)
    values[:128] += np.random.default_rng(0).normal(0, 30, (128, 160))
    assert calm_noise(grey(values)) < 1


def test_blocks_in_which_nothing_varies_are_counted():
    values = np.full((16, 16), 100.0)
    values[0, 0], values[0, 4] = 102, 103  # the second block differs by three
    assert detail_loss(grey(values)) == pytest.approx(15 / 16 + 0.3 * np.log1p(calm_noise(grey(values))))


def test_torn_detail_is_what_a_median_takes_away():
    values = np.zeros((10, 10))
    values[5, 5], values[8, 1] = 200, 100
    assert torn_detail(grey(values)) == 3.0


def test_a_picture_that_is_too_small_is_refused():
    with pytest.raises(AnnotationError, match="detail judges pictures of 16x16 pixels or more; this one has 16x8"):
        detail_loss(PictureView(np.zeros((8, 16, 3), dtype=np.uint8)))
