"""Images to tiles. The pixels of the release are compared with the authors' code elsewhere."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from transformers_vital import VitalImageProcessor
from transformers_vital.models.vital.image_processing_vital import RELEASE_IMAGE_SETTINGS


def gradient(width: int, height: int) -> Image.Image:
    """Red grows to the right, green downwards: every cut can be told by its colours."""
    columns = np.linspace(0, 255, width).round().astype(np.uint8)
    rows = np.linspace(0, 255, height).round().astype(np.uint8)
    red, green = np.meshgrid(columns, rows)
    return Image.fromarray(np.stack([red, green, np.zeros_like(red)], axis=-1))


@pytest.fixture
def processor():
    return VitalImageProcessor(size={"height": 56, "width": 56})


def test_tiles_are_cut_row_by_row_and_the_thumbnail_comes_last(processor):
    tiles = processor(gradient(168, 112), return_tensors="pt").pixel_values
    assert tiles.shape == (7, 3, 56, 56) and tiles.dtype == torch.uint8
    corners = tiles[:6, :2, 28, 28].float() / 255  # the middle of each tile, as a share of the picture
    expected = torch.tensor([[(column + 0.5) / 3, (row + 0.5) / 2] for row in range(2) for column in range(3)])
    assert torch.allclose(corners, expected, atol=0.02)
    assert tiles[6, 0, :, 0].max() < 8 and tiles[6, 0, :, -1].min() > 247


def test_a_small_image_is_one_tile_and_with_the_release_settings_twice_that_tile(processor):
    small = gradient(60, 50)
    assert len(processor(small, return_tensors="pt").pixel_values) == 1
    release = VitalImageProcessor(size={"height": 56, "width": 56}, **RELEASE_IMAGE_SETTINGS)
    twice = release(small, return_tensors="pt").pixel_values
    assert len(twice) == 2 and torch.equal(twice[0], twice[1])


@pytest.mark.parametrize("settings", [{}, RELEASE_IMAGE_SETTINGS, {"tile_grid": "ratio", "max_patches": 6}])
@pytest.mark.parametrize("size", [(50, 50), (200, 90), (90, 400), (333, 57)])
def test_the_number_of_tiles_is_known_from_the_size_alone(settings, size):
    processor = VitalImageProcessor(size={"height": 56, "width": 56}, **settings)
    tiles = processor(gradient(*size), return_tensors="pt")
    width, height = size
    assert tiles.num_patches.tolist() == [processor.get_number_of_image_patches(height, width)]
    assert len(tiles.pixel_values) == tiles.num_patches.sum()


def test_images_of_a_batch_lie_one_behind_the_other(processor):
    pictures = [gradient(60, 50), gradient(168, 112)]
    batch = processor(pictures, return_tensors="pt")
    assert batch.num_patches.tolist() == [1, 7]
    alone = [processor(picture, return_tensors="pt").pixel_values for picture in pictures]
    assert torch.equal(batch.pixel_values, torch.cat(alone))


def test_pixels_can_be_normalised_here_instead_of_in_the_model(processor):
    plain = processor(gradient(60, 50), return_tensors="pt").pixel_values
    normalised = processor(gradient(60, 50), do_rescale=True, do_normalize=True, return_tensors="pt").pixel_values
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    expected = (plain.numpy() / 255 - mean[:, None, None]) / std[:, None, None]
    assert np.abs(normalised.numpy() - expected).max() < 1e-5


class TestFiles:
    @pytest.fixture
    def turned(self, tmp_path):
        """Stored lying; the EXIF data says that it stands."""
        exif = Image.Exif()
        exif[0x0112] = 6
        path = tmp_path / "turned.jpg"
        gradient(200, 80).save(path, exif=exif, quality=95)
        return path

    @pytest.mark.parametrize("given", [str, Image.open, lambda path: Image.open(io.BytesIO(path.read_bytes()))])
    def test_orientation_is_a_setting(self, turned, given):
        size = {"height": 56, "width": 56}
        upright = VitalImageProcessor(size=size)
        stored = VitalImageProcessor(size=size, apply_exif=False)
        tiles = {
            name: processor(processor.fetch_images(given(turned)), return_tensors="pt").pixel_values[-1].float()
            for name, processor in [("upright", upright), ("stored", stored)]
        }
        assert torch.allclose(tiles["upright"], tiles["stored"].rot90(-1, (1, 2)), atol=12)

    def test_transparency_is_a_setting(self):
        glass = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
        values = {
            alpha: VitalImageProcessor(alpha=alpha)(glass, return_tensors="pt").pixel_values.unique().tolist()
            for alpha in ("composite", "drop")
        }
        assert values == {"composite": [255], "drop": [0]}


@pytest.mark.parametrize("setting", ["tile_grid", "alpha", "resizer"])
def test_an_unknown_setting_is_refused_with_the_known_ones(setting):
    with pytest.raises(ValueError, match=f"{setting} is 'best'; expected one of "):
        VitalImageProcessor(**{setting: "best"})


def test_settings_survive_saving(tmp_path):
    VitalImageProcessor(**RELEASE_IMAGE_SETTINGS, max_patches=6).save_pretrained(tmp_path)
    loaded = VitalImageProcessor.from_pretrained(tmp_path)
    assert {name: getattr(loaded, name) for name in RELEASE_IMAGE_SETTINGS} == RELEASE_IMAGE_SETTINGS
    assert loaded.max_patches == 6
