"""What VITAL adds to InternVL. Numbers of the release are compared elsewhere, `generate` likewise."""

import numpy as np
import pytest
import torch
from PIL import Image

from transformers_vital import VitalConfig, VitalForConditionalGeneration, VitalProcessor


RNG = np.random.default_rng(0)
PICTURE = Image.fromarray(RNG.integers(0, 256, (120, 100, 3), dtype=np.uint8))
CLIPS = [RNG.integers(0, 256, (frames, 56, 56, 3), dtype=np.uint8) for frames in (5, 18)]
RATES = [{"fps": 8, "total_num_frames": len(clip)} for clip in CLIPS]


@pytest.fixture(scope="module")
def model(tiny_folder):
    return VitalForConditionalGeneration.from_pretrained(tiny_folder).eval()


@pytest.fixture(scope="module")
def processor(tiny_folder):
    return VitalProcessor.from_pretrained(tiny_folder)


@pytest.fixture(scope="module")
def video_inputs(processor):
    return processor.prepare_scoring(videos=CLIPS, video_metadata=RATES)


def video_pixels(inputs) -> dict:
    return {name: inputs[name] for name in inputs if name.startswith(("pixel", "num_key", "num_motion"))}


class TestPixels:
    def test_uint8_pixels_and_normalised_ones_give_the_same_levels(self, model, processor):
        inputs = processor.prepare_scoring(images=[PICTURE])
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        floats = (inputs["pixel_values"].float() / 255 - mean) / std
        expected = model.level_logits(**inputs).level_logits
        assert torch.allclose(
            model.level_logits(**{**inputs, "pixel_values": floats}).level_logits, expected, atol=1e-5
        )

    def test_the_config_holds_the_mean_and_standard_deviation(self, tiny_folder, processor):
        inputs = processor.prepare_scoring(images=[PICTURE])
        other = VitalForConditionalGeneration.from_pretrained(tiny_folder, image_mean=[0.0] * 3, image_std=[1.0] * 3)
        floats = {**inputs, "pixel_values": inputs["pixel_values"].float() / 255}
        assert torch.allclose(
            other.level_logits(**inputs).level_logits, other.level_logits(**floats).level_logits, atol=1e-5
        )


@pytest.fixture(scope="module")
def features(model, video_inputs):
    """Tokens of both clips."""
    with torch.no_grad():
        return model.get_video_features(**video_pixels(video_inputs)).pooler_output


class TestVideoFeatures:
    def test_key_frame_tokens_come_first_then_one_token_per_motion_frame(self, model, video_inputs, features):
        assert [len(tokens) for tokens in features] == [4 * 1 + 8, 4 * 2 + 20]
        with torch.no_grad():
            key = model.model.get_image_features(video_inputs["pixel_values_videos"]).pooler_output
            motion = model.model.get_motion_features(video_inputs["pixel_values_motion"][8:])
        assert torch.allclose(features[1], torch.cat([key[1:].flatten(0, 1), motion]), atol=1e-5)

    def test_every_clip_has_its_own_motion(self, model, processor, features):
        for index, (clip, rate) in enumerate(zip(CLIPS, RATES, strict=True)):
            alone = processor.prepare_scoring(videos=[clip], video_metadata=[rate])
            with torch.no_grad():
                (tokens,) = model.get_video_features(**video_pixels(alone)).pooler_output
            assert torch.allclose(tokens, features[index], atol=1e-5)

    def test_without_motion_frames_there_are_key_frame_tokens_only(self, model, video_inputs, features):
        with torch.no_grad():
            tokens = model.get_video_features(
                pixel_values_videos=video_inputs["pixel_values_videos"],
                num_key_frames=video_inputs["num_key_frames"],
            ).pooler_output
        assert torch.allclose(tokens[0], features[0][:4], atol=1e-5)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"num_key_frames": torch.tensor([1, 1])}, "num_key_frames"),
            ({"num_motion_frames": torch.tensor([8, 8])}, "num_motion_frames"),
            ({"num_motion_frames": torch.tensor([28])}, "key frames of 2 videos and motion frames of 1"),
        ],
    )
    def test_counts_that_do_not_fit_the_pixels_are_refused(self, model, video_inputs, changes, message):
        with pytest.raises(ValueError, match=message):
            model.get_video_features(**{**video_pixels(video_inputs), **changes})

    def test_a_batch_of_clips_gives_each_its_own_levels(self, model, processor, video_inputs):
        together = model.level_logits(**video_inputs).level_logits
        for row, clip, rate in zip(together, CLIPS, RATES, strict=True):
            alone = model.level_logits(**processor.prepare_scoring(videos=[clip], video_metadata=[rate])).level_logits
            assert torch.allclose(row, alone[0], atol=1e-4)


