"""Pictures and videos as a user distorts them: sizes, seeds, times, memory, messages."""

import hashlib
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2gray
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from transformers_vital.distortions.apply import distort_image, distort_video, distortion_text
from transformers_vital.distortions.registry import DISTORTIONS
from transformers_vital.errors import DistortionError, MediaDecodeError, MediaNotFoundError, MissingExtraError


PICTURE_TYPES = [name for name, distortion in DISTORTIONS.items() if not distortion.video_only]
RANDOM_TYPES = [name for name in PICTURE_TYPES if DISTORTIONS[name].draws != "nothing"]
TWO_OUTCOMES = ("mean_shift", "contrast_change")  # a drawn sign


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class TestPictures:
    @pytest.mark.parametrize("name", PICTURE_TYPES)
    @pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 1), (2, 3), (17, 33)], ids=str)
    def test_any_size_comes_back(self, name, size):
        picture = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
        before = picture.copy()
        for severity in range(1, 6):
            copy = distort_image(picture, distortion=name, severity=severity, seed=1)
            assert (copy.shape, copy.dtype, copy.flags.c_contiguous) == (picture.shape, np.uint8, True)
        np.testing.assert_array_equal(picture, before)

    @pytest.mark.parametrize("name", PICTURE_TYPES)
    def test_views_and_read_only_pictures_are_taken(self, photo, name):
        turned = photo.swapaxes(0, 1)[::-1, :60]
        turned.flags.writeable = False
        copy = distort_image(turned, distortion=name, severity=3, seed=0)
        np.testing.assert_array_equal(copy, distort_image(turned.copy(), distortion=name, severity=3, seed=0))

    @pytest.mark.parametrize("name", PICTURE_TYPES)
    def test_black_grey_and_white_pictures_come_back(self, name):
        for value in (0, 119, 255):
            flat = np.full((40, 50, 3), value, dtype=np.uint8)
            copy = distort_image(flat, distortion=name, severity=5, seed=0)
            assert copy.shape == flat.shape
            if DISTORTIONS[name].draws == "nothing" and name not in ("brighten", "darken", "jpeg_compression"):
                np.testing.assert_allclose(copy.astype(int), flat, atol=1)

    @pytest.mark.parametrize("name", RANDOM_TYPES)
    def test_other_seeds_draw_anew(self, photo, name):
        copies = {distort_image(photo, distortion=name, severity=5, seed=seed).tobytes() for seed in range(8)}
        assert len(copies) == (2 if name in TWO_OUTCOMES else 8)

    @pytest.mark.parametrize("name", [name for name in PICTURE_TYPES if name not in RANDOM_TYPES])
    def test_what_draws_nothing_is_the_same_for_all_seeds(self, photo, name):
        copies = {distort_image(photo, distortion=name, severity=3, seed=seed).tobytes() for seed in range(3)}
        assert len(copies) == 1

    @pytest.mark.parametrize("name", PICTURE_TYPES)
    def test_memory_is_proportional_to_the_picture(self, name):
        peaks = []
        for side in (100, 200, 400):
            picture = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
            distort_image(picture, distortion=name, severity=2, seed=0)
            tracemalloc.start()
            distort_image(picture, distortion=name, severity=2, seed=0)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert peaks[2] < 60 * 400 * 400
        assert peaks[2] < 4.4 * peaks[1] + 200_000


@pytest.mark.parametrize(
    ("picture", "given"),
    [
        (np.zeros((4, 4, 3), np.float32), r"float32 of shape \[4, 4, 3\]"),
        (np.zeros((4, 4), np.uint8), r"uint8 of shape \[4, 4\]"),
        (np.zeros((4, 4, 4), np.uint8), r"uint8 of shape \[4, 4, 4\]"),
        (np.zeros((0, 4, 3), np.uint8), r"uint8 of shape \[0, 4, 3\]"),
        (np.zeros((1, 32767, 3), np.uint8), r"uint8 of shape \[1, 32767, 3\]"),
        (Image.new("RGB", (4, 4)), "<class 'PIL.Image.Image'>"),
    ],
)
def test_another_array_is_refused(picture, given):
    expected = r"expected a numpy array of uint8, shape \[H, W, 3\], with 1 to 32,766 pixels each way"
    with pytest.raises(DistortionError, match=f"The picture is {given}; {expected}"):
        distort_image(picture, distortion="jitter", severity=1, seed=0)


def test_a_video_type_refuses_pictures(photo):
    with pytest.raises(DistortionError, match="stuttering is for videos. Use distort_video"):
        distort_image(photo, distortion="stuttering", severity=1, seed=0)


@pytest.mark.parametrize("name", PICTURE_TYPES)
def test_the_largest_side_is_taken(name):
    line = np.arange(32766 * 3, dtype=np.uint32).astype(np.uint8).reshape(1, 32766, 3)
    assert distort_image(line, distortion=name, severity=2, seed=0).shape == line.shape


