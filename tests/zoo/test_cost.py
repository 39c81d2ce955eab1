"""Costs, against hand calculation, PyTorch's own counter and the hours that the paper states."""

import re
from pathlib import Path

import pytest
import torch
import yaml
from torch.utils.flop_counter import FlopCounterMode

from transformers_vital import VitalConfig, VitalForConditionalGeneration
from transformers_vital.data.mixture import TABLE_1
from transformers_vital.scoring.default_model import hub_configs_folder
from transformers_vital.zoo.cost import (
    POST_TRAINING,
    PRE_TRAINING,
    STAGES,
    WARM_UP,
    Layers,
    ModelSize,
    Stage,
    activation_bytes,
    estimate,
    forward_flops,
    model_size,
    state_bytes,
)


PARTS = {
    "vision_tower": 10,
    "motion_tower": 1,
    "multi_modal_projector": 2,
    "motion_projector": 2,
    "language_model": 80,
    "lm_head": 5,
}
SMALL = ModelSize(
    vision=Layers(parameters=10, depth=2, width=4),
    decoder=Layers(parameters=70, depth=3, width=6),
    parameters=PARTS,
    tile_patches=5,
    tile_tokens=2,
)


@pytest.fixture(scope="module")
def size_of():
    folder = hub_configs_folder() / "models"
    sizes = {}

    def size(name: str) -> ModelSize:
        if name not in sizes:
            sizes[name] = model_size(VitalConfig.from_pretrained(folder / name))
        return sizes[name]

    return size


@pytest.mark.parametrize(
    ("policy", "expected"),
    # 2·100 of all weights, and 14 for each trained one: 11 encoders, 89 decoder side, all
    [("vision-encoder", 200 + 14 * 11 / 4), ("decoder", 200 + 14 * 89 / 4), ("full", 200 + 14 * 100 / 4)],
)
def test_states_are_those_of_zero_2(policy, expected):
    assert state_bytes(SMALL, policy=policy, num_gpus=4) == pytest.approx(expected)


def test_a_stage_by_hand():
    """
    One image: 5 tiles, 5·2 + 3 = 13 tokens. Image encoder 5·(2·10·5 + 4·2·4·25) = 4,500, decoder
    2·70·13 + 4·3·6·169 = 13,988. One clip: 8 tiles, 8·2 + 64 + 3 = 83 tokens; image encoder 7,200, decoder
    2·70·83 + 4·3·6·6,889 = 507,628.
    """
    stage = Stage("by hand", "vision-encoder", 2, images=1, videos=1, text_tokens=3)
    cost = estimate(SMALL, stage, num_gpus=1, utilisation=0.5)
    assert cost.flops == 4 * (4_500 + 7_200) + 3 * (13_988 + 507_628)
    assert cost.gpu_hours == pytest.approx(cost.flops / 989e12 / 0.5 / 3600)
    # two clips: 166 tokens in the decoder, 16 tiles of 5 patches in the encoder
    activations = (2 * 3 + 34) * 166 * 6 + (2 * 2 + 34) * 80 * 4
    assert cost.gib_per_gpu == pytest.approx((200 + 14 * 11 + activations) / 2**30)


def test_a_frozen_encoder_runs_once_and_keeps_nothing():
    stage = Stage("by hand", "decoder", 1, images=1, videos=0, text_tokens=3)
    cost = estimate(SMALL, stage, num_gpus=1)
    assert cost.flops == 4_500 + 4 * 13_988
    assert cost.gib_per_gpu == pytest.approx((200 + 14 * 89 + activation_bytes(SMALL.decoder, tokens=166)) / 2**30)


def test_pytorch_counts_the_same_operations(size_of):
    folder = hub_configs_folder() / "models" / "vital-zero-1b"
    with torch.device("meta"):
        model = VitalForConditionalGeneration(VitalConfig.from_pretrained(folder, attn_implementation="eager")).model
        with torch.no_grad(), FlopCounterMode(display=False) as vision:
            model.vision_tower(torch.zeros(1, 3, 448, 448))
        with torch.no_grad(), FlopCounterMode(display=False) as decoder:
            model.language_model(inputs_embeds=torch.zeros(1, 700, 896))
    size = size_of("vital-zero-1b")
    assert forward_flops(size.vision, tokens=1025) == pytest.approx(vision.get_total_flops(), rel=0.005)
    assert forward_flops(size.decoder, tokens=700) == pytest.approx(decoder.get_total_flops(), rel=0.005)


