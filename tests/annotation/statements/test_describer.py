"""Statements by rules: only what numbers support, in words that vary and can be made again."""

import json
import random
import re

import numpy as np
import pytest
from PIL import Image, ImageFilter

from transformers_vital.annotation.attributes.attributes import ATTRIBUTES, image_attributes
from transformers_vital.annotation.statements.attribute_levels import (
    DEFAULT_CUTS,
    RELATIVE,
    AttributeLevels,
    fit_attribute_levels,
)
from transformers_vital.annotation.statements.attribute_texts import ATTRIBUTE_SENTENCES, SPOILED_BY
from transformers_vital.annotation.statements.describer import (
    DEFAULT_LEVELS,
    attribute_sentences,
    describe_rows,
    describer_stage,
    distortion_sentence,
)
from transformers_vital.annotation.statements.distortion_texts import EFFECTS, NOUNS
from transformers_vital.annotation.statements.statement_rows import statement_features, statement_records
from transformers_vital.distortions.registry import DISTORTIONS
from transformers_vital.errors import AnnotationError, DistortionError


MEDIA = {"image": {"kind": "image", "path": "a.png", "bytes": None}, "video": {"kind": "video", "path": "a.mp4"}}
MIDDLE = {"luminance": 110, "contrast": 50, "colourfulness": 40, "spatial_information": 70}


def row(kind="image", identity="a", **values):
    return {"id": identity, "media": MEDIA[kind], **dict.fromkeys(ATTRIBUTES), **values}


def texts(rows, **settings):
    return [made["text"] for made in describe_rows(rows, **settings)]


@pytest.mark.parametrize(
    ("attribute", "value", "expected"),
    [
        ("luminance", 10, "very dark|very low"),
        ("luminance", 60, "rather dark|brightness is low"),
        ("luminance", 160, "is bright|brightness is high"),
        ("luminance", 230, "very bright|very high"),
        ("contrast", 5, "very low|flat"),
        ("contrast", 30, "low|weak|little"),
        ("contrast", 100, "very high|strong"),
        ("blur", 0.01, "blur"),
        ("blur", 0.15, "blurred|soft"),
        ("blur", 0.9, "sharp|crisp|Hardly any edge .* blurred"),
        ("noise", 0.5, "absent|Hardly|free of"),
        ("noise", 14, "noise or fine texture|grain or fine texture"),
        ("noise", 30, "texture"),
        ("blockiness", 1.0, "No block|cannot be made out"),
        ("blockiness", 1.6, "[Bb]lock"),
        ("blockiness", 3.0, "[Bb]lock"),
        ("colourfulness", 0, "nearly free of color|Hardly any color"),
        ("colourfulness", 70, "vivid|quite colorful"),
        ("spatial_information", 10, "very little|hardly any"),
        ("spatial_information", 150, "great deal|very high"),
        ("temporal_information", 1, "static|hardly differ"),
        ("temporal_information", 60, "At least once"),
        ("flickering", 0.0, "without flicker|No flicker"),
        ("flickering", 0.005, "rarely"),
        ("flickering", 0.9, "flicker"),
    ],
)
def test_a_number_is_put_in_words(attribute, value, expected):
    said = {texts([row("video", identity=str(seed), **{attribute: value})])[0] for seed in range(20)}
    for sentence in said:
        assert re.search(expected, sentence), sentence
    assert len(said) == len(ATTRIBUTE_SENTENCES[attribute][DEFAULT_LEVELS.level(attribute, value)])


@pytest.mark.parametrize("sharpness", [0.0, 0.9])
def test_nothing_is_said_on_sharpness_under_strong_noise_or_blocks(sharpness):
    for spoiling in ({"noise": 14}, {"blockiness": 1.6}):
        said = " ".join(texts([row(blur=sharpness, **spoiling)], limit=9))
        assert said
        assert not re.search("sharp|edge|contour|blur", said)


def test_nothing_is_said_on_colours_under_strong_noise():
    assert "olor" not in " ".join(texts([row(colourfulness=90, noise=20)]))
    assert "olor" in " ".join(texts([row(colourfulness=90, noise=2)]))


def test_what_spoils_is_an_attribute_with_a_level():
    for attribute, spoilers in SPOILED_BY.items():
        assert {attribute, *spoilers} <= set(ATTRIBUTES)


def test_the_most_remarkable_comes_first_and_the_rest_is_left_out():
    said = texts([row(**MIDDLE | {"luminance": 5, "contrast": 30})], limit=2)
    assert re.search("dark|brightness", said[0])
    assert re.search("ontrast|dull|Light and dark", said[1])
    assert len(texts([row(**MIDDLE)], limit=9)) == 4


def test_that_a_defect_is_absent_is_the_least_worth_telling():
    clean = {"blockiness": 1.0, "noise": 2.0, "blur": 0.7}
    assert not re.search("lock|oise", " ".join(texts([row(luminance=5, contrast=30, **clean)], limit=2)))
    assert re.search("lock", texts([row(luminance=60, contrast=30, **clean | {"blockiness": 2.0})])[0])


