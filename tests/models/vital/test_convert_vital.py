"""Checkpoints of other formats: the authors' release, InternVL `-hf`, pytorchvideo's SlowFast."""

import json
import re
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoModelForImageTextToText, AutoProcessor, InternVLForConditionalGeneration
from transformers.conversion_mapping import get_model_conversion_mapping

from transformers_vital import (
    VitalConfig,
    VitalForConditionalGeneration,
    VitalMotionConfig,
    VitalMotionModel,
    VitalProcessor,
    VitalVisionEncoder,
)
from transformers_vital.models.vital.convert_vital import (
    SLOW_PATHWAY,
    convert_checkpoint,
    fast_pathway_state_dict,
    load_slowfast,
)
from transformers_vital.scoring.default_model import hub_configs_folder


@pytest.fixture(scope="module")
def official_8b(goldens) -> dict[str, list[int]]:
    keys = json.loads((goldens / "state_dict_keys_8b.json").read_text())["keys"]
    return {name: shape for name, (shape, _) in keys.items()}


def renamed(model, key: str) -> list[str]:
    """The native names that `from_pretrained` gives to the weights of an official key."""
    transforms = get_model_conversion_mapping(model)
    for transform in transforms:
        if not hasattr(transform, "operations"):
            key, _ = transform.rename_source_key(key)
    for transform in transforms:
        if hasattr(transform, "operations") and transform.rename_source_key(key)[1] is not None:
            source, targets = transform.source_patterns[0], transform.target_patterns
            return [key.replace(source, target) for target in targets]
    return [key]


