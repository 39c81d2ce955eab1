"""`generate`: mixed media, batches, beams, caches, attention implementations, types and devices give one answer."""

import importlib.util

import numpy as np
import pytest
import torch
from PIL import Image

from transformers_vital import VitalForConditionalGeneration, VitalProcessor
from transformers_vital.scoring.default_model import default_model_folder


RNG = np.random.default_rng(5)
PICTURES = [
    Image.fromarray(RNG.integers(0, 256, (height, width, 3), dtype=np.uint8))
    for height, width in [(60, 56), (120, 60), (56, 170)]
]
CLIPS = [RNG.integers(0, 256, (frames, 56, 56, 3), dtype=np.uint8) for frames in (5, 40)]
METADATA = {"fps": 24, "total_num_frames": 40}


def picture(index: int) -> dict:
    return {"type": "image", "image": PICTURES[index]}


def clip(index: int) -> dict:
    return {"type": "video", "video": CLIPS[index]}


def text(words: str) -> dict:
    return {"type": "text", "text": words}


def user(*blocks: dict) -> dict:
    return {"role": "user", "content": list(blocks)}


CHATS = {
    "text": [user(text("What lowers the quality of a photograph?"))],
    "image": [user(picture(0), text("Is it sharp?"))],
    "images": [user(picture(0), picture(1), picture(2), text("Which is best, and why?"))],
    "video": [user(clip(1), text("Describe the quality of the video."))],
    "videos": [user(clip(0), clip(1), text("Compare."))],
    "mixed": [user(picture(2), clip(0), text("Does the picture come from the clip?"), picture(0))],
    "turns": [
        user(picture(1), text("Is it noisy?")),
        {"role": "assistant", "content": [text("Yes.")]},
        user(clip(0), text("And this?")),
    ],
}


@pytest.fixture(scope="module")
def processor(tiny_folder):
    return VitalProcessor.from_pretrained(tiny_folder)


@pytest.fixture(scope="module")
def model(tiny_folder):
    return VitalForConditionalGeneration.from_pretrained(tiny_folder).eval()


def prepare(processor, names: list[str]):
    chats = [CHATS[name] for name in names]
    videos = sum(block["type"] == "video" for chat in chats for turn in chat for block in turn["content"])
    return processor.apply_chat_template(
        chats,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
        add_generation_prompt=True,
        processor_kwargs={"padding": True, "video_metadata": [METADATA] * videos} if videos else {"padding": True},
    )


def answers(model, inputs, **settings) -> list[list[int]]:
    """The new tokens of each row."""
    settings = {"max_new_tokens": 12, "min_new_tokens": 12, "do_sample": False, **settings}
    return model.generate(**inputs, **settings)[:, inputs["input_ids"].shape[1] :].tolist()


@pytest.fixture(scope="module")
def alone(model, processor):
    """Greedy answer to each chat on its own."""
    return {name: answers(model, prepare(processor, [name]))[0] for name in CHATS}


def greedy_without_cache(model, inputs, steps: int) -> list[int]:
    """The definition: a whole forward for every token."""
    inputs = dict(inputs)
    for _ in range(steps):
        with torch.no_grad():
            logits = model(**inputs).logits[:, -1]
        logits[:, model.generation_config.eos_token_id] = -torch.inf
        inputs["input_ids"] = torch.cat([inputs["input_ids"], logits.argmax(-1, keepdim=True)], dim=1)
        inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
    return inputs["input_ids"][0, -steps:].tolist()


@pytest.mark.parametrize("name", CHATS)
def test_the_answer_is_that_of_a_whole_forward_per_token(model, processor, alone, name):
    inputs = prepare(processor, [name])
    known = {key: inputs[key] for key in inputs if key not in ("mm_token_type_ids", "num_patches")}
    assert alone[name] == greedy_without_cache(model, known, steps=12)


def test_what_is_seen_changes_the_answer(alone):
    assert len({tuple(tokens) for tokens in alone.values()}) == len(alone)


@pytest.mark.parametrize(
    "names",
    [["text", "image"], ["images", "image", "mixed"], ["video", "videos", "text", "turns"], list(CHATS)],
    ids="+".join,
)
def test_a_left_padded_batch_answers_as_one_by_one(model, processor, alone, names):
    inputs = prepare(processor, names)
    assert (inputs["attention_mask"][:, 0] == 0).any()
    assert answers(model, inputs) == [alone[name] for name in names]


