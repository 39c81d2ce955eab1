"""transformers' own tests of models and configurations, run against VitalModel, its head, and the encoders alone."""

import unittest

import pytest
import torch
from transformers.models.auto import modeling_auto
from transformers_tests import common_tests, skip

from transformers_vital import (
    VitalConfig,
    VitalForConditionalGeneration,
    VitalModel,
    VitalMotionConfig,
    VitalMotionModel,
    VitalVisionEncoder,
    VitalVisionEncoderConfig,
)


common = common_tests("test_modeling_common")
ConfigTester = common_tests("test_configuration_common").ConfigTester
TrainingTesterMixin = common_tests("test_training_mixin").TrainingTesterMixin


@pytest.fixture(autouse=True, scope="module")
def known_by_name():
    """The common tests decide by the name of a class whether it takes labels; they read transformers' own lists."""
    patch = pytest.MonkeyPatch()
    patch.setitem(modeling_auto.MODEL_MAPPING_NAMES, "vital", "VitalModel")
    patch.setitem(modeling_auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES, "vital", "VitalForConditionalGeneration")
    yield
    patch.undo()


class VitalModelTester:
    """A batch in which each row has a picture of one tile and a clip of two key frames and three motion frames."""

    base_model_class = VitalModel
    conditional_generation_class = VitalForConditionalGeneration
    is_training = True
    batch_size = 3
    num_key_frames = 2
    num_motion_frames = 3
    image_seq_length = 4
    image_token_id = 3
    video_token_id = 4
    vocab_size = 99
    hidden_size = 32
    num_hidden_layers = 2
    num_attention_heads = 4
    image_size = 16
    vision_config = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 37,
        "image_size": (16, 16),
        "patch_size": (4, 4),
    }
    text_config = {
        "model_type": "qwen2",
        "vocab_size": 99,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "intermediate_size": 37,
        "max_position_embeddings": 512,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
    }
    motion_config = {"stem_channels": 4, "stage_depths": (1, 1), "stage_channels": (8, 16)}

    def __init__(self, parent):
        self.parent = parent
        self.seq_length = 5 + self.image_seq_length * (1 + self.num_key_frames) + self.num_motion_frames
        self.encoder_seq_length = self.seq_length
        self.all_model_classes = (VitalModel, VitalForConditionalGeneration)

    def get_config(self):
        return VitalConfig(
            text_config=dict(self.text_config),
            vision_config=dict(self.vision_config),
            motion_config=dict(self.motion_config),
            image_token_id=self.image_token_id,
            video_token_id=self.video_token_id,
            image_seq_length=self.image_seq_length,
            level_token_ids=[10, 11, 12, 13, 14],
        )

    def prepare_config_and_inputs(self):
        return self.get_config(), *self.prepare_config_and_inputs_for_common()

    def prepare_config_and_inputs_for_common(self):
        image = torch.full((self.batch_size, self.image_seq_length), self.image_token_id)
        video_length = self.image_seq_length * self.num_key_frames + self.num_motion_frames
        video = torch.full((self.batch_size, video_length), self.video_token_id)
        before, between, after = torch.randint(5, self.vocab_size, (self.batch_size, 5)).split([2, 1, 2], dim=1)
        input_ids = torch.cat([before, image, between, video, after], dim=1)

        def pixels(count):
            return torch.rand(self.batch_size * count, 3, self.image_size, self.image_size)

        return self.get_config(), {
            "input_ids": input_ids,
            "attention_mask": torch.ones_like(input_ids),
            "pixel_values": pixels(1),
            "pixel_values_videos": pixels(self.num_key_frames),
            "pixel_values_motion": pixels(self.num_motion_frames),
            "num_key_frames": torch.full((self.batch_size,), self.num_key_frames),
            "num_motion_frames": torch.full((self.batch_size,), self.num_motion_frames),
        }


NATIVE_KEYS = "other formats are read but never written: VITAL models save their own keys (test_convert_vital.py)"


