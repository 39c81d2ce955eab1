"""The fast pathway of SlowFast-R50, computed as a stream of frame chunks.

VITAL reads only the fast pathway of SlowFast ("use the fast-path feature", paper, Table 8): 0.5 M of 33.6 M
parameters. The slow pathway feeds nothing back into it and does not exist here.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, pairwise

import torch
import torch.nn.functional as F
from torch import nn
from transformers import initialization as init
from transformers.modeling_utils import PreTrainedModel

from .configuration_vital import VitalMotionConfig


STEM_RADIUS = 2  # the stem's temporal kernel is 5 wide
BLOCK_RADIUS = 1  # a bottleneck's first convolution is 3 wide


def sliding_windows(chunks: Iterable[torch.Tensor], radius: int) -> Iterator[torch.Tensor]:
    """
    Join neighbouring chunks so that a temporal convolution without padding gives the padded result of the whole clip.

    Args:
        chunks (`Iterable[torch.Tensor]`): consecutive pieces [1, channels, time, height, width] of one clip.
        radius (`int`): half width of the convolution, in frames; zeros are added before the first and after the last
            frame.

    Yields:
        `torch.Tensor`: pieces of length t + 2·radius whose middle t frames, put together, are the clip. One chunk in
        gives one window out, so a whole clip passed as one chunk is one ordinary convolution.
    """
    held = []  # no variable may keep a window alive while the layers behind this one run
    for chunk in chunks:
        if not held:
            held.append(chunk.new_zeros((*chunk.shape[:2], radius, *chunk.shape[3:])))
        if held[0].shape[2] > 2 * radius:
            held.append(held[0][:, :, -2 * radius :].clone())
            yield held.pop(0)
        held.append(torch.cat([held.pop(), chunk], dim=2))
        del chunk
    held.append(F.pad(held.pop(), (0, 0, 0, 0, 0, radius)))
    yield held.pop()


class VitalMotionNorm(nn.BatchNorm3d):
    """Weights take the type of the statistics: DeepSpeed and FSDP2 cast parameters and leave buffers in float32."""

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.num_batches_tracked.add_(1)
        mean, variance = self.running_mean, self.running_var
        weight, bias = self.weight.to(mean.dtype), self.bias.to(mean.dtype)
        return F.batch_norm(hidden_states, mean, variance, weight, bias, self.training, self.momentum, self.eps)


class VitalMotionStem(nn.Module):
    def __init__(self, config: VitalMotionConfig):
        super().__init__()
        self.conv = nn.Conv3d(
            config.num_channels, config.stem_channels, (5, 7, 7), stride=(1, 2, 2), padding=(0, 3, 3), bias=False
        )
        self.norm = VitalMotionNorm(config.stem_channels, config.batch_norm_eps, config.batch_norm_momentum)

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        hidden_states = F.relu_(self.norm(self.conv(window)))
        return F.max_pool3d(hidden_states, (1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1))


class VitalMotionBlock(nn.Module):
    """Bottleneck 3x1x1, 1x3x3, 1x1x1 with a projected shortcut where the shape changes."""

    def __init__(self, config: VitalMotionConfig, in_channels: int, out_channels: int, stride: int):
        super().__init__()
        inner = out_channels // 4
        strides = (1, stride, stride)

        def norm(channels):
            return VitalMotionNorm(channels, config.batch_norm_eps, config.batch_norm_momentum)

        self.conv_a = nn.Conv3d(in_channels, inner, (3, 1, 1), bias=False)
        self.norm_a = norm(inner)
        self.conv_b = nn.Conv3d(inner, inner, (1, 3, 3), stride=strides, padding=(0, 1, 1), bias=False)
        self.norm_b = norm(inner)
        self.conv_c = nn.Conv3d(inner, out_channels, 1, bias=False)
        self.norm_c = norm(out_channels)
        self.has_projection = in_channels != out_channels or stride != 1
        if self.has_projection:
            self.shortcut_conv = nn.Conv3d(in_channels, out_channels, 1, stride=strides, bias=False)
            self.shortcut_norm = norm(out_channels)

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        shortcut = window[:, :, BLOCK_RADIUS:-BLOCK_RADIUS]
        if self.has_projection:
            shortcut = self.shortcut_norm(self.shortcut_conv(shortcut))
        hidden_states = F.relu_(self.norm_a(self.conv_a(window)))
        hidden_states = F.relu_(self.norm_b(self.conv_b(hidden_states)))
        return F.relu_(self.norm_c(self.conv_c(hidden_states)) + shortcut)


class VitalMotionStage(nn.Module):
    def __init__(self, config: VitalMotionConfig, depth: int, in_channels: int, out_channels: int, stride: int):
        super().__init__()
        widths = [in_channels, *[out_channels] * depth]
        self.blocks = nn.ModuleList(
            VitalMotionBlock(config, width_in, width_out, stride if index == 0 else 1)
            for index, (width_in, width_out) in enumerate(pairwise(widths))
        )


class VitalMotionModel(PreTrainedModel):
    """
    Motion features of a clip: one 256-vector per frame.

    Frames are read in chunks of `chunk_frames`, each layer keeping the few frames its temporal kernel still needs, so
    memory does not grow with the clip and the result equals that of the whole clip at once.

    Example:

    ```python
    >>> import torch
    >>> from transformers_vital import VitalMotionConfig, VitalMotionModel
    >>> model = VitalMotionModel(VitalMotionConfig()).eval()
    >>> model(torch.zeros(6, 3, 64, 64)).shape
    torch.Size([6, 256])

    ```
    """

    config: VitalMotionConfig
    config_class = VitalMotionConfig
    base_model_prefix = "vital_motion"
    main_input_name = "pixel_values_motion"
    input_modalities = ("video",)
    _no_split_modules = ["VitalMotionModel"]
    # There is no attention here; the model around it passes on what its other parts shall use.
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True

    chunk_frames = 16

    def __init__(self, config: VitalMotionConfig):
        super().__init__(config)
        self.stem = VitalMotionStem(config)
        widths = [config.stem_channels, *config.stage_channels]
        self.stages = nn.ModuleList(
            VitalMotionStage(config, depth, width_in, width_out, stride=1 if index == 0 else 2)
            for index, (depth, (width_in, width_out)) in enumerate(
                zip(config.stage_depths, pairwise(widths), strict=True)
            )
        )
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module):
        if isinstance(module, nn.Conv3d):
            init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.BatchNorm3d):
            super()._init_weights(module)

    def forward(self, pixel_values_motion: torch.Tensor | Iterable[torch.Tensor]) -> torch.Tensor:
        """
        Args:
            pixel_values_motion (`torch.Tensor` of shape `(frames, channels, height, width)`):
                Normalised frames of one clip in time order, any number ≥ 1; or an iterable of such pieces, read one
                after the other.

        Returns:
            `torch.Tensor` of shape `(frames, 256)`: the features of each frame, averaged over the picture.
        """
        if isinstance(pixel_values_motion, torch.Tensor):
            # batch statistics must see the whole clip
            size = pixel_values_motion.shape[0] if self.training else self.chunk_frames
            pixel_values_motion = pixel_values_motion.split(size)
        chunks = (piece.to(self.dtype).transpose(0, 1).unsqueeze(0) for piece in pixel_values_motion)
        chunks = map(self.stem, sliding_windows(chunks, STEM_RADIUS))
        for block in chain.from_iterable(stage.blocks for stage in self.stages):
            chunks = map(block, sliding_windows(chunks, BLOCK_RADIUS))
        return torch.cat([chunk.mean(dim=(-2, -1)).squeeze(0).T for chunk in chunks])


__all__ = ["VitalMotionModel"]
