"""Configurations: `VitalConfig`, its motion part, the vision encoder alone; other formats read as `VitalConfig`."""

import json
from pathlib import Path

from huggingface_hub.dataclasses import strict
from transformers.configuration_utils import PreTrainedConfig, SubConfigSpec
from transformers.models.auto import AutoConfig
from transformers.models.internvl.configuration_internvl import InternVLConfig, InternVLVisionConfig


IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
QWEN_LEVEL_TOKEN_IDS = (1550, 1661, 6624, 7852, 3347)  # " high", " good", " fair", " poor", " low" (paper, Sec. 8.1)


@strict
class VitalMotionConfig(PreTrainedConfig):
    r"""
    The fast pathway of SlowFast-R50, the motion extractor of VITAL (paper, Table 8).

    Args:
        num_channels (`int`, *optional*, defaults to 3): colour channels of a frame.
        stem_channels (`int`, *optional*, defaults to 8): channels after the stem.
        stage_depths (`list[int]`, *optional*, defaults to `[3, 4, 6, 3]`): bottleneck blocks per stage.
        stage_channels (`list[int]`, *optional*, defaults to `[32, 64, 128, 256]`): output channels per stage; a
            block works on a quarter of them inside. The last is the size of a motion feature.

    Example:

    ```python
    >>> from transformers_vital import VitalMotionConfig
    >>> VitalMotionConfig().hidden_size
    256

    ```
    """

    model_type = "vital_motion"
    base_config_key = "motion_config"

    num_channels: int = 3
    stem_channels: int = 8
    stage_depths: list[int] | tuple[int, ...] = (3, 4, 6, 3)
    stage_channels: list[int] | tuple[int, ...] = (32, 64, 128, 256)
    batch_norm_eps: float = 1e-5
    batch_norm_momentum: float = 0.1
    initializer_range: float = 0.02

    @property
    def hidden_size(self) -> int:
        return self.stage_channels[-1]


@strict
class VitalVisionEncoderConfig(PreTrainedConfig):
    r"""
    Image encoder and motion extractor without a decoder: what VITAL pre-trains and moves between decoders.

    Args:
        vision_config (`InternVLVisionConfig`, *optional*): the image encoder.
        motion_config (`VitalMotionConfig`, *optional*): the motion extractor.
        image_mean (`float` or `list[float]`, *optional*): subtracted from pixels in [0, 1], per channel.
        image_std (`float` or `list[float]`, *optional*): divisor after that, per channel.
    """

    model_type = "vital_vision_encoder"
    sub_configs_defaults = {"vision_config": InternVLVisionConfig, "motion_config": VitalMotionConfig}

    vision_config: dict | PreTrainedConfig | None = None
    motion_config: dict | PreTrainedConfig | None = None
    image_mean: float | list[float] | tuple[float, ...] = IMAGENET_MEAN
    image_std: float | list[float] | tuple[float, ...] = IMAGENET_STD

    @classmethod
    def get_config_dict(cls, pretrained_model_name_or_path, **kwargs):
        config_dict, kwargs = super().get_config_dict(pretrained_model_name_or_path, **kwargs)
        if config_dict.get("model_type") != cls.model_type:
            config_dict = cls._taken_from(config_dict)
        return config_dict, kwargs

    @classmethod
    def _taken_from(cls, source: dict) -> dict:
        """What belongs here of the `config.json` of a model that holds this one; others are returned unchanged."""
        whole = as_vital_config_dict(source)
        if whole.get("model_type") not in (VitalConfig.model_type, VitalVisionEncoderConfig.model_type):
            return whole
        kept = ("vision_config", "motion_config", "image_mean", "image_std", "dtype")
        return {name: whole[name] for name in kept if name in whole}


@strict
class VitalConfig(InternVLConfig):
    r"""
    InternVL's configuration plus the motion branch and the level read-out.

    Args:
        motion_config (`VitalMotionConfig`, *optional*): the motion extractor.
        video_token_id (`int`, *optional*, defaults to 151656): placeholder of every token of a video.
        level_token_ids (`list[int]`, *optional*): vocabulary ids of " high", " good", " fair", " poor", " low", in
            this order; Qwen's by default. `None` where the tokenizer is not chosen yet.
        motion_readout (`str`, *optional*, defaults to `"transposed"`): how the [256, T] motion features become T
            tokens. `"transposed"`: token t is the feature of frame t. `"reshaped"`: the same numbers re-read row by
            row as [T, 256], as the authors' release does; their weights need it.
        image_mean (`float` or `list[float]`, *optional*): subtracted from pixels in [0, 1], per channel.
        image_std (`float` or `list[float]`, *optional*): divisor after that, per channel.

    `from_pretrained` also reads the configuration of an InternVL `-hf` checkpoint (motion part added) and of the
    authors' release (`model_type` "internvl_chat").

    Example:

    ```python
    >>> from transformers_vital import VitalConfig
    >>> config = VitalConfig(text_config={"model_type": "qwen2", "hidden_size": 896})
    >>> config.text_config.hidden_size, config.motion_config.hidden_size, config.vision_config.hidden_size
    (896, 256, 1024)

    ```
    """

    model_type = "vital"
    sub_configs_defaults = {
        "text_config": SubConfigSpec(config_class=AutoConfig, model_type="qwen2"),
        "vision_config": InternVLVisionConfig,
        "motion_config": VitalMotionConfig,
    }

    motion_config: dict | PreTrainedConfig | None = None
    video_token_id: int = 151656
    level_token_ids: list[int] | tuple[int, ...] | None = QWEN_LEVEL_TOKEN_IDS
    motion_readout: str = "transposed"
    image_mean: float | list[float] | tuple[float, ...] = IMAGENET_MEAN
    image_std: float | list[float] | tuple[float, ...] = IMAGENET_STD
    tie_word_embeddings: bool = False

    def __post_init__(self, **kwargs):
        if self.motion_readout not in ("transposed", "reshaped"):
            raise ValueError(
                f"motion_readout is {self.motion_readout!r}; expected 'transposed' (one token per motion frame) or "
                "'reshaped' (the reading of the authors' release)."
            )
        if self.level_token_ids is not None and len(self.level_token_ids) != 5:
            raise ValueError(
                f"level_token_ids has {len(self.level_token_ids)} entries; expected the five vocabulary ids of "
                "high, good, fair, poor, low."
            )
        super().__post_init__(**kwargs)

    @classmethod
    def get_config_dict(cls, pretrained_model_name_or_path, **kwargs):
        config_dict, kwargs = super().get_config_dict(pretrained_model_name_or_path, **kwargs)
        return as_vital_config_dict(config_dict, folder=Path(str(pretrained_model_name_or_path))), kwargs


