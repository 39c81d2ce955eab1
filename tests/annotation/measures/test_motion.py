"""Faults of motion on drawn sequences whose movement is known."""

import numpy as np
import pytest

from transformers_vital.annotation.measures.motion import flicker, judder, motion_faults, shake


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(np.random.default_rng(0).uniform(0, 255, (96, 128)), 1.5, mode="wrap") * 4 % 256


def moved(scene: np.ndarray, positions: list[int]) -> np.ndarray:
    return np.stack([np.roll(scene, position, axis=1) for position in positions])


def test_a_steady_pan_has_no_fault(scene):
    pan = moved(scene, list(range(0, 40, 2)))
    assert judder(pan) < 0.01
    assert shake(pan) < 0.01


def test_what_stands_still_has_no_fault(scene):
    assert motion_faults(moved(scene, [0] * 12)) < 0.01


def test_repeated_frames_are_judder(scene):
    pan = moved(scene, list(range(0, 40, 2)))
    some, many = pan[[0, 1, 2, 3, 3, 5, 6, 7, 8, 9, 9, 11]], pan[[0, 0, 2, 3, 3, 5, 5, 7, 8, 8, 10, 11]]
    assert judder(pan[:12]) < judder(some) < judder(many)


def test_shake_is_the_change_of_speed(scene):
    # To and fro by 1 of 128 pixels: the speed changes by 2 pixels each frame, of which 0.02 · 128 count in full.
    assert shake(moved(scene, [0, 1] * 6)) == pytest.approx(2 / 128 / 0.02, rel=0.05)


def test_one_cut_is_not_much(scene):
    other = scene[::-1].copy()
    cut = np.concatenate([moved(scene, list(range(20))), moved(other, list(range(20)))])
    assert motion_faults(cut) < 0.2


def test_changing_light_is_flicker():
    light = np.array([100.0, 101.0] * 6)[:, None, None] * np.ones((1, 16, 16))
    assert flicker(light) == pytest.approx(1 / 5)
    assert flicker(np.linspace(50, 200, 12)[:, None, None] * np.ones((1, 16, 16))) < 1e-6  # a fade


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_frames_have_no_fault(scene, count):
    assert motion_faults(moved(scene, list(range(count)))) == 0
