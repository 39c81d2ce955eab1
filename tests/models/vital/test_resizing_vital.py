"""Resizing against Pillow's own."""

import numpy as np
import pytest
import torch
from PIL import Image

from transformers_vital.models.vital.resizing_vital import resize_pixels


@pytest.fixture
def picture():
    rows = np.random.default_rng(0).integers(0, 256, (90, 131, 3), dtype=np.uint8)
    return Image.fromarray(rows)


def as_tensor(picture) -> torch.Tensor:
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)


@pytest.mark.parametrize(("size", "levels"), [((448, 448), 2), ((31, 17), 1), ((90, 40), 1)])
@pytest.mark.parametrize("resizer", ["pillow", "torchvision"])
def test_pixels_are_those_of_pillow(picture, size, levels, resizer):
    height, width = size
    expected = as_tensor(picture.resize((width, height), Image.Resampling.BICUBIC)).int()
    resized = resize_pixels(as_tensor(picture), height, width, resizer=resizer)
    assert resized.dtype == torch.uint8
    difference = (resized.int() - expected).abs()
    if resizer == "pillow":
        assert difference.max() == 0
    else:
        assert difference.max() <= levels and (difference > 0).float().mean() < 0.01


@pytest.mark.parametrize("resizer", ["pillow", "torchvision"])
def test_a_batch_is_resized_picture_by_picture(picture, resizer):
    one = as_tensor(picture)
    two = torch.stack([one, one.flip(-1)])
    resized = resize_pixels(two, 20, 30, resizer=resizer)
    assert torch.equal(resized[0], resize_pixels(one, 20, 30, resizer=resizer))
    assert torch.equal(resized[1], resize_pixels(one.flip(-1), 20, 30, resizer=resizer))


def test_a_picture_of_the_wanted_size_is_itself(picture):
    pixels = as_tensor(picture)
    assert resize_pixels(pixels, 90, 131) is pixels


def test_pillow_takes_no_floats(picture):
    with pytest.raises(ValueError, match="needs uint8 pixels, got torch.float32; use resizer='torchvision'"):
        resize_pixels(as_tensor(picture).float(), 20, 30, resizer="pillow")