@skip({"test_reverse_loading_mapping": NATIVE_KEYS})
class VitalModelTest(common.ModelTesterMixin, common.GenerationTesterMixin, unittest.TestCase):
    all_model_classes = (VitalModel, VitalForConditionalGeneration)
    _is_composite = True

    def setUp(self):
        self.model_tester = VitalModelTester(self)
        self.config_tester = ConfigTester(self, config_class=VitalConfig, has_text_modality=False)

    def test_config(self):
        self.config_tester.run_common_tests()

    def _video_features_prepare_config_and_inputs(self):
        """The inputs of `get_video_features`; transformers' own choice, names with "video" in them, misses ours."""
        config, inputs = self.model_tester.prepare_config_and_inputs_for_common()
        names = ("pixel_values_videos", "pixel_values_motion", "num_key_frames", "num_motion_frames")
        return config, {name: inputs[name] for name in names}


class VitalTextTester(VitalModelTester):
    causal_lm_class = VitalForConditionalGeneration

    def get_config(self):
        config = super().get_config()
        config.vocab_size = self.vocab_size  # where the test looks for it
        return config

    def prepare_config_and_inputs_for_common(self):
        return self.get_config(), super().prepare_config_and_inputs_for_common()[1]


class VitalTrainingTest(TrainingTesterMixin, unittest.TestCase):
    """A few hundred steps on one text batch: the decoder must learn it by heart and generate it."""

    model_tester = None

    def setUp(self):
        self.model_tester = VitalTextTester(self)


class VitalVisionEncoderTester:
    """Two pictures and one clip of four motion frames."""

    is_training = False
    batch_size = 2
    num_motion_frames = 4
    image_size = 16
    seq_length = 17
    hidden_size = 32
    num_hidden_layers = 2
    num_attention_heads = 4

    def __init__(self, parent):
        self.parent = parent

    def get_config(self):
        return VitalVisionEncoderConfig(
            vision_config=dict(VitalModelTester.vision_config), motion_config=dict(VitalModelTester.motion_config)
        )

    def prepare_config_and_inputs_for_common(self):
        return self.get_config(), {
            "pixel_values": torch.rand(self.batch_size, 3, self.image_size, self.image_size),
            "pixel_values_motion": torch.rand(self.num_motion_frames, 3, self.image_size, self.image_size),
        }

    def prepare_config_and_inputs_for_model_class(self, model_class):
        """For the comparison of batch sizes: without motion, whose first dimension is time."""
        config, inputs = self.prepare_config_and_inputs_for_common()
        return config, {"pixel_values": inputs["pixel_values"]}


@skip({"test_reverse_loading_mapping": NATIVE_KEYS})
class VitalVisionEncoderTest(common.ModelTesterMixin, unittest.TestCase):
    all_model_classes = (VitalVisionEncoder,)
    _is_composite = True
    test_resize_embeddings = False

    def setUp(self):
        self.model_tester = VitalVisionEncoderTester(self)
        self.config_tester = ConfigTester(self, config_class=VitalVisionEncoderConfig, has_text_modality=False)

    def test_config(self):
        self.config_tester.run_common_tests()

    def test_model_get_set_embeddings(self):
        """In place of the common test, which expects a table of word embeddings."""
        model = VitalVisionEncoder(self.model_tester.get_config())
        assert model.get_input_embeddings() is model.vision_tower.embeddings.patch_embeddings
        assert model.get_output_embeddings() is None


class VitalMotionModelTester:
    is_training = False
    batch_size = 4
    image_size = 16

    def __init__(self, parent):
        self.parent = parent

    def get_config(self):
        return VitalMotionConfig(**VitalModelTester.motion_config)

    def prepare_config_and_inputs_for_common(self):
        pixels = torch.rand(self.batch_size, 3, self.image_size, self.image_size)
        return self.get_config(), {"pixel_values_motion": pixels}


ONE_TENSOR = "returns one tensor of features, no ModelOutput with inner states"


@skip(
    {
        "test_batching_equivalence": "the first dimension is time: the features of a frame depend on its neighbours",
        "test_hidden_states_output": ONE_TENSOR,
        "test_model_outputs_equivalence": ONE_TENSOR,
        "test_retain_grad_hidden_states_attentions": ONE_TENSOR,
        "test_model_get_set_embeddings": "a convolutional network has no embeddings",
    }
)
class VitalMotionModelTest(common.ModelTesterMixin, unittest.TestCase):
    all_model_classes = (VitalMotionModel,)
    has_attentions = False
    test_resize_embeddings = False

    def setUp(self):
        self.model_tester = VitalMotionModelTester(self)
        self.config_tester = ConfigTester(
            self, config_class=VitalMotionConfig, has_text_modality=False, common_properties=["hidden_size"]
        )

    def test_config(self):
        self.config_tester.run_common_tests()