class TestLevelLogits:
    def test_they_are_columns_of_the_last_row_of_logits(self, model, processor):
        inputs = processor.prepare_scoring(images=[PICTURE])
        with torch.no_grad():
            logits = model(**inputs).logits
        assert torch.allclose(
            model.level_logits(**inputs).level_logits, logits[:, -1, processor.level_token_ids], atol=1e-5
        )

    def test_they_are_read_in_float32_whatever_the_weights(self, tiny_folder, processor):
        half = VitalForConditionalGeneration.from_pretrained(tiny_folder, dtype=torch.bfloat16)
        assert half.level_logits(**processor.prepare_scoring(images=[PICTURE])).level_logits.dtype == torch.float32

    def test_a_head_that_is_offloaded_reads_the_same(self, tiny_folder, processor, tmp_path):
        pytest.importorskip("accelerate")
        inputs = processor.prepare_scoring(images=[PICTURE])
        config = VitalConfig.from_pretrained(tiny_folder, tie_word_embeddings=False)
        model = VitalForConditionalGeneration(config).eval()
        model.save_pretrained(tmp_path / "untied")
        offloaded = VitalForConditionalGeneration.from_pretrained(
            tmp_path / "untied", device_map={"model": "cpu", "lm_head": "disk"}, offload_folder=tmp_path / "disk"
        )
        assert offloaded.lm_head.weight.is_meta
        expected, output = (each.level_logits(**inputs, level_mass=True) for each in (model, offloaded))
        assert torch.allclose(output.level_logits, expected.level_logits, atol=1e-5)
        assert torch.allclose(output.level_mass, expected.level_mass, atol=1e-5)

    def test_the_ids_of_the_words_must_be_known(self, tiny_folder, processor):
        model = VitalForConditionalGeneration.from_pretrained(tiny_folder, level_token_ids=None)
        with pytest.raises(ValueError, match="config.level_token_ids is None; set it to the processor's"):
            model.level_logits(**processor.prepare_scoring(images=[PICTURE]))


class TestForward:
    def test_pixels_without_placeholders_are_refused(self, model, processor):
        inputs = processor.prepare_scoring(images=[PICTURE])
        ids = processor.tokenizer("no placeholder here", return_tensors="pt").input_ids
        with pytest.raises(ValueError, match="Image features and image tokens do not match, tokens: 0"):
            model(input_ids=ids, pixel_values=inputs["pixel_values"])

    def test_embeddings_instead_of_ids_give_the_same_logits(self, model, video_inputs):
        ids = video_inputs["input_ids"]
        others = {name: value for name, value in video_inputs.items() if name != "input_ids"}
        with torch.no_grad():
            expected = model(**video_inputs).logits
            logits = model(inputs_embeds=model.get_input_embeddings()(ids), **others).logits
        assert torch.allclose(logits, expected, atol=1e-4)

    def test_encoder_outputs_can_be_given_instead_of_pixels(self, model, video_inputs):
        with torch.no_grad():
            expected = model(**video_inputs).logits
            encoded = {"video": model.get_video_features(**video_pixels(video_inputs))}
            text = {name: video_inputs[name] for name in ("input_ids", "attention_mask")}
            logits = model(**text, mm_encoder_outputs=encoded).logits
        assert torch.allclose(logits, expected, atol=1e-5)

    def test_the_loss_reaches_every_part(self, tiny_folder, video_inputs):
        model = VitalForConditionalGeneration.from_pretrained(tiny_folder).train()
        model(**video_inputs, labels=video_inputs["input_ids"]).loss.backward()
        without = {name.split(".layers")[0] for name, value in model.named_parameters() if value.grad is None}
        assert not {name for name in without if "mask_token" not in name}

    def test_the_head_reads_only_the_asked_positions(self, model, video_inputs):
        with torch.no_grad():
            assert model(**video_inputs, logits_to_keep=1).logits.shape[1] == 1


