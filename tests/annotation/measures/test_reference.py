"""Full-reference measures: 0 for what is no copy, and published definitions by another way."""

import numpy as np
import pytest
from scipy.ndimage import correlate, gaussian_filter, uniform_filter
from skimage.color import rgb2lab

from transformers_vital.annotation.measures.picture_view import PictureView
from transformers_vital.annotation.measures.reference import colour_change, gradient_change, structure_change
from transformers_vital.errors import AnnotationError


MEASURES = (structure_change, gradient_change, colour_change)


def grey(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(np.float64) @ [0.299, 0.587, 0.114]


@pytest.fixture
def pictures():
    """A picture of smooth random colours, and a noisy copy."""
    draw = np.random.default_rng(0)
    original = gaussian_filter(draw.normal(128, 400, (64, 80, 3)), (3, 3, 0)).clip(0, 255).astype(np.uint8)
    copy = (original + draw.normal(0, 12, original.shape)).clip(0, 255).astype(np.uint8)
    return original, copy


def compared(copy: np.ndarray, original: np.ndarray) -> PictureView:
    return PictureView(copy, reference=lambda: PictureView(original))


@pytest.mark.parametrize("measure", MEASURES)
def test_what_is_no_copy_or_an_equal_one_has_lost_nothing(measure, pictures):
    original, _ = pictures
    assert measure(PictureView(original)) == 0
    assert measure(compared(original, original)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("measure", MEASURES)
def test_more_noise_is_further_away(measure, pictures):
    original, copy = pictures
    noisier = (original + 2 * (copy.astype(float) - original)).clip(0, 255).astype(np.uint8)
    assert 0 < measure(compared(copy, original)) < measure(compared(noisier, original))


def test_structure_is_ssim_as_published(pictures):
    original, copy = pictures
    x, y = grey(original), grey(copy)

    def mean(values):
        return gaussian_filter(values, 1.5, truncate=3.5)

    covariance = mean(x * y) - mean(x) * mean(y)
    variances = mean(x * x) - mean(x) ** 2 + mean(y * y) - mean(y) ** 2
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    ssim = (2 * mean(x) * mean(y) + c1) * (2 * covariance + c2)
    ssim /= (mean(x) ** 2 + mean(y) ** 2 + c1) * (variances + c2)
    assert structure_change(compared(copy, original)) == pytest.approx(1 - ssim[5:-5, 5:-5].mean(), abs=2e-3)


def test_gradients_are_gmsd_as_published(pictures):
    original, copy = pictures
    kernel = np.array([[1, 0, -1]] * 3) / 3

    def magnitude(pixels):
        half = uniform_filter(grey(pixels), 2)[1::2, 1::2]
        return np.hypot(correlate(half, kernel, mode="nearest"), correlate(half, kernel.T, mode="nearest"))

    g, r = magnitude(copy), magnitude(original)
    expected = ((2 * g * r + 170) / (g**2 + r**2 + 170)).std()
    assert gradient_change(compared(copy, original)) == pytest.approx(expected, abs=2e-3)


def test_colours_differ_by_the_distance_in_cielab(pictures):
    original, copy = pictures
    expected = np.linalg.norm(rgb2lab(copy) - rgb2lab(original), axis=-1).mean()
    assert colour_change(compared(copy, original)) == pytest.approx(expected, rel=1e-2)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_copy_of_another_size_is_refused(measure, pictures):
    original, copy = pictures
    with pytest.raises(AnnotationError, match="80x60 pixels and its original 80x64"):
        measure(compared(copy[:60], original))
