"""transformers' own tests of video processors, run against VitalVideoProcessor."""

import unittest

import pytest
from transformers_tests import common_tests

from transformers_vital import VitalVideoProcessor


common = common_tests("test_video_processing_common")


class VitalVideoProcessingTester:
    batch_size = 5
    num_frames = 8
    num_channels = 3
    min_resolution = 30
    max_resolution = 80
    size = {"height": 20, "width": 20}

    def prepare_video_processor_dict(self):
        return {"size": self.size, "do_sample_frames": False, "do_resize": True, "do_convert_rgb": True}

    def expected_output_video_shape(self, videos):
        return self.num_frames, 3, self.size["height"], self.size["width"]

    def prepare_video_inputs(self, equal_resolution=False, return_tensors="pil"):
        return common.prepare_video_inputs(
            batch_size=self.batch_size,
            num_frames=self.num_frames,
            num_channels=self.num_channels,
            min_resolution=self.min_resolution,
            max_resolution=self.max_resolution,
            equal_resolution=equal_resolution,
            return_tensors=return_tensors,
        )


class VitalVideoProcessingTest(common.VideoProcessingTestMixin, unittest.TestCase):
    """Three tests are written anew: they take all videos to have as many frames, or the sizes of other processors."""

    fast_video_processing_class = VitalVideoProcessor

    def setUp(self):
        super().setUp()
        self.video_processor_tester = VitalVideoProcessingTester()

    @property
    def video_processor_dict(self):
        return self.video_processor_tester.prepare_video_processor_dict()

    def assert_expected_videos_shape(self, encoded_videos, expected_output_video_shape, num_videos):
        """Frames of all videos lie behind one another."""
        frames, *picture = expected_output_video_shape
        assert tuple(encoded_videos.shape) == (num_videos * frames, *picture)

    def test_call_numpy_4_channels(self):
        self.video_processor_tester.num_channels = 4
        videos = self.video_processor_tester.prepare_video_inputs(return_tensors="pil")
        assert videos[0][0].mode == "RGBA"
        processor = VitalVideoProcessor(**self.video_processor_dict)
        shape = self.video_processor_tester.expected_output_video_shape(videos)
        for given, count in [(videos[0], 1), (videos, len(videos))]:
            pixels = processor(given, return_tensors="pt", input_data_format="channels_last").pixel_values_videos
            self.assert_expected_videos_shape(pixels, shape, count)

    def test_call_sample_frames(self):
        videos = self.video_processor_tester.prepare_video_inputs(return_tensors="torch")
        metadata = [[{"duration": 2.0, "total_num_frames": 8, "fps": 4}]] * len(videos)

        def key_frames(**settings):
            processor = VitalVideoProcessor(**self.video_processor_dict | {"do_sample_frames": True})
            return processor(videos, video_metadata=metadata, return_tensors="pt", **settings).num_key_frames.tolist()

        assert key_frames() == [2] * 5
        assert key_frames(do_sample_frames=False, num_frames=3) == [8] * 5
        assert key_frames(num_frames=3) == [3] * 5
        assert key_frames(fps=3) == [6] * 5
        with pytest.raises(ValueError, match="num_frames is 10, but the video has 8 frames"):
            key_frames(num_frames=10)
        with pytest.raises(ValueError, match="Both fps=3 and num_frames=3 were given"):
            key_frames(num_frames=3, fps=3)
        with pytest.raises(ValueError, match="fps and num_frames need frame_sampling='time'"):
            key_frames(num_frames=3, frame_sampling="release")

    def test_video_processor_from_dict_with_kwargs(self):
        processor = VitalVideoProcessor.from_dict(self.video_processor_dict)
        assert processor.size == {"height": 20, "width": 20}
        processor = VitalVideoProcessor.from_dict(self.video_processor_dict, size=42, motion_fps=2.0)
        assert processor.size == {"height": 42, "width": 42}
        assert processor.motion_fps == 2.0

    def test_settings_of_a_call_hold_without_sampling_too(self):
        videos = self.video_processor_tester.prepare_video_inputs(return_tensors="np")
        processor = VitalVideoProcessor(**self.video_processor_dict)
        pixels = processor(videos, size=10, return_tensors="pt").pixel_values_videos
        assert tuple(pixels.shape) == (40, 3, 10, 10)
