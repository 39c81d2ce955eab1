"""Rows with raw scores to distribution records: who is left out, who is refused, and the moments by numpy."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from transformers_vital.annotation.opinions.mapping import OpinionMapping, save_mappings
from transformers_vital.annotation.opinions.opinion_records import MappingStage, fit_mappings
from transformers_vital.data.labelling import distribution_from_opinions
from transformers_vital.errors import AnnotationError


# Labels of the authors' release whose opinions are all on their scale, beyond which a mapping clips them, and whose
# mean is not next to the middle, where the released arithmetic divides by almost 0.
GOLDEN = [
    label
    for label in json.loads((Path(__file__).parents[2] / "golden" / "pmod.json").read_text(encoding="utf-8"))
    if label["score_min"] <= min(label["mos"])
    and max(label["mos"]) <= label["score_max"]
    and abs(label["gt_score_norm"] - 2.5) > 0.01
]
MAPPINGS = [
    OpinionMapping(name, "image", "min-max", (0.0, 1.0), None, 9) for name in ("arniqa", "topiq-nr", "qualiclip")
]


def row(scores: dict[str, float | None], **more) -> dict:
    reasons = [None if score is not None else "too small" for score in scores.values()]
    media = {"kind": "image", "path": "a.png", "bytes": None}
    named = {"annotators": [*scores], "directions": ["lower" if name == "piqe" else "higher" for name in scores]}
    return {"media": media, **named, "scores": [*scores.values()], "reasons": reasons, **more}


def test_a_record_has_the_opinions_and_their_moments():
    opinions = [0.2, 0.6, 0.7]
    scores = dict(zip(("arniqa", "topiq-nr", "qualiclip"), opinions, strict=True))
    [record] = MappingStage(mappings=MAPPINGS)([row(scores, id="a")])
    assert (record["id"], record["annotators"], record["reason"]) == ("a", ["arniqa", "topiq-nr", "qualiclip"], None)
    assert record["opinions"] == pytest.approx(opinions)
    assert record["mean"] == pytest.approx(0.5)
    assert record["std"] == pytest.approx(np.std(opinions))
    assert sum(record["level_probs"]) == pytest.approx(1)
    assert not {"directions", "scores", "reasons"} & set(record)


def test_an_annotator_without_a_score_or_a_mapping_is_left_out():
    scores = {"arniqa": 0.2, "topiq-nr": None, "tres": 50.0, "qualiclip": 0.6}
    [record] = MappingStage(mappings=MAPPINGS)([row(scores)])
    assert record["annotators"] == ["arniqa", "qualiclip"]
    assert record["opinions"] == pytest.approx([0.2, 0.6])


def test_a_medium_with_too_few_opinions_has_a_reason_and_no_record():
    [record] = MappingStage(mappings=MAPPINGS)([row({"arniqa": 0.2, "topiq-nr": None})])
    assert record["level_probs"] is None
    assert record["reason"] == "1 of 2 annotators gave an opinion; at least 2 are needed."


def test_rows_stay_in_order_whatever_they_lack():
    rows = [row({"arniqa": a, "topiq-nr": b}) for a, b in ((0.1, 0.3), (None, 0.5), (0.7, 0.9), (None, None))]
    rows.insert(1, row({}))
    means = [record["mean"] for record in MappingStage(mappings=MAPPINGS)(rows)]
    assert means == [pytest.approx(0.2), None, None, pytest.approx(0.8), None]


def test_columns_come_back_as_columns(tmp_path):
    path = save_mappings(MAPPINGS, tmp_path / "mappings.json")
    rows = [row({"arniqa": 0.1, "topiq-nr": 0.3}, id=name) for name in "ab"]
    columns = {name: [each[name] for each in rows] for name in rows[0]}
    found = MappingStage(mappings=str(path))(columns)
    assert found["id"] == ["a", "b"] and found["mean"] == pytest.approx([0.2, 0.2])
    assert "scores" not in found and found["reason"] == [None, None]


@pytest.mark.parametrize("settings", [{"min_opinions": 0}, {"arithmetic": "fast"}])
def test_a_setting_that_cannot_be_used_is_an_error(settings):
    with pytest.raises(AnnotationError, match="expected at least 1, and stable or exact"):
        MappingStage(mappings=MAPPINGS, **settings)


def test_mappings_are_fitted_to_the_scores_of_each_annotator():
    rows = [row({"arniqa": score, "piqe": 100 * score, "tres": 5.0}) for score in (0.1, 0.2, 0.4, 0.8)]
    mappings, reasons = fit_mappings(rows)
    found = {mapping.annotator: mapping.apply([0.8, 80]).tolist() for mapping in mappings}
    assert found["arniqa"][0] == 0.875  # three of four are worse and one is equal
    assert found["piqe"][1] == 0.125  # lower is better
    assert set(reasons) == {"tres"} and "tells no images apart" in reasons["tres"]


def test_scores_of_nobody_cannot_be_mapped():
    with pytest.raises(AnnotationError, match="No annotator has scores to map"):
        fit_mappings([row({"arniqa": None})])


@pytest.mark.parametrize("arithmetic", ["stable", "exact"])
def test_a_table_is_labelled_as_its_rows_are_one_by_one(arithmetic):
    scores = np.random.default_rng(0).uniform(0.2, 0.9, (300, 3))
    scores[::7, 1] = np.nan  # other annotators miss in other rows
    scores[::11, 2] = np.nan
    names = [mapping.annotator for mapping in MAPPINGS]
    rows = [row({n: None if np.isnan(s) else float(s) for n, s in zip(names, line, strict=True)}) for line in scores]
    compared = 0
    for record in MappingStage(mappings=MAPPINGS, arithmetic=arithmetic)(rows):
        if record["reason"] is None:
            media, opinions = record["media"], record["opinions"]
            alone = distribution_from_opinions(
                media, opinions=opinions, annotators=record["annotators"], arithmetic=arithmetic
            )
            for name in ("level_probs", "mean", "std", "opinions"):
                np.testing.assert_allclose(record[name], alone[name], rtol=1e-12, atol=1e-12)
            assert record["annotators"] == alone["annotators"]
            compared += 1
    assert compared > 200


@pytest.mark.parametrize("released", GOLDEN, ids=[f"case{index}" for index in range(len(GOLDEN))])
def test_released_opinions_become_the_released_label(released):
    scale = (released["score_min"], released["score_max"])
    mappings = [OpinionMapping(f"m{index}", "image", "min-max", scale, None, 6) for index in range(6)]
    scores = {f"m{index}": opinion for index, opinion in enumerate(released["mos"])}
    [record] = MappingStage(mappings=mappings, arithmetic="exact")([row(scores)])
    if record["reason"]:  # no spread, or so little that the label is no distribution
        assert None in released["target_dist"] or sum(released["target_dist"]) > 2
    else:
        np.testing.assert_allclose(record["level_probs"], released["target_dist"], atol=1e-9)


def test_exact_labels_that_are_no_probabilities_are_refused():
    # Both opinions are equal: the released arithmetic divides by a deviation of 0.
    [record] = MappingStage(mappings=MAPPINGS, arithmetic="exact")([row({"arniqa": 0.4, "topiq-nr": 0.4})])
    assert record["level_probs"] is None
    assert "level_probs" in record["reason"]


def test_a_large_table_takes_seconds():
    rng = np.random.default_rng(0)
    names = [mapping.annotator for mapping in MAPPINGS]
    rows = [row(dict(zip(names, line, strict=True))) for line in rng.uniform(0, 1, (100_000, 3)).tolist()]
    start = time.process_time()
    records = MappingStage(mappings=MAPPINGS)(rows)
    assert time.process_time() - start < 10  # about one second; a loop over rows takes a minute
    assert all(record["reason"] is None for record in records)
