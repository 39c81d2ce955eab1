"""Raw scores to opinions: ranks against scipy, straight lines by hand, the logistic of Eq. 6 on a known curve."""

import json

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import rankdata

from transformers_vital.annotation.opinions.mapping import OpinionMapping, fit_mapping, load_mappings, save_mappings
from transformers_vital.errors import AnnotationError


LOWER = {"annotator": "niqe", "kind": "image", "direction": "lower"}
HIGHER = {"annotator": "topiq-nr", "kind": "image", "direction": "higher"}
SCORES = np.random.default_rng(3).normal(size=200)


@pytest.mark.parametrize(("annotator", "sign"), [(HIGHER, 1), (LOWER, -1)], ids=["higher", "lower"])
def test_a_rank_is_the_share_of_worse_scores_with_ties_half(annotator, sign):
    scores = SCORES.round(1)
    mapping = fit_mapping(scores, **annotator)
    np.testing.assert_allclose(mapping.apply(scores), (rankdata(sign * scores) - 0.5) / 200, atol=1e-12)


def test_ranks_of_many_scores_are_kept_in_few_knots():
    scores = np.random.default_rng(0).lognormal(size=20_000)
    mapping = fit_mapping(scores, **HIGHER)
    assert len(mapping.parameters) <= 2 * 256
    np.testing.assert_allclose(mapping.apply(scores), (rankdata(scores) - 0.5) / 20_000, atol=1 / 256)


def test_a_rank_beyond_the_fitted_scores_is_that_of_the_last():
    mapping = fit_mapping([1, 2, 3, 4], **HIGHER)
    assert mapping.apply([-9, 9]).tolist() == [0.125, 0.875]


def test_min_max_runs_between_percentiles_and_is_clipped():
    mapping = fit_mapping(np.arange(101), **HIGHER, method="min-max")  # 1st and 99th are 1 and 99
    np.testing.assert_allclose(mapping.apply([0, 1, 50, 99, 100]), [0, 0, 0.5, 1, 1])
    mapping = fit_mapping(np.arange(101), **LOWER, method="min-max")
    np.testing.assert_allclose(mapping.apply([0, 1, 25.5, 99]), [1, 1, 0.75, 0])


def test_min_max_of_scores_that_are_all_but_equal_takes_the_ends():
    mapping = fit_mapping([5.0] * 999 + [7.0], **HIGHER, method="min-max")
    assert mapping.apply([5, 6, 7]).tolist() == [0, 0.5, 1]


def test_mos_are_fitted_by_equation_6_on_their_own_scale():
    mos = 1 + 4 * (0.8 * expit(1.5 * SCORES + 0.2) + 0.1)
    mapping = fit_mapping(SCORES, **HIGHER, mos=mos, mos_range=(1, 5))
    assert (mapping.method, mapping.n) == ("logistic", 200)
    np.testing.assert_allclose(mapping.apply(SCORES), (mos - 1) / 4, atol=1e-3)
    assert mapping.rmse < 1e-3


def test_scores_that_are_no_numbers_are_left_out_and_stay_unknown():
    mapping = fit_mapping([1, np.nan, 2, np.inf], **HIGHER)
    assert mapping.n == 2
    np.testing.assert_array_equal(mapping.apply([1, np.nan]), [0.25, np.nan])


def test_mappings_come_back_from_their_file(tmp_path):
    mappings = [
        fit_mapping(SCORES, **HIGHER),
        fit_mapping(SCORES, **LOWER, method="min-max"),
        fit_mapping(SCORES, **HIGHER, mos=expit(SCORES), mos_range=(0, 1)),
    ]
    assert load_mappings(save_mappings(mappings, tmp_path / "mappings.json")) == mappings


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"schema_version": 2, "mappings": []}', '{"schema_version": 1, "mappings": [{"annotator": "x"}]}'],
)
def test_a_file_of_another_form_is_refused(tmp_path, content):
    (tmp_path / "mappings.json").write_text(content)
    with pytest.raises(AnnotationError, match="cannot be read .* Name a file of save_mappings"):
        load_mappings(tmp_path / "mappings.json")


@pytest.mark.parametrize(
    ("method", "parameters"), [("logistic", [1, 2, 3]), ("min-max", [1, 1]), ("rank", [1, 2, 3]), ("guess", [1, 2])]
)
def test_a_mapping_with_other_parameters_is_refused(tmp_path, method, parameters):
    entry = vars(OpinionMapping("x", "image", method, tuple(parameters), None, 4))
    (tmp_path / "mappings.json").write_text(json.dumps({"schema_version": 1, "mappings": [entry]}))
    with pytest.raises(AnnotationError, match=f"x has method '{method}' and {len(parameters)} parameters"):
        load_mappings(tmp_path / "mappings.json")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "median"}, "expected rank or min-max"),
        ({"method": "logistic"}, "logistic with MOS to fit to"),
        ({"mos": SCORES}, "mos_range is None"),
        ({"mos": SCORES, "mos_range": (5, 1)}, r"mos_range is \(5, 1\)"),
        ({"mos": SCORES[:9], "mos_range": (1, 5)}, "200 scores and 9 MOS"),
        ({"mos": expit(-SCORES), "mos_range": (0, 1)}, "the MOS go the other way"),
    ],
)
def test_method_and_mos_have_to_fit(settings, message):
    with pytest.raises(AnnotationError, match=message):
        fit_mapping(SCORES, **HIGHER, **settings)


@pytest.mark.parametrize("scores", [[], [1], [2, 2, 2], [1, np.nan]])
def test_scores_that_tell_nothing_apart_are_refused(scores):
    with pytest.raises(AnnotationError, match="tells no images apart"):
        fit_mapping(scores, **HIGHER)
