"""VITAL: InternVL plus a motion branch, read out at one position over five quality levels."""

from dataclasses import dataclass

import torch
from torch import nn
from transformers.activations import ACT2FN
from transformers.modeling_outputs import BaseModelOutputWithPooling, ModelOutput
from transformers.models.internvl.modeling_internvl import (
    InternVLCausalLMOutputWithPast,
    InternVLForConditionalGeneration,
    InternVLModel,
    InternVLModelOutputWithPast,
    InternVLPreTrainedModel,
)
from transformers.processing_utils import Unpack
from transformers.utils import TransformersKwargs, logging, torch_compilable_check
from transformers.utils.generic import can_return_tuple

from .configuration_vital import VitalConfig, VitalVisionEncoderConfig
from .head_vital import read_levels, target_log_probabilities
from .modeling_slowfast import VitalMotionModel
from .modeling_vital_encoder import (
    SLOW_PATHWAY_KEYS,
    SavesNativeKeys,
    VitalVisionEncoder,
    motion_features,
    normalize_pixels,
)


logger = logging.get_logger(__name__)


class VitalMotionProjector(nn.Module):
    """LayerNorm, Linear, GELU, Linear from motion features to decoder embeddings (paper, Table 8)."""

    def __init__(self, config: VitalConfig):
        super().__init__()
        self.layer_norm = nn.LayerNorm(config.motion_config.hidden_size)
        self.linear_1 = nn.Linear(config.motion_config.hidden_size, config.text_config.hidden_size)
        self.act = ACT2FN[config.projector_hidden_act]
        self.linear_2 = nn.Linear(config.text_config.hidden_size, config.text_config.hidden_size)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.linear_2(self.act(self.linear_1(self.layer_norm(features))))


@dataclass
class VitalLevelOutput(ModelOutput):
    """
    Args:
        level_logits (`torch.FloatTensor` of shape `(positions, 5)`, *optional*): float32, order high, good, fair,
            poor, low.
        level_mass (`torch.FloatTensor` of shape `(positions,)`, *optional*): share in [0, 1] of the next-token
            probability that falls on the five level words.
        target_log_probabilities (`torch.FloatTensor` of shape `(targets,)`, *optional*): float32, of the target
            tokens over the whole vocabulary.
    """

    level_logits: torch.FloatTensor | None = None
    level_mass: torch.FloatTensor | None = None
    target_log_probabilities: torch.FloatTensor | None = None


class VitalPreTrainedModel(SavesNativeKeys, InternVLPreTrainedModel):
    config: VitalConfig
    config_class = VitalConfig
    _no_split_modules = ["InternVLVisionLayer", "VitalMotionModel"]
    _keys_to_ignore_on_load_unexpected = SLOW_PATHWAY_KEYS

    has_new_motion_parts = False

    def _adjust_missing_and_unexpected_keys(self, loading_info) -> None:
        """Say in one line what a checkpoint without a motion branch would otherwise list tensor by tensor."""
        super()._adjust_missing_and_unexpected_keys(loading_info)
        motion = {key for key in self.state_dict() if "motion_tower." in key or "motion_projector." in key}
        if motion and motion == loading_info.missing_keys:
            loading_info.missing_keys -= motion
            self.has_new_motion_parts = True
            logger.warning(
                "The checkpoint has no motion branch: motion_tower and motion_projector are newly initialised. Load "
                "trained ones (load_vision_encoder, load_slowfast) or train before scoring videos."
            )


