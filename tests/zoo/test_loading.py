"""Scorers by name: which class, which weights, and what cannot score."""

import shutil

import pytest

from transformers_vital import VitalProbeScorer, VitalScorer
from transformers_vital.errors import CheckpointError
from transformers_vital.zoo import download
from transformers_vital.zoo.convert import convert
from transformers_vital.zoo.loading import load_scorer


@pytest.fixture
def hub(monkeypatch):
    """`hub(folder)`: what the Hub gives for every name."""
    return lambda folder: monkeypatch.setattr(download, "snapshot_download", lambda *_, **__: str(folder))


def test_a_name_of_the_zoo_loads_the_authors_weights_and_is_told_by_them(hub, release_checkpoint, goldens):
    hub(release_checkpoint)
    scorer = load_scorer("vital-base-8b")
    assert type(scorer) is VitalScorer and scorer.fingerprint.model == "JZHWS/VITAL-Base-8B"
    picture = goldens / "images" / "square_448.png"
    assert scorer.score(picture).score == VitalScorer.from_pretrained(release_checkpoint).score(picture).score


def test_the_probe_of_the_zoo_is_scored_as_one(hub, goldens):
    hub(goldens / "probe_checkpoint")
    scorer = load_scorer("vital-linear-probe")
    assert type(scorer) is VitalProbeScorer and scorer.fingerprint.model == "JZHWS/VITAL-Linear-Probe"


def test_a_folder_with_a_probe_is_scored_as_one(goldens, tmp_path):
    convert(goldens / "probe_checkpoint", output=tmp_path / "probe")
    assert type(load_scorer(str(tmp_path / "probe"))) is VitalProbeScorer


def test_a_folder_of_that_name_comes_first(tiny_folder, tmp_path, monkeypatch):
    shutil.copytree(tiny_folder, tmp_path / "vital-base-8b")
    monkeypatch.chdir(tmp_path)
    assert load_scorer("vital-base-8b").fingerprint.model == "vital-base-8b"


def test_an_encoder_cannot_score_and_says_what_to_do(encoder_folder):
    for name in ("vital-vision-encoder-300m", str(encoder_folder)):
        with pytest.raises(CheckpointError, match=f"{name} is a vision encoder .* zoo assemble --encoder {name}"):
            load_scorer(name)


def test_a_model_without_published_weights_says_how_to_make_them():
    with pytest.raises(CheckpointError, match="No weights of vital-mini are published. Make them: python examples"):
        load_scorer("vital-mini")
