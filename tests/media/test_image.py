import io
import warnings

import numpy as np
import pytest
from drawing import Pipe
from PIL import Image, ImageFile

from transformers_vital.errors import MediaDecodeError, MediaInputError, MediaNotFoundError
from transformers_vital.media.image import load_image


ORIENTATION = 0x0112


@pytest.fixture
def gradient():
    """A 40 x 30 picture in which every pixel is different."""
    rows, columns = np.mgrid[:30, :40]
    return np.dstack([rows * 8, columns * 6, rows + columns]).astype(np.uint8)


@pytest.fixture
def noise_jpeg(tmp_path):
    """A JPEG that is large enough to be cut in the middle of its scan."""
    pixels = np.random.default_rng(0).integers(0, 255, (160, 160, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "noise.jpg", quality=90)
    return tmp_path / "noise.jpg"


def saved(image, format, **settings):
    file = io.BytesIO()
    image.save(file, format, **settings)
    return file.getvalue()


class TestOrientation:
    # How the EXIF standard places row 0 and column 0 of the stored picture for each orientation.
    UPRIGHT = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: a.transpose(1, 0, 2)[:, ::-1],
        7: lambda a: a.transpose(1, 0, 2)[::-1, ::-1],
        8: lambda a: a.transpose(1, 0, 2)[::-1],
    }

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_exif_orientation_is_applied(self, gradient, orientation):
        exif = Image.Exif()
        exif[ORIENTATION] = orientation

        image = load_image(saved(Image.fromarray(gradient), "PNG", exif=exif))

        np.testing.assert_array_equal(np.asarray(image), self.UPRIGHT[orientation](gradient))

    def test_exif_orientation_is_ignored_when_asked(self, gradient):
        exif = Image.Exif()
        exif[ORIENTATION] = 6

        image = load_image(saved(Image.fromarray(gradient), "PNG", exif=exif), apply_exif=False)

        np.testing.assert_array_equal(np.asarray(image), gradient)

    def test_broken_exif_does_not_stop_the_picture(self, gradient):
        content = saved(Image.fromarray(gradient), "PNG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff\xff\xff")

        np.testing.assert_array_equal(np.asarray(load_image(content)), gradient)