class VitalModel(VitalPreTrainedModel, InternVLModel):
    """InternVL's model with a motion tower: vision tower, motion tower, their projectors, decoder without a head."""

    def __init__(self, config: VitalConfig):
        super().__init__(config)
        self.motion_tower = VitalMotionModel._from_config(config.motion_config)
        self.motion_projector = VitalMotionProjector(config)
        self.post_init()

    def get_image_features(
        self,
        pixel_values: torch.Tensor,
        vision_feature_layer: int | list[int] | None = None,
        vision_feature_select_strategy: str | None = None,
        **kwargs: Unpack[TransformersKwargs],
    ) -> tuple | BaseModelOutputWithPooling:
        """
        Projected tokens of tiles; the motion branch takes no part.

        Args:
            pixel_values (`torch.Tensor` of shape `(tiles, 3, height, width)`): uint8, or normalised floats.

        Returns:
            `pooler_output` of shape `(tiles, tokens per tile, decoder hidden size)`.
        """
        return super().get_image_features(
            normalize_pixels(pixel_values, self.config),
            vision_feature_layer=vision_feature_layer,
            vision_feature_select_strategy=vision_feature_select_strategy,
            **kwargs,
        )

    @can_return_tuple
    def get_video_features(
        self,
        pixel_values_videos: torch.Tensor,
        pixel_values_motion: torch.Tensor | None = None,
        num_key_frames: torch.LongTensor | None = None,
        num_motion_frames: torch.LongTensor | None = None,
        **kwargs: Unpack[TransformersKwargs],
    ) -> tuple | BaseModelOutputWithPooling:
        """
        Tokens of videos: those of all key frames in time order, then one per motion frame.

        Args:
            pixel_values_videos (`torch.Tensor` of shape `(key frames of all videos, 3, height, width)`):
                uint8, or normalised floats.
            pixel_values_motion (`torch.Tensor` of shape `(motion frames of all, 3, height, width)`, *optional*):
                likewise; left out, the videos have key-frame tokens only.
            num_key_frames (`torch.LongTensor` of shape `(videos,)`, *optional*): how the first is shared out;
                one video by default.
            num_motion_frames (`torch.LongTensor` of shape `(videos,)`, *optional*): how the second is shared out.

        Returns:
            `pooler_output`: a list with a tensor `(tokens, decoder hidden size)` per video.
        """
        outputs = self.get_image_features(pixel_values_videos, return_dict=True, **kwargs)
        key_counts = item_counts(num_key_frames, pixel_values_videos, "num_key_frames", "pixel_values_videos")
        tokens = [frames.flatten(0, 1) for frames in outputs.pooler_output.split(key_counts)]
        if pixel_values_motion is not None:
            counts = item_counts(num_motion_frames, pixel_values_motion, "num_motion_frames", "pixel_values_motion")
            clips = pixel_values_motion.split(counts)
            if len(clips) != len(tokens):
                raise ValueError(f"Got key frames of {len(tokens)} videos and motion frames of {len(clips)}.")
            tokens = [
                torch.cat([key, self.get_motion_features(clip).to(key.device, key.dtype)])
                for key, clip in zip(tokens, clips, strict=True)
            ]
        outputs.pooler_output = tokens
        return outputs

    def get_motion_features(self, pixel_values_motion: torch.Tensor) -> torch.Tensor:
        """Projected motion tokens [frames, decoder hidden size] of one clip [frames, 3, height, width]."""
        features = motion_features(self.motion_tower, pixel_values_motion, self.config)
        if self.config.motion_readout == "reshaped":
            features = features.T.reshape(features.shape)  # the release re-reads [256, T] as [T, 256]
        return self.motion_projector(features)

    def get_placeholder_mask(
        self,
        input_ids: torch.LongTensor | None,
        inputs_embeds: torch.Tensor,
        image_features: torch.Tensor | None = None,
        video_features: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """
        Where image and video features go, each as a mask [batch, sequence, 1].

        With videos and no images, image placeholders take video tokens too: the authors' prompts use one kind of
        placeholder for both.
        """
        video_ids = [self.config.video_token_id]
        if image_features is None:
            video_ids.append(self.config.image_token_id)
        image_mask = self._positions_of(input_ids, inputs_embeds, [self.config.image_token_id])
        video_mask = self._positions_of(input_ids, inputs_embeds, video_ids)
        for kind, mask, features in [("Image", image_mask, image_features), ("Video", video_mask, video_features)]:
            if features is not None:
                torch_compilable_check(
                    mask.sum() * inputs_embeds.shape[-1] == features.numel(),
                    f"{kind} features and {kind.lower()} tokens do not match, tokens: {mask.sum()}, "
                    f"features: {features.numel() // inputs_embeds.shape[-1]}",
                )
        return image_mask.unsqueeze(-1), video_mask.unsqueeze(-1)

    def _positions_of(self, input_ids, inputs_embeds, token_ids: list[int]) -> torch.Tensor:
        ids = torch.tensor(token_ids, device=inputs_embeds.device)
        if input_ids is not None:
            return torch.isin(input_ids.to(ids.device), ids)
        embeddings = self.get_input_embeddings()(ids)
        return (inputs_embeds.unsqueeze(-2) == embeddings).all(-1).any(-1)

    @can_return_tuple
    def forward(
        self,
        input_ids: torch.LongTensor | None = None,
        pixel_values: torch.Tensor | None = None,
        pixel_values_videos: torch.Tensor | None = None,
        pixel_values_motion: torch.Tensor | None = None,
        num_key_frames: torch.LongTensor | None = None,
        num_motion_frames: torch.LongTensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.LongTensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
        vision_feature_layer: int | list[int] | None = None,
        vision_feature_select_strategy: str | None = None,
        mm_encoder_outputs: dict[str, BaseModelOutputWithPooling] | None = None,
        **kwargs: Unpack[TransformersKwargs],
    ) -> tuple | InternVLModelOutputWithPast:
        if (input_ids is None) ^ (inputs_embeds is not None):
            raise ValueError("You must specify exactly one of input_ids or inputs_embeds")
        given = dict(mm_encoder_outputs or {})
        if (pixel_values is not None and given.get("image") is not None) or (
            pixel_values_videos is not None and given.get("video") is not None
        ):
            raise ValueError("You cannot specify both pixels and mm_encoder_outputs of the same kind")
        if pixel_values is not None:
            given["image"] = self.get_image_features(
                pixel_values, vision_feature_layer, vision_feature_select_strategy, return_dict=True
            )
        if pixel_values_videos is not None:
            given["video"] = self.get_video_features(
                pixel_values_videos, pixel_values_motion, num_key_frames, num_motion_frames, return_dict=True
            )
        if inputs_embeds is None:
            inputs_embeds = self.get_input_embeddings()(input_ids)

        image_features, video_features = (
            torch.cat([item.flatten(0, -2) for item in given[kind].pooler_output]).to(
                inputs_embeds.device, inputs_embeds.dtype
            )
            if given.get(kind) is not None
            else None
            for kind in ("image", "video")
        )
        if image_features is not None or video_features is not None:
            image_mask, video_mask = self.get_placeholder_mask(
                input_ids, inputs_embeds, image_features, video_features
            )
            for mask, features in [(image_mask, image_features), (video_mask, video_features)]:
                if features is not None:
                    inputs_embeds = inputs_embeds.masked_scatter(mask, features)

        if self.training and torch.is_grad_enabled():
            inputs_embeds = inputs_embeds + self._idle_towers(given)
        outputs = super().forward(
            inputs_embeds=inputs_embeds,
            attention_mask=attention_mask,
            position_ids=position_ids,
            return_dict=True,
            **kwargs,
        )
        outputs.image_outputs = given.get("image")
        outputs.video_outputs = given.get("video")
        return outputs

    def _idle_towers(self, given: dict) -> torch.Tensor | float:
        """
        Zero, computed by the trained parts that this batch has no input for, from one blank picture.

        Their gradients are then zero rather than absent, so that every process reduces the same tensors and the
        optimizer takes the same step whatever the number of processes.
        """
        size, channels = self.config.vision_config.image_size, self.config.vision_config.num_channels
        blank = torch.zeros(1, channels, *size, device=self.device, dtype=self.dtype)
        idle = 0.0
        if not given and _is_trained(self.vision_tower, self.multi_modal_projector):
            idle = idle + 0.0 * self.get_image_features(blank).pooler_output.sum()
        if given.get("video") is None and _is_trained(self.motion_tower, self.motion_projector):
            training = self.motion_tower.training
            self.motion_tower.eval()  # a blank picture says nothing about the statistics of batches
            # with one frame, oneDNN's gradient of the first convolution in bfloat16 corrupts memory where there is AMX
            idle = idle + 0.0 * self.get_motion_features(blank.expand(2, -1, -1, -1)).sum()
            self.motion_tower.train(training)
        return idle


def _is_trained(*modules: nn.Module) -> bool:
    return any(parameter.requires_grad for module in modules for parameter in module.parameters())


def item_counts(counts: torch.Tensor | None, pixels: torch.Tensor, name: str, pixels_name: str) -> list[int]:
    """Pictures (tiles or frames) of each item in a batch; one item where no counts are given."""
    counts = [pixels.shape[0]] if counts is None else [int(count) for count in counts]
    if sum(counts) != pixels.shape[0] or min(counts) < 1:
        raise ValueError(
            f"{name} is {counts}, in sum {sum(counts)}, but {pixels_name} holds {pixels.shape[0]}; expected one "
            "positive count per item, and as many in sum as there are."
        )
    return counts


class VitalForConditionalGeneration(VitalPreTrainedModel, InternVLForConditionalGeneration):
    """
    VITAL with a language-model head: chat through `generate`, quality levels through [`level_logits`].

    Example:

    ```python
    >>> from transformers_vital import VitalConfig, VitalForConditionalGeneration
    >>> import torch
    >>> with torch.device("meta"):
    ...     model = VitalForConditionalGeneration(VitalConfig(text_config={"model_type": "qwen2", "hidden_size": 896}))
    >>> model.model.motion_projector.linear_1.weight.shape
    torch.Size([896, 256])

    ```
    """

    def __init__(self, config: VitalConfig):
        super(InternVLForConditionalGeneration, self).__init__(config)  # InternVL's own would build a second decoder
        self.model = VitalModel(config)
        self.lm_head = nn.Linear(config.text_config.hidden_size, config.text_config.vocab_size, bias=False)
        self.post_init()

    def get_video_features(self, pixel_values_videos: torch.Tensor, **kwargs) -> tuple | BaseModelOutputWithPooling:
        return self.model.get_video_features(pixel_values_videos, **kwargs)

    def get_vision_encoder(self) -> VitalVisionEncoder:
        """The encoders as a model of their own; it shares their weights."""
        with torch.device("meta"):
            encoder = VitalVisionEncoder(
                VitalVisionEncoderConfig(
                    vision_config=self.config.vision_config,
                    motion_config=self.config.motion_config,
                    image_mean=self.config.image_mean,
                    image_std=self.config.image_std,
                    dtype=self.dtype,
                )
            )
        encoder.vision_tower = self.model.vision_tower
        encoder.motion_tower = self.model.motion_tower
        return encoder.train(self.training)

    def load_vision_encoder(self, encoder: VitalVisionEncoder) -> None:
        """
        Copy the weights of a vision encoder into this model (the paper's transfer to another decoder, "Zero").

        Raises:
            `RuntimeError`: the encoders differ in size.
        """
        self.model.vision_tower.load_state_dict(encoder.vision_tower.state_dict())
        self.model.motion_tower.load_state_dict(encoder.motion_tower.state_dict())

    @can_return_tuple
    def forward(
        self,
        input_ids: torch.LongTensor | None = None,
        pixel_values: torch.Tensor | None = None,
        pixel_values_videos: torch.Tensor | None = None,
        pixel_values_motion: torch.Tensor | None = None,
        num_key_frames: torch.LongTensor | None = None,
        num_motion_frames: torch.LongTensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.LongTensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
        vision_feature_layer: int | list[int] | None = None,
        vision_feature_select_strategy: str | None = None,
        labels: torch.LongTensor | None = None,
        logits_to_keep: int | torch.Tensor = 0,
        mm_encoder_outputs: dict[str, BaseModelOutputWithPooling] | None = None,
        level_positions: torch.LongTensor | None = None,
        target_positions: torch.LongTensor | None = None,
        target_ids: torch.LongTensor | None = None,
        level_mass: bool = False,
        **kwargs: Unpack[TransformersKwargs],
    ) -> tuple | InternVLCausalLMOutputWithPast | VitalLevelOutput:
        """
        Args:
            input_ids (`torch.LongTensor` of shape `(batch, sequence)`): with placeholders expanded by the processor.
            pixel_values (`torch.Tensor` of shape `(tiles of all images, 3, height, width)`, *optional*):
                uint8, or normalised floats.
            pixel_values_videos, pixel_values_motion, num_key_frames, num_motion_frames: see
                [`VitalModel.get_video_features`].
            labels (`torch.LongTensor` of shape `(batch, sequence)`, *optional*): −100 is ignored.
            level_positions (`torch.LongTensor` of shape `(positions,)`, *optional*): rows of the flattened batch,
                `sample · sequence + place`, after which a level word follows. With these or target positions the
                head reads nothing else, and a [`VitalLevelOutput`] is returned.
            target_positions, target_ids (`torch.LongTensor` of shape `(targets,)`, *optional*): likewise, after which
                a target token follows, and these tokens.
            level_mass (`bool`, *optional*, defaults to `False`): also compute the share of the level words.
        """
        if level_positions is not None or target_positions is not None:
            hidden_states = self.model(
                input_ids=input_ids,
                pixel_values=pixel_values,
                pixel_values_videos=pixel_values_videos,
                pixel_values_motion=pixel_values_motion,
                num_key_frames=num_key_frames,
                num_motion_frames=num_motion_frames,
                attention_mask=attention_mask,
                position_ids=position_ids,
                inputs_embeds=inputs_embeds,
                mm_encoder_outputs=mm_encoder_outputs,
                use_cache=False,
                **kwargs,
            ).last_hidden_state.flatten(0, 1)
            return self._read_head(hidden_states, level_positions, target_positions, target_ids, level_mass)
        return super().forward(
            input_ids=input_ids,
            pixel_values=pixel_values,
            pixel_values_videos=pixel_values_videos,
            pixel_values_motion=pixel_values_motion,
            num_key_frames=num_key_frames,
            num_motion_frames=num_motion_frames,
            attention_mask=attention_mask,
            position_ids=position_ids,
            inputs_embeds=inputs_embeds,
            vision_feature_layer=vision_feature_layer,
            vision_feature_select_strategy=vision_feature_select_strategy,
            labels=labels,
            logits_to_keep=logits_to_keep,
            mm_encoder_outputs=mm_encoder_outputs,
            **kwargs,
        )

    @torch.no_grad()
    def level_logits(
        self,
        input_ids: torch.LongTensor,
        attention_mask: torch.Tensor | None = None,
        level_mass: bool = False,
        **inputs,
    ) -> VitalLevelOutput:
        """
        Logits of the five level words at the last token of each prompt (paper, Sec. 8.1).

        One prefill without a cache; the head is read at one position and, unless `level_mass` is asked for, in five
        rows only.

        Args:
            input_ids (`torch.LongTensor` of shape `(batch, sequence)`): prompts that end where the level follows,
                padded on either side.
            attention_mask (`torch.Tensor` of shape `(batch, sequence)`, *optional*): 0 on padding.
            level_mass (`bool`, *optional*, defaults to `False`): also compute the share of the level words.
            **inputs: pixels and counts, as for `forward`.

        Returns:
            [`VitalLevelOutput`]
        """
        if attention_mask is None:
            attention_mask = torch.ones_like(input_ids)
        length = attention_mask.shape[1]
        steps = torch.arange(length, device=attention_mask.device)
        last = (steps * (attention_mask != 0)).argmax(-1)
        return self(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=(attention_mask.cumsum(-1) - 1).clamp_min(0),
            level_positions=last + length * torch.arange(len(last), device=last.device),
            level_mass=level_mass,
            **inputs,
        )

    def _read_head(self, hidden_states, level_positions, target_positions, target_ids, level_mass) -> VitalLevelOutput:
        levels = mass = log_probabilities = None
        if level_positions is not None:
            if self.config.level_token_ids is None:
                raise ValueError(
                    "config.level_token_ids is None; set it to the processor's level_token_ids, the ids of the five "
                    "level words in its tokenizer."
                )
            rows = hidden_states[level_positions.to(hidden_states.device)]
            levels, mass = read_levels(
                rows, head=self.lm_head, level_token_ids=self.config.level_token_ids, level_mass=level_mass
            )
        if target_positions is not None:
            rows = hidden_states[target_positions.to(hidden_states.device)]
            log_probabilities = target_log_probabilities(
                rows, head=self.lm_head, targets=target_ids.to(hidden_states.device)
            )
        return VitalLevelOutput(level_logits=levels, level_mass=mass, target_log_probabilities=log_probabilities)


__all__ = [
    "VitalForConditionalGeneration",
    "VitalLevelOutput",
    "VitalModel",
    "VitalPreTrainedModel",
]
