"""What a linear probe loads from, what it says about it, and that saving loses nothing."""

import json
import logging
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file
from small_probe import READINGS, VIDEOS, small_probe
from transformers import AutoModel
from transformers.utils import logging as transformers_logging

from transformers_vital import (
    VitalForConditionalGeneration,
    VitalForQualityProbe,
    VitalProbeConfig,
    VitalVisionEncoder,
)


def assert_same_weights(model, other) -> None:
    expected = other.state_dict()
    assert model.state_dict().keys() == expected.keys()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize("reading", READINGS)
def test_saving_and_loading_changes_nothing(reading, tmp_path):
    model = small_probe(reading)
    model.save_pretrained(tmp_path)
    loaded, info = AutoModel.from_pretrained(tmp_path, output_loading_info=True)
    assert type(loaded) is VitalForQualityProbe and not any(info.values()) and loaded.new_parts == ()
    assert loaded.config.reading == reading and tuple(loaded.config.layers) == (1, 3, 4)
    assert_same_weights(loaded, model)
    assert torch.equal(loaded.eval()(**VIDEOS).level_logits, model(**VIDEOS).level_logits)


def test_the_authors_probe_is_saved_in_our_format(goldens, tmp_path):
    model = VitalForQualityProbe.from_pretrained(goldens / "probe_checkpoint")
    model.save_pretrained(tmp_path)
    native = load_file(tmp_path / "model.safetensors")
    assert {name.split(".")[0] for name in native} == {"vision_tower", "motion_tower", "head"}
    assert json.loads((tmp_path / "config.json").read_text())["model_type"] == "vital_probe"
    loaded = AutoModel.from_pretrained(tmp_path)
    assert loaded.config.reading == "release" and list(loaded.config.layers) == [7, 13, 19]
    assert_same_weights(loaded, model)


@pytest.fixture
def load(caplog):
    """Load a probe; returns it with the lines that were said, after checking that no tensor was listed."""

    def run(source, **settings):
        transformers_logging.enable_propagation()
        with caplog.at_level(logging.WARNING):
            model, info = VitalForQualityProbe.from_pretrained(source, output_loading_info=True, **settings)
        transformers_logging.disable_propagation()
        assert not any(info.values())
        return model, [record.getMessage() for record in caplog.records]

    return run


def test_a_vital_model_lends_its_encoders_and_projectors(load, tiny_folder):
    model, said = load(tiny_folder, layers=[1, 2])
    assert said == ["The checkpoint lacks head: newly initialised. Train the probe before scoring."]
    assert model.new_parts == ("head",) and model.head.weight.std() > 0
    assert model.config.reading == "paper" and model.config.projection_dim == 32
    whole = VitalForConditionalGeneration.from_pretrained(tiny_folder).model
    for part in ("vision_tower", "motion_tower", "multi_modal_projector", "motion_projector"):
        assert_same_weights(getattr(model, part), getattr(whole, part))


def test_a_vision_encoder_lends_its_encoders(load, tiny_folder, tmp_path):
    encoder = VitalVisionEncoder.from_pretrained(tiny_folder)
    encoder.save_pretrained(tmp_path)
    model, said = load(tmp_path, layers=[1, 2])
    assert said == [
        "The checkpoint lacks multi_modal_projector, motion_projector, head: newly initialised. Train the probe "
        "before scoring."
    ]
    assert model.new_parts == ("multi_modal_projector", "motion_projector", "head")
    assert model.config.projection_dim == 3584
    assert_same_weights(model.vision_tower, encoder.vision_tower)
    assert_same_weights(model.motion_tower, encoder.motion_tower)


def test_the_released_model_lends_its_projectors_to_the_papers_reading(load, release_checkpoint):
    model, _ = load(release_checkpoint, reading="paper", layers=[1, 2, 3])
    assert model.new_parts == ("head",)
    official = load_file(release_checkpoint / "model.safetensors")
    assert torch.equal(model.multi_modal_projector.linear_2.weight, official["mlp1.3.weight"])
    assert torch.equal(model.motion_projector.linear_1.bias, official["motion_mlp.1.bias"])


def test_the_released_model_starts_a_probe_of_the_released_kind(load, release_checkpoint):
    model, _ = load(release_checkpoint, layers=[1, 2, 3], dtype="bfloat16")
    assert model.config.reading == "release" and model.new_parts == ("head",)
    assert model.dtype == torch.bfloat16 and model.head[0].weight.dtype == torch.float32


def test_the_encoders_of_a_probe_move_to_a_decoder(tiny_folder):
    probe = VitalForQualityProbe.from_pretrained(tiny_folder, layers=[1, 2])
    model = VitalForConditionalGeneration.from_pretrained(tiny_folder)
    with torch.no_grad():
        probe.motion_tower.stem.conv.weight.mul_(2)
    model.load_vision_encoder(probe)
    assert_same_weights(model.model.motion_tower, probe.motion_tower)


def test_settings_overrule_those_of_a_checkpoint_and_are_checked(goldens):
    folder = goldens / "probe_checkpoint"
    config = VitalProbeConfig.from_pretrained(folder, reading="paper")
    assert config.reading == "paper" and tuple(config.layers) == (6, 12, 18)
    with pytest.raises(ValueError, match="reading is 'official'"):
        VitalProbeConfig.from_pretrained(folder, reading="official")


def test_an_encoder_too_shallow_for_the_papers_layers_is_named(tiny_folder):
    with pytest.raises(ValueError, match=r"layers is \[6, 12, 18\]; .* from 1 to 2, the depth of the image encoder"):
        VitalForQualityProbe.from_pretrained(tiny_folder)


@pytest.mark.parametrize("first", ["transformers_vital", "transformers"])
def test_auto_model_knows_it_whichever_is_imported_first(tmp_path, first):
    small_probe().save_pretrained(tmp_path)
    code = f"""
import sys
import {first}
import transformers_vital
from transformers import AutoModel
print(type(AutoModel.from_pretrained(sys.argv[1])).__name__)
"""
    result = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert result.stdout.split() == ["VitalForQualityProbe"], result.stderr
