"""The models by name: all of the paper's, with what is known of each."""

import pytest

from transformers_vital.errors import CheckpointError
from transformers_vital.scoring.default_model import hub_configs_folder
from transformers_vital.zoo.registry import KINDS, weights_repository, zoo_models


# as the README of the authors' repository lists them
PUBLISHED = {
    "vital-base-8b": "JZHWS/VITAL-Base-8B",
    "vital-assistant-8b": "JZHWS/VITAL-Assistant-8B",
    "vital-warm-up-1b": "JZHWS/VITAL-Warm-up-1B",
    "vital-warm-up-2b": "JZHWS/VITAL-Warm-up-2B",
    "vital-warm-up-14b": "JZHWS/VITAL-Warm-up-14B",
    "vital-vision-encoder-300m": "JZHWS/VITAL-Vision-Encoder-300M",
    "vital-linear-probe": "JZHWS/VITAL-Linear-Probe",
}


def test_published_weights_are_where_the_authors_say():
    assert {name: model.weights for name, model in zoo_models().items() if model.weights} == PUBLISHED


def test_every_model_can_be_had_somehow():
    for model in zoo_models().values():
        assert model.kind in KINDS
        assert model.source, model.name
        assert model.encoder is None or model.encoder in zoo_models()


def test_every_configuration_has_a_name_in_the_zoo():
    folders = {path.parent.name for path in (hub_configs_folder() / "models").glob("*/config.json")}
    assert (
        folders == {name for name, model in zoo_models().items() if model.files} == set(zoo_models()) - {"vital-mini"}
    )


def test_a_zero_says_how_it_is_made():
    made = r"zoo assemble --encoder vital-vision-encoder-300m --decoder OpenGVLab/InternVL3-2B-hf -o vital-zero-2b"
    with pytest.raises(CheckpointError, match=f"No weights of vital-zero-2b are published. .*{made}"):
        weights_repository("vital-zero-2b")


def test_there_is_nothing_to_download_of_the_default_model():
    with pytest.raises(CheckpointError, match="vital-tiny is part of the package and on this machine already"):
        weights_repository("vital-tiny")