def test_without_opencv_the_extra_is_named(photo, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingExtraError, match=r'a distortion needs cv2.*"transformers-vital\[data\]"'):
        distort_image(photo, distortion="gaussian_blur", severity=1, seed=0)


def test_texts_are_those_of_the_published_records():
    assert distortion_text("h264_compression", severity=1) == "mild H264 compression"
    assert distortion_text("white_noise", severity=3) == "relatively severe white noise"
    assert distortion_text("gaussian_blur", severity=1) == "mild Gaussian blur"
    assert distortion_text("camera_shake", severity=3) == "severe camera shake"
    with pytest.raises(DistortionError, match="severity is 6"):
        distortion_text("white_noise", severity=6)


REPEATED = """
import hashlib, json, sys
import numpy as np
from transformers_vital.distortions.apply import distort_image, distort_video
from transformers_vital.distortions.registry import DISTORTIONS, choose_distortion

picture = np.random.default_rng(3).integers(0, 256, (60, 80, 3), dtype=np.uint8)
digests = {
    name: hashlib.sha256(distort_image(picture, distortion=name, severity=4, seed=9).tobytes()).hexdigest()
    for name, distortion in DISTORTIONS.items()
    if not distortion.video_only
}
for name in ("white_noise", "colour_block", "stuttering", "camera_shake", "h264_compression", "h265_compression"):
    target = f"{sys.argv[2]}/{name}.mp4"
    distort_video(sys.argv[1], target, distortion=name, severity=2, seed=9)
    digests[f"video {name}"] = hashlib.sha256(open(target, "rb").read()).hexdigest()
digests["choice"] = [choose_distortion(str(key), kind="video", seed=9) for key in range(20)]
print(json.dumps(digests))
"""


def test_the_same_seed_gives_the_same_bytes_in_every_process(clip, tmp_path):
    outputs = []
    for hash_seed in ("1", "2"):
        folder = tmp_path / hash_seed
        folder.mkdir()
        command = [sys.executable, "-c", REPEATED, str(clip), str(folder)]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        outputs.append(json.loads(subprocess.run(command, capture_output=True, check=True, env=environment).stdout))
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) == 25 + 6 + 1


def distorted(source, folder: Path, name: str, severity: int = 2, seed: int = 0) -> Path:
    target = folder / f"{name}_{severity}_{seed}.mp4"
    distort_video(source, target, distortion=name, severity=severity, seed=seed)
    return target