class TestModes:
    def test_alpha_is_laid_over_white(self):
        rgba = np.zeros((1, 3, 4), np.uint8)
        rgba[0] = [[200, 100, 0, 255], [200, 100, 0, 0], [200, 100, 0, 51]]

        image = load_image(saved(Image.fromarray(rgba), "PNG"))

        # 51 / 255 is a fifth: 0.2 * colour + 0.8 * 255.
        np.testing.assert_array_equal(np.asarray(image)[0], [[200, 100, 0], [255, 255, 255], [244, 224, 204]])

    @pytest.mark.parametrize("mode", ["LA", "PA", "P"])
    def test_other_kinds_of_transparency_are_laid_over_white(self, mode):
        image = Image.new("RGBA", (4, 4), (0, 0, 0, 0)).convert(mode)
        if mode == "P":
            image = Image.new("P", (4, 4), 3)
            image.info["transparency"] = 3

        assert load_image(image).getpixel((1, 1)) == (255, 255, 255)

    def test_a_transparent_colour_without_alpha_channel_is_laid_over_white(self):
        content = saved(Image.new("RGB", (2, 2), (1, 2, 3)), "PNG", transparency=(1, 2, 3))

        assert load_image(content).getpixel((0, 0)) == (255, 255, 255)

    def test_sixteen_bit_grey_is_scaled_and_rounded(self):
        values = np.array([[0, 128, 129, 257, 32896, 65535]], np.uint16)

        image = load_image(saved(Image.fromarray(values), "PNG"))

        np.testing.assert_array_equal(np.asarray(image)[0, :, 0], np.rint(values[0] / 257))
        assert image.mode == "RGB"

    def test_sixteen_bit_portable_greymaps_are_scaled(self):
        content = b"P5\n3 1\n65535\n" + np.array([0, 32896, 65535], ">u2").tobytes()

        assert np.asarray(load_image(content))[0, :, 0].tolist() == [0, 128, 255]

    def test_float_pictures_hold_zero_to_one(self):
        content = saved(Image.fromarray(np.array([[0, 0.2, 1]], np.float32)), "TIFF")

        assert np.asarray(load_image(content))[0, :, 0].tolist() == [0, 51, 255]

    def test_float_pictures_beyond_one_are_refused(self):
        content = saved(Image.fromarray(np.array([[0, 200]], np.float32)), "TIFF")

        with pytest.raises(MediaDecodeError, match=r"range from 0.0 to 200.0; expected 0 to 1"):
            load_image(content)

    @pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV"])
    def test_opaque_modes_become_what_pillow_makes_of_them(self, gradient, mode):
        image = Image.fromarray(gradient).convert(mode)

        loaded = load_image(image)

        assert loaded.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(loaded), np.asarray(image.convert("RGB")))

    @pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "I;16", "CMYK"])
    def test_the_release_settings_are_plain_convert(self, gradient, mode):
        exif = Image.Exif()
        exif[ORIENTATION] = 6
        if mode == "I;16":
            image = Image.fromarray((gradient[..., 0].astype(np.uint16)) * 7)
        else:
            image = Image.fromarray(np.dstack([gradient, gradient[..., 1]])).convert(mode)
        content = saved(image, "TIFF" if mode == "CMYK" else "PNG", exif=exif)

        loaded = load_image(content, apply_exif=False, alpha="drop")

        expected = Image.open(io.BytesIO(content)).convert("RGB")
        np.testing.assert_array_equal(np.asarray(loaded), np.asarray(expected))

    def test_an_unknown_alpha_setting_is_refused(self):
        with pytest.raises(MediaInputError, match='alpha is \'black\'; expected "composite" or "drop"'):
            load_image(Image.new("RGB", (1, 1)), alpha="black")

    def test_an_animation_gives_its_first_frame(self):
        frames = [Image.new("L", (4, 4), grey) for grey in (50, 100, 150)]
        content = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])

        assert load_image(content).getpixel((0, 0)) == (50, 50, 50)