@pytest.mark.parametrize("settings", [{"use_cache": False}, {"cache_implementation": "static"}], ids=str)
def test_the_cache_changes_no_answer(model, processor, alone, settings):
    names = ["images", "mixed", "turns"]
    assert answers(model, prepare(processor, names), **settings) == [alone[name] for name in names]


def test_beams_of_a_batch_are_those_of_each_row(model, processor):
    names = ["images", "mixed", "video"]
    together = answers(model, prepare(processor, names), num_beams=3)
    assert together == [answers(model, prepare(processor, [name]), num_beams=3)[0] for name in names]


def test_several_sequences_of_a_row_see_its_own_media(model, processor, alone):
    names = ["images", "mixed"]
    sequences = answers(model, prepare(processor, names), num_beams=2, num_return_sequences=2)
    best = answers(model, prepare(processor, names), num_beams=2)
    assert sequences[0::2] == best


@pytest.mark.parametrize("attention", ["eager", "sdpa", {"text_config": "eager", "vision_config": "sdpa"}], ids=str)
def test_attention_implementations_agree(tiny_folder, processor, alone, attention):
    other = VitalForConditionalGeneration.from_pretrained(tiny_folder, attn_implementation=attention).eval()
    names = ["images", "mixed", "video"]
    assert answers(other, prepare(processor, names)) == [alone[name] for name in names]


def test_bfloat16_generates(tiny_folder, processor):
    half = VitalForConditionalGeneration.from_pretrained(tiny_folder, dtype=torch.bfloat16).eval()
    assert [len(tokens) for tokens in answers(half, prepare(processor, ["mixed", "text"]))] == [12, 12]


def test_activation_checkpointing_changes_no_gradient(tiny_folder, processor):
    inputs = prepare(processor, ["mixed"])
    gradients = []
    for checkpointing in (False, True):
        model = VitalForConditionalGeneration.from_pretrained(tiny_folder, attn_implementation="eager").train()
        model.model.motion_tower.eval()  # batch statistics would be updated twice
        if checkpointing:
            model.activation_checkpointing_enable()
        model(**inputs, labels=inputs["input_ids"]).loss.backward()
        gradients.append({name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None})
    plain, checkpointed = gradients
    assert plain.keys() == checkpointed.keys()
    assert any("vision_tower" in name for name in plain) and any("motion_tower" in name for name in plain)
    for name in plain:
        torch.testing.assert_close(checkpointed[name], plain[name], rtol=1e-4, atol=1e-6)


DECODER_ON_DISK = {
    "model.vision_tower": "cpu",
    "model.multi_modal_projector": "cpu",
    "model.motion_tower": "cpu",
    "model.motion_projector": "cpu",
    "model.language_model.embed_tokens": "cpu",
    "model.language_model.rotary_emb": "cpu",
    "model.language_model.layers": "disk",
    "model.language_model.norm": "disk",
    "lm_head": "cpu",
}


@pytest.mark.parametrize("device_map", ["auto", DECODER_ON_DISK], ids=["auto", "decoder on disk"])
def test_a_device_map_changes_no_answer(tiny_folder, processor, alone, device_map, tmp_path):
    pytest.importorskip("accelerate")
    placed = VitalForConditionalGeneration.from_pretrained(
        tiny_folder, device_map=device_map, offload_folder=tmp_path
    ).eval()
    assert answers(placed, prepare(processor, ["mixed"])) == [alone["mixed"]]


@pytest.mark.skipif(importlib.util.find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed")
def test_a_decoder_in_four_bits_generates_and_scores():
    from transformers import BitsAndBytesConfig

    folder = default_model_folder()  # blocks of 64 weights fit into its layers, as kernels for some processors ask for
    processor = VitalProcessor.from_pretrained(folder)
    others = ["vision_tower", "motion_tower", "multi_modal_projector", "motion_projector"]
    settings = BitsAndBytesConfig(
        load_in_4bit=True, llm_int8_skip_modules=[f"model.{part}" for part in others] + ["lm_head"]
    )
    quantised = VitalForConditionalGeneration.from_pretrained(folder, quantization_config=settings).eval()
    kinds = {type(layer).__name__ for layer in quantised.model.language_model.modules()}
    assert "Linear4bit" in kinds
    assert "Linear4bit" not in {type(layer).__name__ for layer in quantised.model.vision_tower.modules()}
    assert len(answers(quantised, prepare(processor, ["mixed"]))[0]) == 12
    levels = quantised.level_logits(**processor.prepare_scoring(images=PICTURES[:1])).level_logits
    assert levels.isfinite().all()
