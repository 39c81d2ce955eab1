"""JPEG and JPEG2000 against their libraries, x264 and x265 by what they write into the file about themselves."""

import io
import re

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio

from transformers_vital.distortions.apply import distort_video
from transformers_vital.distortions.compression import jpeg2000_compression, jpeg_compression
from transformers_vital.distortions.registry import DISTORTIONS


@pytest.mark.parametrize("quality", DISTORTIONS["jpeg_compression"].levels)
def test_jpeg_is_what_pillow_reads_back_from_that_quality(photo, quality):
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=quality)
    np.testing.assert_array_equal(jpeg_compression(photo, level=quality), np.asarray(Image.open(file)))


@pytest.mark.parametrize("quality", DISTORTIONS["jpeg_compression"].levels)
def test_jpeg_loses_as_much_as_that_of_opencv(photo, quality):
    encoded = cv2.imencode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    other = cv2.imdecode(encoded, cv2.IMREAD_COLOR)[..., ::-1]
    ours = peak_signal_noise_ratio(photo, jpeg_compression(photo, level=quality))
    assert ours == pytest.approx(peak_signal_noise_ratio(photo, other), abs=0.3)


@pytest.mark.parametrize("ratio", DISTORTIONS["jpeg2000_compression"].levels)
def test_a_jpeg2000_file_is_so_many_times_smaller(photos, ratio, monkeypatch):
    sizes = []
    save = Image.Image.save

    def measured(image, file, *arguments, **settings):
        save(image, file, *arguments, **settings)
        sizes.append(file.getbuffer().nbytes)

    monkeypatch.setattr(Image.Image, "save", measured)
    for picture in photos.values():
        assert jpeg2000_compression(picture, level=ratio).shape == picture.shape
        assert sizes[-1] == pytest.approx(picture.size / ratio, rel=0.1, abs=100)
    assert len(sizes) == len(photos)


# Settings that the encoders' manuals list for these presets.
X264_FAST = {"subme": "6", "ref": "2", "rc_lookahead": "30", "me": "hex", "trellis": "1", "threads": "1"}
X265_VERYSLOW = {"rd": "6", "ref": "5", "bframes": "8", "rc-lookahead": "40", "subme": "4", "frame-threads": "1"}


@pytest.fixture(scope="module")
def encoded(clip, tmp_path_factory):
    """Files of H.264 and H.265 by severity."""
    folder = tmp_path_factory.mktemp("encoded")
    files = {}
    for name in ("h264_compression", "h265_compression"):
        for severity in (1, 2, 3):
            files[name, severity] = folder / f"{name}_{severity}.mp4"
            distort_video(clip, files[name, severity], distortion=name, severity=severity, seed=0)
    return files


@pytest.mark.parametrize(
    ("name", "encoder", "preset"),
    [("h264_compression", b"x264 - core", X264_FAST), ("h265_compression", b"x265 (build", X265_VERYSLOW)],
    ids=["x264-fast", "x265-veryslow"],
)
class TestVideo:
    @pytest.mark.parametrize(("severity", "crf"), [(1, "24.0"), (2, "36.0"), (3, "48.0")])
    def test_the_encoder_says_it_used_the_rate_factor_and_the_preset(
        self, encoded, name, encoder, preset, severity, crf
    ):
        content = encoded[name, severity].read_bytes()
        assert encoder in content
        said = dict(re.findall(r"([\w-]+)=([\w.]+)", content[content.index(encoder) :][:3000].decode("latin-1")))
        assert {key: said.get(key) for key in preset} == preset
        assert (said["rc"], said["crf"]) == ("crf", crf)

    def test_the_bit_rate_falls_with_severity(self, encoded, name, encoder, preset):
        sizes = [encoded[name, severity].stat().st_size for severity in (1, 2, 3)]
        assert sizes[0] > 1.5 * sizes[1] > 1.5**2 * sizes[2]

    def test_each_severity_is_worse(self, encoded, name, encoder, preset, clip_frames, read):
        means = []
        for severity in (1, 2, 3):
            _, frames = read(encoded[name, severity])
            assert len(frames) == len(clip_frames)
            pairs = zip(clip_frames, frames, strict=True)
            means.append(np.mean([peak_signal_noise_ratio(before, after) for before, after in pairs]))
        assert 45 > means[0] > means[1] + 1 > means[2] + 2


@pytest.mark.parametrize("name", ["h264_compression", "h265_compression"])
def test_colours_come_back(lossless, tmp_path, read, name):
    colours = np.array([[200, 40, 40], [40, 180, 60], [50, 60, 200], [128, 128, 128]], dtype=np.uint8)
    picture = colours[None].repeat(32, axis=1).repeat(64, axis=0)
    distort_video(lossless([picture] * 5), tmp_path / "a.mp4", distortion=name, severity=1, seed=0)
    _, frames = read(tmp_path / "a.mp4")
    for index, colour in enumerate(colours):
        middle = frames[2][16:48, 32 * index + 8 : 32 * index + 24].mean(axis=(0, 1))
        assert np.abs(middle - colour).max() < 4
