"""Statistics against numpy and against counting by hand."""

import json

import numpy as np
import pytest

from transformers_vital.annotation.attributes.attributes import ATTRIBUTES
from transformers_vital.annotation.statistics import (
    attribute_distributions,
    distortion_shares,
    level_histogram,
    preference_shares,
    sentence_lengths,
    stage_counts,
    summary,
    word_frequencies,
)
from transformers_vital.data.labelling import distribution_from_mos, pair_from_distributions
from transformers_vital.distributions import pmod_from_moments


IMAGE = {"kind": "image", "path": "a.png", "bytes": None}
VIDEO = {"kind": "video", "path": "a.mp4", "bytes": None}


def test_a_summary_is_that_of_numpy_without_what_is_missing():
    values = np.random.default_rng(0).normal(size=101)
    given = np.concatenate([values, [np.nan, np.nan]])
    assert summary(given) == pytest.approx(
        {
            "count": 101,
            "missing": 2,
            "mean": values.mean(),
            "std": values.std(),
            "min": values.min(),
            "p5": np.quantile(values, 0.05),
            "median": np.median(values),
            "p95": np.quantile(values, 0.95),
            "max": values.max(),
        }
    )
    assert summary([np.nan])["mean"] is None and summary([])["count"] == 0


def test_attributes_are_described_for_each_kind_that_has_them():
    generator = np.random.default_rng(1)
    drawn = {kind: generator.gamma(3, 2, (40, len(ATTRIBUTES))) for kind in ("image", "video")}
    rows = []
    for media, kind in ((IMAGE, "image"), (VIDEO, "video")):
        for numbers in drawn[kind].tolist():
            row = dict(zip(ATTRIBUTES, numbers, strict=True))
            still = dict.fromkeys(("flickering", "temporal_information")) if kind == "image" else {}
            rows.append({"media": media, **row, **still})
    rows[3]["blur"] = None
    found = attribute_distributions(iter(rows))
    assert list(found["video"]) == list(ATTRIBUTES)
    assert set(ATTRIBUTES) - set(found["image"]) == {"flickering", "temporal_information"}
    blur = found["image"]["blur"]
    known = np.delete(drawn["image"][:, list(ATTRIBUTES).index("blur")], 3)
    assert (blur["count"], blur["missing"], blur["median"]) == (39, 1, pytest.approx(np.median(known)))
    assert np.histogram(known, bins=blur["edges"])[0].tolist() == blur["counts"]
    assert (blur["edges"][0], blur["edges"][-1]) == (known.min(), known.max())


def test_without_rows_of_a_kind_it_is_absent():
    assert attribute_distributions([]) == sentence_lengths([]) == distortion_shares([]) == level_histogram([]) == {}
    assert set(sentence_lengths([{"media": VIDEO, "text": "Dark."}])) == {"video"}


def test_sentence_lengths_count_words():
    texts = ["Edges are soft.", "Blur.", "The sky  is\tnoisy, and\nits colours shift.", "Too dark, overall."]
    found = sentence_lengths([{"media": IMAGE, "text": text} for text in texts])["image"]
    assert (found["words"], found["statements"]) == ([1, 3, 8], [1, 2, 1])
    assert (found["count"], found["mean"], found["median"], found["max"]) == (4, 3.75, 3, 8)


def test_words_are_counted_once_a_statement_and_without_grammar():
    texts = ["The blur is a mild blur.", "Mild Blur", "well-lit; it's 50 % noise", "Noise and the éclat"]
    assert list(word_frequencies([{"text": text} for text in texts]).items()) == [
        ("blur", 2),
        ("mild", 2),
        ("noise", 2),
        ("it's", 1),
        ("well-lit", 1),
        ("éclat", 1),
    ]
    assert list(word_frequencies([{"text": text} for text in texts], most=1)) == ["blur"]


def test_distortions_have_shares_of_their_kind_and_severities():
    given = [
        *[(IMAGE, "gaussian_blur", severity) for severity in (1, 1, 5)],
        (IMAGE, "darken", 2),
        *[(VIDEO, "stuttering", severity) for severity in (3, 3)],
    ]
    rows = [{"media": media, "distortion": name, "severity": severity} for media, name, severity in given]
    assert distortion_shares(rows) == {
        "image": {
            "darken": {"count": 1, "share": 0.25, "severities": [0, 1]},
            "gaussian_blur": {"count": 3, "share": 0.75, "severities": [2, 0, 0, 0, 1]},
        },
        "video": {"stuttering": {"count": 2, "share": 1.0, "severities": [0, 0, 2]}},
    }


def test_levels_count_means_and_average_label_probabilities():
    means = [0.05, 0.2, 0.55, 0.8, 1.0]
    rows = [distribution_from_mos(IMAGE, mos=mean, std=0.1, scale=(0, 1)) for mean in means]
    found = level_histogram(rows)["image"]
    assert found["items"] == {"high": 2, "good": 0, "fair": 1, "poor": 1, "low": 1}
    expected = pmod_from_moments(means, std=0.1).mean(axis=0)
    assert list(found["mass"].values()) == pytest.approx(expected.tolist())
    rounded = {"media": VIDEO, "mean": 1 + 5e-7, "level_probs": [1, 0, 0, 0, 0]}
    assert level_histogram([rounded])["video"]["items"]["high"] == 1


def test_preferences_are_shared_out_by_kind():
    mos = {
        name: distribution_from_mos(IMAGE, mos=value, std=0.05, scale=(0, 1))
        for name, value in zip("abc", (0.9, 0.5, 0.52), strict=True)
    }
    pairs = [pair_from_distributions(mos[one], b=mos[other]) for one, other in ("ab", "ba", "bc", "ac")]
    assert preference_shares(pairs) == {"image": {"pairs": 4, "a better": 0.5, "b better": 0.25, "tie": 0.25}}


def test_a_stage_counts_what_it_kept_and_why_it_did_not_keep_the_rest():
    reasons = [None, "too small", None, "near-duplicate", "too small", "duplicate"]
    assert stage_counts([{"reason": reason} for reason in reasons], stage="pool") == {
        "stage": "pool",
        "rows": 6,
        "kept": 2,
        "rejected": 4,
        "reasons": {"too small": 2, "duplicate": 1, "near-duplicate": 1},
    }


def test_everything_fits_into_json():
    rows = [{"media": IMAGE, **dict.fromkeys(ATTRIBUTES, 1.5), "text": "Dark.", "distortion": "x", "severity": 1}]
    found = [
        function(rows) for function in (attribute_distributions, sentence_lengths, word_frequencies, distortion_shares)
    ]
    found.append(level_histogram([distribution_from_mos(IMAGE, mos=3, scale=(1, 5))]))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
