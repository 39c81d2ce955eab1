"""Loss of structure against the singular values of gradients."""

import numpy as np
import pytest

from transformers_vital.annotation.measures.picture_view import PictureView
from transformers_vital.annotation.measures.structure import structure_loss
from transformers_vital.errors import AnnotationError


def grey(values: np.ndarray) -> PictureView:
    return PictureView(np.rint(values).astype(np.uint8)[..., None].repeat(3, axis=-1))


def test_a_ramp_has_one_direction():
    view = grey(np.arange(0, 252, 3.0)[None].repeat(16, axis=0)[:, :80])
    # Gradient 3 along and 0 across, but for the two columns at the sides, where it is half or none.
    assert structure_loss(view) == pytest.approx(1 - 3 / 3.05 * np.log(2), abs=0.02)


def test_the_loss_is_that_of_the_singular_values(example):
    view = example("cat.png")
    patch_rows, patch_columns = 3, 5
    across = (np.roll(view.luma, -1, 1) - np.roll(view.luma, 1, 1)).astype(np.float64)
    down = (np.roll(view.luma, -1, 0) - np.roll(view.luma, 1, 0)).astype(np.float64)
    smooth = lambda values, axis: (np.roll(values, 1, axis) + 2 * values + np.roll(values, -1, axis)) / 8  # noqa: E731
    gradients = np.stack([smooth(across, 0), smooth(down, 1)], axis=-1)
    found = []
    for row in range(1, 1 + patch_rows):  # away from the borders, which a roll wraps
        for column in range(1, 1 + patch_columns):
            patch = gradients[8 * row : 8 * row + 8, 8 * column : 8 * column + 8].reshape(64, 2)
            first, second = np.linalg.svd(patch, compute_uv=False) / 8
            found.append((first - second) / (first + second + 0.05) * np.log(1 + first / 3))
    from transformers_vital.annotation.measures.structure import _singular_values

    first, second = (part[1 : 1 + patch_rows, 1 : 1 + patch_columns] for part in _singular_values(view.luma))
    ours = (first - second) / (first + second + 0.05) * np.log1p(first / 3)
    np.testing.assert_allclose(ours.ravel(), found, rtol=1e-3, atol=1e-4)


def test_blur_noise_and_jitter_lose_structure(example):
    from transformers_vital.distortions.apply import distort_image

    view = example("cat.png")
    for distortion in ("gaussian_blur", "white_noise", "jitter"):
        worse = distort_image(view.rgb, distortion=distortion, severity=5, seed=0)
        assert structure_loss(PictureView(worse)) > structure_loss(view) + 0.05


def test_a_picture_that_is_too_small_is_refused():
    with pytest.raises(AnnotationError, match="structure judges pictures of 8x8 pixels or more; this one has 8x7"):
        structure_loss(PictureView(np.zeros((7, 8, 3), dtype=np.uint8)))
