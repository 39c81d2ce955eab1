"""Other weights, read as ours: the authors' release, its vision encoder and probe, and pytorchvideo's SlowFast-R50."""

import re
from pathlib import Path

import torch
from transformers.conversion_mapping import register_checkpoint_conversion_mapping
from transformers.core_model_loading import Chunk, ConversionOps, WeightConverter, WeightRenaming


# The fast pathway is pathway 1 of every stage; stage 0 is the stem.
FAST_PATHWAY_RENAMINGS = [
    (r"^0\.multipathway_blocks\.1\.", "stem."),
    *[(rf"^{stage}\.multipathway_blocks\.1\.res_blocks\.", f"stages.{stage - 1}.blocks.") for stage in range(1, 5)],
]
FAST_BLOCK_RENAMINGS = [(r"\.branch1_", ".shortcut_"), (r"\.branch2\.", ".")]

# The rest of SlowFast, which nothing reads: slow pathway and lateral connections.
SLOW_PATHWAY = r"\.multipathway_(blocks\.0|fusion)\."

VISION_RENAMINGS = [
    (r"^vision_tower\.embeddings\.class_embedding", "vision_tower.embeddings.cls_token"),
    (r"^vision_tower\.embeddings\.position_embedding(?!s)", "vision_tower.embeddings.position_embeddings"),
    (r"^vision_tower\.embeddings\.patch_embedding\.", "vision_tower.embeddings.patch_embeddings.projection."),
    (r"^vision_tower\.encoder\.layers\.", "vision_tower.encoder.layer."),
    *[
        (rf"(vision_tower\.encoder\.layer\.\d+)\.{source}", rf"\1.{target}")
        for source, target in [
            (r"ls1", "lambda_1"),
            (r"ls2", "lambda_2"),
            (r"norm1\.", "layernorm_before."),
            (r"norm2\.", "layernorm_after."),
            (r"attn\.proj\.", "attention.projection_layer."),
            (r"attn\.qkv\.", "attention.fused_qkv."),
        ]
    ],
]
PROJECTOR_RENAMINGS = [
    (rf"^{source}\.{index}\.", f"{target}.{layer}.")
    for source, target in [("mlp1", "multi_modal_projector"), ("motion_mlp", "motion_projector")]
    for index, layer in [(0, "layer_norm"), (1, "linear_1"), (3, "linear_2")]
]
DECODER_RENAMINGS = [
    (r"^language_model\.model\.", "model.language_model."),
    (r"^language_model\.lm_head\.", "lm_head."),
    *[(source, f"model.{target}") for source, target in PROJECTOR_RENAMINGS],
]
WHOLE_MODEL_RENAMINGS = [
    (rf"^model\.{part}\.", f"{part}.")
    for part in ("vision_tower", "motion_tower", "multi_modal_projector", "motion_projector")
]


class ReverseRows(ConversionOps):
    """Last row first: the released probe has its levels from low to high."""

    def convert(self, input_dict, source_patterns, target_patterns, **kwargs):
        ((rows,),) = input_dict.values()
        return {target_patterns[0]: rows.flip(0)}

    @property
    def reverse_op(self) -> "ReverseRows":
        return self


def register_weight_conversions() -> None:
    """Teach `from_pretrained` of the VITAL classes the key names of the authors' release (1,351 keys at 8B)."""
    split_qkv = WeightConverter(
        source_patterns="attention.fused_qkv",
        target_patterns=["attention.q_proj", "attention.k_proj", "attention.v_proj"],
        operations=[Chunk(dim=0)],
    )
    reverse_levels = WeightConverter(source_patterns="quality.1", target_patterns="head.1", operations=[ReverseRows()])

    def register(model_type: str, renamings: list[tuple[str, str]], *converters: WeightConverter) -> None:
        renamed = [WeightRenaming(source, target) for source, target in renamings]
        register_checkpoint_conversion_mapping(model_type, [*renamed, *converters])

    register("vital", DECODER_RENAMINGS + _encoder_renamings("model."), split_qkv)
    encoder = WHOLE_MODEL_RENAMINGS + _encoder_renamings("")
    register("vital_vision_encoder", encoder, split_qkv)
    head = [(r"^quality\.0\.", "head.0.")]
    register("vital_probe", encoder + PROJECTOR_RENAMINGS + head, split_qkv, reverse_levels)


def _encoder_renamings(prefix: str) -> list[tuple[str, str]]:
    fast = [
        (source.replace("^", r"^slowfast_model\.feature_extraction\."), f"{prefix}motion_tower.{target}")
        for source, target in FAST_PATHWAY_RENAMINGS
    ]
    block = [
        (rf"(motion_tower\.stages\.\d\.blocks\.\d){source}", rf"\1{target}") for source, target in FAST_BLOCK_RENAMINGS
    ]
    vision = [
        (source.replace("^", "^" + prefix.replace(".", r"\.")), prefix + target if source.startswith("^") else target)
        for source, target in VISION_RENAMINGS
    ]
    return [(r"^vision_model\.", f"{prefix}vision_tower."), *vision, *fast, *block]


