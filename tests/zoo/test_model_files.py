"""The configurations in `hub_configs/models` against the authors' sizes and settings."""

import json
import runpy
from pathlib import Path

import pytest
import torch
from transformers import AutoConfig
from transformers.generation import GenerationConfig

from transformers_vital import VitalForQualityProbe
from transformers_vital.scoring.default_model import hub_configs_folder
from transformers_vital.scoring.probe import ProbeProcessors
from transformers_vital.zoo.registry import zoo_models


MODELS = hub_configs_folder() / "models"
LARGE = [name for name, model in zoo_models().items() if model.kind == "model" and model.decoder]


@pytest.mark.parametrize("name", LARGE)
def test_a_model_has_every_file_but_tokenizer_and_weights(name):
    assert AutoConfig.from_pretrained(MODELS / name).model_type == "vital"
    assert json.loads((MODELS / name / "processor_config.json").read_text())["processor_class"] == "VitalProcessor"
    assert "image_placeholder" in (MODELS / name / "chat_template.jinja").read_text(encoding="utf-8")
    generation = GenerationConfig.from_pretrained(MODELS / name)
    assert not generation.do_sample and generation.max_new_tokens == 2048


def test_an_answer_ends_as_the_authors_do():
    generation = GenerationConfig.from_pretrained(MODELS / "vital-base-8b")
    assert generation.eos_token_id == 151645 and generation.pad_token_id == 151643  # official_release, sec. 1.5
    assert generation.bos_token_id == 151644


@pytest.mark.parametrize(("one", "other"), [("base-8b", "assistant-8b"), ("zero-1b", "warm-up-1b")])
def test_models_that_differ_in_weights_only_have_the_same_configuration(one, other):
    for name in ("config.json", "processor_config.json", "generation_config.json"):
        assert (MODELS / f"vital-{one}" / name).read_bytes() == (MODELS / f"vital-{other}" / name).read_bytes()


def test_the_probe_has_the_authors_sizes():
    """1,606,405 weights in the head, official_release sec. 7; 12544 features, 128, 5 levels."""
    config = AutoConfig.from_pretrained(MODELS / "vital-linear-probe")
    with torch.device("meta"):
        probe = VitalForQualityProbe(config)
    assert sum(parameter.numel() for parameter in probe.head.parameters()) == 1_606_405
    processors = ProbeProcessors.from_pretrained(MODELS / "vital-linear-probe")
    assert processors.video_processor.frame_sampling == "release" and processors.video_processor.motion_stride == 1


def test_the_script_writes_what_is_there(tmp_path):
    script = Path(__file__).resolve().parents[2] / "scripts" / "write_model_configs.py"
    main = runpy.run_path(str(script))["main"]
    main.__globals__["FOLDER"] = tmp_path
    main()
    written = [path.relative_to(tmp_path) for path in sorted(tmp_path.rglob("*.*")) if path.is_file()]
    assert len(written) > 40
    assert [str(path) for path in written if (tmp_path / path).read_bytes() != (MODELS / path).read_bytes()] == []