def test_every_key_of_the_official_8b_model_is_accounted_for(official_8b):
    config = VitalConfig.from_pretrained(hub_configs_folder() / "models" / "vital-base-8b")
    with torch.device("meta"):
        model = VitalForConditionalGeneration(config)
    native = {name: list(tensor.shape) for name, tensor in model.state_dict().items()}
    filled, dropped = {}, []
    for key, shape in official_8b.items():
        if re.search(SLOW_PATHWAY, key):
            dropped.append(key)
            continue
        names = renamed(model, key)
        split = [shape[0] // len(names), *shape[1:]] if len(names) > 1 else shape
        filled.update(dict.fromkeys(names, split))
    assert len(official_8b) == 1351
    assert len(dropped) == 342  # slow pathway and lateral connections, goldens' README
    assert filled == native


def test_release_checkpoint_loads_through_the_auto_classes(release_checkpoint):
    model, info = AutoModelForImageTextToText.from_pretrained(release_checkpoint, output_loading_info=True)
    assert type(model) is VitalForConditionalGeneration
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"]
    assert model.config.motion_readout == "reshaped"
    processor = AutoProcessor.from_pretrained(release_checkpoint)
    assert type(processor) is VitalProcessor
    assert processor.image_processor.tile_grid == "area"
    assert processor.video_processor.frame_sampling == "release"
    assert processor.video_scoring_layout == "release"


def test_slow_pathway_tensors_in_a_release_checkpoint_are_dropped_without_a_word(release_checkpoint, tmp_path):
    shutil.copytree(release_checkpoint, tmp_path, dirs_exist_ok=True)
    weights = load_file(tmp_path / "model.safetensors")
    slow = json.loads((tmp_path / "state_dict_keys.json").read_text())["omitted_slow_pathway_and_fusion_keys"]
    weights |= {name: torch.zeros(1) for name in slow}
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    _, info = VitalForConditionalGeneration.from_pretrained(tmp_path, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"]
    assert len(slow) == 342
    assert len(convert_checkpoint(tmp_path, tmp_path / "native")["dropped"]) == 342


def test_converted_release_checkpoint_has_native_keys_and_the_same_weights(release_checkpoint, tmp_path):
    report = convert_checkpoint(release_checkpoint, tmp_path)
    assert report["format"] == "internvl_chat"
    assert report["new"] == []
    native = load_file(tmp_path / "model.safetensors")
    assert all(name.startswith(("model.", "lm_head.")) for name in native)
    official = load_file(release_checkpoint / "model.safetensors")
    fused = official["vision_model.encoder.layers.0.attn.qkv.weight"]
    split = [native[f"model.vision_tower.encoder.layer.0.attention.{part}_proj.weight"] for part in "qkv"]
    assert torch.equal(torch.cat(split), fused)
    assert torch.equal(
        native["model.motion_tower.stages.3.blocks.2.conv_b.weight"],
        official["slowfast_model.feature_extraction.4.multipathway_blocks.1.res_blocks.2.branch2.conv_b.weight"],
    )
    reloaded, info = VitalForConditionalGeneration.from_pretrained(tmp_path, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"]
    direct = VitalForConditionalGeneration.from_pretrained(release_checkpoint)
    for name, tensor in direct.state_dict().items():
        assert torch.equal(tensor, reloaded.state_dict()[name]), name
    assert (
        VitalProcessor.from_pretrained(tmp_path).to_dict()
        == VitalProcessor.from_pretrained(release_checkpoint).to_dict()
    )
    assert json.loads((tmp_path / "config.json").read_text())["model_type"] == "vital"


def test_unknown_weights_stop_a_conversion(release_checkpoint, tmp_path):
    shutil.copytree(release_checkpoint, tmp_path / "odd")
    weights = load_file(tmp_path / "odd" / "model.safetensors") | {"extra.head.weight": torch.zeros(2)}
    save_file(weights, tmp_path / "odd" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"no place for, such as \['extra.head.weight'\]"):
        convert_checkpoint(tmp_path / "odd", tmp_path / "out")


def test_a_pickled_checkpoint_needs_permission(release_checkpoint, tmp_path):
    shutil.copytree(release_checkpoint, tmp_path / "pickled")
    weights = load_file(tmp_path / "pickled" / "model.safetensors")
    (tmp_path / "pickled" / "model.safetensors").unlink()
    torch.save(weights, tmp_path / "pickled" / "pytorch_model.bin")
    with pytest.raises(OSError, match="model.safetensors"):
        convert_checkpoint(tmp_path / "pickled", tmp_path / "out")
    report = convert_checkpoint(tmp_path / "pickled", tmp_path / "out", allow_pickle=True)
    assert report["new"] == []


def test_internvl_hf_checkpoint_loads_with_a_new_motion_branch_said_in_one_line(tiny_folder, tmp_path, caplog):
    vital = VitalForConditionalGeneration.from_pretrained(tiny_folder)
    config = {
        name: value.to_dict() if hasattr(value, "to_dict") else value
        for name, value in vars(vital.config).items()
        if name in ("vision_config", "text_config", "image_token_id", "image_seq_length", "tie_word_embeddings")
    }
    internvl = InternVLForConditionalGeneration(InternVLForConditionalGeneration.config_class(**config))
    internvl.save_pretrained(tmp_path)
    import logging

    from transformers.utils import logging as transformers_logging

    transformers_logging.enable_propagation()
    with caplog.at_level(logging.WARNING):
        model, info = VitalForConditionalGeneration.from_pretrained(tmp_path, output_loading_info=True)
    transformers_logging.disable_propagation()
    said = [record.getMessage() for record in caplog.records if "motion" in record.getMessage()]
    assert len(said) == 1 and "\n" not in said[0] and "newly initialised" in said[0]
    assert model.has_new_motion_parts and not info["missing_keys"]
    for name, tensor in internvl.state_dict().items():
        assert torch.equal(model.state_dict()[name], tensor), name
    assert model.model.motion_tower.stem.conv.weight.std() > 0


def pytorchvideo_slowfast(seed: int = 0) -> dict[str, torch.Tensor]:
    """Fast-pathway tensors under pytorchvideo's names, from the layer table of the release, with some others."""
    torch.manual_seed(seed)

    def norm(prefix, channels):
        return {
            f"{prefix}.weight": torch.rand(channels),
            f"{prefix}.bias": torch.randn(channels),
            f"{prefix}.running_mean": torch.randn(channels),
            f"{prefix}.running_var": torch.rand(channels),
            f"{prefix}.num_batches_tracked": torch.tensor(7),
        }

    state = {"blocks.0.multipathway_blocks.1.conv.weight": torch.randn(8, 3, 5, 7, 7)}
    state |= norm("blocks.0.multipathway_blocks.1.norm", 8)
    width = 8
    for stage, (depth, out) in enumerate([(3, 32), (4, 64), (6, 128), (3, 256)], start=1):
        for block in range(depth):
            prefix = f"blocks.{stage}.multipathway_blocks.1.res_blocks.{block}"
            inner = out // 4
            if block == 0:
                state[f"{prefix}.branch1_conv.weight"] = torch.randn(out, width, 1, 1, 1)
                state |= norm(f"{prefix}.branch1_norm", out)
            state[f"{prefix}.branch2.conv_a.weight"] = torch.randn(inner, width, 3, 1, 1)
            state[f"{prefix}.branch2.conv_b.weight"] = torch.randn(inner, inner, 1, 3, 3)
            state[f"{prefix}.branch2.conv_c.weight"] = torch.randn(out, inner, 1, 1, 1)
            for part, channels in [("a", inner), ("b", inner), ("c", out)]:
                state |= norm(f"{prefix}.branch2.norm_{part}", channels)
            width = out
    others = [
        "blocks.0.multipathway_blocks.0.conv.weight",
        "blocks.1.multipathway_fusion.norm.bias",
        "blocks.6.proj.weight",
    ]
    return state | {name: torch.zeros(1) for name in others}


def test_slowfast_file_of_pytorchvideo_fills_the_motion_tower(tmp_path):
    weights = pytorchvideo_slowfast()
    torch.save({"model_state": weights}, tmp_path / "SLOWFAST_8x8_R50.pyth")
    model = VitalMotionModel(VitalMotionConfig())
    with pytest.raises(ValueError, match="allow_pickle=True"):
        load_slowfast(model, tmp_path / "SLOWFAST_8x8_R50.pyth")
    dropped = load_slowfast(model, tmp_path / "SLOWFAST_8x8_R50.pyth", allow_pickle=True)
    assert len(dropped) == 3
    fast = {name: value for name, value in weights.items() if ".multipathway_blocks.1." in name}
    assert sum(tensor.numel() for tensor in model.state_dict().values()) == sum(
        value.numel() for value in fast.values()
    )
    name = "blocks.2.multipathway_blocks.1.res_blocks.0.branch1_norm.running_var"
    assert torch.equal(model.stages[1].blocks[0].shortcut_norm.running_var, weights[name])
    save_file(weights, tmp_path / "slowfast.safetensors")
    assert load_slowfast(model, tmp_path / "slowfast.safetensors") == dropped


def test_a_state_dict_without_a_fast_pathway_is_refused():
    with pytest.raises(ValueError, match="hold no fast pathway"):
        fast_pathway_state_dict({"blocks.0.multipathway_blocks.0.conv.weight": torch.zeros(1)})


def test_a_pickle_with_code_is_not_run(tmp_path):
    class Harm:
        def __reduce__(self):
            return (open, (str(tmp_path / "harmed"), "w"))

    torch.save({"model_state": {"blocks.0": Harm()}}, tmp_path / "bad.pyth")
    with pytest.raises(Exception, match="[Ww]eights_only|Weights only"):
        load_slowfast(VitalMotionModel(VitalMotionConfig()), tmp_path / "bad.pyth", allow_pickle=True)
    assert not (tmp_path / "harmed").exists()


def test_the_vision_encoder_is_saved_loaded_and_moved_on_its_own(tiny_folder, release_checkpoint, tmp_path):
    model = VitalForConditionalGeneration.from_pretrained(tiny_folder)
    model.get_vision_encoder().save_pretrained(tmp_path)
    encoder, info = VitalVisionEncoder.from_pretrained(tmp_path, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"]
    assert type(AutoModel.from_pretrained(tmp_path)) is VitalVisionEncoder
    assert all(name.startswith(("vision_tower.", "motion_tower.")) for name in encoder.state_dict())
    other = VitalForConditionalGeneration(model.config)
    assert not torch.equal(other.model.motion_tower.stem.conv.weight, model.model.motion_tower.stem.conv.weight)
    other.load_vision_encoder(encoder)
    for part in ("vision_tower", "motion_tower"):
        expected = getattr(model.model, part).state_dict()
        assert all(
            torch.equal(value, expected[name]) for name, value in getattr(other.model, part).state_dict().items()
        )


@pytest.mark.parametrize("source", ["tiny_folder", "release_checkpoint"])
def test_the_vision_encoder_loads_out_of_a_whole_checkpoint(source, request):
    folder = request.getfixturevalue(source)
    encoder, info = VitalVisionEncoder.from_pretrained(folder, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"]
    whole = VitalForConditionalGeneration.from_pretrained(folder).model
    for part in ("vision_tower", "motion_tower"):
        expected = getattr(whole, part).state_dict()
        assert all(torch.equal(value, expected[name]) for name, value in getattr(encoder, part).state_dict().items())
