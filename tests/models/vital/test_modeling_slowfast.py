"""The streamed fast pathway against plain padded convolutions over the whole clip."""

import pytest
import torch
import torch.nn.functional as F

from transformers_vital import VitalMotionConfig, VitalMotionModel


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    model = VitalMotionModel(VitalMotionConfig()).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return model


def whole_clip(model, frames: torch.Tensor) -> torch.Tensor:
    """SlowFast-R50's fast pathway as the paper states it (Feichtenhofer et al. 2019, Table 1), written out plainly."""

    def conv(x, layer, stride, padding):
        return F.conv3d(x, layer.weight, stride=stride, padding=padding)

    x = frames.transpose(0, 1).unsqueeze(0)
    x = F.relu(model.stem.norm(conv(x, model.stem.conv, (1, 2, 2), (2, 3, 3))))
    x = F.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1))
    for index, stage in enumerate(model.stages):
        for position, block in enumerate(stage.blocks):
            stride = (1, 2, 2) if index > 0 and position == 0 else (1, 1, 1)
            inner = F.relu(block.norm_a(conv(x, block.conv_a, 1, (1, 0, 0))))
            inner = F.relu(block.norm_b(conv(inner, block.conv_b, stride, (0, 1, 1))))
            inner = block.norm_c(conv(inner, block.conv_c, 1, 0))
            shortcut = x if position else block.shortcut_norm(conv(x, block.shortcut_conv, stride, 0))
            x = F.relu(inner + shortcut)
    return x.mean((-1, -2)).squeeze(0).T


@pytest.mark.parametrize("frames", [1, 2, 5, 16, 17, 37])
@pytest.mark.parametrize("chunk", [1, 3, 16])
def test_streaming_equals_the_whole_clip(model, monkeypatch, frames, chunk):
    monkeypatch.setattr(model, "chunk_frames", chunk)
    clip = torch.randn(frames, 3, 64, 96)
    with torch.no_grad():
        expected = whole_clip(model, clip)
        assert expected.std() > 1e-3
        assert torch.allclose(model(clip), expected, rtol=1e-4, atol=1e-5)


def test_pieces_of_a_clip_are_read_as_one(model):
    clip = torch.randn(11, 3, 64, 64)
    with torch.no_grad():
        assert torch.allclose(model(iter(clip.split([2, 1, 5, 3]))), model(clip), rtol=1e-4, atol=1e-5)


def test_frames_see_their_neighbours(model):
    clip = torch.randn(9, 3, 64, 64)
    changed = clip.clone()
    changed[8] = 0
    with torch.no_grad():
        difference = (model(clip) - model(changed)).abs().amax(1)
    assert (difference[6:] > 0).all()


def test_no_layer_ever_sees_more_than_a_chunk_and_its_neighbours(model):
    lengths = []
    convolutions = [module for module in model.modules() if isinstance(module, torch.nn.Conv3d)]
    handles = [
        layer.register_forward_pre_hook(lambda _, inputs: lengths.append(inputs[0].shape[2])) for layer in convolutions
    ]
    with torch.no_grad():
        model(torch.randn(100, 3, 32, 32))
    for handle in handles:
        handle.remove()
    assert len(lengths) >= len(convolutions)
    # a chunk, the frames kept for the kernel's two sides, and what earlier layers handed on late at the end
    assert max(lengths) <= model.chunk_frames + 2 * 2 + 2 * len(convolutions) // 2


def test_training_takes_batch_statistics_over_the_whole_clip(model):
    trained = VitalMotionModel(VitalMotionConfig()).train()
    trained.load_state_dict(model.state_dict())
    clip = torch.randn(40, 3, 32, 32)
    trained(clip).sum().backward()
    assert all(parameter.grad is not None for parameter in trained.parameters())
    assert trained.stem.norm.num_batches_tracked == model.stem.norm.num_batches_tracked + 1


def test_bfloat16_is_close_to_float32(model):
    half = VitalMotionModel(VitalMotionConfig()).eval()
    half.load_state_dict(model.state_dict())
    half.to(torch.bfloat16)
    clip = torch.randn(6, 3, 64, 64)
    with torch.no_grad():
        expected, features = model(clip), half(clip)
    assert features.dtype == torch.bfloat16
    assert (features.float() - expected).abs().max() < 0.05 * expected.abs().max()


def test_weights_in_bfloat16_learn_beside_statistics_in_float32(model):
    """As DeepSpeed and FSDP2 leave them, which cast parameters and no buffers."""
    mixed = VitalMotionModel(VitalMotionConfig()).eval()
    mixed.load_state_dict(model.state_dict())
    for parameter in mixed.parameters():
        parameter.data = parameter.data.bfloat16()
    clip = torch.randn(6, 3, 64, 64)
    expected, features = model(clip), mixed(clip)
    assert features.dtype == torch.bfloat16
    assert (features.float() - expected).abs().max() < 0.05 * expected.abs().max()
    features.float().square().sum().backward()
    expected.square().sum().backward()
    found, wanted = (net.stages[-1].blocks[-1].norm_c.weight.grad.float() for net in (mixed, model))
    assert torch.nn.functional.cosine_similarity(found, wanted, dim=0) > 0.99
    model.zero_grad()
