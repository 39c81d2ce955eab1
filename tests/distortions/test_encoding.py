import subprocess
import sys

import av
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from transformers_vital.distortions.compression import h264_compression, h265_compression
from transformers_vital.distortions.encoding import NEAR_LOSSLESS, write_video
from transformers_vital.errors import DistortionError


def write(frames, target, *, encoding=NEAR_LOSSLESS, fps=12.0):
    write_video(((index / fps, frame) for index, frame in enumerate(frames)), target, fps=fps, encoding=encoding)


@pytest.mark.parametrize(("deviation", "decibels"), [(0, 44), (25, 42)], ids=["film", "noise"])
def test_the_container_adds_nothing_to_be_seen(clip_frames, tmp_path, read, deviation, decibels):
    noise = np.random.default_rng(0).normal(0, deviation, (len(clip_frames), *clip_frames[0].shape))
    frames = [(frame + more).clip(0, 255).astype(np.uint8) for frame, more in zip(clip_frames, noise, strict=True)]
    write(frames, tmp_path / "a.mp4")
    _, copies = read(tmp_path / "a.mp4")
    for frame, copy in zip(frames, copies, strict=True):
        assert peak_signal_noise_ratio(frame, copy) > decibels


def test_irregular_times_are_kept(tmp_path, read):
    times = [0.0, 0.04, 0.5, 0.52, 1.7, 3.0]
    frames = [np.full((16, 16, 3), 40 * index, dtype=np.uint8) for index in range(6)]
    write_video(zip(times, frames, strict=True), tmp_path / "a.mp4", fps=2.0, encoding=NEAR_LOSSLESS)
    written, copies = read(tmp_path / "a.mp4")
    np.testing.assert_allclose(written, times, atol=1e-5)
    np.testing.assert_allclose([copy.mean() for copy in copies], [40 * index for index in range(6)], atol=2)


@pytest.mark.parametrize("rate", [24000 / 1001, 25, 30000 / 1001, 60])
@pytest.mark.parametrize("encoding", [NEAR_LOSSLESS, h264_compression(level=24)], ids=["rgb", "h264"])
def test_the_rate_of_the_file_is_that_of_the_frames(tmp_path, rate, encoding):
    write([np.zeros((16, 16, 3), np.uint8)] * 40, tmp_path / "a.mp4", fps=rate, encoding=encoding)
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert float(stream.average_rate) == pytest.approx(rate, rel=1e-3)
        assert float(stream.duration * stream.time_base) == pytest.approx(40 / rate, rel=1e-3)


def test_frames_of_one_time_stay_apart(tmp_path, read):
    frame = np.zeros((16, 16, 3), dtype=np.uint8)
    write_video([(0.0, frame), (0.0, frame), (0.0, frame)], tmp_path / "a.mp4", fps=25.0, encoding=NEAR_LOSSLESS)
    assert len(read(tmp_path / "a.mp4")[0]) == 3


@pytest.mark.parametrize(
    ("size", "encoding", "pixel_format"),
    [
        ((64, 48), h264_compression(level=24), "yuv420p"),
        ((65, 48), h264_compression(level=24), "yuv444p"),
        ((64, 49), h265_compression(level=24), "yuv444p"),
        ((1, 1), h264_compression(level=24), "yuv444p"),
        ((65, 49), NEAR_LOSSLESS, "gbrp"),
        ((1, 1), NEAR_LOSSLESS, "gbrp"),
    ],
    ids=lambda value: getattr(value, "codec", str(value)),
)
def test_odd_sizes_keep_their_size(tmp_path, read, size, encoding, pixel_format):
    picture = np.full((*size[::-1], 3), 90, dtype=np.uint8)
    write([picture] * 3, tmp_path / "a.mp4", encoding=encoding)
    _, frames = read(tmp_path / "a.mp4")
    assert [frame.shape for frame in frames] == [picture.shape] * 3
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].pix_fmt == pixel_format


def test_frames_too_small_for_x265_are_refused(tmp_path):
    with pytest.raises(DistortionError, match="A video of 32x15 cannot be encoded with libx265.* at least 16 pixels"):
        write([np.zeros((15, 32, 3), np.uint8)], tmp_path / "a.mp4", encoding=h265_compression(level=24))


@pytest.mark.parametrize(("name", "width"), [("a.mp4", 20000), ("absent/a.mp4", 16)], ids=["wide", "no-folder"])
def test_what_the_encoder_cannot_write_is_said_with_the_limits(tmp_path, name, width):
    advice = "its folder exists and has room, and that the frames have at most 16,384 pixels"
    with pytest.raises(
        DistortionError, match=rf"a\.mp4 cannot be written with libx264rgb \(.*\)\. Check that {advice}"
    ):
        write([np.zeros((16, width, 3), np.uint8)], tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_is_no_mp4_is_refused(tmp_path):
    with pytest.raises(DistortionError, match=r"a\.avi is no name of an mp4 file.*Let it end in \.mp4"):
        write([np.zeros((16, 16, 3), np.uint8)], tmp_path / "a.avi")


def test_a_name_with_a_colon_is_no_address(tmp_path, monkeypatch, read):
    monkeypatch.chdir(tmp_path)
    write([np.zeros((16, 16, 3), np.uint8)], "take: 2.mp4")
    assert len(read(tmp_path / "take: 2.mp4")[0]) == 1


class TestInterruption:
    def test_an_error_leaves_no_file(self, tmp_path):
        def frames():
            yield 0.0, np.zeros((16, 16, 3), np.uint8)
            raise OSError("the disk is gone")

        with pytest.raises(OSError, match="the disk is gone"):
            write_video(frames(), tmp_path / "a.mp4", fps=12.0, encoding=NEAR_LOSSLESS)
        assert list(tmp_path.iterdir()) == []

    def test_a_change_of_size_leaves_the_old_file(self, tmp_path):
        (tmp_path / "a.mp4").write_bytes(b"old")
        sizes = [np.zeros((16, 16, 3), np.uint8)] * 2 + [np.zeros((18, 20, 3), np.uint8)]
        with pytest.raises(DistortionError, match="Frame 2 is 20x18 and the first 16x16; expected one size"):
            write(sizes, tmp_path / "a.mp4")
        assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
        assert (tmp_path / "a.mp4").read_bytes() == b"old"

    def test_a_kill_leaves_no_half_video_under_the_name(self, tmp_path):
        code = (
            "import os, signal, sys\n"
            "import numpy as np\n"
            "from transformers_vital.distortions.encoding import NEAR_LOSSLESS, write_video\n"
            "def frames():\n"
            "    for index in range(300):\n"
            "        if index == 200:\n"
            "            os.kill(os.getpid(), signal.SIGKILL)\n"
            "        yield index / 12, np.random.default_rng(index).integers(0, 256, (48, 64, 3), dtype=np.uint8)\n"
            "write_video(frames(), sys.argv[1], fps=12.0, encoding=NEAR_LOSSLESS)\n"
        )
        killed = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.mp4")])
        assert killed.returncode == -9
        assert [path.name for path in tmp_path.iterdir()] == ["a.mp4.partial"]
