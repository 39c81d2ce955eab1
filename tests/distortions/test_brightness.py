import numpy as np
import pytest
from skimage.color import rgb2lab

from transformers_vital.distortions.brightness import brighten, darken, mean_shift
from transformers_vital.distortions.registry import DISTORTIONS


WEDGE = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=-1)


@pytest.mark.parametrize("sign", [1, -1], ids=["brighten", "darken"])
@pytest.mark.parametrize("index", range(5))
def test_the_lightness_of_greys_follows_the_parabola(sign, index):
    function = brighten if sign > 0 else darken
    alpha = DISTORTIONS[function.__name__].levels[index]
    before, after = (rgb2lab(picture)[0, :, 0] / 100 for picture in (WEDGE, function(WEDGE, level=alpha)))
    # Through (0, 0), (1/2, 1/2 ± α/2) and (1, 1), by Lagrange.
    middle = 0.5 + sign * alpha / 2
    expected = 4 * middle * before * (1 - before) + before * (2 * before - 1)
    np.testing.assert_allclose(after, expected.clip(0, 1), atol=0.006)


@pytest.mark.parametrize("function", [brighten, darken])
def test_black_and_white_stay_and_the_order_of_greys(function):
    for alpha in DISTORTIONS[function.__name__].levels:
        curve = function(WEDGE, level=alpha)[0, :, 0].astype(int)
        assert (curve[0], curve[-1]) == (0, 255)
        assert (np.diff(curve) >= 0).all()


@pytest.mark.parametrize("size", DISTORTIONS["mean_shift"].levels)
def test_mean_shift_adds_one_constant_of_either_sign(photo, size):
    offset = round(255 * size)
    either = [(photo.astype(int) + sign * offset).clip(0, 255) for sign in (1, -1)]
    signs = []
    for seed in range(20):
        shifted = mean_shift(photo, level=size, generator=np.random.default_rng(seed)).astype(int)
        signs += [index for index, expected in enumerate(either) if np.abs(shifted - expected).max() <= 1]
    assert len(signs) == 20 and set(signs) == {0, 1}
