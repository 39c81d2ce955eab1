"""Sums of measures of a picture, and the annotators that a build uses unless told otherwise."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transformers_vital.annotation.measures.faults import visible_faults
from transformers_vital.annotation.measures.picture_view import PictureView
from transformers_vital.annotation.measures.piqe import piqe
from transformers_vital.annotation.opinions import image_annotators
from transformers_vital.annotation.opinions.annotators import describe_annotator, list_annotators, load_annotator
from transformers_vital.annotation.opinions.image_annotators import PictureAnnotator, picture_measure
from transformers_vital.distortions.apply import distort_image
from transformers_vital.errors import AnnotationError
from transformers_vital.media.inputs import MediaItem


EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "media"
PHOTOGRAPHS = ("dogs.jpg", "cat.png", "dandelions.jpg", "rocket.jpg", "stream.jpg", "window.jpg")
DEFAULTS = [descriptor.name for descriptor in list_annotators(kind="image", group="default")]


@pytest.fixture(scope="module")
def photographs() -> list[np.ndarray]:
    opened = (Image.open(EXAMPLES / name).convert("RGB") for name in PHOTOGRAPHS)
    return [np.asarray(picture.resize((448, 336), Image.Resampling.LANCZOS)) for picture in opened]


@pytest.fixture(scope="module")
def photograph(photographs) -> np.ndarray:
    return photographs[0]


def item(picture: np.ndarray) -> MediaItem:
    return MediaItem("image", picture, "picture")


def test_a_sum_weighs_its_parts(photograph):
    view = PictureView(photograph)
    parts = [{"measure": "piqe", "weight": 0.01}, {"measure": "visible_faults"}]
    assert picture_measure(parts, name="sum")(view) == pytest.approx(0.01 * piqe(view) + visible_faults(view))


@pytest.mark.parametrize(("limits", "expected"), [([0, 30], 30), ([60, 120], 100), ([110, 120], 110)])
def test_a_part_is_clipped_to_its_limits(limits, expected):
    flat = PictureView(np.zeros((32, 32, 3), dtype=np.uint8))  # PIQE is 100
    assert picture_measure([{"measure": "piqe", "limits": limits}], name="clipped")(flat) == expected


def test_annotators_of_one_picture_share_its_measures(photograph, monkeypatch):
    from transformers_vital.annotation.measures import faults

    asked = []
    monkeypatch.setattr(faults, "visible_faults", lambda view: asked.append(view) or 0.0)
    view = PictureView(photograph)
    for _ in range(3):
        measure = picture_measure([{"measure": "visible_faults"}], name="faults")
        assert measure(view) == 0
    assert len(asked) == 1


def test_every_measure_is_there():
    for name in image_annotators.MEASURES:
        assert callable(picture_measure([{"measure": name}], name=name))


@pytest.mark.parametrize("name", DEFAULTS)
@pytest.mark.parametrize(
    "distortion", ["gaussian_blur", "jpeg_compression", "white_noise", "quantisation", "contrast_change"]
)
def test_severe_distortion_is_worse_to_every_default(photographs, name, distortion):
    worse = [distort_image(picture, distortion=distortion, severity=5, seed=0) for picture in photographs]
    before, after = (load_annotator(name).score(list(map(item, pictures))) for pictures in (photographs, worse))
    assert np.median(np.subtract(after, before)) > 0  # lower is better


@pytest.mark.parametrize("name", DEFAULTS)
@pytest.mark.parametrize("colour", [0, 128, 255])
def test_a_picture_of_one_colour_is_worse_than_a_photograph(photograph, name, colour):
    annotator = load_annotator(name)
    flat, real = annotator.score([item(np.full_like(photograph, colour)), item(photograph)])
    assert np.isfinite(flat)
    assert flat > real


def test_scores_are_of_each_picture_alone(photograph):
    annotator = load_annotator("structure")
    together = annotator.score([item(photograph), item(photograph[::-1].copy())])
    assert together == [annotator.score([item(p)])[0] for p in (photograph, photograph[::-1].copy())]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "has the parts None; expected a list of at least one"),
        ({"parts": []}, r"has the parts \[\]"),
        ({"parts": [{"measure": "beauty"}]}, "expected a measure, one of brisque"),
        ({"parts": ["piqe"]}, "has the part 'piqe'"),
        ({"parts": [{"measure": "piqe", "wieght": 2}]}, "may be weight and limits"),
        ({"parts": [{"measure": "piqe"}], "scale": 2}, "the settings parts, scale; expected lower and parts"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(AnnotationError, match=message):
        PictureAnnotator(replace(describe_annotator("piqe"), settings=settings))


def test_faults_add_up_so_that_lower_is_better():
    with pytest.raises(AnnotationError, match="direction higher and the settings parts; expected lower"):
        PictureAnnotator(replace(describe_annotator("piqe"), direction="higher"))
