"""Memory and time that training a model takes, computed from its configuration."""

from dataclasses import dataclass

import torch

from ..data.collator import MEDIA_OF_A_PAIR
from ..data.mixture import TABLE_1
from ..models.vital.configuration_vital import VitalConfig
from ..models.vital.modeling_vital import VitalForConditionalGeneration
from ..training.freezing import POLICIES


PEAK_FLOPS = 989e12  # of an H200 in bfloat16, dense (NVIDIA's data sheet); an H100 SXM has the same
UTILISATION = 0.0742  # with it, pre-training Base-8B takes the 1,920 GPU hours of the paper (Sec. 3.2)
WARM_UP_RECORDS = 4000  # Sec. 3.3

# Passes over a part, in forward passes: itself, once more for the activations that checkpointing did not keep, once
# for the gradients that flow through, once for those of its weights.
TRAINED, FLOWN_THROUGH, FROZEN = 4, 3, 1


@dataclass(frozen=True)
class Layers:
    """
    A stack of transformer layers.

    Args:
        parameters (`int`): in matrix products with every token; embeddings and the head are none of them.
        depth (`int`): layers.
        width (`int`): of a hidden state.
    """

    parameters: int
    depth: int
    width: int


@dataclass(frozen=True)
class ModelSize:
    """
    What the cost of a model depends on.

    Args:
        vision, decoder ([`Layers`]): the image encoder and the language model.
        parameters (`dict[str, int]`): by part: vision_tower, motion_tower, multi_modal_projector, motion_projector,
            language_model, lm_head.
        tile_patches (`int`): tokens in the image encoder per tile.
        tile_tokens (`int`): tokens in the decoder per tile.
    """

    vision: Layers
    decoder: Layers
    parameters: dict[str, int]
    tile_patches: int
    tile_tokens: int

    @property
    def total(self) -> int:
        return sum(self.parameters.values())

    def trained(self, policy: str) -> int:
        """Parameters that a policy of [`~training.freezing.freeze`] trains."""
        return sum(count for part, count in self.parameters.items() if _trains(policy, part))


def _trains(policy: str, part: str) -> bool:
    return f"{part}.".startswith(POLICIES[policy])


@dataclass(frozen=True)
class Stage:
    """
    A stage of training.

    Args:
        name (`str`): for people.
        policy (`str`): what is trained, see [`~training.freezing.freeze`].
        records (`int`): of the data.
        images, videos (`float`): media in them; a pair has two.
        text_tokens (`int`): per medium, beside those of the pictures.
    """

    name: str
    policy: str
    records: int
    images: float
    videos: float
    text_tokens: int


# Tiles and motion frames of a photograph of 1024x768, four tiles and the whole, and of a clip of eight seconds, as
# those of LSVQ mostly are: a key frame and eight motion frames a second.
SIZES = {"image": (5, 0), "video": (8, 64)}
MEDIA_PER_DEVICE = 2  # Table 8


def _media(kind: str) -> int:
    counts = {name: count for name, count in TABLE_1.items() if name.startswith(kind)}
    return sum(count * (MEDIA_OF_A_PAIR if name.endswith("_pair") else 1) for name, count in counts.items())


ALL_RECORDS = sum(TABLE_1.values())
PRE_TRAINING = Stage(
    "pre-training", "vision-encoder", ALL_RECORDS, images=_media("image"), videos=_media("video"), text_tokens=64
)
WARM_UP = Stage(
    "warm-up",
    "decoder",
    WARM_UP_RECORDS,
    images=PRE_TRAINING.images * WARM_UP_RECORDS / ALL_RECORDS,  # in the same proportions
    videos=PRE_TRAINING.videos * WARM_UP_RECORDS / ALL_RECORDS,
    text_tokens=64,
)
# Q-Pathway-200K and AesMMIT-400K; VQA2-Stage3-DB-115K and OmniVQA-Chat-400K (Sec. 3.3)
POST_TRAINING = Stage("post-training", "full", 1_115_000, images=600_000, videos=515_000, text_tokens=256)
STAGES = (PRE_TRAINING, WARM_UP, POST_TRAINING)