def test_the_parts_that_are_left_out_are_small(size_of):
    """Motion extractor of a clip, run on the meta device, beside the decoder alone."""
    size = size_of("vital-zero-1b")
    with torch.device("meta"):
        tower = VitalForConditionalGeneration(
            VitalConfig.from_pretrained(hub_configs_folder() / "models" / "vital-zero-1b")
        ).model.motion_tower
        with FlopCounterMode(display=False) as counter:
            tower.eval()(torch.zeros(8, 3, 448, 448))
    of_a_clip = counter.get_total_flops() * 64 / 8
    assert (
        0
        < of_a_clip
        < 0.1 * (forward_flops(size.decoder, tokens=8 * 256 + 128) + 8 * forward_flops(size.vision, tokens=1025))
    )


def test_sizes_are_those_of_table_8(size_of):
    parts = size_of("vital-base-8b").parameters
    assert round(parts["vision_tower"] / 1e6, 2) == 304.01
    assert round(parts["multi_modal_projector"] / 1e6, 2) == 27.54
    assert round(parts["motion_projector"] / 1e6, 2) == 13.77
    assert (parts["language_model"] + parts["lm_head"]) / 1e6 == pytest.approx(7612.82, abs=0.01)


def test_tied_embeddings_are_counted_once(size_of):
    from safetensors import safe_open

    from transformers_vital.scoring.default_model import default_model_folder

    with safe_open(default_model_folder() / "model.safetensors", framework="pt") as file:
        stored = {name: file.get_slice(name).get_shape() for name in file.keys()}
    buffers = ("running_mean", "running_var", "num_batches_tracked")
    counted = sum(torch.Size(shape).numel() for name, shape in stored.items() if not name.endswith(buffers))
    assert size_of("vital-tiny").total == counted


def test_pre_training_takes_the_hours_that_the_paper_states(size_of):
    assert estimate(size_of("vital-base-8b"), PRE_TRAINING).gpu_hours == pytest.approx(1920, rel=0.01)


def test_stages_have_the_records_of_the_paper():
    assert [stage.records for stage in STAGES] == [4_580_144, 4_000, 1_115_000]
    assert PRE_TRAINING.images == 1_000_000 + 2 * 500_000 + 500_000 + 400_000
    assert PRE_TRAINING.videos == 845_000 + 2 * 500_000 + 435_144 + 400_000
    assert WARM_UP.images / PRE_TRAINING.images == pytest.approx(4_000 / 4_580_144)


RECIPES = hub_configs_folder() / "recipes"


def stated(recipe: str, pattern: str) -> list[float]:
    """Numbers of a recipe's comment."""
    comment = " ".join(line.removeprefix("#").strip() for line in (RECIPES / recipe).read_text().splitlines())
    return [float(number.replace(",", "")) for number in re.search(pattern, comment).groups()]


@pytest.mark.parametrize(
    ("recipe", "name", "stage"),
    [("pretrain_8b.yaml", "vital-base-8b", PRE_TRAINING), ("post_train_8b.yaml", "vital-assistant-8b", POST_TRAINING)],
)
def test_recipes_state_what_they_need(recipe, name, stage, size_of):
    gib, hours, records = stated(
        recipe, r"Needs ([\d.]+) GiB on each of 8 GPUs and ([\d,]+) GPU hours .*? the ([\d,]+)"
    )
    cost = estimate(size_of(name), stage)
    assert [gib, hours, records] == [round(cost.gib_per_gpu, 1), round(cost.gpu_hours), stage.records]


def test_the_warm_up_recipe_states_what_it_needs_at_every_size(size_of):
    size = r"([\d.]+) GiB and ([\d.]+)"
    numbers = stated("warm_up_4000.yaml", rf"Needs on each of 8 GPUs {size} .*?\(1B\), {size} \(2B\), {size} \(14B\)")
    costs = [estimate(size_of(f"vital-warm-up-{name}"), WARM_UP) for name in ("1b", "2b", "14b")]
    assert numbers == [
        number for cost in costs for number in (round(cost.gib_per_gpu, 1), round(60 * cost.gpu_hours, 1))
    ]


def test_the_warm_up_recipe_reads_4000_records():
    """152 steps of 8 GPUs · 2 accumulated groups; a pair is a group, two others are one."""
    recipe = yaml.safe_load((RECIPES / "warm_up_4000.yaml").read_text())
    zero2 = yaml.safe_load((Path(RECIPES).parent / "accelerate" / "zero2.yaml").read_text())
    pairs = sum(count for name, count in TABLE_1.items() if name.endswith("_pair")) / sum(TABLE_1.values())
    groups = recipe["max_steps"] * zero2["num_processes"] * recipe["gradient_accumulation_steps"]
    assert groups / (pairs + (1 - pairs) / 2) == pytest.approx(4000, abs=13)  # a step reads 26