class InternVLChatConfig(VitalConfig):
    """Lets `AutoConfig` read the authors' `internvl_chat` files; what comes out is a plain [`VitalConfig`]."""

    model_type = "internvl_chat"

    @classmethod
    def from_dict(cls, config_dict, **kwargs):
        folder = Path(str(kwargs.get("name_or_path", "")))
        return VitalConfig.from_dict(as_vital_config_dict(config_dict, folder=folder), **kwargs)


def as_vital_config_dict(config_dict: dict, *, folder: Path | None = None) -> dict:
    """
    Translate the `config.json` of an InternVL `-hf` or authors' checkpoint to that of [`VitalConfig`].

    Args:
        config_dict (`dict`): the parsed file; returned unchanged where it is of neither format.
        folder (`Path`, *optional*): where its tokenizer files may lie; they name the placeholder ids, which the
            authors' configuration does not hold.

    Returns:
        `dict`: keyword arguments of [`VitalConfig`].

    Raises:
        `ValueError`: an `internvl_chat` setting that this model does not implement.
    """
    model_type = config_dict.get("model_type")
    if model_type == "internvl":
        return {**config_dict, "model_type": VitalConfig.model_type, "architectures": None}
    if model_type == "internvl_chat":
        return _from_internvl_chat(config_dict, folder)
    return config_dict


def _from_internvl_chat(source: dict, folder: Path | None) -> dict:
    supported = {"ps_version": ("v2", "v1"), "select_layer": (-1, -1), "pad2square": (False, False)}
    for name, (needed, default) in supported.items():
        if source.get(name, default) != needed:
            raise ValueError(
                f"This internvl_chat configuration has {name}={source.get(name, default)!r}; only {needed!r} is "
                "supported, the value of InternVL3 and of the authors' checkpoints. Check that it is one of them."
            )
    vision = source["vision_config"]
    vision_config = {
        "hidden_size": vision["hidden_size"],
        "num_hidden_layers": vision["num_hidden_layers"],
        "num_attention_heads": vision["num_attention_heads"],
        "intermediate_size": vision["intermediate_size"],
        "image_size": source.get("force_image_size") or vision["image_size"],
        "patch_size": vision["patch_size"],
        "num_channels": vision.get("num_channels", 3),
        "attention_bias": vision.get("qkv_bias", True),
        "use_qk_norm": vision.get("qk_normalization", False),
        "norm_type": vision.get("norm_type", "layer_norm"),
        "layer_norm_eps": vision.get("layer_norm_eps", 1e-6),
        "hidden_act": vision.get("hidden_act", "gelu"),
        "use_absolute_position_embeddings": True,
        "use_mean_pooling": True,  # in InternVL: no norm after the last layer
    }
    text_config = {**source["llm_config"], "tie_word_embeddings": False}
    vocab_size = text_config["vocab_size"]
    ids = _added_token_ids(folder)
    tile, patch = vision_config["image_size"], vision_config["patch_size"]
    ratio = source.get("downsample_ratio", 0.5)
    return {
        "model_type": VitalConfig.model_type,
        "vision_config": vision_config,
        "text_config": text_config,
        "downsample_ratio": ratio,
        "image_seq_length": int((tile // patch * ratio) ** 2),
        "projector_hidden_act": "gelu",
        # the InternVL3 vocabulary ends with nine added tokens, <IMG_CONTEXT> the third of them, after Qwen2.5's own
        "image_token_id": ids.get("<IMG_CONTEXT>", vocab_size - 7),
        "video_token_id": ids.get("<|video_pad|>", vocab_size - 18),
        "motion_readout": "reshaped",
        "tie_word_embeddings": False,
        "dtype": source.get("torch_dtype", source.get("dtype")),
    }


def _added_token_ids(folder: Path | None) -> dict[str, int]:
    if folder is None or not (folder / "added_tokens.json").is_file():
        return {}
    return json.loads((folder / "added_tokens.json").read_text(encoding="utf-8"))


__all__ = ["VitalConfig", "VitalMotionConfig", "VitalVisionEncoderConfig"]
