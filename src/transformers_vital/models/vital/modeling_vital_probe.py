"""The linear probe (paper, Table 6): quality levels read off the vision encoder by a linear layer, no decoder."""

from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn
from transformers.modeling_outputs import ModelOutput
from transformers.models.internvl.modeling_internvl import InternVLModel, InternVLMultiModalProjector
from transformers.utils import logging
from transformers.utils.generic import can_return_tuple

from .configuration_vital import VitalConfig
from .configuration_vital_probe import VitalProbeConfig
from .modeling_vital import VitalMotionProjector, item_counts
from .modeling_vital_encoder import VitalVisionEncoder, motion_features, normalize_pixels


logger = logging.get_logger(__name__)

NUM_LEVELS = 5
RELEASE_HEAD_WIDTH = 128
float32_linear = partial(nn.Linear, dtype=torch.float32)  # levels are read in float32 whatever the encoders' type
OPTIONAL_PARTS = ("motion_tower", "multi_modal_projector", "motion_projector", "head")  # of a checkpoint to start from


@dataclass
class VitalProbeOutput(ModelOutput):
    """
    Args:
        loss (`torch.FloatTensor` of shape `()`, *optional*): cross-entropy over the five levels, with labels.
        level_logits (`torch.FloatTensor` of shape `(batch, 5)`): float32, order high, good, fair, poor, low.
        embeddings (`torch.FloatTensor` of shape `(batch, width)`): float32, what the head reads. With frozen encoders
            they can be computed once and the head trained on them.
    """

    loss: torch.FloatTensor | None = None
    level_logits: torch.FloatTensor | None = None
    embeddings: torch.FloatTensor | None = None


