"""Outputs of frozen encoders on disk: nothing changes but the time."""

import pytest
import torch

from transformers_vital import VitalForConditionalGeneration
from transformers_vital.errors import TrainingError
from transformers_vital.training.freezing import freeze
from transformers_vital.training.frozen_features import keep_frozen_features


NAMES = ["image_distribution", "video_distribution"]


@pytest.fixture
def pictures(processor):
    """Three tiles, and a clip of 20 frames, which the motion extractor takes in two chunks."""
    generator = torch.Generator().manual_seed(0)
    size = processor.image_processor.size
    shape = (3, size["height"], size["width"])
    return torch.randint(0, 256, (23, *shape), dtype=torch.uint8, generator=generator).split([3, 20])


def features(model, pictures):
    tiles, clip = pictures
    with torch.no_grad():
        return model.model.get_image_features(tiles).pooler_output, model.model.get_motion_features(clip)


@pytest.fixture
def kept(model, tmp_path):
    model.eval()
    freeze(model, "decoder")
    assert keep_frozen_features(model, tmp_path / "features") == ["vision_tower", "motion_tower"]
    return model


def files(tmp_path) -> list[str]:
    return sorted(str(path) for path in (tmp_path / "features").rglob("*") if path.is_file())


def test_they_are_those_of_the_encoders(tiny_folder, kept, pictures, tmp_path):
    plain = VitalForConditionalGeneration.from_pretrained(tiny_folder, dtype=torch.float32).eval()
    expected = features(plain, pictures)
    for _ in ("computed", "read"):
        for found, wanted in zip(features(kept, pictures), expected, strict=True):
            torch.testing.assert_close(found, wanted)
    assert len(files(tmp_path)) == 4  # three tiles and a clip


def test_what_is_kept_is_not_computed_again(kept, pictures, tiny_folder, tmp_path):
    first = features(kept, pictures)
    again = VitalForConditionalGeneration.from_pretrained(tiny_folder, dtype=torch.float32).eval()
    freeze(again, "decoder")
    for tower in (again.model.vision_tower, again.model.motion_tower):
        tower.forward = None  # not callable
    keep_frozen_features(again, tmp_path / "features")
    for found, wanted in zip(features(again, pictures), first, strict=True):
        assert torch.equal(found, wanted)


def test_another_encoder_has_files_of_its_own(kept, pictures, tiny_folder, tmp_path):
    features(kept, pictures)
    other = VitalForConditionalGeneration.from_pretrained(tiny_folder, dtype=torch.float32).eval()
    with torch.no_grad():
        other.model.vision_tower.layernorm.weight.mul_(2)
    freeze(other, "decoder")
    keep_frozen_features(other, tmp_path / "features")
    features(other, pictures)
    assert len(files(tmp_path)) == 7  # the motion extractor is the same


def test_a_file_that_a_kill_left_unfinished_is_not_read(kept, pictures, tmp_path):
    wanted = features(kept, pictures)
    for name in files(tmp_path):
        path = tmp_path / name
        path.rename(path.with_suffix(".123"))
    for found, expected in zip(features(kept, pictures), wanted, strict=True):
        torch.testing.assert_close(found, expected)


def test_the_projectors_learn_as_without(trainer, mixture, tiny_folder, tmp_path):
    def losses(**settings):
        one = trainer(mixture(NAMES), policy="decoder", max_steps=3, logging_steps=1, learning_rate=1e-3, **settings)
        one.model.load_state_dict(
            VitalForConditionalGeneration.from_pretrained(tiny_folder, dtype=torch.float32).state_dict()
        )
        one.train()
        return [entry["loss"] for entry in one.state.log_history if "loss" in entry]

    plain = losses()
    assert losses(feature_cache=str(tmp_path / "features")) == pytest.approx(plain, rel=1e-5)


@pytest.mark.parametrize("policy", ["vision-encoder", "full"])
def test_where_every_encoder_is_trained_there_is_nothing_to_keep(model, tmp_path, policy):
    freeze(model, policy)
    with pytest.raises(TrainingError, match="Every encoder is trained, so that no feature stays as it is"):
        keep_frozen_features(model, tmp_path)


def test_another_layer_than_the_last_is_refused(model, tmp_path):
    freeze(model, "decoder")
    model.config.vision_feature_layer = -2
    with pytest.raises(TrainingError, match="reads layer -2 of its vision tower, and only the last is kept"):
        keep_frozen_features(model, tmp_path)
