"""What FFmpeg's filters say of pictures whose fault is known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from transformers_vital.annotation.measures.picture_view import PictureView
from transformers_vital.annotation.opinions.annotators import describe_annotator, load_annotator
from transformers_vital.annotation.opinions.decoding import ClipSample
from transformers_vital.annotation.opinions.ffmpeg_annotators import FfmpegAnnotator, filtered
from transformers_vital.distortions.apply import distort_image
from transformers_vital.errors import AnnotationError
from transformers_vital.media.image import load_image
from transformers_vital.media.inputs import MediaItem


EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "media"


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    return np.asarray(load_image(EXAMPLES / "cat.png"))


@pytest.mark.parametrize(
    ("name", "distortion"), [("blurdetect", "gaussian_blur"), ("blockdetect", "jpeg_compression")]
)
def test_a_filter_sees_its_fault(photograph, name, distortion):
    worse = distort_image(photograph, distortion=distortion, severity=5, seed=0)
    assert filtered(PictureView(worse), name=name) > 1.2 * filtered(PictureView(photograph), name=name)


def test_a_video_has_the_mean_of_its_frames(photograph):
    views = [PictureView(photograph), PictureView(photograph[:, ::-1].copy())]
    item = MediaItem("video", ClipSample(views, np.zeros((2, 8, 8), dtype=np.uint8), 24.0), "clip")
    expected = np.mean([filtered(view, name="blurdetect") for view in views])
    assert load_annotator("ffmpeg-blur").score([item]) == [pytest.approx(expected)]


@pytest.mark.parametrize("settings", [{}, {"filter": "movie"}, {"filter": "blurdetect", "high": 1}])
def test_settings_are_checked(settings):
    with pytest.raises(AnnotationError, match="expected filter, one of blurdetect, blockdetect, bitplanenoise"):
        FfmpegAnnotator(replace(describe_annotator("ffmpeg-blur"), settings=settings))