class TestVideos:
    @pytest.mark.parametrize("name", ["gaussian_blur", "jpeg_compression", "white_noise", "non_eccentricity_patch"])
    def test_each_severity_of_a_picture_type_is_worse(self, clip, clip_frames, tmp_path, read, name):
        self.check_severities(clip, clip_frames, tmp_path, read, name, severities=5)

    @pytest.mark.parametrize("name", ["stuttering", "camera_shake"])
    def test_each_severity_of_a_video_type_is_worse(self, clip, clip_frames, tmp_path, read, name):
        self.check_severities(clip, clip_frames, tmp_path, read, name, severities=3)

    def check_severities(self, clip, clip_frames, tmp_path, read, name, *, severities):
        scores = []
        for severity in range(1, severities + 1):
            _, frames = read(distorted(clip, tmp_path, name, severity))
            pairs = [(rgb2gray(before), rgb2gray(after)) for before, after in zip(clip_frames, frames, strict=True)]
            scores.append(np.mean([structural_similarity(*pair, data_range=1) for pair in pairs]))
        assert 1 > scores[0] + 1e-3
        assert all(before > after for before, after in zip(scores, scores[1:], strict=False)), scores

    @pytest.mark.parametrize("name", PICTURE_TYPES)
    def test_every_picture_type_makes_a_video(self, lossless, clip_frames, tmp_path, read, name):
        source = lossless([frame[40:88, 60:124] for frame in clip_frames[:3]])
        times, frames = read(distorted(source, tmp_path, name))
        np.testing.assert_allclose(times, np.arange(3) / 12, atol=1e-3)
        first = distort_image(clip_frames[0][40:88, 60:124], distortion=name, severity=2, seed=0)
        assert peak_signal_noise_ratio(first, frames[0]) > 38  # the first frame is the distorted picture

    def test_noise_is_fresh_in_every_frame_and_places_stay(self, lossless, photo, tmp_path, read):
        still = lossless([photo[:96, :128]] * 4)
        for name in ("white_noise", "colour_block", "motion_blur", "mean_shift", "impulse_noise", "jitter"):
            _, frames = read(distorted(still, tmp_path, name, severity=5))
            change = np.mean([np.abs(frame.astype(int) - frames[0]).mean() for frame in frames[1:]])
            assert (change > 2) == (DISTORTIONS[name].draws == "frame"), (name, change)

    def test_another_seed_gives_another_video(self, clip, tmp_path):
        for name in ("white_noise", "stuttering", "camera_shake"):
            files = [distorted(clip, tmp_path, name, seed=seed).read_bytes() for seed in (0, 1)]
            assert digest(files[0]) != digest(files[1])

    def test_stuttering_repeats_whole_frames(self, clip, clip_frames, tmp_path, read):
        times, frames = read(distorted(clip, tmp_path, "stuttering", severity=3))
        np.testing.assert_allclose(times, np.arange(16) / 12, atol=1e-3)
        nearest = [
            int(np.argmin([np.abs(frame.astype(int) - source).mean() for source in clip_frames])) for frame in frames
        ]
        assert nearest[0] == 0 and nearest == sorted(nearest)
        assert all(index == position or index == nearest[position - 1] for position, index in enumerate(nearest))
        assert 4 <= sum(index != position for position, index in enumerate(nearest)) <= 15  # 9 expected

    def test_sound_is_dropped(self, tmp_path, clip_frames):
        source = tmp_path / "talk.mp4"
        with av.open(str(source), "w") as container:
            film, sound = (
                container.add_stream("libx264", rate=12),
                container.add_stream("aac", rate=16000, layout="mono"),
            )
            film.width, film.height, film.pix_fmt = 256, 144, "yuv420p"
            for frame in clip_frames[:4]:
                container.mux(film.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            samples = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), format="fltp", layout="mono")
            samples.sample_rate = 16000
            container.mux(sound.encode(samples))
            container.mux(film.encode())
            container.mux(sound.encode())
        with av.open(str(distorted(source, tmp_path, "darken"))) as container:
            assert [stream.type for stream in container.streams] == ["video"]

    def test_a_turned_video_becomes_upright(self, tmp_path, photo, read):
        source = tmp_path / "turned.mp4"
        picture = np.ascontiguousarray(photo[:96, :128])
        with av.open(str(source), "w") as container:
            stream = container.add_stream("libx264", rate=12)
            stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv444p"
            for _ in range(3):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
        content = bytearray(source.read_bytes())
        matrix = content.index(b"tkhd") + 44  # of version 0: turn a quarter to the right
        for position, value in enumerate([0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30]):
            content[matrix + 4 * position : matrix + 4 * position + 4] = value.to_bytes(4, "big", signed=True)
        source.write_bytes(content)
        _, frames = read(distorted(source, tmp_path, "gaussian_blur", severity=1))
        assert peak_signal_noise_ratio(np.rot90(picture, -1), frames[0]) > 25
        with av.open(str(tmp_path / "gaussian_blur_1_0.mp4")) as container:
            assert next(container.decode(video=0)).rotation == 0

    def test_the_source_may_be_the_target(self, lossless, clip_frames, read, tmp_path):
        path = lossless(clip_frames[:3], name="a.mp4")
        distort_video(path, path, distortion="darken", severity=5, seed=0)
        assert np.mean(read(path)[1]) < 0.7 * np.mean(clip_frames[:3])
        assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]

    def test_an_animated_image_keeps_its_times(self, tmp_path, read):
        pictures = [Image.new("RGB", (20, 14), (value,) * 3) for value in (0, 100, 200)]
        pictures[0].save(tmp_path / "a.gif", save_all=True, append_images=pictures[1:], duration=[40, 500, 100])
        times, frames = read(distorted(tmp_path / "a.gif", tmp_path, "mean_shift", severity=1))
        np.testing.assert_allclose(times, [0, 0.04, 0.54], atol=1e-4)
        assert len(frames) == 3

    def test_a_file_that_is_no_video_is_named_and_leaves_nothing(self, tmp_path):
        (tmp_path / "noise.mp4").write_bytes(b"not a video" * 50)
        with pytest.raises(MediaDecodeError, match=r"noise\.mp4 cannot be opened as a video"):
            distorted(tmp_path / "noise.mp4", tmp_path, "jitter")
        with pytest.raises(MediaNotFoundError, match=r"absent\.mp4 does not exist"):
            distorted(tmp_path / "absent.mp4", tmp_path, "jitter")
        assert [path.name for path in tmp_path.iterdir()] == ["noise.mp4"]


MEASURED = """
import resource, sys
from transformers_vital.distortions.apply import distort_video
distort_video(sys.argv[1], sys.argv[2], distortion=sys.argv[3], severity=2, seed=0)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


@pytest.mark.parametrize("name", ["gaussian_blur", "stuttering", "h264_compression"])
def test_memory_does_not_grow_with_the_length(lossless, clip_frames, tmp_path, name):
    peaks = []
    for count in (60, 360):
        source = lossless([clip_frames[index % 16] for index in range(count)], name=f"{count}.mkv")
        command = [sys.executable, "-c", MEASURED, str(source), str(tmp_path / "a.mp4"), name]
        peaks.append(int(subprocess.run(command, capture_output=True, check=True).stdout))
    more_frames = 300 * clip_frames[0].nbytes
    assert peaks[1] - peaks[0] < 0.15 * more_frames
