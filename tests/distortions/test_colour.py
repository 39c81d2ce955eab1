"""Colour distortions against the same formulas in scikit-image and scipy."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.cluster.vq import kmeans2
from skimage.color import hsv2rgb, lab2rgb, rgb2hsv, rgb2lab

from transformers_vital.distortions.colour import (
    colour_de_saturation,
    colour_diffusion,
    colour_over_saturation,
    colour_quantisation,
    colour_shift,
)
from transformers_vital.distortions.registry import DISTORTIONS


def bytes_of(unit: np.ndarray) -> np.ndarray:
    return np.rint(255 * unit.clip(0, 1))


@pytest.mark.parametrize("sigma", DISTORTIONS["colour_diffusion"].levels)
def test_diffusion_blurs_a_and_b_and_keeps_lightness(photo, sigma):
    lab = rgb2lab(photo)
    for channel in (1, 2):
        lab[..., channel] = ndimage.gaussian_filter(lab[..., channel], sigma, mode="nearest")
    difference = np.abs(colour_diffusion(photo, level=sigma) - bytes_of(lab2rgb(lab)))
    assert difference.mean() < 0.5
    assert np.percentile(difference, 99.9) <= 2


@pytest.mark.parametrize("beta", DISTORTIONS["colour_de_saturation"].levels)
def test_de_saturation_scales_a_and_b(photo, beta):
    lab = rgb2lab(photo)
    lab[..., 1:] *= beta
    assert np.abs(colour_de_saturation(photo, level=beta) - bytes_of(lab2rgb(lab))).max() <= 2


@pytest.mark.parametrize("gamma", DISTORTIONS["colour_over_saturation"].levels)
def test_over_saturation_scales_the_saturation_of_hsv(photo, gamma):
    hsv = rgb2hsv(photo)
    hsv[..., 1] = np.minimum(gamma * hsv[..., 1], 1)
    assert np.abs(colour_over_saturation(photo, level=gamma) - bytes_of(hsv2rgb(hsv))).max() <= 1


@pytest.mark.parametrize("function", [colour_diffusion, colour_de_saturation, colour_over_saturation])
def test_greys_have_no_colour_to_change(photo, function):
    grey = photo[..., 1:2].repeat(3, axis=-1)
    np.testing.assert_array_equal(function(grey, level=DISTORTIONS[function.__name__].levels[1]), grey)


@pytest.mark.parametrize("count", DISTORTIONS["colour_quantisation"].levels)
def test_quantisation_shows_at_most_its_number_of_colours(photos, count):
    for picture in photos.values():
        shown = np.unique(colour_quantisation(picture, level=count).reshape(-1, 3), axis=0)
        assert 0.75 * count <= len(shown) <= count


@pytest.mark.parametrize("count", [8, 32])
def test_the_palette_is_nearly_as_good_as_one_by_k_means(photo, count):
    pixels = photo.reshape(-1, 3).astype(float)
    centres, labels = kmeans2(pixels, count, minit="++", rng=np.random.default_rng(0))
    best = ((pixels - centres[labels]) ** 2).mean()
    assert ((colour_quantisation(photo, level=count) - photo.astype(float)) ** 2).mean() < 1.35 * best


def test_a_picture_of_few_colours_keeps_them():
    picture = np.array([[[10, 20, 30], [200, 10, 10]]], dtype=np.uint8).repeat(8, axis=0)
    np.testing.assert_array_equal(colour_quantisation(picture, level=8), picture)


class TestShift:
    def test_only_green_changes_and_only_near_edges(self, photo):
        edge = np.full((64, 200, 3), 40, dtype=np.uint8)
        edge[:, 100:] = 220
        for seed in range(4):
            shifted = colour_shift(edge, level=12, generator=np.random.default_rng(seed))
            changed = shifted != edge
            assert not changed[..., [0, 2]].any()
            assert not changed[:, :60].any() and not changed[:, 140:].any()

    def test_the_edge_of_green_moves_by_the_shift_at_most(self):
        edge = np.full((64, 200, 3), 40, dtype=np.uint8)
        edge[:, 100:] = 220
        moves = []
        for seed in range(40):
            green = colour_shift(edge, level=3, generator=np.random.default_rng(seed))[32, :, 1]
            moves.append(int((green < 130).sum()) - 100)
        assert min(moves) == -3 and max(moves) == 3

    def test_a_flat_picture_has_no_edges_to_shift(self):
        flat = np.full((20, 30, 3), 99, dtype=np.uint8)
        np.testing.assert_array_equal(colour_shift(flat, level=12, generator=np.random.default_rng(0)), flat)
