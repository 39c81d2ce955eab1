"""The VITAL vision encoder: image encoder and motion extractor, which move together from decoder to decoder."""

from dataclasses import dataclass

import torch
from torch import nn
from transformers.modeling_outputs import ModelOutput
from transformers.modeling_utils import PreTrainedModel
from transformers.models.internvl.modeling_internvl import InternVLVisionModel
from transformers.processing_utils import Unpack
from transformers.utils import TransformersKwargs
from transformers.utils.generic import can_return_tuple

from .configuration_vital import VitalConfig, VitalVisionEncoderConfig
from .convert_vital import SLOW_PATHWAY, register_weight_conversions
from .modeling_slowfast import VitalMotionModel


SLOW_PATHWAY_KEYS = {SLOW_PATHWAY}

register_weight_conversions()


def normalize_pixels(pixels: torch.Tensor, config: VitalConfig | VitalVisionEncoderConfig) -> torch.Tensor:
    """
    Bring pixels to the range that the encoders were trained on.

    Args:
        pixels (`torch.Tensor` of shape `(n, 3, height, width)`): uint8, or floats that are already normalised.
        config: holds `image_mean` and `image_std`.

    Returns:
        `torch.Tensor`: floats of the same shape; uint8 becomes float32 (p / 255 − mean) / std.
    """
    if pixels.dtype != torch.uint8:
        return pixels
    mean = torch.tensor(config.image_mean, device=pixels.device).view(-1, 1, 1)
    std = torch.tensor(config.image_std, device=pixels.device).view(-1, 1, 1)
    return pixels.float().div_(255).sub_(mean).div_(std)


def motion_features(motion_tower: VitalMotionModel, pixels: torch.Tensor, config) -> torch.Tensor:
    """Features [frames, 256] of one clip [frames, 3, height, width]; uint8 frames are normalised chunk by chunk."""
    if motion_tower.training:
        return motion_tower(normalize_pixels(pixels, config))
    return motion_tower(normalize_pixels(chunk, config) for chunk in pixels.split(motion_tower.chunk_frames))


@dataclass
class VitalVisionEncoderOutput(ModelOutput):
    """
    Args:
        last_hidden_state (`torch.FloatTensor` of shape `(tiles, patches + 1, hidden)`, *optional*): image encoder.
        motion_features (`torch.FloatTensor` of shape `(frames, 256)`, *optional*): motion extractor.
        hidden_states, attentions (`tuple(torch.FloatTensor)`, *optional*): of the image encoder, when asked for with
            `output_hidden_states` and `output_attentions`.
    """

    last_hidden_state: torch.FloatTensor | None = None
    motion_features: torch.FloatTensor | None = None
    hidden_states: tuple[torch.FloatTensor, ...] | None = None
    attentions: tuple[torch.FloatTensor, ...] | None = None


class SavesNativeKeys:
    """For models that read other formats: `save_pretrained` writes our keys, not those of the file that was read."""

    def save_pretrained(self, save_directory, **kwargs):
        kwargs.setdefault("save_original_format", False)
        return super().save_pretrained(save_directory, **kwargs)


class VitalVisionEncoder(SavesNativeKeys, PreTrainedModel):
    """
    Image encoder and motion extractor alone: the paper's Vision-Encoder-300M.

    `from_pretrained` reads its own files, whole VITAL checkpoints and the authors' release (taking what belongs to
    the encoder); `model.load_vision_encoder(encoder)` puts it before another decoder.
    """

    config: VitalVisionEncoderConfig
    config_class = VitalVisionEncoderConfig
    base_model_prefix = "vision_encoder"
    main_input_name = "pixel_values"
    input_modalities = ("image", "video")
    supports_gradient_checkpointing = True
    _no_split_modules = ["InternVLVisionLayer", "VitalMotionModel"]
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True
    _keys_to_ignore_on_load_unexpected = SLOW_PATHWAY_KEYS | {
        r"^(model\.)?(language_model|multi_modal_projector|motion_projector)\.",
        r"^(lm_head|mlp1|motion_mlp|quality)\.",
    }

    def __init__(self, config: VitalVisionEncoderConfig):
        super().__init__(config)
        self.vision_tower = InternVLVisionModel._from_config(config.vision_config)
        self.motion_tower = VitalMotionModel._from_config(config.motion_config)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.vision_tower.get_input_embeddings()

    @can_return_tuple
    def forward(
        self,
        pixel_values: torch.Tensor | None = None,
        pixel_values_motion: torch.Tensor | None = None,
        **kwargs: Unpack[TransformersKwargs],
    ) -> VitalVisionEncoderOutput:
        """
        Args:
            pixel_values (`torch.Tensor` of shape `(tiles, 3, height, width)`, *optional*): tiles or key frames.
            pixel_values_motion (`torch.Tensor` of shape `(frames, 3, height, width)`, *optional*): one clip.
        """
        if pixel_values is None and pixel_values_motion is None:
            raise ValueError("Neither pixel_values nor pixel_values_motion was given; pass at least one of them.")
        image, motion = {}, None
        if pixel_values is not None:
            pixels = normalize_pixels(pixel_values, self.config).to(self.dtype)
            image = self.vision_tower(pixels, return_dict=True, **kwargs)
        if pixel_values_motion is not None:
            motion = motion_features(self.motion_tower, pixel_values_motion, self.config)
        return VitalVisionEncoderOutput(
            last_hidden_state=image.get("last_hidden_state"),
            motion_features=motion,
            hidden_states=image.get("hidden_states"),
            attentions=image.get("attentions"),
        )


__all__ = ["VitalVisionEncoder"]
