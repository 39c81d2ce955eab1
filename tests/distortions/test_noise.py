"""Noise against its variance, its share or its law."""

import numpy as np
import pytest
from scipy import stats

from transformers_vital.distortions.noise import (
    denoise,
    impulse_noise,
    multiplicative_noise,
    white_noise,
    white_noise_with_colour,
)
from transformers_vital.distortions.registry import DISTORTIONS


GREY = np.full((200, 300, 3), 128, dtype=np.uint8)


def drawn(function, picture: np.ndarray, level: float, seed: int = 0) -> np.ndarray:
    """What is added, on [0, 1]."""
    distorted = function(picture, level=level, generator=np.random.default_rng(seed))
    return (distorted.astype(float) - picture) / 255


@pytest.mark.parametrize("variance", DISTORTIONS["white_noise"].levels)
def test_white_noise_has_its_variance_in_every_channel(variance):
    noise = drawn(white_noise, GREY, variance)
    rounding = 1 / 255**2 / 12
    np.testing.assert_allclose(noise.var(axis=(0, 1)), variance + rounding, rtol=0.03)
    np.testing.assert_allclose(noise.mean(axis=(0, 1)), 0, atol=4 * np.sqrt(variance / GREY[..., 0].size))


def test_white_noise_is_gaussian_and_independent():
    noise = drawn(white_noise, GREY, 0.01)
    assert abs(stats.kurtosis(noise.ravel())) < 0.1
    correlations = np.corrcoef([*noise.reshape(-1, 3).T, noise[:, :, 0].T.ravel(), np.roll(noise[..., 0], 1).ravel()])
    assert np.abs(correlations - np.eye(5)).max() < 0.02


@pytest.mark.parametrize("variance", DISTORTIONS["white_noise_with_colour"].levels)
def test_coloured_noise_has_the_variances_of_bt_601(variance):
    noise = drawn(white_noise_with_colour, GREY, variance)
    # R = Y + 1.402 Cr, G = Y - 0.344 Cb - 0.714 Cr, B = Y + 1.772 Cb
    factors = np.array([1 + 1.402**2, 1 + 0.344**2 + 0.714**2, 1 + 1.772**2])
    np.testing.assert_allclose(noise.var(axis=(0, 1)), factors * variance + 1 / 255**2 / 12, rtol=0.03)


@pytest.mark.parametrize("share", DISTORTIONS["impulse_noise"].levels)
def test_impulse_noise_hits_its_share_of_whole_pixels_half_black_half_white(share):
    speckled = impulse_noise(GREY, level=share, generator=np.random.default_rng(1))
    assert (speckled == speckled[..., :1]).all()
    pixels = GREY[..., 0].size
    for value in (0, 255):
        expected = pixels * share / 2
        assert abs((speckled[..., 0] == value).sum() - expected) < 4 * np.sqrt(expected)
    assert set(np.unique(speckled)) == {0, 128, 255}


@pytest.mark.parametrize("variance", DISTORTIONS["multiplicative_noise"].levels)
@pytest.mark.parametrize("value", [40, 120])
def test_multiplicative_noise_grows_with_the_pixel(variance, value):
    noise = drawn(multiplicative_noise, np.full_like(GREY, value), variance)
    expected = variance * (value / 255) ** 2 + 1 / 255**2 / 12
    assert noise.var() == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("variance", DISTORTIONS["denoise"].levels)
def test_denoising_leaves_less_noise_than_was_added_and_the_mean(variance):
    added, left = (drawn(function, GREY, variance) for function in (white_noise, denoise))
    assert 0.01 < left.std() / added.std() < 0.4
    assert abs(left.mean()) < 0.02


def test_denoising_costs_texture(photos):
    def roughness(picture):
        return np.abs(np.diff(picture.astype(float), axis=1)).mean()

    for picture in photos.values():
        left = denoise(picture, level=0.05, generator=np.random.default_rng(0))
        assert roughness(left) < 0.9 * roughness(picture)
