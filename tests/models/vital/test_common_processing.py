"""transformers' own tests of full processors, run against VitalProcessor."""

import unittest

import pytest
from transformers_tests import common_tests

from transformers_vital import VitalProcessor


common = common_tests("test_processing_common")


@pytest.fixture(autouse=True, scope="module")
def small_checkpoint(tiny_folder):
    """The common tests load the processor from here."""
    VitalProcessorTest.model_id = str(tiny_folder)


class VitalProcessorTest(common.ProcessorTesterMixin, unittest.TestCase):
    processor_class = VitalProcessor
    one_entry_per_video = "num_key_frames"

    @staticmethod
    def prepare_processor_dict():
        return {"image_seq_length": 4}

    def _test_apply_chat_template(self, modality, batch_size, return_tensors, input_name, processor_name, input_data):
        """Counts videos by the numbers of their frames: the frames themselves lie behind one another."""
        if modality == "video":
            input_name = "one_entry_per_video"
        super()._test_apply_chat_template(modality, batch_size, return_tensors, input_name, processor_name, input_data)

    @property
    def video_sampling_expectations(self):
        """The clip has twelve frames, six a second."""
        return [
            {"num_frames": 3, "fps": None, "expected_dim": 0, "output_length": 3},
            {"num_frames": None, "fps": 2, "expected_dim": 0, "output_length": 4},
            {"do_sample_frames": False, "fps": 2, "expected_dim": 0, "output_length": 12},
            {"do_sample_frames": False, "expected_dim": 0, "output_length": 12},
            {"expected_dim": 0, "output_length": 2},
        ]

    def test_apply_chat_template_video_frame_sampling(self):
        """All but its end, which wants sampling from a list of pictures refused: VITAL can do it."""
        with pytest.raises(AssertionError, match="^ValueError not raised$"):
            super().test_apply_chat_template_video_frame_sampling()
