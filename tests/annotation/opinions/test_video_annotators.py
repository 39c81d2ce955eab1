"""Frames pooled and motion added, and the annotators that a build uses unless told otherwise."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transformers_vital.annotation.measures.picture_view import PictureView
from transformers_vital.annotation.opinions.annotators import describe_annotator, list_annotators, load_annotator
from transformers_vital.annotation.opinions.decoding import ClipSample
from transformers_vital.annotation.opinions.image_annotators import picture_measure
from transformers_vital.annotation.opinions.video_annotators import ClipAnnotator
from transformers_vital.errors import AnnotationError
from transformers_vital.media.inputs import MediaItem


EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "media"
DEFAULTS = [descriptor.name for descriptor in list_annotators(kind="video", group="default")]
PARTS = [{"measure": "detail_loss"}]


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    picture = Image.open(EXAMPLES / "stream.jpg").convert("RGB")
    return np.asarray(picture.resize((480, 320), Image.Resampling.LANCZOS))


def pan(photograph: np.ndarray, positions: list[int]) -> MediaItem:
    """A camera that moves over a photograph; a position is in pixels."""
    return MediaItem("video", [photograph[:, at : at + 320] for at in positions], "pan", fps=24.0)


def annotator(**settings) -> ClipAnnotator:
    return ClipAnnotator(replace(describe_annotator("video-detail"), settings={"parts": PARTS, **settings}))


def clip(*pictures: np.ndarray) -> MediaItem:
    motion = np.zeros((3, 8, 8), dtype=np.uint8)
    return MediaItem("video", ClipSample([PictureView(picture) for picture in pictures], motion, 24.0), "clip")


def test_frames_are_pooled_by_their_mean_or_half_by_the_worst(photograph):
    flat = np.zeros_like(photograph)
    measure = picture_measure(PARTS, name="detail")
    good, bad = measure(PictureView(photograph)), measure(PictureView(flat))
    item = clip(photograph, photograph, flat)
    mean = (2 * good + bad) / 3
    assert annotator().score([item]) == [pytest.approx(mean)]
    assert annotator(pooling="worst").score([item]) == [pytest.approx((mean + bad) / 2)]


def test_motion_is_added_with_its_weight(photograph):
    item = pan(photograph, [0, 1] * 12)  # to and fro
    still, moving = annotator().score([item])[0], annotator(motion=1).score([item])[0]
    half = annotator(motion=0.5).score([item])[0]
    assert moving > still + 0.1
    assert half == pytest.approx((still + moving) / 2)


@pytest.mark.parametrize("name", DEFAULTS)
def test_held_frames_and_a_shaking_camera_are_worse_to_every_default(photograph, name):
    steady = list(range(0, 72, 3))
    held = [steady[index - (index % 3 == 2)] for index in range(24)]
    shaken = [at + (0, 14, 5, 11)[index % 4] for index, at in enumerate(steady)]
    good, *worse = load_annotator(name).score([pan(photograph, positions) for positions in (steady, held, shaken)])
    assert min(worse) > good  # lower is better


@pytest.mark.parametrize("name", DEFAULTS)
def test_one_frame_is_judged(photograph, name):
    [score] = load_annotator(name).score([pan(photograph, [0])])
    assert np.isfinite(score)


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_clip_of_the_examples_is_judged(name):
    [score] = load_annotator(name).score([MediaItem("video", EXAMPLES / "dog.mp4", "dog.mp4")])
    assert np.isfinite(score)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pooling": "median"}, "has pooling 'median'; expected one of mean, worst"),
        ({"frames": 4}, "settings parts, frames; expected lower and motion, parts, pooling"),
        ({"parts": []}, r"has the parts \[\]"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(AnnotationError, match=message):
        annotator(**settings)
