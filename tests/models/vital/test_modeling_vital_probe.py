"""The linear probe: the paper's reading against a plain reference, what both readings share, sizes and messages."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from small_probe import IMAGES, READINGS, VIDEOS, small_probe
from transformers import InternVLVisionModel

from transformers_vital import VitalForQualityProbe, VitalProbeConfig
from transformers_vital.models.vital.modeling_vital_encoder import normalize_pixels


def refuse(*_):
    raise AssertionError("it ran")


def plain_paper_embedding(model, pictures: torch.Tensor, clip: torch.Tensor | None) -> torch.Tensor:
    """Sec. 8.2 token by token: the 1st, 3rd and 4th layer, then motion, each projected and averaged."""

    def project(name: str, token: torch.Tensor) -> torch.Tensor:
        layer = getattr(model, name)
        token = F.layer_norm(token, token.shape, layer.layer_norm.weight, layer.layer_norm.bias, 1e-5)
        token = F.gelu(token @ layer.linear_1.weight.T + layer.linear_1.bias)
        return token @ layer.linear_2.weight.T + layer.linear_2.bias

    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (model.config.image_mean, model.config.image_std))
    tower = InternVLVisionModel(model.config.vision_config).eval()
    tower.load_state_dict(model.vision_tower.state_dict())
    hidden = tower((pictures / 255 - mean) / std, output_hidden_states=True).hidden_states
    averages = []
    for number in (1, 3, 4):  # hidden[0] is what enters the first layer
        tokens = []
        for picture in hidden[number]:
            grid = picture[1:].reshape(4, 4, 16)
            for row, column in [(0, 0), (0, 2), (2, 0), (2, 2)]:
                patches = [grid[row + down, column + right] for down in (0, 1) for right in (0, 1)]
                tokens.append(project("multi_modal_projector", torch.cat(patches)))
        averages.append(sum(tokens) / len(tokens))
    if clip is None:
        return torch.cat([*averages, torch.zeros(20)])
    features = model.motion_tower((clip / 255 - mean) / std)
    tokens = [project("motion_projector", feature) for feature in features]
    return torch.cat([*averages, sum(tokens) / len(tokens)])


class TestPaper:
    @torch.no_grad()
    def test_a_mixed_batch_equals_a_plain_reference(self):
        model = small_probe()
        labels = torch.tensor([0, 4, 1, 3])
        output = model(**IMAGES, **VIDEOS, labels=labels)
        tiles = IMAGES["pixel_values"].split([3, 1])
        key_frames, clips = VIDEOS["pixel_values_videos"].split([1, 2]), VIDEOS["pixel_values_motion"].split([4, 5])
        pairs = zip([*tiles, *key_frames], [None, None, *clips], strict=True)
        expected = torch.stack([plain_paper_embedding(model, pictures, clip) for pictures, clip in pairs])
        logits = expected @ model.head.weight.T + model.head.bias
        torch.testing.assert_close(output.embeddings, expected, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(output.level_logits, logits, atol=1e-5, rtol=1e-5)
        loss = -sum(row.softmax(0)[label].log() for row, label in zip(logits, labels, strict=True)) / 4
        assert output.loss.item() == pytest.approx(loss.item(), abs=1e-5)
        assert (logits[:, None] - logits).abs().amax(-1)[~torch.eye(4, dtype=bool)].min() > 0.1  # rows differ

    def test_images_never_reach_the_motion_tower(self):
        model = small_probe()
        model.motion_tower.register_forward_pre_hook(refuse)
        assert model(**IMAGES).level_logits.shape == (2, 5)
        with pytest.raises(AssertionError, match="it ran"):
            model(**VIDEOS)


@pytest.mark.parametrize("reading", READINGS)
class TestBoth:
    def test_the_gradient_reaches_every_part_that_is_read(self, reading):
        model = small_probe(reading).train()
        model(**VIDEOS, labels=torch.tensor([0, 3])).loss.backward()
        parts = {"embeddings": model.vision_tower.embeddings, "motion_tower": model.motion_tower, "head": model.head}
        parts |= {f"layer {number}": layer for number, layer in enumerate(model.vision_tower.encoder.layer, start=1)}
        if reading == "paper":
            parts |= {name: getattr(model, name) for name in ("multi_modal_projector", "motion_projector")}
        listed = {id(weight) for part in parts.values() for weight in part.parameters()}
        assert listed == {id(weight) for weight in model.parameters()}
        unread = parts.pop("layer 5")
        assert all(weight.grad is None for weight in unread.parameters())
        for name, part in parts.items():
            assert all(weight.grad is not None for weight in part.parameters()), name
            assert sum(weight.grad.abs().sum() for weight in part.parameters()) > 0, name

    def test_the_gradient_is_the_same_with_activation_checkpointing(self, reading):
        gradients = []
        for checkpointing in (False, True):
            model = small_probe(reading).train()
            if checkpointing:
                model.activation_checkpointing_enable()
                assert model.is_activation_checkpointing
            model(**VIDEOS, labels=torch.tensor([0, 3])).loss.backward()
            gradients.append(model.vision_tower.embeddings.patch_embeddings.projection.weight.grad)
        torch.testing.assert_close(*gradients)

    def test_layers_after_the_last_that_is_read_are_not_run(self, reading):
        model = small_probe(reading)
        model.vision_tower.encoder.layer[4].register_forward_pre_hook(refuse)
        assert model(**VIDEOS).level_logits.shape == (2, 5)
        model.vision_tower.encoder.layer[3].register_forward_pre_hook(refuse)
        with pytest.raises(AssertionError, match="it ran"):
            model(**VIDEOS)

    def test_floats_are_taken_as_normalised(self, reading):
        model = small_probe(reading)
        floats = {
            name: normalize_pixels(value, model.config) if name.startswith("pixel") else value
            for name, value in VIDEOS.items()
        }
        torch.testing.assert_close(model(**floats).level_logits, model(**VIDEOS).level_logits)

    def test_there_is_no_loss_without_labels(self, reading):
        assert small_probe(reading)(**VIDEOS).loss is None

    @torch.no_grad()
    def test_levels_are_read_in_float32_whatever_the_encoders_type(self, reading, tmp_path):
        model = small_probe(reading)
        model.save_pretrained(tmp_path)
        half = VitalForQualityProbe.from_pretrained(tmp_path, dtype="bfloat16").eval()
        for name, weight in half.named_parameters():
            assert weight.dtype == (torch.float32 if name.startswith("head.") else torch.bfloat16), name
        logits = half(**VIDEOS).level_logits
        assert logits.dtype == torch.float32 and not torch.equal(logits, logits.bfloat16().float())
        torch.testing.assert_close(logits, model(**VIDEOS).level_logits, atol=0.3, rtol=0.05)
        assert half.to(torch.bfloat16)(**VIDEOS).level_logits.dtype == torch.float32


def at_real_size(reading: str) -> VitalForQualityProbe:
    with torch.device("meta"):
        return VitalForQualityProbe(VitalProbeConfig(reading=reading, vision_config={"attention_bias": True}))


def count(module) -> int:
    return sum(weight.numel() for weight in module.parameters())


class TestSizes:
    def test_the_released_head_has_the_tunable_parameters_of_table_6(self):
        model = at_real_size("release")
        assert count(model.head) == 1_606_405
        assert f"{count(model.head) / 1e6:.2f}" == "1.61"

    def test_the_whole_has_those_of_table_6_once_the_rest_of_slowfast_is_added(self, goldens):
        keys = json.loads((goldens / "state_dict_keys_8b.json").read_text())["keys"]
        statistics = ("running_mean", "running_var", "num_batches_tracked")
        slowfast = {
            name: int(np.prod(shape))
            for name, (shape, _) in keys.items()
            if name.startswith("slowfast_model.") and not name.endswith(statistics)
        }
        unread = sum(size for name, size in slowfast.items() if ".multipathway_blocks.1." not in name)
        assert f"{(count(at_real_size('release')) + unread) / 1e6:.2f}" == "339.26"

    def test_the_papers_text_gives_a_head_of_another_size(self):
        model = at_real_size("paper")
        assert count(model.head) == 4 * 3584 * 5 + 5 == 71_685
        assert f"{count(model.multi_modal_projector) / 1e6:.2f}" == "27.54"  # Table 8
        assert f"{count(model.motion_projector) / 1e6:.2f}" == "13.77"


class TestBadInputs:
    @pytest.mark.parametrize(
        ("inputs", "message"),
        [
            ({}, "Neither pixel_values nor pixel_values_videos was given; pass images, videos or both"),
            (VIDEOS | {"pixel_values_motion": None}, "without pixel_values_motion; the probe reads both"),
            (VIDEOS | {"num_key_frames": [1, 1]}, r"num_key_frames is \[1, 1\], in sum 2, but .* holds 3; expected"),
            (VIDEOS | {"num_motion_frames": [9, 0]}, r"num_motion_frames is \[9, 0\]"),
            (VIDEOS | {"num_motion_frames": [9]}, "Got key frames of 2 videos and motion frames of 1"),
            (IMAGES | {"num_patches": [1, 1]}, r"num_patches is \[1, 1\], in sum 2"),
            (IMAGES | {"labels": torch.tensor([0, 5])}, r"labels are \[0, 5\] for 2 media; expected one level"),
            (IMAGES | {"labels": torch.tensor([0, -1])}, r"as 0 \(high\) to 4 \(low\)"),
            (IMAGES | {"labels": torch.tensor([0])}, r"labels are \[0\] for 2 media"),
        ],
        ids="none motionless key_sum motion_zero clips tile_sum label_5 label_negative label_missing".split(),
    )
    def test_a_message_says_what_was_given_and_expected(self, inputs, message):
        with pytest.raises(ValueError, match=message):
            small_probe()(**inputs)

    def test_the_released_reading_refuses_images(self):
        with pytest.raises(ValueError, match="reading='release', which reads videos only. Use videos, or a probe"):
            small_probe("release")(**IMAGES)

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"reading": "official"}, "reading is 'official'; expected 'paper' .* or 'release'"),
            ({"layers": (6, 12, 25)}, r"layers is \[6, 12, 25\]; expected ascending numbers from 1 to 24"),
            ({"layers": (0, 12, 18)}, r"layers is \[0, 12, 18\]"),
            ({"layers": (12, 6)}, r"layers is \[12, 6\]; expected ascending"),
            ({"layers": ()}, r"layers is \[\]"),
        ],
        ids="reading deep zero order none".split(),
    )
    def test_settings_that_make_no_probe_are_refused(self, settings, message):
        with pytest.raises(ValueError, match=message):
            VitalProbeConfig(**settings)
