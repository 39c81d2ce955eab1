"""Metrics of `pyiqa`: names and directions against its own list, and what it is given, with a stand-in."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from transformers_vital.annotation.opinions.annotators import (
    AnnotatorDescriptor,
    Permissions,
    list_annotators,
    load_annotator,
)
from transformers_vital.annotation.opinions.pyiqa_adapter import PyiqaAnnotator
from transformers_vital.errors import AnnotationError, MissingExtraError
from transformers_vital.media.inputs import MediaItem


NAMES = [descriptor.name for descriptor in list_annotators() if descriptor.adapter == "pyiqa"]


def descriptor(direction: str = "higher", **settings) -> AnnotatorDescriptor:
    return AnnotatorDescriptor(
        name="metric",
        kind="image",
        direction=direction,
        score_range=(None, None),
        licence="MIT",
        citation="Somebody, 2026.",
        homepage="https://example.org",
        trained_on="nothing",
        adapter="pyiqa",
        settings=settings,
    )


@pytest.fixture
def made(monkeypatch):
    """A stand-in for `pyiqa` whose metric is the mean of what it is given; the calls that made it."""
    calls = []

    def create_metric(name, **settings):
        calls.append((name, settings))
        print("Loading weights")
        return lambda pixels: pixels.mean(dim=(1, 2, 3))

    configs = SimpleNamespace(
        DEFAULT_CONFIGS={
            "bright": {"metric_mode": "NR"},
            "dark": {"metric_mode": "NR", "lower_better": True},
            "psnr": {"metric_mode": "FR"},
        }
    )
    package = ModuleType("pyiqa")
    package.create_metric, package.default_model_configs = create_metric, configs
    monkeypatch.setitem(sys.modules, "pyiqa", package)
    monkeypatch.setitem(sys.modules, "pyiqa.default_model_configs", configs)
    return calls


def test_a_metric_is_given_a_batch_of_one_from_0_to_1(made):
    items = [MediaItem("image", np.full((4, 6, 3), level, dtype=np.uint8), "grey") for level in (0, 51, 255)]
    scores = PyiqaAnnotator(descriptor(metric="bright")).score(items)
    assert scores == pytest.approx([0, 0.2, 1])


def test_options_and_the_device_are_handed_on_and_nothing_is_printed(made, capsys):
    PyiqaAnnotator(descriptor(metric="bright", crop=2), Permissions(device="cuda:1"))
    assert made == [("bright", {"as_loss": False, "device": "cuda:1", "crop": 2})]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("metric", ["psnr", "blurry", None])
def test_only_metrics_without_a_reference_are_known(made, metric):
    with pytest.raises(AnnotationError, match="no no-reference metric of pyiqa. It has bright, dark"):
        PyiqaAnnotator(descriptor(metric=metric))


@pytest.mark.parametrize(("direction", "metric"), [("higher", "dark"), ("lower", "bright")])
def test_a_direction_that_is_not_that_of_the_metric_is_refused(made, direction, metric):
    with pytest.raises(AnnotationError, match="the other way round. Change it."):
        PyiqaAnnotator(descriptor(direction, metric=metric))


def test_without_pyiqa_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyiqa", None)
    with pytest.raises(MissingExtraError, match="annotators"):
        PyiqaAnnotator(descriptor(metric="topiq_nr"))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_fetched_unasked(name):
    with pytest.raises(AnnotationError, match="downloads are not allowed"):
        load_annotator(name)


@pytest.mark.parametrize("name", NAMES)
def test_name_direction_and_range_are_those_of_pyiqa(name):
    configs = pytest.importorskip("pyiqa.default_model_configs").DEFAULT_CONFIGS
    [described] = [descriptor for descriptor in list_annotators() if descriptor.name == name]
    config = configs[described.settings["metric"]]
    assert config["metric_mode"] == "NR"
    assert described.higher_is_better is not config.get("lower_better", False)
    limits = tuple(float(limit.strip(" ~")) for limit in config["score_range"].split(","))
    # pyiqa marks with ~ what is only typical; we may say that there is no limit
    assert all(ours in (None, theirs) for ours, theirs in zip(described.score_range, limits, strict=True))
