"""Sizes of the paper's Table 8 and of the extra decoders, counted on the meta device."""

import pytest
import torch
from transformers import AutoConfig

from transformers_vital import VitalForConditionalGeneration, VitalVisionEncoder, VitalVisionEncoderConfig
from transformers_vital.scoring.default_model import hub_configs_folder


MODELS = hub_configs_folder() / "models"
FAST_PATHWAY = 514_152  # of SlowFast-R50's 33.64 M, which the paper states


def millions(module) -> float:
    return round(sum(parameter.numel() for parameter in module.parameters()) / 1e6, 2)


def build(name: str) -> VitalForConditionalGeneration:
    with torch.device("meta"):
        return VitalForConditionalGeneration(AutoConfig.from_pretrained(MODELS / name))


# image encoder, image and motion projector, decoder in millions: Table 8 for 8B, the authors' code for the others
SIZES = {
    "vital-zero-1b": (304.01, 4.48, 1.03, 629.70),
    "vital-zero-2b": (304.01, 8.66, 2.76, 1776.28),
    "vital-base-8b": (304.01, 27.54, 13.77, 7612.82),
    "vital-zero-14b": (304.01, 47.20, 27.54, 14766.04),
}


@pytest.mark.parametrize("name", SIZES)
def test_parameter_counts_are_those_of_table_8(name):
    model = build(name)
    inner = model.model
    decoder = millions(inner.language_model) + millions(model.lm_head)
    image, image_projector, motion_projector, language = SIZES[name]
    assert millions(inner.vision_tower) == image
    assert millions(inner.multi_modal_projector) == pytest.approx(image_projector, abs=0.005)
    assert millions(inner.motion_projector) == pytest.approx(motion_projector, abs=0.005)
    assert decoder == pytest.approx(language, abs=0.011)
    assert sum(parameter.numel() for parameter in inner.motion_tower.parameters()) == FAST_PATHWAY


# published sizes of the decoders: Qwen2 and Qwen2.5 7B have 7.62 B, InternLM2.5-7B 7.74 B parameters
@pytest.mark.parametrize(
    ("name", "billions", "decoder"),
    [
        ("vital-zero-qwen2-7b", 7.61, "Qwen2Model"),
        ("vital-zero-qwen2.5-7b", 7.61, "Qwen2Model"),
        ("vital-zero-internlm2.5-7b", 7.74, "LlamaModel"),
    ],
)
def test_extra_decoders_have_their_published_size(name, billions, decoder):
    model = build(name)
    assert type(model.model.language_model).__name__ == decoder
    size = (millions(model.model.language_model) + millions(model.lm_head)) / 1e3
    assert size == pytest.approx(billions, abs=0.01)


def test_vision_encoder_alone_has_the_size_of_its_parts():
    with torch.device("meta"):
        encoder = VitalVisionEncoder(VitalVisionEncoderConfig.from_pretrained(MODELS / "vital-vision-encoder-300m"))
    assert millions(encoder.vision_tower) == 304.01
    assert sum(parameter.numel() for parameter in encoder.motion_tower.parameters()) == FAST_PATHWAY


def test_vital_tiny_fits_in_60_mb_of_16_bit_weights():
    model = build("vital-tiny")
    assert sum(parameter.numel() for parameter in model.parameters()) * 2 < 60e6
