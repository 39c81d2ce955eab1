"""Attributes of one picture against formulas in float64, scipy and skimage, and against what was put in."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from skimage.restoration import estimate_sigma

from transformers_vital.annotation.attributes.spatial_attributes import (
    blockiness,
    colourfulness,
    noise,
    spatial_attributes,
    spatial_information,
)


@pytest.fixture(scope="module")
def photograph(pytestconfig):
    return np.array(Image.open(pytestconfig.rootpath / "examples" / "media" / "rocket.jpg").convert("RGB"))


@pytest.fixture(scope="module")
def luma(photograph):
    return np.array(Image.fromarray(photograph).convert("L"))


def pairs_by_place(luma):
    """Absolute differences of neighbours across the borders of 8x8 blocks and within blocks, pixel by pixel."""
    across, within = [], []
    for pixels in (luma.astype(int), luma.T.astype(int)):
        for row in range(1, len(pixels)):
            (across if row % 8 == 0 else within).append(np.abs(pixels[row] - pixels[row - 1]))
    return np.concatenate(across).mean(), np.concatenate(within).mean()


def test_blockiness_compares_the_neighbours_on_borders_with_the_others(luma):
    across, within = pairs_by_place(luma)
    assert blockiness(luma) == pytest.approx((1 + across) / (1 + within))


def test_blockiness_rises_as_jpeg_grows_coarser_and_not_off_the_grid(pytestconfig):
    picture = Image.open(pytestconfig.rootpath / "examples" / "media" / "cat.png").convert("L")
    found = []
    for quality in (90, 50, 20, 5):
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        coded = np.array(Image.open(file))
        found.append(blockiness(coded))
    assert blockiness(np.array(picture)) == pytest.approx(1, abs=0.02)
    assert found == sorted(found) and found[-1] > 1.5
    assert blockiness(coded[4:, 4:]) < 1.1


def test_blockiness_of_a_picture_without_borders_is_that_of_none():
    assert blockiness(np.zeros((5, 7), np.uint8)) == 1


@pytest.mark.parametrize("sigma", [1, 4, 16])
def test_noise_that_was_added_is_found(sigma):
    slope = np.add.outer(np.linspace(60, 120, 300), np.linspace(0, 60, 400))
    noisy = np.rint(slope + np.random.default_rng(sigma).normal(0, sigma, slope.shape)).clip(0, 255).astype(np.uint8)
    assert noise(noisy) == pytest.approx(sigma, rel=0.06)
    assert noise(noisy) == pytest.approx(estimate_sigma(noisy.astype(float)), rel=0.08)


def test_noise_is_the_scaled_mean_response_to_the_mask_without_the_border(luma):
    mask = np.outer([1, -2, 1], [1, -2, 1])
    response = ndimage.convolve(luma.astype(float), mask)[1:-1, 1:-1]
    assert noise(luma) == pytest.approx(np.sqrt(np.pi / 2) * np.abs(response).mean() / 6)


def test_colourfulness_is_that_of_its_formula(photograph):
    red, green, blue = photograph.astype(float).transpose(2, 0, 1)
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    spread = np.hypot(red_green.std(), yellow_blue.std())
    expected = spread + 0.3 * np.hypot(red_green.mean(), yellow_blue.mean())
    assert colourfulness(photograph) == pytest.approx(expected)


def test_grey_has_no_colour(luma):
    assert colourfulness(np.dstack([luma] * 3)) == 0


def test_spatial_information_is_that_of_p910_with_scipy_s_gradient(luma):
    across, down = (ndimage.sobel(luma.astype(float), axis=axis) for axis in (1, 0))
    assert spatial_information(luma) == pytest.approx(np.hypot(across, down)[1:-1, 1:-1].std(), rel=1e-5)


def test_contrast_and_luminance_are_deviation_and_mean_of_luma(photograph, luma):
    attributes = spatial_attributes(photograph, luma=luma)
    assert attributes["contrast"] == pytest.approx(luma.std())
    assert attributes["luminance"] == pytest.approx(luma.mean())
    assert set(attributes) == {"blockiness", "blur", "contrast", "noise", "colourfulness", "luminance"}
