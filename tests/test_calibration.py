"""The four-parameter logistic of Eq. 6 against known curves and scipy."""

import json

import numpy as np
import pytest
from scipy.optimize import curve_fit
from scipy.stats import spearmanr

from transformers_vital.calibration import Calibration, fit_calibration
from transformers_vital.errors import CalibrationError


def curve(scores, slope, offset, height, base):
    return height / (1 + np.exp(-(slope * scores + offset))) + base


@pytest.fixture
def scores() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 1, 200)


@pytest.mark.parametrize(
    "parameters",
    [(6.0, -3.0, 4.0, 1.0), (20.0, -12.0, 80.0, 10.0), (-5.0, 2.0, 3.0, 1.2), (1.5, -0.5, 100.0, -20.0)],
    ids=["five stars", "steep", "lower is better", "shallow"],
)
def test_a_curve_without_noise_is_found_again(scores, parameters):
    fit = fit_calibration(scores, curve(scores, *parameters), name="known")
    np.testing.assert_allclose(fit.parameters, parameters, rtol=1e-3)
    assert fit.rmse < 1e-4 * parameters[2]
    assert fit.n == 200


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_the_unit_of_the_scores_does_not_matter(scores, scale):
    mos = curve(scores, 6.0, -3.0, 4.0, 1.0) + np.random.default_rng(1).normal(0, 0.1, 200)
    reference = fit_calibration(scores, mos, name="unit")
    scaled = fit_calibration(scores * scale - 7, mos, name="unit")
    np.testing.assert_allclose(scaled.apply(scores * scale - 7), reference.apply(scores), atol=1e-4)


def test_plain_least_squares_equals_scipys_curve_fit(scores):
    mos = curve(scores, 6.0, -3.0, 4.0, 1.0) + np.random.default_rng(2).normal(0, 0.2, 200)
    expected, _ = curve_fit(curve, scores, mos, p0=(5.0, -2.0, 3.0, 1.5))
    fit = fit_calibration(scores, mos, name="noisy", loss="linear")
    np.testing.assert_allclose(fit.parameters, expected, rtol=1e-3)
    assert fit.rmse == pytest.approx(np.sqrt(np.mean((curve(scores, *expected) - mos) ** 2)), rel=1e-6)


def test_a_few_wrong_items_bend_the_robust_curve_less(scores):
    truth = curve(scores, 6.0, -3.0, 4.0, 1.0)
    mos = truth.copy()
    mos[np.argsort(scores)[-10:]] = 1.0  # the ten best, rated worst
    robust = np.abs(fit_calibration(scores, mos, name="robust").apply(scores) - truth).max()
    plain = np.abs(fit_calibration(scores, mos, name="plain", loss="linear").apply(scores) - truth).max()
    assert robust < plain / 2


def test_calibration_keeps_the_ranking(scores):
    mos = curve(scores, 6.0, -3.0, 4.0, 1.0) + np.random.default_rng(3).normal(0, 0.3, 200)
    mapped = fit_calibration(scores, mos, name="rank").apply(scores)
    assert spearmanr(mapped, scores).statistic == pytest.approx(1)


def test_the_height_is_positive_whatever_the_direction(scores):
    falling = fit_calibration(-scores, curve(scores, 6.0, -3.0, 4.0, 1.0), name="falling")
    assert falling.parameters[0] < 0 < falling.parameters[2]


def test_five_items_on_a_straight_line_can_be_fitted():
    fit = fit_calibration([0.1, 0.3, 0.5, 0.7, 0.9], [1, 2, 3, 4, 5], name="line")
    assert fit.rmse < 0.05
    assert np.isfinite(fit.parameters).all()


def test_a_step_can_be_fitted():
    fit = fit_calibration([0.1, 0.2, 0.3, 0.7, 0.8, 0.9], [1, 1, 1, 5, 5, 5], name="step")
    assert fit.rmse < 0.05
    assert np.isfinite(fit.parameters).all()


def test_one_score_gives_a_float_and_an_array_an_array():
    calibration = Calibration("five stars", (4.0, -2.0, 4.0, 1.0), (1.0, 5.0), 0.1, 100)
    assert isinstance(calibration.apply(0.5), float)
    assert calibration.apply(np.full((2, 3), 0.5)).tolist() == [[3.0] * 3] * 2


def test_the_scale_is_the_observed_one_unless_named(scores):
    mos = curve(scores, 6.0, -3.0, 4.0, 1.0)
    assert fit_calibration(scores, mos, name="x").mos_range == (mos.min(), mos.max())
    assert fit_calibration(scores, mos, name="x", mos_range=(1, 5)).mos_range == (1.0, 5.0)


def test_a_saved_calibration_loads_as_the_same_one(scores, tmp_path):
    fit = fit_calibration(scores, curve(scores, 6.0, -3.0, 4.0, 1.0), name="five stars", mos_range=(1, 5))
    path = fit.save(tmp_path / "five_stars.json")
    assert Calibration.load(path) == fit
    assert json.loads(path.read_text())["schema_version"] == 1


@pytest.mark.parametrize(
    ("scores", "mos", "message"),
    [
        ([1, 2, 3, 4, 5], [1, 2, 3, 4], "5 scores and 4 MOS; expected one MOS per score"),
        ([1, 2, 3, 4], [1, 2, 3, 4], "4 items; a four-parameter curve needs at least 5"),
        ([], [], "0 items; a four-parameter curve needs at least 5"),
        ([1, 2, np.nan, 4, 5], [1, 2, 3, 4, 5], "1 of 5 scores are NaN or infinite. Leave failed items out"),
        ([1, 2, 3, 4, 5], [1, np.inf, np.nan, 4, 5], "2 of 5 MOS are NaN or infinite"),
        ([2, 2, 2, 2, 2], [1, 2, 3, 4, 5], "All 5 scores are 2.0; expected different values"),
        ([1, 2, 3, 4, 5], [3, 3, 3, 3, 3], "All 5 MOS are 3.0; expected different values"),
    ],
)
def test_items_that_fit_no_curve_are_refused(scores, mos, message):
    with pytest.raises(CalibrationError, match=message):
        fit_calibration(scores, mos, name="x")


def test_failed_items_given_as_none_are_refused_as_nan():
    with pytest.raises(CalibrationError, match="1 of 5 scores are NaN"):
        fit_calibration([0.1, None, 0.3, 0.4, 0.5], [1, 2, 3, 4, 5], name="x")


VALID = {
    "schema_version": 1,
    "name": "x",
    "parameters": [1, 0, 1, 0],
    "mos_range": [0, 1],
    "rmse": 0.1,
    "n": 9,
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": 2}, "schema version 2; this version of the library reads 1"),
        ({"extra": 1}, r"has fields \['extra', .*; expected \["),
        ({"parameters": [1, 0, 1]}, r"parameters \(1.0, 0.0, 1.0\); expected four finite numbers"),
        ({"parameters": [1, 0, float("nan"), 0]}, "expected four finite numbers"),
        ({"rmse": "small"}, "value of the wrong type"),
        ({"mos_range": 1}, "value of the wrong type"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, change, message):
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps({**VALID, **change}))
    with pytest.raises(CalibrationError, match=message):
        Calibration.load(path)


def test_a_missing_file_and_one_that_is_no_json_are_refused(tmp_path):
    with pytest.raises(CalibrationError, match="missing.json cannot be read as a calibration"):
        Calibration.load(tmp_path / "missing.json")
    (tmp_path / "text.json").write_text("score,mos\n")
    with pytest.raises(CalibrationError, match="Pass a file that Calibration.save wrote"):
        Calibration.load(tmp_path / "text.json")