class VitalForQualityProbe(VitalVisionEncoder):
    """
    The vision encoder with a linear read-out of the five quality levels (paper, Table 6 and Sec. 8.2).

    `config.reading` says how:

    - `"paper"` (Sec. 8.2): the tokens of the 6th, 12th and 18th encoder layer pass the image projector (pixel shuffle,
      LayerNorm, Linear, GELU, Linear), motion tokens the motion projector; each of the four kinds is averaged, the
      four averages go side by side into one linear layer, 4·3584 → 5. As in VITAL there is one image projector, shared
      by the layers, so that both projectors of a VITAL checkpoint serve here. An image has no motion: that quarter is
      zero.
    - `"release"` (the authors' code and weights): no projectors. The three layers lie side by side on the channels,
      are pixel-shuffled and averaged, the averaged motion feature follows, and two linear layers without a
      non-linearity between them, 12544 → 128 → 5, give the logits. Videos only.

    Layers after the last one that is read are kept, as a decoder needs them, but not run.

    `from_pretrained` reads its own files, the authors' probe, and VITAL models and vision encoders of any format; the
    parts that these lack are initialised and listed in `new_parts`.

    Example:

    ```python
    >>> import torch
    >>> from transformers_vital import VitalForQualityProbe, VitalProbeConfig
    >>> with torch.device("meta"):
    ...     paper, release = (VitalForQualityProbe(VitalProbeConfig(reading=name)) for name in ("paper", "release"))
    >>> [sum(weight.numel() for weight in model.head.parameters()) for model in (paper, release)]
    [71685, 1606405]

    ```
    """

    config: VitalProbeConfig
    config_class = VitalProbeConfig
    main_input_name = "pixel_values_videos"

    new_parts: tuple[str, ...] = ()
    pixel_shuffle = InternVLModel.pixel_shuffle

    def __init__(self, config: VitalProbeConfig):
        super().__init__(config)
        if config.reading == "paper":
            projectors = VitalConfig(
                vision_config=config.vision_config,
                motion_config=config.motion_config,
                text_config={"model_type": "qwen2", "hidden_size": config.projection_dim},
                projector_hidden_act=config.projector_hidden_act,
                downsample_ratio=config.downsample_ratio,
            )
            self.multi_modal_projector = InternVLMultiModalProjector(projectors)
            self.motion_projector = VitalMotionProjector(projectors)
            self.head = float32_linear((len(config.layers) + 1) * config.projection_dim, NUM_LEVELS)
        else:
            grouped = int(1 / config.downsample_ratio) ** 2
            width = grouped * len(config.layers) * config.vision_config.hidden_size + config.motion_config.hidden_size
            self.head = nn.Sequential(
                float32_linear(width, RELEASE_HEAD_WIDTH), float32_linear(RELEASE_HEAD_WIDTH, NUM_LEVELS)
            )
        self.post_init()

    def _adjust_missing_and_unexpected_keys(self, loading_info) -> None:
        """Say in one line which parts a checkpoint of another model lacks, instead of tensor by tensor."""
        super()._adjust_missing_and_unexpected_keys(loading_info)
        keys = {part: {key for key in self.state_dict() if key.startswith(f"{part}.")} for part in OPTIONAL_PARTS}
        self.new_parts = tuple(part for part in keys if keys[part] and keys[part] <= loading_info.missing_keys)
        if self.new_parts:
            loading_info.missing_keys -= set().union(*(keys[part] for part in self.new_parts))
            logger.warning(
                f"The checkpoint lacks {', '.join(self.new_parts)}: newly initialised. Train the probe before scoring."
            )

    @can_return_tuple
    def forward(
        self,
        pixel_values: torch.Tensor | None = None,
        pixel_values_videos: torch.Tensor | None = None,
        pixel_values_motion: torch.Tensor | None = None,
        num_patches: torch.LongTensor | None = None,
        num_key_frames: torch.LongTensor | None = None,
        num_motion_frames: torch.LongTensor | None = None,
        labels: torch.LongTensor | None = None,
    ) -> VitalProbeOutput:
        """
        Rows of the batch are the images, then the videos.

        Args:
            pixel_values (`torch.Tensor` of shape `(tiles of all images, 3, height, width)`, *optional*): uint8, or
                normalised floats. Not with `reading="release"`.
            pixel_values_videos (`torch.Tensor` of shape `(key frames of all videos, 3, height, width)`, *optional*):
                likewise.
            pixel_values_motion (`torch.Tensor` of shape `(motion frames of all videos, 3, height, width)`,
                *optional*): likewise; goes with `pixel_values_videos`.
            num_patches (`torch.LongTensor` of shape `(images,)`, *optional*): how the tiles are shared out; one image
                by default.
            num_key_frames, num_motion_frames (`torch.LongTensor` of shape `(videos,)`, *optional*): how the frames are
                shared out; one video by default.
            labels (`torch.LongTensor` of shape `(batch,)`, *optional*): level of each row, 0 (high) to 4 (low).

        Raises:
            `ValueError`: no pixels, counts that do not add up, an image with `reading="release"`, or a label that is
                no level.
        """
        if pixel_values is None and pixel_values_videos is None:
            raise ValueError("Neither pixel_values nor pixel_values_videos was given; pass images, videos or both.")
        embeddings = []
        if pixel_values is not None:
            embeddings.append(self._embed_images(pixel_values, num_patches))
        if pixel_values_videos is not None:
            embeddings.append(
                self._embed_videos(pixel_values_videos, pixel_values_motion, num_key_frames, num_motion_frames)
            )
        embeddings = torch.cat(embeddings)
        level_logits = self.head(embeddings.to(next(self.head.parameters()).dtype)).float()
        return VitalProbeOutput(
            loss=None if labels is None else level_cross_entropy(level_logits, labels),
            level_logits=level_logits,
            embeddings=embeddings,
        )

    def _embed_images(self, pixel_values: torch.Tensor, num_patches: torch.Tensor | None) -> torch.Tensor:
        """Embeddings [images, width] of the tiles of images; see `forward`."""
        if self.config.reading == "release":
            raise ValueError(
                "pixel_values of images were given to a probe with reading='release', which reads videos only. Use "
                "videos, or a probe with reading='paper'."
            )
        counts = item_counts(num_patches, pixel_values, "num_patches", "pixel_values")
        averages = torch.stack([tiles.mean(0) for tiles in self._average_tokens(pixel_values).split(counts)])
        return F.pad(averages, (0, self.config.projection_dim))

    def _embed_videos(
        self,
        pixel_values_videos: torch.Tensor,
        pixel_values_motion: torch.Tensor | None,
        num_key_frames: torch.Tensor | None,
        num_motion_frames: torch.Tensor | None,
    ) -> torch.Tensor:
        """Embeddings [videos, width] of the frames of videos; see `forward`."""
        if pixel_values_motion is None:
            raise ValueError(
                "pixel_values_videos were given without pixel_values_motion; the probe reads both. Pass what "
                "VitalVideoProcessor returns."
            )
        key_counts = item_counts(num_key_frames, pixel_values_videos, "num_key_frames", "pixel_values_videos")
        counts = item_counts(num_motion_frames, pixel_values_motion, "num_motion_frames", "pixel_values_motion")
        if len(key_counts) != len(counts):
            raise ValueError(f"Got key frames of {len(key_counts)} videos and motion frames of {len(counts)}.")
        pictures = [frames.mean(0) for frames in self._average_tokens(pixel_values_videos).split(key_counts)]
        motion = [self._average_motion(clip) for clip in pixel_values_motion.split(counts)]
        return torch.cat([torch.stack(pictures), torch.stack(motion)], dim=-1)

    def _average_tokens(self, pixels: torch.Tensor) -> torch.Tensor:
        """Averages over the tokens of each picture [pictures, 3, height, width], all layers side by side, float32."""
        hidden_states = self._hidden_states(pixels)
        if self.config.reading == "release":
            return self._group_patches(torch.cat(hidden_states, dim=-1)).mean(1, dtype=torch.float32)
        tokens = (self.multi_modal_projector(self._group_patches(states)) for states in hidden_states)
        return torch.cat([layer.mean(1, dtype=torch.float32) for layer in tokens], dim=-1)

    def _average_motion(self, clip: torch.Tensor) -> torch.Tensor:
        """Average of the motion tokens of one clip [frames, 3, height, width], float32."""
        tokens = motion_features(self.motion_tower, clip, self.config)
        if self.config.reading == "paper":
            tokens = self.motion_projector(tokens)
        return tokens.mean(0, dtype=torch.float32)

    def _hidden_states(self, pixels: torch.Tensor) -> list[torch.Tensor]:
        """Outputs [pictures, patches + 1, hidden] of the encoder layers that are read."""
        states = self.vision_tower.embeddings(normalize_pixels(pixels, self.config).to(self.dtype))
        read = []
        for number, layer in enumerate(self.vision_tower.encoder.layer[: self.config.layers[-1]], start=1):
            states = layer(states)
            if number in self.config.layers:
                read.append(states)
        return read

    def _group_patches(self, states: torch.Tensor) -> torch.Tensor:
        """Drop the class token and lay neighbouring patches side by side: [pictures, tokens, 4·hidden]."""
        side = int((states.shape[1] - 1) ** 0.5)
        grid = states[:, 1:].unflatten(1, (side, side))
        return self.pixel_shuffle(grid, scale_factor=self.config.downsample_ratio).flatten(1, 2)


def level_cross_entropy(level_logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """
    Mean over the batch of −log p of the true level (paper, Sec. 4.3 and 8.2).

    Args:
        level_logits (`torch.Tensor` of shape `(batch, 5)`): order high, good, fair, poor, low.
        labels (`torch.Tensor` of shape `(batch,)`): 0 (high) to 4 (low).

    Raises:
        `ValueError`: the labels are not one level per row.
    """
    if labels.shape != level_logits.shape[:1] or ((labels < 0) | (labels >= NUM_LEVELS)).any():
        raise ValueError(
            f"labels are {labels.tolist()} for {len(level_logits)} media; expected one level per medium, as 0 (high) "
            "to 4 (low)."
        )
    return F.cross_entropy(level_logits, labels.to(level_logits.device))


__all__ = ["VitalForQualityProbe", "VitalProbeOutput"]
