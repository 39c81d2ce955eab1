"""Text around pictures and clips: chat, scoring, placeholders. Release strings are compared elsewhere."""

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoTokenizer

from transformers_vital import VitalProcessor
from transformers_vital.prompts import RELEASE_SYSTEM_MESSAGE
from transformers_vital.scoring.default_model import default_model_folder


PICTURE = Image.new("RGB", (60, 50), (120, 30, 90))
CLIP = np.zeros((12, 48, 64, 3), dtype=np.uint8)
RATE = {"fps": 6, "total_num_frames": 12}  # 2 s: two key frames, twelve motion frames


@pytest.fixture
def processor(tiny_folder):
    return VitalProcessor.from_pretrained(tiny_folder)


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(default_model_folder())


def vision(token: str, count: int) -> str:
    return "<img>" + token * count + "</img>"


class TestChat:
    def test_a_conversation_is_chatml_with_the_system_message_of_internvl(self, processor):
        conversation = [
            {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Is it sharp?"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "Yes."}]},
            {"role": "user", "content": "Why?"},
        ]
        assert processor.apply_chat_template(conversation, add_generation_prompt=True) == (
            f"<|im_start|>system\n{RELEASE_SYSTEM_MESSAGE}<|im_end|>\n"
            "<|im_start|>user\n<IMG_CONTEXT>\nIs it sharp?<|im_end|>\n"
            "<|im_start|>assistant\nYes.<|im_end|>\n"
            "<|im_start|>user\nWhy?<|im_end|>\n"
            "<|im_start|>assistant\n"
        )

    def test_an_own_system_message_replaces_the_default(self, processor):
        conversation = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
        assert processor.apply_chat_template(conversation) == (
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
        )

    def test_images_and_videos_become_their_tokens(self, processor):
        conversation = [
            {
                "role": "user",
                "content": [
                    {"type": "image", "image": PICTURE},
                    {"type": "video", "video": CLIP},
                    {"type": "text", "text": "Which is better?"},
                ],
            }
        ]
        inputs = processor.apply_chat_template(
            conversation,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            processor_kwargs={"videos_kwargs": {"video_metadata": [RATE]}},
        )
        text = processor.decode(inputs.input_ids[0])
        frames = [vision("<|video_pad|>", count) for count in (4, 4, 12)]
        assert (
            f"{vision('<IMG_CONTEXT>', 4)}\nFrame-1: {frames[0]}\nFrame-2: {frames[1]}\nMotion Feature: {frames[2]}\n"
            "Which is better?<|im_end|>"
        ) in text
        assert inputs.pixel_values.shape[0] == 1 and inputs.pixel_values_motion.shape[0] == 12

    def test_a_sampled_video_can_stand_in_a_conversation(self, processor):
        frames = np.zeros((6, 48, 64, 3), dtype=np.uint8)
        sampled = processor.video_processor.sample(frames, frame_rate=8)
        conversation = [{"role": "user", "content": [{"type": "video", "video": sampled}]}]
        inputs = processor.apply_chat_template(conversation, tokenize=True, return_dict=True, return_tensors="pt")
        assert (inputs["input_ids"] == processor.video_token_id).sum() == 1 * 4 + inputs["num_motion_frames"].sum()

    def test_training_can_ask_where_the_answers_are(self, processor):
        conversation = [{"role": "user", "content": "Sharp?"}, {"role": "assistant", "content": "Very."}]
        inputs = processor.apply_chat_template(
            conversation, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
        )
        (ids,), (mask,) = inputs["input_ids"], inputs["assistant_masks"]
        answer = [token for token, is_answer in zip(ids, mask, strict=True) if is_answer]
        assert processor.decode(answer) == "Very.<|im_end|>"

    def test_text_is_needed(self, processor):
        with pytest.raises(ValueError, match="No text was given; expected a prompt with a placeholder"):
            processor(images=[PICTURE])


class TestScoring:
    def test_the_prompt_ends_where_the_level_follows(self, processor):
        inputs = processor.prepare_scoring(images=[PICTURE], videos=[CLIP], video_metadata=[RATE])
        image, video = (processor.decode(row[row != processor.tokenizer.pad_token_id]) for row in inputs.input_ids)
        assert image.endswith(
            f"<|im_start|>user\n{vision('<IMG_CONTEXT>', 4)}\n<|im_end|>\n"
            "<|im_start|>assistant\nThe quality of the image is"
        )
        assert video.endswith("<|im_start|>assistant\nThe quality of the video is")
        assert video.count("<|video_pad|>") == 4 + 4 + 12

    def test_a_batch_is_padded_on_the_left(self, processor):
        inputs = processor.prepare_scoring(images=[PICTURE, Image.new("RGB", (200, 200))])
        assert inputs.attention_mask[0, 0] == 0 and inputs.attention_mask[:, -1].tolist() == [1, 1]
        assert torch.equal(inputs.input_ids[0] == processor.tokenizer.pad_token_id, inputs.attention_mask[0] == 0)

    def test_level_words_have_one_token_each(self, processor):
        assert processor.level_token_ids == [1550, 1661, 6624, 7852, 3347]


class TestBuilding:
    def test_a_reading_is_all_of_its_settings(self, tokenizer):
        clean, release = (VitalProcessor.from_tokenizer(tokenizer, reading=name) for name in ("clean", "release"))
        assert (clean.image_processor.tile_grid, release.image_processor.tile_grid) == ("nearest", "area")
        assert (clean.video_processor.frame_sampling, release.video_processor.frame_sampling) == ("time", "release")
        assert (clean.video_scoring_layout, release.video_scoring_layout) == ("frames", "release")
        assert (clean.image_answer, release.image_answer) == (
            "The quality of the image is",
            "The quality of this image is",
        )

    def test_settings_survive_saving(self, tokenizer, tmp_path):
        VitalProcessor.from_tokenizer(tokenizer, reading="release", tile=224, image_seq_length=64).save_pretrained(
            tmp_path
        )
        loaded = VitalProcessor.from_pretrained(tmp_path)
        assert loaded.image_processor.tile_grid == "area" and loaded.image_processor.size["height"] == 224
        assert loaded.video_processor.frame_sampling == "release"
        assert (loaded.video_scoring_layout, loaded.image_seq_length) == ("release", 64)
        assert (loaded.image_answer, loaded.video_answer) == (
            "The quality of this image is",
            "The overall quality of this video is",
        )
        assert not (tmp_path / "preprocessor_config.json").exists()

    def test_an_unknown_reading_is_refused(self, tokenizer):
        with pytest.raises(ValueError, match="reading is 'best'; expected 'clean' or 'release'"):
            VitalProcessor.from_tokenizer(tokenizer, reading="best")

    def test_an_unknown_layout_is_refused(self, processor):
        with pytest.raises(ValueError, match="video_scoring_layout is 'best'; expected 'frames' or 'release'"):
            VitalProcessor(
                processor.image_processor, processor.tokenizer, processor.video_processor, video_scoring_layout="best"
            )

    def test_a_tokenizer_without_the_vision_tokens_is_refused(self, processor):
        from tokenizers import Tokenizer, models
        from transformers import PreTrainedTokenizerFast

        plain = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel({"<img>": 0, "high": 1})))
        with pytest.raises(ValueError, match="The tokenizer lacks </img>, <IMG_CONTEXT>, <|video_pad|>"):
            VitalProcessor(processor.image_processor, plain, processor.video_processor)

    def test_a_tokenizer_that_splits_a_level_word_is_refused_when_levels_are_read(self, processor):
        from tokenizers import Tokenizer, models, pre_tokenizers
        from transformers import PreTrainedTokenizerFast

        tokens = ["<img>", "</img>", "<IMG_CONTEXT>", "<|video_pad|>", *" highodfarplw"]
        plain = Tokenizer(models.BPE({token: index for index, token in enumerate(tokens)}, []))
        plain.pre_tokenizer = pre_tokenizers.Split(" high", "isolated")
        letters = VitalProcessor(
            processor.image_processor, PreTrainedTokenizerFast(tokenizer_object=plain), processor.video_processor
        )
        with pytest.raises(ValueError, match=r"splits the level word\(s\) high, good, fair, poor, low into"):
            letters.level_token_ids


@pytest.mark.parametrize("size", [(50, 60), (400, 90), (300, 500)])
def test_tokens_are_known_from_the_size_alone(processor, size):
    height, width = size
    counts = processor._get_num_multimodal_tokens(image_sizes=[size])
    inputs = processor(images=[Image.new("RGB", (width, height))], text=["<IMG_CONTEXT>"], return_tensors="pt")
    assert counts.num_image_tokens == [(inputs.input_ids == processor.image_token_id).sum()]
    assert counts.num_image_patches == [len(inputs.pixel_values)]
