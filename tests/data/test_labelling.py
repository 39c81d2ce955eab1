"""Records made of opinions, of MOS and of two distributions."""

import pytest

from transformers_vital.data.labelling import (
    MOS_STD,
    distribution_from_mos,
    distribution_from_opinions,
    pair_from_distributions,
)
from transformers_vital.data.records import RecordError, check_record
from transformers_vital.distributions import moments, pmod


IMAGE = {"kind": "image", "path": "a.png", "bytes": None}
VIDEO = {"kind": "video", "path": "b.mp4", "bytes": None}
OPINIONS = [0.5, 0.7, 0.9]


@pytest.mark.parametrize("arithmetic", ["stable", "exact"])
def test_opinions_become_their_pmod_and_moments(arithmetic):
    record = distribution_from_opinions(IMAGE, opinions=OPINIONS, annotators=["x", "y", "z"], arithmetic=arithmetic)
    assert record.pop("level_probs") == pmod(OPINIONS, arithmetic=arithmetic).tolist()
    assert record.pop("mean") == pytest.approx(0.7)
    assert record.pop("std") == pytest.approx((0.08 / 3) ** 0.5)  # deviations 0.2, 0 and 0.2
    assert record == {"media": IMAGE, "opinions": OPINIONS, "annotators": ["x", "y", "z"]}


@pytest.mark.parametrize(
    ("opinions", "annotators", "message"),
    [
        pytest.param([], [], r"shape \[0\]; expected \[..., n\] with n of at least 1", id="none"),
        pytest.param([0.5, float("nan")], [], "1 of 2 opinions are not finite", id="nan"),
        pytest.param([60, 80], [], r"mean is 70.0; expected a number in \[0, 1\]. Check the scale", id="scale"),
        pytest.param([0.5, 0.6], ["x"], "annotators has 1 names for 2 opinions", id="names"),
    ],
)
def test_unusable_opinions_are_refused(opinions, annotators, message):
    with pytest.raises(ValueError, match=message):
        distribution_from_opinions(IMAGE, opinions=opinions, annotators=annotators)


def test_exact_labels_that_are_no_probabilities_are_refused():
    # 2.4146 and 0.1471 on [0, 5], whose released label would sum to 28.8.
    mean, std = 0.48291979641418876, 0.029422388635186146
    with pytest.raises(RecordError, match='level_probs sum to 28.8.; expected 1.*arithmetic="stable"'):
        distribution_from_opinions(IMAGE, opinions=[mean - std, mean + std], annotators=[], arithmetic="exact")


def test_a_mos_comes_to_the_unit_scale_with_its_deviation():
    record = distribution_from_mos(VIDEO, mos=40, std=15, scale=(-20, 80))
    assert (record["mean"], record["std"]) == (pytest.approx(0.6), pytest.approx(0.15))
    assert (record["media"], record["opinions"], record["annotators"]) == (VIDEO, [], [])
    check_record(record, record_type="distribution")


@pytest.mark.parametrize("mos", [1.5, 2.0, 3.0, 3.4, 4.5])
def test_a_mos_without_deviation_reaches_the_levels_next_to_it(mos):
    record = distribution_from_mos(IMAGE, mos=mos, scale=(1, 5))
    assert record["std"] == MOS_STD == 0.1
    assert sum(probability > 0.01 for probability in record["level_probs"]) >= (2 if mos in (1.5, 4.5) else 3)
    assert moments(record["level_probs"])[0] == pytest.approx((mos - 1) / 4)


@pytest.mark.parametrize(
    ("mos", "std", "scale", "message"),
    [
        (6, None, (1, 5), r"mean is 1.25; expected a number in \[0, 1\]. Check the scale"),
        (float("nan"), None, (1, 5), "not finite"),
        (3, -1, (1, 5), "std < 0"),
        (3, None, (5, 1), "expected .lowest, highest."),
    ],
)
def test_an_unusable_mos_is_refused(mos, std, scale, message):
    with pytest.raises(ValueError, match=message):
        distribution_from_mos(IMAGE, mos=mos, std=std, scale=scale)


@pytest.mark.parametrize(("mean_a", "mean_b", "preference"), [(0.8, 0.64, 1.0), (0.64, 0.8, 0.0), (0.8, 0.66, 0.5)])
def test_two_distributions_become_a_pair(mean_a, mean_b, preference):
    a = distribution_from_mos(IMAGE, mos=mean_a, std=0.09, scale=(0, 1))
    b = distribution_from_mos(VIDEO, mos=mean_b, std=0.12, scale=(0, 1))
    record = pair_from_distributions(a, b=b)  # sqrt(0.09² + 0.12²) = 0.15
    check_record(record, record_type="pair")
    assert record == {
        "media_a": IMAGE,
        "media_b": VIDEO,
        "preference": preference,
        "mean_a": mean_a,
        "std_a": 0.09,
        "mean_b": mean_b,
        "std_b": 0.12,
    }
