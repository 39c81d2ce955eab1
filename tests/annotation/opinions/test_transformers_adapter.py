"""Models with a method that scores: what the method is given, and what is refused."""

import json
import socket
import sys

import numpy as np
import pytest
from PIL import Image

from transformers_vital.annotation.opinions.annotators import AnnotatorDescriptor, Permissions
from transformers_vital.annotation.opinions.transformers_adapter import TransformersAnnotator
from transformers_vital.errors import AnnotationError
from transformers_vital.media.inputs import MediaItem


CODE = '''
import torch
from PIL import ImageStat
from transformers import PretrainedConfig, PreTrainedModel


class BrightConfig(PretrainedConfig):
    model_type = "bright-judge"


class BrightModel(PreTrainedModel):
    config_class = BrightConfig

    def __init__(self, config):
        super().__init__(config)
        self.scale = torch.nn.Parameter(torch.ones(1))
        self.post_init()

    def score(self, media, times=1):
        """Mean grey level of the red channel of one image, or of all frames of one video."""
        frames = media[0] if isinstance(media[0], list) else [media[0]]
        means = [ImageStat.Stat(frame).mean[0] for frame in frames]
        return self.scale * times * sum(means) / len(means)
'''


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A checkpoint whose code comes with it."""
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("bright")
    (folder / "modeling_bright.py").write_text(CODE)
    auto_map = {"AutoConfig": "modeling_bright.BrightConfig", "AutoModel": "modeling_bright.BrightModel"}
    (folder / "config.json").write_text(json.dumps({"model_type": "bright-judge", "auto_map": auto_map}))
    save_file({"scale": torch.ones(1)}, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def descriptor(kind: str, **settings) -> AnnotatorDescriptor:
    return AnnotatorDescriptor(
        name="bright",
        kind=kind,
        direction="higher",
        score_range=(0, 255),
        licence="MIT",
        citation="Somebody, 2026.",
        homepage="https://example.org",
        trained_on="nothing",
        adapter="transformers",
        settings=settings,
    )


@pytest.fixture
def trusted(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path))
    monkeypatch.setattr(sys, "path", [*sys.path])
    return Permissions(trust_remote_code=True)


def grey(level: int, kind: str = "image") -> MediaItem:
    if kind == "image":
        return MediaItem("image", Image.new("RGB", (8, 6), (level, 0, 0)), "grey")
    frames = [Image.new("RGB", (64, 48), (shade, 0, 0)) for shade in (level, level + 20)]
    return MediaItem("video", frames, "grey", fps=2.0)


def test_the_method_is_given_one_image(model, trusted):
    annotator = TransformersAnnotator(descriptor("image", model=str(model), method="score"), trusted)
    assert annotator.score([grey(90), grey(30)]) == [90, 30]


def test_the_method_is_given_the_frames_of_a_video(model, trusted):
    annotator = TransformersAnnotator(descriptor("video", model=str(model), method="score"), trusted)
    assert annotator.score([grey(90, "video")]) == [100]


def test_the_method_is_given_further_arguments(model, trusted):
    settings = {"model": str(model), "method": "score", "arguments": {"times": 2}}
    assert TransformersAnnotator(descriptor("image", **settings), trusted).score([grey(90)]) == [180]


def test_code_that_comes_with_a_model_is_not_run_unasked(model):
    with pytest.raises(AnnotationError, match=r"runs only with Permissions\(trust_remote_code=True\)"):
        TransformersAnnotator(descriptor("image", model=str(model), method="score"))


def test_a_model_that_is_not_in_the_cache_is_not_fetched(monkeypatch):
    asked = []

    def refuse(*address, **settings):
        asked.append(address)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(AnnotationError, match="nobody/nothing cannot be loaded"):
        TransformersAnnotator(descriptor("image", model="nobody/nothing", method="score"))
    assert not asked


def test_a_model_without_the_method_is_refused(model, trusted):
    with pytest.raises(AnnotationError, match="BrightModel of .* has no method rate"):
        TransformersAnnotator(descriptor("image", model=str(model), method="rate"), trusted)


@pytest.mark.parametrize("settings", [{"model": "a/b"}, {"model": "a/b", "method": "score", "prompt": "?"}])
def test_settings_are_checked(settings):
    with pytest.raises(AnnotationError, match="expected model and method"):
        TransformersAnnotator(descriptor("image", **settings))


@pytest.mark.parametrize("name", ["AutoJudge", "pipeline"])
def test_only_auto_classes_load_models(name):
    with pytest.raises(AnnotationError, match=f"transformers has no Auto class {name}"):
        TransformersAnnotator(descriptor("image", model="a/b", method="score", auto_class=name))


def test_an_image_is_no_video(model, trusted):
    annotator = TransformersAnnotator(descriptor("video", model=str(model), method="score"), trusted)
    with pytest.raises(AnnotationError, match="grey is an image; this annotator judges videos"):
        annotator.score([MediaItem("image", np.zeros((8, 8, 3), dtype=np.uint8), "grey")])
