"""Normalised luminance and the fits to it, against scipy and samples of known distributions."""

import numpy as np
import pytest
from scipy.ndimage import correlate
from scipy.stats import gennorm

from transformers_vital.annotation.measures.natural_scene import (
    asymmetric_fit,
    luma,
    mean_factor,
    normalised,
    scale_factor,
)


def test_luma_weighs_the_channels_as_bt601():
    picture = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], dtype=np.uint8)
    np.testing.assert_allclose(luma(picture), [[76.245, 149.685, 29.07, 255]], rtol=1e-5)


@pytest.mark.parametrize(("border", "mode"), [("zero", "constant"), ("replicate", "nearest")])
def test_normalised_luminance_is_that_of_a_gaussian_window(border, mode):
    grey = np.random.default_rng(0).uniform(0, 255, (24, 31))
    offsets = np.arange(-3, 4)
    window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / 2 / (7 / 6) ** 2)
    window /= window.sum()
    mean = correlate(grey, window, mode=mode)
    deviation = np.sqrt(np.abs(correlate(grey**2, window, mode=mode) - mean**2))
    coefficients, found = normalised(grey, border=border)
    np.testing.assert_allclose(found, deviation, atol=0.05)
    np.testing.assert_allclose(coefficients, (grey - mean) / (deviation + 1), atol=0.01)


@pytest.mark.parametrize("shape", [0.7, 1.0, 2.0, 4.0])
def test_the_shape_of_a_generalised_gaussian_is_found(shape):
    values = gennorm.rvs(shape, scale=3, size=200_000, random_state=np.random.default_rng(0))
    found, left, right = asymmetric_fit(values)
    assert found == pytest.approx(shape, rel=0.03)
    assert (left, right) == (pytest.approx(values.std(), rel=0.02), pytest.approx(values.std(), rel=0.02))
    assert scale_factor(found) * left == pytest.approx(3, rel=0.03)


def test_the_sides_are_fitted_apart_and_rows_one_by_one():
    rng = np.random.default_rng(0)
    values = np.abs(rng.normal(size=(2, 100_000)))
    values[:, ::3] *= -2  # a third on the left, twice as wide
    shape, left, right = asymmetric_fit(values)
    np.testing.assert_allclose(left, 2, rtol=0.02)
    np.testing.assert_allclose(right, 1, rtol=0.02)
    assert shape.shape == (2,)


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0])
def test_a_constant_has_a_finite_fit(value):
    shape, left, right = asymmetric_fit(np.full(100, value))
    assert 0.19 < shape < 10.01
    assert (left, right) == (float(value < 0), float(value > 0))


def test_the_mean_factor_of_a_gaussian_is_known():
    assert mean_factor(np.array(2.0)) == pytest.approx(1 / np.sqrt(np.pi))  # Γ(1) / Γ(1/2)