class TestTargets:
    """What training reads: log-probabilities of target tokens and level logits, at any positions of a batch."""

    @pytest.fixture
    def batch(self, processor):
        inputs = processor.prepare_scoring(videos=CLIPS, video_metadata=RATES)
        length = inputs["input_ids"].shape[1]
        places = torch.tensor([length - 4, length - 2, 2 * length - 3])
        return inputs, places, inputs["input_ids"].flatten()[places + 1]

    def test_they_follow_from_the_full_logits(self, model, processor, batch):
        inputs, places, targets = batch
        with torch.no_grad():
            logits = model(**inputs).logits.flatten(0, 1)[places]
            output = model(**inputs, target_positions=places, target_ids=targets, level_positions=places[1:])
        expected = logits.log_softmax(-1)[torch.arange(3), targets]
        assert torch.allclose(output.target_log_probabilities, expected, atol=1e-5)
        assert torch.allclose(output.level_logits, logits[1:, processor.level_token_ids], atol=1e-4)
        assert output.level_mass is None

    def test_the_share_of_the_levels_is_theirs_of_the_whole_vocabulary(self, model, processor, batch):
        inputs, places, _ = batch
        with torch.no_grad():
            output = model(**inputs, level_positions=places, level_mass=True)
            expected = model(**inputs).logits.flatten(0, 1)[places].softmax(-1)[:, processor.level_token_ids].sum(-1)
        assert torch.allclose(output.level_mass, expected, atol=1e-6)

    def test_every_trained_part_has_a_gradient_whatever_the_media(self, tiny_folder, processor):
        """So that processes with images and processes with videos reduce the same tensors."""
        model = VitalForConditionalGeneration.from_pretrained(tiny_folder).train()
        expected = {name for name, _ in model.named_parameters() if "mask_token" not in name}
        statistics = model.model.motion_tower.stem.norm.running_mean.clone()
        convolved = []
        model.model.motion_tower.stem.conv.register_forward_hook(lambda *call: convolved.append(call[2].shape[2]))
        batches = {
            "image": processor.prepare_scoring(images=[PICTURE]),
            "video": processor.prepare_scoring(videos=CLIPS[:1], video_metadata=RATES[:1]),
            "text": processor.tokenizer(["No picture at all."], return_tensors="pt"),
        }
        for kind, inputs in batches.items():
            model.zero_grad()
            last = torch.tensor([inputs["input_ids"].shape[1] - 1])
            model(**inputs, level_positions=last).level_logits[:, 0].sum().backward()
            gradients = {name: value.grad for name, value in model.named_parameters() if value.grad is not None}
            assert gradients.keys() == expected, kind
            motion = gradients["model.motion_tower.stem.conv.weight"]
            assert (motion.abs().max() > 0) == (kind == "video"), kind
            if kind == "image":  # the blank pictures for the motion tower left no trace
                assert torch.equal(model.model.motion_tower.stem.norm.running_mean, statistics)
        assert min(convolved) > 1  # one frame alone corrupts memory in bfloat16 on processors with AMX