def test_a_medium_always_gets_the_same_words_and_others_get_others():
    rows = [row(identity=str(number), **MIDDLE) for number in range(30)]
    assert texts(rows) == texts(rows)
    assert texts([rows[7]]) == texts(rows)[28:32]
    assert len({tuple(texts([one])) for one in rows}) > 10
    assert texts(rows) != texts(rows, seed=1)


def test_an_image_is_called_an_image_and_a_video_a_video():
    for kind, other in (("image", "video"), ("video", "image")):
        rows = [row(kind, identity=str(number), luminance=5, contrast=5, blur=0.0) for number in range(20)]
        said = " ".join(texts(rows))
        assert kind in said
        assert other not in said


# ---- Distortions


def test_every_distortion_and_attribute_has_words_and_nothing_else_has():
    assert set(EFFECTS) == set(DISTORTIONS)
    assert set(NOUNS) <= set(DISTORTIONS)
    assert set(ATTRIBUTE_SENTENCES) == set(ATTRIBUTES) == set(DEFAULT_CUTS)
    assert all(len(levels) == 5 for levels in ATTRIBUTE_SENTENCES.values())


def all_distortion_sentences(name):
    for severity, word in enumerate(DISTORTIONS[name].severities, start=1):
        for seed in range(30):
            yield word, distortion_sentence(name, severity=severity, kind="video", draw=random.Random(seed))


@pytest.mark.parametrize("name", EFFECTS)
def test_a_distortion_is_named_with_its_severity(name):
    sentences = list(all_distortion_sentences(name))
    for word, sentence in sentences:
        assert re.fullmatch(r"[A-Z][^{}]{20,150}\.", sentence)
        assert word in sentence.lower()
        assert NOUNS.get(name, DISTORTIONS[name].text).lower() in sentence.lower()
    assert len({sentence for _, sentence in sentences}) >= 3 * len(DISTORTIONS[name].severities)


def test_severities_become_weak_clear_and_strong():
    def effects(name):
        return [
            next(
                strength
                for strength, group in zip(("weak", "clear", "strong"), EFFECTS[name], strict=True)
                if any(effect.format(medium="video") in sentence for effect in group)
            )
            for severity in range(1, len(DISTORTIONS[name].levels) + 1)
            for sentence in [distortion_sentence(name, severity=severity, kind="video", draw=random.Random(0))]
        ]

    assert effects("gaussian_blur") == ["weak", "clear", "clear", "strong", "strong"]
    assert effects("stuttering") == ["weak", "clear", "strong"]


@pytest.mark.parametrize("name", ["mean_shift", "contrast_change"])
def test_a_direction_that_was_drawn_is_not_claimed(name):
    said = " ".join(sentence for _, sentence in all_distortion_sentences(name))
    assert not re.search("bright(er|en)|dark|higher|lower|increase|reduce|raise", said)


def test_a_distorted_copy_is_described_by_its_distortion_first():
    said = texts([row(luminance=5, distortion="white_noise", severity=5)])
    assert re.search("[Vv]ery severe", said[0]) and "white noise" in said[0]
    assert len(said) == 2


def test_an_unknown_distortion_or_severity_is_refused():
    with pytest.raises(DistortionError, match="Did you mean gaussian_blur"):
        describe_rows([row(distortion="gausian_blur", severity=1)])
    with pytest.raises(DistortionError, match="severity is 9"):
        describe_rows([row(distortion="white_noise", severity=9)])


# ---- Rows


def test_rows_become_records_and_have_the_declared_columns():
    made = describe_rows([row(**MIDDLE)])
    assert [set(one) for one in made] == [set(statement_features())] * 4
    assert {(one["outcome"], one["annotator"], one["refined_by"]) for one in made} == {("passed", "rules", None)}
    assert [record["task"] for record in statement_records(made)] == ["description"] * 4


def test_a_medium_without_numbers_is_counted_with_the_reason():
    failed, empty, fine = describe_rows([row(reason="a.png is broken"), row(noise=6), row(luminance=5)])
    assert (failed["outcome"], failed["reason"], failed["text"]) == ("failed", "a.png is broken", "")
    assert (empty["outcome"], empty["reason"]) == ("discarded", "no attribute of the medium supports a statement")
    assert len(statement_records([failed, empty, fine])) == 1


def test_a_stage_is_made_of_json_values():
    cuts = DEFAULT_CUTS | {"luminance": (1, 2, 3, 4)}
    levels = {"image": AttributeLevels(cuts).to_dict()}
    settings = json.loads(json.dumps({"levels": levels, "limit": 1, "seed": 3}))
    (made,) = describer_stage(**settings)([row(luminance=5, contrast=50)])
    assert "very" in made["text"] and "bright" in made["text"]
    assert describer_stage()([row(**MIDDLE)]) == describe_rows([row(**MIDDLE)])


