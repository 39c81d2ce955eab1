"""Each blur against scipy's convolution, and the motion blur against the mean of moved pictures."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.morphology import disk

from transformers_vital.distortions.blur import gaussian_blur, lens_blur, motion_blur, motion_kernel
from transformers_vital.distortions.registry import DISTORTIONS


def per_channel(function, picture: np.ndarray) -> np.ndarray:
    return np.dstack([function(picture[..., channel].astype(float)) for channel in range(3)])


@pytest.mark.parametrize("sigma", DISTORTIONS["gaussian_blur"].levels)
def test_gaussian_blur_is_that_of_scipy(photo, sigma):
    expected = per_channel(lambda channel: ndimage.gaussian_filter(channel, sigma, mode="nearest"), photo)
    assert np.abs(gaussian_blur(photo, level=sigma) - expected).max() <= 1.5


@pytest.mark.parametrize("radius", DISTORTIONS["lens_blur"].levels)
def test_lens_blur_is_the_mean_over_a_disk(photo, radius):
    kernel = disk(radius) / disk(radius).sum()
    expected = per_channel(lambda channel: ndimage.convolve(channel, kernel, mode="nearest"), photo)
    assert np.abs(lens_blur(photo, level=radius) - expected).max() <= 1


@pytest.mark.parametrize("length", DISTORTIONS["motion_blur"].levels)
@pytest.mark.parametrize("degrees", [0, 30, 90, 145])
def test_motion_blur_is_the_mean_of_the_picture_along_its_path(photo, length, degrees):
    small, angle = photo[40:90, 60:120], np.deg2rad(degrees)
    steps = (np.arange(200) + 0.5) / 200 - 0.5
    moves = [(-length * step * np.sin(angle), length * step * np.cos(angle)) for step in steps]
    moved = [ndimage.shift(small[..., 0].astype(float), move, order=1, mode="nearest") for move in moves]
    kernel = motion_kernel(length, angle=angle)
    blurred = ndimage.correlate(small[..., 0].astype(float), kernel, mode="nearest")
    inside = slice(6, -6)
    assert kernel.sum() == pytest.approx(1)
    np.testing.assert_allclose(blurred[inside, inside], np.mean(moved, axis=0)[inside, inside], atol=0.3)


def test_the_direction_of_a_motion_blur_is_drawn():
    dot = np.zeros((31, 31, 3), dtype=np.uint8)
    dot[15, 15] = 255
    angles = []
    for seed in range(200):
        weights = motion_blur(dot, level=10, generator=np.random.default_rng(seed))[..., 0].astype(float)
        down, right = np.mgrid[-15:16, -15:16]
        # Direction of the longest axis, from the second moments.
        xx, yy, xy = ((weights * product).sum() for product in (right**2, down**2, right * down))
        angles.append(0.5 * np.arctan2(-2 * xy, xx - yy) % np.pi)
    assert np.histogram(angles, bins=4, range=(0, np.pi))[0].min() > 30  # 50 expected
