"""Scatter plots: pictures, with the right curve, made without matplotlib's global state."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from scipy.optimize import curve_fit
from scipy.special import expit

from transformers_vital.reporting.scatter import logistic_curve, scatter_plot


@pytest.fixture(scope="module")
def rated():
    rng = np.random.default_rng(0)
    scores = rng.uniform(size=60)
    return scores, 4 * expit(8 * scores - 4) + 1 + 0.1 * rng.normal(size=60)


def colours(content: bytes) -> set:
    picture = Image.open(io.BytesIO(content))
    assert picture.format == "PNG"
    return set(map(tuple, np.asarray(picture.convert("RGB")).reshape(-1, 3).tolist()))


def test_the_plot_has_points_and_a_curve(rated):
    assert (0xD5, 0x5E, 0x00) in colours(scatter_plot(rated[0], mos=rated[1], title="$a_b"))


def test_the_curve_is_the_least_squares_fit_of_scipy(rated):
    def logistic(score, slope, offset, height, base):
        return height * expit(slope * score + offset) + base

    across, curve = logistic_curve(*rated[:1], mos=rated[1])
    parameters, _ = curve_fit(logistic, *rated, p0=(8, -4, 4, 1))
    assert curve == pytest.approx(logistic(across, *parameters), abs=1e-4)
    assert (across[0], across[-1]) == (rated[0].min(), rated[0].max())


@pytest.mark.parametrize(
    ("scores", "mos"),
    [([0.1, 0.2], [1, 2]), ([0.5] * 6, list(range(6))), (list(range(6)), [3] * 6)],
    ids=["two-items", "equal-scores", "equal-ratings"],
)
def test_without_a_fit_there_are_points_only(scores, mos):
    assert (0xD5, 0x5E, 0x00) not in colours(scatter_plot(scores, mos=mos))


def test_the_same_items_are_the_same_picture(rated):
    assert scatter_plot(rated[0], mos=rated[1]) == scatter_plot(rated[0], mos=rated[1])


def test_pyplot_is_not_loaded():
    code = (
        "import sys\nfrom transformers_vital.reporting.scatter import scatter_plot\n"
        "scatter_plot(range(9), mos=range(9))\nassert 'matplotlib.pyplot' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