def read_state_dict(path: str | Path, *, allow_pickle: bool = False) -> dict[str, torch.Tensor]:
    """
    Read a safetensors file, or a pickle of tensors when that is allowed.

    Args:
        path (`str` or `Path`): the file.
        allow_pickle (`bool`, *optional*, defaults to `False`): permit other suffixes, read with `weights_only=True`.

    Returns:
        `dict[str, torch.Tensor]`: tensors by name.

    Raises:
        `ValueError`: a pickle without permission, or a file that holds something else than tensors by name.
    """
    path = Path(path)
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    if not allow_pickle:
        raise ValueError(
            f"{path.name} is not a safetensors file; other formats are pickles. Pass allow_pickle=True "
            "(--allow-pickle on the command line) to read it with weights_only=True, or convert it first."
        )
    state_dict = torch.load(path, map_location="cpu", weights_only=True)
    state_dict = state_dict.get("model_state", state_dict.get("state_dict", state_dict))
    if not all(isinstance(value, torch.Tensor) for value in state_dict.values()):
        raise ValueError(f"{path.name} does not hold tensors by name; expected a state dict.")
    return state_dict


def fast_pathway_state_dict(slowfast: dict[str, torch.Tensor]) -> tuple[dict[str, torch.Tensor], list[str]]:
    """
    Pick the fast pathway out of a SlowFast-R50 state dict as pytorchvideo publishes it.

    Args:
        slowfast (`dict[str, torch.Tensor]`): keys `blocks.S.multipathway_blocks.1…` (fast), others (slow pathway,
            lateral connections, head). The same below `slowfast_model.feature_extraction.` is accepted too.

    Returns:
        the state dict of [`VitalMotionModel`], and the keys that nothing reads.

    Raises:
        `ValueError`: no fast pathway inside.
    """
    taken, dropped = {}, []
    for key, tensor in slowfast.items():
        name = re.sub(r"^(blocks|slowfast_model\.feature_extraction|feature_extraction)\.", "", key)
        if re.match(r"[0-4]\.multipathway_blocks\.1\.", name) is None:
            dropped.append(key)
            continue
        for source, target in FAST_PATHWAY_RENAMINGS + FAST_BLOCK_RENAMINGS:
            name = re.sub(source, target, name)
        taken[name] = tensor
    if not taken:
        raise ValueError(
            f"The {len(slowfast)} keys given hold no fast pathway (blocks.0…4.multipathway_blocks.1); expected the "
            "state dict of pytorchvideo's slowfast_r50."
        )
    return taken, dropped


def load_slowfast(motion_model, path: str | Path, *, allow_pickle: bool = False) -> list[str]:
    """
    Initialise a motion extractor from a SlowFast-R50 file of pytorchvideo.

    Args:
        motion_model ([`VitalMotionModel`]): changed in place.
        path (`str` or `Path`): the state dict file; pytorchvideo's own is a pickle.
        allow_pickle (`bool`, *optional*, defaults to `False`): see [`read_state_dict`].

    Returns:
        `list[str]`: keys of the file that nothing reads.
    """
    state_dict, dropped = fast_pathway_state_dict(read_state_dict(path, allow_pickle=allow_pickle))
    motion_model.load_state_dict(state_dict)
    return dropped


def convert_checkpoint(source: str | Path, output: str | Path, *, allow_pickle: bool = False) -> dict:
    """
    Write a checkpoint of another format as native safetensors with its processor.

    Args:
        source (`str` or `Path`): folder or Hub name of an authors' release or InternVL `-hf` checkpoint.
        output (`str` or `Path`): folder to write.
        allow_pickle (`bool`, *optional*, defaults to `False`): accept `pytorch_model.bin`.

    Returns:
        `dict`: `format` and `parameters`; lists `new` (initialised here) and `dropped` (read by nothing).

    Raises:
        `ValueError`: weights that this model has no place for.
    """
    from transformers.configuration_utils import PreTrainedConfig

    from .modeling_vital import VitalForConditionalGeneration
    from .processing_vital import VitalProcessor

    source_format = PreTrainedConfig.get_config_dict(source)[0].get("model_type")
    model, info = VitalForConditionalGeneration.from_pretrained(
        source, dtype="auto", use_safetensors=None if allow_pickle else True, output_loading_info=True
    )
    if info["unexpected_keys"]:
        raise ValueError(
            f"{source} holds weights that this model has no place for, such as {sorted(info['unexpected_keys'])[:3]}. "
            "Expected the authors' release, an InternVL3 -hf checkpoint or a VITAL checkpoint."
        )
    processor = VitalProcessor.from_pretrained(source)
    model.save_pretrained(output)
    processor.save_pretrained(output)
    motion = ["motion_tower", "motion_projector"] if model.has_new_motion_parts else []
    return {
        "format": source_format,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "new": sorted(info["missing_keys"]) + motion,
        "dropped": [key for key in _keys(source) if re.search(SLOW_PATHWAY, key)],
    }


def _keys(source: str | Path) -> list[str]:
    """Names of the tensors in the safetensors files of a local checkpoint."""
    from safetensors import safe_open

    keys = []
    for path in sorted(Path(source).glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:
            keys += file.keys()
    return keys
