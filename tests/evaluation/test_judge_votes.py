"""Scores out of a judge's answers, the majority of them, and how far they agree."""

import itertools

import pytest

from transformers_vital.errors import EvaluationError
from transformers_vital.evaluation.judge_votes import agreement, majority, read_score


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("Score: 2", 2),
        ("Score: 0", 0),
        ("score:1", 1),
        ("2", 2),
        ("**Score:** 1", 1),
        ("Score: [2]", 2),
        ("Score: 2/2", 2),
        ("Score: 1. The response names one of two distortions.", 1),
        ("The response is partly right.\n\nScore: 1", 1),
        ('{"Score": 0}', 0),
        ("I like trains.", None),
        ("", None),
        ("Score:", None),
        ("Score: 3", None),
        ("Score: 1.5", None),
        ("Score: -1", None),
        ("Between 1 and 2", None),
        ("Score: 0 or 1", None),
        ("Score: 0 ... no, Score: 2", None),
        ("I'm sorry, I can't judge this. Score: 0", None),
    ],
)
def test_a_score_is_read_or_not_guessed(answer, score):
    assert read_score(answer, most=2) == score


def test_a_score_above_the_highest_is_none():
    assert (read_score("Score: 2", most=1), read_score("Score: 1", most=1)) == (None, 1)


@pytest.mark.parametrize(
    ("votes", "score"),
    [
        pytest.param([2, 2, 2, 2, 2], 2, id="all"),
        pytest.param([0, 1, 1, 1, 2], 1, id="three of five"),
        pytest.param([0, 0, 1, 2, 1, 0], 0, id="most often"),
        pytest.param([2, 1, 0, 2, 0], 1, id="two against two: the median"),
        pytest.param([0, 0, 1, 1, 2], 1, id="two against two, the median among them"),
        pytest.param([2, 2, 1, 1, 0], 1, id="two against two the other way round"),
        pytest.param([0, 1, 1, 0, None], 0, id="even: the lower median"),
        pytest.param([2, 0, None, 2, 0], 0, id="even and far apart: the lower median"),
        pytest.param([0, 1, 2, None, None], 1, id="all different: the median"),
        pytest.param([2, None, 2, None, 2], 2, id="three scores of five rounds"),
        pytest.param([2, None, 2, None, None], None, id="two scores of five rounds"),
        pytest.param([1, None], None, id="half of the rounds"),
        pytest.param([None] * 5, None, id="none"),
        pytest.param([1], 1, id="one round"),
        pytest.param([], None, id="no round"),
    ],
)
def test_the_majority_decides_and_ties_go_by_the_median(votes, score):
    assert majority(votes) == score


def test_five_votes_in_any_order_give_one_score():
    for votes in itertools.combinations_with_replacement((0, 1, 2), 5):
        assert len({majority(order) for order in itertools.permutations(votes)}) == 1


# Fleiss' example as many texts repeat it: ten subjects, fourteen raters, five categories; κ is 0.210.
FLEISS = [
    (0, 0, 0, 0, 14),
    (0, 2, 6, 4, 2),
    (0, 0, 3, 5, 6),
    (0, 3, 9, 2, 0),
    (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0),
    (3, 2, 6, 3, 0),
    (2, 5, 3, 2, 2),
    (6, 5, 2, 1, 0),
    (0, 2, 2, 3, 7),
]


def test_kappa_of_the_example_in_the_literature():
    votes = [[category for category, count in enumerate(row) for _ in range(count)] for row in FLEISS]
    found = agreement(votes)
    assert found["fleiss_kappa"] == pytest.approx(0.210, abs=5e-4)
    assert found["pairwise"] == pytest.approx(0.378, abs=5e-4)
    assert found["unanimous"] == 0.1


def test_agreement_by_hand():
    # Pairs that agree: 10 of 10, 4 of 10 (three 1s and two 2s), 10 of 10. Scores: 5 of 15 are 0, 3 are 1, 7 are 2.
    found = agreement([[0] * 5, [1, 1, 1, 2, 2], [2] * 5])
    assert found["pairwise"] == pytest.approx((10 + 4 + 10) / 30)
    by_chance = (25 + 9 + 49) / 225
    assert found["fleiss_kappa"] == pytest.approx((0.8 - by_chance) / (1 - by_chance))
    assert (found["unanimous"], found["questions"], found["complete"]) == (pytest.approx(2 / 3), 3, 3)


def test_pairwise_agreement_is_the_share_of_pairs_of_rounds():
    votes = [[0, 1, 1, 2], [2, 2, 2, 0], [1, 1, 0, 0]]
    pairs = [first == second for rounds in votes for first, second in itertools.combinations(rounds, 2)]
    assert agreement(votes)["pairwise"] == pytest.approx(sum(pairs) / len(pairs))


def test_questions_with_a_missing_vote_are_counted_and_left_out():
    found = agreement([[2, 2, 2], [0, None, 1]])
    assert (found["questions"], found["complete"], found["unanimous"]) == (2, 1, 1.0)


@pytest.mark.parametrize("votes", [[], [[None, 1]], [[1], [2]]], ids=["no question", "none complete", "one round"])
def test_without_votes_to_compare_there_is_no_agreement(votes):
    found = agreement(votes)
    assert (found["unanimous"], found["pairwise"], found["fleiss_kappa"]) == (None, None, None)


def test_kappa_of_one_score_only_is_undefined():
    found = agreement([[1, 1], [1, 1]])
    assert (found["pairwise"], found["fleiss_kappa"]) == (1.0, None)


def test_votes_of_different_length_are_refused():
    with pytest.raises(EvaluationError, match=r"The questions have \[2, 3\] votes; expected equally many"):
        agreement([[1, 1], [1, 1, 1]])
