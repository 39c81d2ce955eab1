import numpy as np
import pytest
from scipy import ndimage

from transformers_vital.distortions.contrast import contrast_change, high_sharpen, tone_curve
from transformers_vital.distortions.registry import DISTORTIONS


@pytest.mark.parametrize("alpha", DISTORTIONS["high_sharpen"].levels)
def test_sharpening_is_the_unsharp_mask_of_scipy(photo, alpha):
    picture = photo.astype(float)
    blurred = np.dstack([ndimage.gaussian_filter(picture[..., channel], 3, mode="nearest") for channel in range(3)])
    expected = (picture + alpha * (picture - blurred)).clip(0, 255)
    assert (
        np.abs(high_sharpen(photo, level=alpha) - expected).max() <= 1 + alpha
    )  # B is rounded before it counts α times


@pytest.mark.parametrize("beta", DISTORTIONS["contrast_change"].levels)
@pytest.mark.parametrize("sign", [1, -1], ids=["more", "less"])
def test_the_tone_curve_goes_through_its_knots_and_never_falls(beta, sign):
    curve = tone_curve(sign * beta) / 255
    at = np.interp([0, 0.3, 0.5, 0.7, 1], np.arange(256) / 255, curve)
    np.testing.assert_allclose(at, [0, 0.3 - sign * beta, 0.5, 0.7 + sign * beta, 1], atol=0.003)
    assert (np.diff(curve) >= 0).all()
    np.testing.assert_allclose(curve + curve[::-1], 1, atol=0.005)  # dark and bright alike


def test_contrast_goes_up_or_down_as_drawn(photo):
    spreads = {
        round(float(contrast_change(photo, level=0.1, generator=np.random.default_rng(seed)).std()), 3)
        for seed in range(20)
    }
    less, more = sorted(spreads)
    assert less < photo.std() < more