def test_real_pictures_are_described_as_they_look():
    noise = np.random.default_rng(0).normal(128, 60, (120, 160, 3)).clip(0, 255).astype(np.uint8)
    stripes = np.kron(np.indices((18, 24)).sum(axis=0) % 2, np.ones((7, 7)))[..., None].repeat(3, axis=-1)
    checks = Image.fromarray((40 + 175 * stripes).astype(np.uint8))
    pictures = {
        "black": np.full((60, 80, 3), 4, np.uint8),
        "noisy": noise,
        "sharp": checks,
        "blurred": checks.filter(ImageFilter.GaussianBlur(4)),
    }
    said = {name: " ".join(texts([row(**image_attributes(picture))], limit=9)) for name, picture in pictures.items()}
    assert re.search("very dark|brightness is very low", said["black"])
    assert re.search("tones", said["black"])
    assert re.search("Strong grain|vary strongly", said["noisy"])
    assert re.search(
        "sharp nearly everywhere|Sharpness is high|Hardly any edge of the image is blurred", said["sharp"]
    )
    assert re.search("Hardly any edge is sharp|Sharpness is very low|all edges are visibly blurred", said["blurred"])
    assert "olor" not in said["noisy"]
    for name in ("sharp", "blurred"):
        assert re.search("free of color|Hardly any color", said[name])


# ---- Levels


def test_a_cut_point_begins_a_level():
    levels = AttributeLevels(DEFAULT_CUTS)
    for name, cuts in DEFAULT_CUTS.items():
        values = [cuts[0] - 1e-6, *cuts]
        assert [levels.level(name, value) for value in values] == [0, 1, 2, 3, 4]


def test_fitted_cut_points_are_quantiles_kept_near_the_defaults():
    luminances = np.random.default_rng(0).normal(115, 25, 500)
    levels = fit_attribute_levels({"luminance": value, "noise": 1.0, "contrast": None} for value in luminances)
    quantiles = np.sort(luminances)[[50, 149, 349, 449]]  # of 500 values, near enough
    # Middles between the defaults 40, 75, 150 and 190 are 57.5, 112.5 and 170.
    expected = [57.5, quantiles[1], quantiles[2], 170.0]
    assert levels.cuts["luminance"] == pytest.approx(expected, abs=1)
    assert levels.cuts["noise"] == DEFAULT_CUTS["noise"]
    assert levels.cuts["contrast"] == DEFAULT_CUTS["contrast"]


def test_a_pool_of_night_shots_does_not_make_a_dim_picture_a_bright_one():
    levels = fit_attribute_levels({"luminance": value} for value in np.linspace(5, 40, 200))
    assert levels.level("luminance", 40) <= 2


@pytest.mark.parametrize(("count", "fitted"), [(99, False), (100, True)])
def test_a_small_pool_keeps_the_defaults(count, fitted):
    levels = fit_attribute_levels({"contrast": 40.0 + 0.1 * index} for index in range(count))
    assert (levels.cuts["contrast"] != DEFAULT_CUTS["contrast"]) is fitted


def test_defects_are_not_fitted():
    assert set(DEFAULT_CUTS) - set(RELATIVE) == {"blockiness", "blur", "noise", "flickering"}


def test_levels_are_saved_and_read(tmp_path):
    levels = fit_attribute_levels({"contrast": 40.0 + 0.1 * index} for index in range(200))
    read = AttributeLevels.load(levels.save(tmp_path / "levels.json"))
    assert {name: tuple(cuts) for name, cuts in read.cuts.items()} == levels.cuts


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("no JSON", "cannot be read as levels"),
        ("[]", r"The levels are \[\]; expected a mapping with schema_version 1"),
        ('{"schema_version": 2}', "expected a mapping with schema_version 1"),
        ('{"schema_version": 1, "cuts": {"blur": [1]}}', r"The cut points are for \['blur'\]; expected those of"),
        ('{"schema_version": 1}', "The cut points are for NoneType"),
        ("descending", "The cut points of blur are .*; expected 4 ascending numbers"),
        ("three", "The cut points of blur are .*; expected 4 ascending numbers"),
        ("nan", "The cut points of blur are .*; expected 4 ascending numbers"),
        ("text", "The cut points of blur are .*; expected 4 ascending numbers"),
    ],
)
def test_levels_of_another_form_are_refused(tmp_path, content, message):
    blur = {"descending": [4, 3, 2, 1], "three": [1, 2, 3], "nan": [1, float("nan"), 3, 4], "text": ["1", 2, 3, 4]}
    if content in blur:
        cuts = DEFAULT_CUTS | {"blur": blur[content]}
        content = json.dumps({"schema_version": 1, "cuts": cuts})
    (tmp_path / "levels.json").write_text(content)
    with pytest.raises(AnnotationError, match=message):
        AttributeLevels.load(tmp_path / "levels.json")


def test_a_missing_file_of_levels_is_named(tmp_path):
    with pytest.raises(AnnotationError, match="absent.json cannot be read as levels"):
        AttributeLevels.load(tmp_path / "absent.json")


def test_an_attribute_that_supports_no_sentence_is_passed_over():
    assert attribute_sentences({"noise": 6.0}, kind="image", levels=DEFAULT_LEVELS, draw=random.Random(0)) == []
