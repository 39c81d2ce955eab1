"""Faults of pictures: each is absent from a photograph, grows with its cause, and has a value that can be computed."""

import numpy as np
import pytest

from transformers_vital.annotation.measures.faults import (
    clipped_share,
    exposure_distance,
    flat_share,
    halos,
    misregistration,
    paleness,
    tonal_gaps,
    visible_faults,
)
from transformers_vital.annotation.measures.picture_view import PictureView
from transformers_vital.distortions.apply import distort_image
from transformers_vital.errors import AnnotationError


CAUSES = [
    pytest.param(misregistration, "colour_shift", id="shifted channels"),
    pytest.param(misregistration, "white_noise", id="noise of colour"),
    pytest.param(flat_share, "colour_block", id="painted areas"),
    pytest.param(flat_share, "jpeg_compression", id="blocks of a coder"),
    pytest.param(clipped_share, "high_sharpen", id="overshoot"),
    pytest.param(halos, "high_sharpen", id="halos"),
    pytest.param(tonal_gaps, "quantisation", id="few tones"),
    pytest.param(tonal_gaps, "darken", id="stretched tones"),
    pytest.param(paleness, "colour_de_saturation", id="pale"),
    pytest.param(paleness, "colour_diffusion", id="spread colours"),
    pytest.param(visible_faults, "contrast_change", id="all together"),
]


@pytest.mark.parametrize(("fault", "distortion"), CAUSES)
def test_a_fault_grows_with_its_cause(example, fault, distortion):
    picture = example("cat.png").rgb
    copies = [distort_image(picture, distortion=distortion, severity=severity, seed=0) for severity in (1, 3, 5)]
    found = [fault(PictureView(copy)) for copy in (picture, *copies)]
    assert found[0] < found[1] < found[2] or found[0] < found[1] == 1  # no more than all of it
    assert found[0] < found[3]


def test_channels_of_grey_noise_agree_and_those_of_coloured_noise_do_not():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert misregistration(PictureView(noise)) > 0.9
    assert misregistration(PictureView(noise[..., :1].repeat(3, axis=-1))) == 0


def test_a_channel_without_detail_disagrees_with_none():
    picture = np.zeros((64, 64, 3), dtype=np.uint8)
    picture[..., 0] = np.random.default_rng(0).integers(0, 256, (64, 64))
    assert misregistration(PictureView(picture)) == 0


def test_flat_blocks_are_counted():
    picture = np.zeros((8, 8, 3), dtype=np.uint8)
    picture[0, 0] = 255
    assert flat_share(PictureView(picture)) == 0.75  # three of four


def test_black_and_white_pixels_are_counted():
    picture = np.full((4, 4, 3), 128, dtype=np.uint8)
    picture[0, 0], picture[1, :3] = 255, 0
    assert clipped_share(PictureView(picture)) == 4 / 16


def test_a_ramp_has_no_gaps_and_every_other_level_has():
    levels = np.arange(256, dtype=np.uint8)[None, :, None].repeat(16, axis=0).repeat(3, axis=2)
    assert tonal_gaps(PictureView(levels)) == 0
    # Levels 2, 4, 6 ...: half of the levels have none of their neighbours' pixels, the others none in theirs.
    assert tonal_gaps(PictureView(levels // 2 * 2)) == 1


@pytest.mark.parametrize(("grey", "distance"), [(116, 0.0), (60, 1.997), (255, 6.0)])
def test_exposure_is_a_distance_from_that_of_photographs(grey, distance):
    view = PictureView(np.full((8, 8, 3), grey, dtype=np.uint8))
    assert exposure_distance(view) == pytest.approx(distance, abs=1e-3)


def test_paleness_follows_colourfulness():
    picture = np.zeros((2, 2, 3), dtype=np.uint8)
    picture[..., 0] = 100  # rg = 100 and yb = 50 everywhere
    assert paleness(PictureView(picture)) == pytest.approx(np.exp(-0.3 * np.hypot(100, 50) / 25))


def test_a_step_has_a_halo_of_known_size():
    from scipy.stats import norm

    picture = np.zeros((16, 64, 3), dtype=np.uint8)
    picture[:, 32:] = 255
    # At k + 1/2 pixels from the step a Gaussian mean of deviation 2 leaves 255 Φ(-(k + 1/2) / 2).
    expected = 2 * sum(max(255 * norm.cdf(-(k + 0.5) / 2) - 40, 0) for k in range(8)) / 64
    assert halos(PictureView(picture)) == pytest.approx(expected, rel=0.03)


def test_a_photograph_has_few_faults(example):
    assert visible_faults(example("dogs.jpg")) < 0.3


def test_a_picture_that_is_too_small_is_refused():
    with pytest.raises(AnnotationError, match="faults judges pictures of 8x8 pixels or more; this one has 7x8"):
        visible_faults(PictureView(np.zeros((8, 7, 3), dtype=np.uint8)))
