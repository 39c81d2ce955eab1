"""Videos to key frames and motion frames. The choice of the release is compared with the authors' code elsewhere."""

import io

import av
import numpy as np
import pytest
import torch
from PIL import Image

from transformers_vital import VitalVideoProcessor
from transformers_vital.models.vital.video_processing_vital import RELEASE_VIDEO_SETTINGS, flatten_videos


FPS = 8


def grey_frames(count: int) -> np.ndarray:
    """Frame i is flat grey 5·i, so that a frame tells its index."""
    return np.arange(count, dtype=np.uint8)[:, None, None, None].repeat(48, 1).repeat(64, 2).repeat(3, 3) * 5


def indices_of(pixels: torch.Tensor) -> list[int]:
    return (pixels.float().mean((1, 2, 3)) / 5).round().int().tolist()


@pytest.fixture
def processor():
    return VitalVideoProcessor(size={"height": 56, "width": 56})


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "grey.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "bgr0"
        for pixels in grey_frames(30):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


def test_key_frames_lie_a_second_apart_and_motion_frames_between(processor, clip):
    output = processor([str(clip)], return_tensors="pt")
    assert output.pixel_values_videos.dtype == output.pixel_values_motion.dtype == torch.uint8
    assert indices_of(output.pixel_values_videos) == [0, 8, 16]
    assert indices_of(output.pixel_values_motion) == [*range(30), 29, 29]
    assert output.num_key_frames.tolist() == [3] and output.num_motion_frames.tolist() == [32]


@pytest.mark.parametrize(
    "given",
    [
        lambda path: path,
        lambda path: path.read_bytes(),
        lambda path: io.BytesIO(path.read_bytes()),
        lambda path: grey_frames(30),
        lambda path: grey_frames(30).transpose(0, 3, 1, 2),
        lambda path: torch.from_numpy(grey_frames(30)).permute(0, 3, 1, 2),
        lambda path: list(grey_frames(30)),
        lambda path: [Image.fromarray(frame) for frame in grey_frames(30)],
        lambda path: [Image.fromarray(frame).convert("L") for frame in grey_frames(30)],
        lambda path: grey_frames(30) / np.float32(255),
    ],
    ids="Path bytes file numpy channels_first torch list pillow grey float".split(),
)
def test_one_clip_has_one_result_however_it_is_given(processor, clip, given):
    expected = processor([str(clip)], return_tensors="pt")
    output = processor([given(clip)], video_metadata=[{"fps": FPS, "total_num_frames": 30}], return_tensors="pt")
    for name in ("pixel_values_videos", "pixel_values_motion"):
        assert (output[name].int() - expected[name].int()).abs().max() <= 1


def test_videos_of_any_length_and_size_share_a_call(processor, clip):
    short = np.zeros((2, 30, 90, 3), dtype=np.uint8)
    metadata = [{"fps": FPS, "total_num_frames": 30}, {"fps": 24, "total_num_frames": 2}]
    together = processor([str(clip), short], video_metadata=metadata, return_tensors="pt")
    assert together.num_key_frames.tolist() == [3, 1] and together.num_motion_frames.tolist() == [32, 4]
    alone = processor([str(clip)], return_tensors="pt")
    assert torch.equal(together.pixel_values_motion[:32], alone.pixel_values_motion)
    assert together.pixel_values_motion[32:].max() == 0


def test_settings_hold_for_one_call(processor, clip):
    fewer = processor([str(clip)], motion_fps=2.0, key_frame_interval=2.0, return_tensors="pt")
    assert indices_of(fewer.pixel_values_videos) == [0]
    assert indices_of(fewer.pixel_values_motion) == [0, 4, 8, 12, 16, 20, 24, 28]
    assert processor.motion_fps == 8.0


def test_without_sampling_every_frame_is_both(processor, clip):
    output = processor([str(clip)], do_sample_frames=False, return_tensors="pt")
    assert indices_of(output.pixel_values_videos) == indices_of(output.pixel_values_motion) == list(range(30))


def test_the_release_settings_cut_the_clip_to_a_multiple_of_four(clip):
    processor = VitalVideoProcessor(size={"height": 56, "width": 56}, **RELEASE_VIDEO_SETTINGS)
    output = processor([str(clip)], return_tensors="pt")
    assert indices_of(output.pixel_values_motion) == list(range(28))


def test_pixels_can_be_normalised_here_instead_of_in_the_model(processor, clip):
    plain = processor([str(clip)], return_tensors="pt").pixel_values_motion
    output = processor([str(clip)], do_rescale=True, do_normalize=True, return_tensors="pt").pixel_values_motion
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    assert np.abs(output.numpy() - (plain.numpy() / 255 - mean[:, None, None]) / std[:, None, None]).max() < 1e-5


def test_metadata_describes_the_source_and_the_choice(processor, clip):
    metadata = processor.sample(clip).metadata
    assert (metadata.total_num_frames, metadata.fps, metadata.width, metadata.height) == (30, FPS, 64, 48)
    assert metadata.duration == pytest.approx(30 / FPS)
    assert metadata.frames_indices == [0, 8, 16]


def test_frames_without_a_rate_are_taken_as_24_a_second(processor):
    assert processor([grey_frames(48)], return_tensors="pt").num_key_frames.tolist() == [2]


class TestBadInput:
    def test_no_frames(self, processor):
        with pytest.raises(ValueError, match="holds no frame"):
            processor.sample([], frame_rate=FPS)

    def test_frames_that_are_no_pictures(self, processor):
        with pytest.raises(ValueError, match="is not one picture; expected H x W"):
            processor.sample(np.zeros((4, 5, 6, 7), dtype=np.uint8), frame_rate=FPS)

    def test_metadata_for_another_number_of_videos(self, processor):
        with pytest.raises(ValueError, match="video_metadata has 2 entries for 1 videos; pass one per video"):
            processor([grey_frames(8)], video_metadata=[{"fps": 8}, {"fps": 8}])

    @pytest.mark.parametrize("setting", ["frame_sampling", "resizer"])
    def test_an_unknown_setting(self, setting):
        with pytest.raises(ValueError, match=f"{setting} is 'best'; expected one of "):
            VitalVideoProcessor(**{setting: "best"})


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ("a.mp4", 1),
        (["a.mp4", "b.mp4"], 2),
        ([["a.mp4"], ["b.mp4", "c.mp4"]], 3),
        (np.zeros((4, 8, 8, 3)), 1),
        (np.zeros((2, 4, 8, 8, 3)), 2),
        ([np.zeros((4, 8, 8, 3))] * 2, 2),
        ([np.zeros((8, 8, 3))] * 4, 1),
        ([[np.zeros((8, 8, 3))] * 4] * 2, 2),
        ([Image.new("RGB", (8, 8))] * 4, 1),
    ],
)
def test_any_nesting_of_videos_is_a_flat_list(given, count):
    assert len(flatten_videos(given)) == count
