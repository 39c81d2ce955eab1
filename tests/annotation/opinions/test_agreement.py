"""Agreement against scipy's Friedman test and rank correlations, and against hand calculations."""

import numpy as np
import pytest
from scipy.stats import friedmanchisquare, spearmanr

from transformers_vital.annotation.opinions.agreement import agreement, kendalls_w, leave_one_out_srcc, pairwise_srcc
from transformers_vital.errors import AnnotationError


@pytest.fixture(params=["distinct", "ties"])
def opinions(request):
    """60 items, five annotators of whom each adds more noise than the one before."""
    generator = np.random.default_rng(0)
    drawn = generator.normal(size=(60, 1)) + generator.normal(size=(60, 5)) * np.linspace(0.2, 3, 5)
    return np.round(drawn) if request.param == "ties" else drawn


def test_w_is_friedman_s_statistic_divided_by_m_times_n_minus_1(opinions):
    items, annotators = opinions.shape
    # Friedman ranks the treatments of each block: the items of each annotator.
    expected = friedmanchisquare(*opinions).statistic / (annotators * (items - 1))
    assert kendalls_w(opinions) == pytest.approx(expected)
    assert 0.1 < expected < 0.9


def test_w_with_ties_by_hand():
    # Ranks (1.5, 1.5, 3) and (1, 2, 3): sums 2.5, 3.5, 6, T = 2³ - 2 = 6.
    # (12 · (6.25 + 12.25 + 36) - 3 · 4 · 3 · 16) / (4 · 3 · 8 - 2 · 6) = 78 / 84
    assert kendalls_w([[1, 5], [1, 6], [2, 7]]) == pytest.approx(78 / 84)


def test_w_is_one_where_all_rank_alike_and_zero_where_two_rank_the_other_way_round():
    ascending = np.arange(8.0)
    assert kendalls_w(np.stack([ascending, ascending**3, np.exp(ascending)], axis=1)) == 1
    assert kendalls_w(np.stack([ascending, -ascending], axis=1)) == 0


@pytest.mark.parametrize(
    "opinions",
    [
        pytest.param(np.zeros((5, 3)), id="constant"),
        pytest.param(np.arange(4.0)[:, None], id="one annotator"),
        pytest.param([[1, 2]], id="one item"),
        pytest.param([[1, np.nan], [np.nan, 2], [3, np.nan]], id="none complete"),
    ],
)
def test_w_that_is_not_defined_is_none(opinions):
    assert kendalls_w(opinions) is None


def test_pairwise_correlations_are_those_of_scipy(opinions):
    assert np.array(pairwise_srcc(opinions)) == pytest.approx(spearmanr(opinions).statistic)


def test_each_is_correlated_with_the_mean_of_the_others(opinions):
    expected = [
        spearmanr(opinions[:, one], np.delete(opinions, one, axis=1).mean(axis=1)).statistic for one in range(5)
    ]
    assert leave_one_out_srcc(opinions) == pytest.approx(expected)


def test_items_without_an_opinion_count_where_both_have_one(opinions):
    opinions[:10, 0] = np.nan
    assert pairwise_srcc(opinions)[0][1] == pytest.approx(spearmanr(opinions[10:, 0], opinions[10:, 1]).statistic)
    assert pairwise_srcc(opinions)[2][1] == pytest.approx(spearmanr(opinions[:, 2], opinions[:, 1]).statistic)
    assert kendalls_w(opinions) == kendalls_w(opinions[10:])
    assert leave_one_out_srcc(opinions) == leave_one_out_srcc(opinions[10:])


def test_correlations_that_are_not_defined_are_none():
    opinions = [[1, 5, 1], [2, 5, np.nan], [3, 5, np.nan]]
    assert pairwise_srcc(opinions) == [[1.0, None, None], [None, 1.0, None], [None, None, 1.0]]
    assert leave_one_out_srcc(opinions) == [None, None, None]
    assert leave_one_out_srcc([[1], [2], [3]]) == [None]


def test_all_measures_come_together_and_count_what_is_missing(opinions):
    opinions[3, 1] = np.nan
    found = agreement(opinions, annotators=list("abcde"))
    assert (found["listed"], found["items"], found["missing"]) == (60, 59, [0, 1, 0, 0, 0])
    assert found["annotators"] == list("abcde")
    assert found["kendalls_w"] == kendalls_w(opinions)
    assert (found["leave_one_out"], found["pairwise"]) == (leave_one_out_srcc(opinions), pairwise_srcc(opinions))


def test_names_that_do_not_fit_and_opinions_of_another_shape_are_refused():
    with pytest.raises(AnnotationError, match="There are 1 names for 2 columns of opinions."):
        agreement([[1, 2], [2, 3]], annotators=["a"])
    with pytest.raises(AnnotationError, match=r"The opinions have shape \[3\]; expected \[items, annotators\]"):
        kendalls_w([1, 2, 3])