class TestDamage:
    def test_a_truncated_file_keeps_the_rows_it_has(self, noise_jpeg):
        whole = np.asarray(load_image(noise_jpeg))
        noise_jpeg.write_bytes(noise_jpeg.read_bytes()[: noise_jpeg.stat().st_size // 2])

        cut = np.asarray(load_image(noise_jpeg))

        assert cut.shape == whole.shape
        np.testing.assert_array_equal(cut[:48], whole[:48])
        assert (cut[-16:] != whole[-16:]).any()

    def test_tolerating_a_truncated_file_leaves_pillow_strict(self, noise_jpeg):
        noise_jpeg.write_bytes(noise_jpeg.read_bytes()[: noise_jpeg.stat().st_size // 2])

        load_image(noise_jpeg)

        assert ImageFile.LOAD_TRUNCATED_IMAGES is False
        with Image.open(noise_jpeg) as image, pytest.raises(OSError, match="truncated"):
            image.load()

    def test_a_file_that_is_no_image_is_named_with_the_fix(self, tmp_path):
        (tmp_path / "notes.jpg").write_text("not a picture")

        with pytest.raises(
            MediaDecodeError, match=r'notes\.jpg is not an image .* say that it is a video \(kind="video"'
        ):
            load_image(tmp_path / "notes.jpg")

    def test_a_header_without_pixels_is_refused(self, noise_jpeg):
        noise_jpeg.write_bytes(noise_jpeg.read_bytes()[:100])

        with pytest.raises(MediaDecodeError, match=r"noise\.jpg (cannot be decoded as|is not) an image"):
            load_image(noise_jpeg)

    def test_a_missing_file_is_not_found(self):
        with pytest.raises(MediaNotFoundError, match=r"absent\.jpg does not exist"):
            load_image("absent.jpg")


class TestSize:
    def test_a_decompression_bomb_is_refused_with_the_fix(self, monkeypatch):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)

        with pytest.raises(MediaDecodeError, match=r"<bytes>: .*100 pixels.* Pass max_pixels="):
            load_image(saved(Image.new("L", (10, 10)), "PNG"))

    def test_max_pixels_lifts_the_limit_of_pillow(self, monkeypatch):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert load_image(saved(Image.new("L", (10, 10)), "PNG"), max_pixels=100).size == (10, 10)
        assert Image.MAX_IMAGE_PIXELS == 40

    def test_more_than_max_pixels_are_refused(self):
        with pytest.raises(MediaDecodeError, match="10x10 has more than max_pixels=99"):
            load_image(saved(Image.new("L", (10, 10)), "PNG"), max_pixels=99)


class TestSources:
    def test_every_form_of_a_file_gives_the_same_picture(self, tmp_path, gradient):
        path = tmp_path / "picture.png"
        Image.fromarray(gradient).save(path)
        content = path.read_bytes()

        for source in (path, str(path), content, io.BytesIO(content), Pipe(content), Image.open(path)):
            np.testing.assert_array_equal(np.asarray(load_image(source)), gradient)

    def test_an_open_file_stays_open(self, gradient):
        file = io.BytesIO(saved(Image.fromarray(gradient), "PNG"))

        load_image(file)

        np.testing.assert_array_equal(np.asarray(load_image(file)), gradient)

    @pytest.mark.parametrize(
        "convert",
        [
            pytest.param(lambda a: a, id="uint8"),
            pytest.param(lambda a: a.transpose(2, 0, 1), id="channels-first"),
            pytest.param(lambda a: a / 255.0, id="float64"),
            pytest.param(lambda a: (a / 255.0).astype(np.float32), id="float32"),
            pytest.param(lambda a: a.astype(np.int64), id="int64"),
            pytest.param(lambda a: a.astype(np.uint16) * 257, id="uint16"),
            pytest.param(lambda a: np.dstack([a, np.full(a.shape[:2], 255, np.uint8)]), id="alpha"),
        ],
    )
    def test_arrays_of_every_type_give_the_same_picture(self, gradient, convert):
        np.testing.assert_array_equal(np.asarray(load_image(convert(gradient))), gradient)

    @pytest.mark.parametrize("dtype", ["uint8", "float32", "bfloat16"])
    def test_tensors_are_read_channels_first(self, dtype):
        torch = pytest.importorskip("torch")
        # All axes could be channels: only the custom of the library decides.
        tensor = torch.zeros(3, 3, 3, dtype=getattr(torch, dtype))
        tensor[0] = 255 if dtype == "uint8" else 1

        assert load_image(tensor).getpixel((0, 2)) == (255, 0, 0)
        assert load_image(np.moveaxis(tensor.float().numpy() / tensor.float().max().item(), 0, -1)).getpixel(
            (0, 2)
        ) == (
            255,
            0,
            0,
        )

    def test_tensors_that_need_gradients_are_read(self):
        torch = pytest.importorskip("torch")

        assert load_image(torch.ones(3, 4, 5, requires_grad=True)).size == (5, 4)

    @pytest.mark.parametrize(
        ("array", "message"),
        [
            pytest.param(np.zeros((5, 6, 7)), r"shape \(5, 6, 7\) is not one picture", id="no-channels"),
            pytest.param(np.zeros((0, 6, 3)), r"shape \(0, 6, 3\) is not one picture", id="empty"),
            pytest.param(np.full((2, 2), 255.0), "range from 255.0 to 255.0; expected 0 to 1. Divide", id="float-255"),
            pytest.param(np.full((2, 2), np.nan), "range from nan to nan", id="nan"),
            pytest.param(np.full((2, 2), -1), "range from -1 to -1; expected 0 to 255", id="negative"),
            pytest.param(np.zeros((2, 2), complex), "dtype complex128; expected uint8", id="complex"),
        ],
    )
    def test_arrays_that_are_no_picture_are_refused(self, array, message):
        with pytest.raises(MediaInputError, match=message):
            load_image(array)

    def test_other_types_are_refused(self):
        with pytest.raises(MediaInputError, match="cannot be read from int"):
            load_image(3)