def model_size(config: VitalConfig) -> ModelSize:
    """
    Count a model on the meta device, without its weights.

    Args:
        config ([`VitalConfig`]): of any size and decoder.

    Example:

    ```python
    >>> from transformers_vital import VitalConfig
    >>> from transformers_vital.scoring.default_model import hub_configs_folder
    >>> from transformers_vital.zoo.cost import model_size
    >>> size = model_size(VitalConfig.from_pretrained(hub_configs_folder() / "models" / "vital-base-8b"))
    >>> round(size.parameters["multi_modal_projector"] / 1e6, 2)  # Table 8
    27.54

    ```
    """
    with torch.device("meta"):
        model = VitalForConditionalGeneration(config)
    inner, vision, text = model.model, config.vision_config, config.text_config
    parts = {name: _count(part) for name, part in inner.named_children()}
    if not config.tie_word_embeddings:
        parts["lm_head"] = _count(model.lm_head)
    embeddings = _count(inner.language_model.get_input_embeddings())
    sides = zip(vision.image_size, vision.patch_size, strict=True)
    (rows, columns) = (pixels // patch for pixels, patch in sides)
    return ModelSize(
        vision=Layers(parts["vision_tower"], vision.num_hidden_layers, vision.hidden_size),
        decoder=Layers(parts["language_model"] - embeddings, text.num_hidden_layers, text.hidden_size),
        parameters=parts,
        tile_patches=rows * columns + 1,
        tile_tokens=config.image_seq_length,
    )


def _count(module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def forward_flops(layers: Layers, *, tokens: int) -> int:
    """
    Floating-point operations of one sequence through a stack of layers.

    Formula: `2 P n + 4 L d n²`: two for each weight and token (Kaplan et al. 2020, Sec. 2.1), and the products of
    queries with keys and of attention with values in each layer (Narayanan et al. 2021, appendix), without what causal
    kernels leave out.

    Args:
        layers ([`Layers`]): with P parameters, L layers and width d.
        tokens (`int`): n.

    Example:

    ```python
    >>> from transformers_vital.zoo.cost import Layers, forward_flops
    >>> forward_flops(Layers(parameters=1000, depth=2, width=8), tokens=10)  # 2·1000·10 + 4·2·8·100
    26400

    ```
    """
    return 2 * layers.parameters * tokens + 4 * layers.depth * layers.width * tokens**2


def activation_bytes(layers: Layers, *, tokens: int) -> int:
    """
    Memory of activations in bfloat16 with activation checkpointing.

    Formula: `2 n d L + 34 n d`: the input of every layer, and all of one layer while it is run again (Korthikanti et
    al. 2022, Eq. 2 and Sec. 5, without the attention matrix, which fused kernels do not keep).

    Args:
        layers ([`Layers`]): with L layers of width d.
        tokens (`int`): n, of all sequences.

    Example:

    ```python
    >>> from transformers_vital.zoo.cost import Layers, activation_bytes
    >>> activation_bytes(Layers(parameters=0, depth=3, width=10), tokens=100)  # (2·3 + 34)·1000
    40000

    ```
    """
    return (2 * layers.depth + 34) * tokens * layers.width


def state_bytes(size: ModelSize, *, policy: str, num_gpus: int) -> float:
    """
    Memory per GPU of weights, gradients and the states of AdamW with ZeRO-2 in bfloat16.

    Formula: `2 P + (2 + 12) T / N`: weights on every GPU; of the trained ones gradients, and weights and two moments
    in float32, shared out (Rajbhandari et al. 2020, Fig. 1).

    Args:
        size ([`ModelSize`]): with P parameters, T of them trained.
        policy (`str`): see [`~training.freezing.freeze`].
        num_gpus (`int`): N.
    """
    return 2 * size.total + 14 * size.trained(policy) / num_gpus


def micro_batch_bytes(size: ModelSize, stage: Stage, *, kind: str) -> float:
    """
    Memory of the activations of a micro-batch: of all stacks that gradients flow through, see [`activation_bytes`].

    Args:
        size ([`ModelSize`]): of the model.
        stage ([`Stage`]): what is trained.
        kind (`str`): `"image"` or `"video"`, which both media of a device are (Table 8).
    """
    tiles, motion_frames = SIZES[kind]
    tokens = MEDIA_PER_DEVICE * (tiles * size.tile_tokens + motion_frames + stage.text_tokens)
    activations = activation_bytes(size.decoder, tokens=tokens)
    if _trains(stage.policy, "vision_tower"):
        activations += activation_bytes(size.vision, tokens=MEDIA_PER_DEVICE * tiles * size.tile_patches)
    return activations


@dataclass(frozen=True)
class Cost:
    """
    What a stage takes.

    Args:
        records (`int`): of its data.
        trained (`int`): parameters.
        gib_per_gpu (`float`): memory. The context of CUDA, the buckets of DeepSpeed and what fragments come on top:
            keep some GB free.
        flops (`float`): operations of all records.
        gpu_hours (`float`): of an H200.
    """

    records: int
    trained: int
    gib_per_gpu: float
    flops: float
    gpu_hours: float


def estimate(size: ModelSize, stage: Stage, *, num_gpus: int = 8, utilisation: float = UTILISATION) -> Cost:
    """
    What a stage of training takes.

    Left out, as they are small: the motion extractor, projectors and the head, which is read at a few places only.

    Args:
        size ([`ModelSize`]): of the model.
        stage ([`Stage`]): what is trained on how much.
        num_gpus (`int`, *optional*, defaults to 8): that ZeRO-2 shares states among.
        utilisation (`float`, *optional*): share of the peak that is reached; by default what the paper's own GPU hours
            come to.

    Returns:
        [`Cost`]
    """
    vision_passes = TRAINED if _trains(stage.policy, "vision_tower") else FROZEN  # nothing flows further down
    decoder_passes = TRAINED if _trains(stage.policy, "language_model") else FLOWN_THROUGH
    flops = 0.0
    for count, kind in ((stage.images, "image"), (stage.videos, "video")):
        tiles, motion_frames = SIZES[kind]
        tokens = tiles * size.tile_tokens + motion_frames + stage.text_tokens
        vision = tiles * forward_flops(size.vision, tokens=size.tile_patches)
        flops += count * (vision_passes * vision + decoder_passes * forward_flops(size.decoder, tokens=tokens))
    states = state_bytes(size, policy=stage.policy, num_gpus=num_gpus)
    return Cost(
        records=stage.records,
        trained=size.trained(stage.policy),
        gib_per_gpu=(states + micro_batch_bytes(size, stage, kind="video")) / 2**30,
        flops=flops,
        gpu_hours=flops / (PEAK_FLOPS * utilisation) / 3600,
    )
