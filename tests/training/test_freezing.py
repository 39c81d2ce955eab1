"""Which parameters a policy trains, and what the batch norms of the motion extractor do meanwhile."""

import numpy as np
import pytest
import torch
from torch import nn

from transformers_vital import VitalConfig, VitalForConditionalGeneration
from transformers_vital.data.collator import VitalCollator
from transformers_vital.data.encoding import Group
from transformers_vital.errors import TrainingError
from transformers_vital.training.freezing import POLICIES, freeze, set_batch_norms
from transformers_vital.training.objective import task_losses


PARTS = {
    "vision-encoder": ("model.vision_tower.", "model.motion_tower."),
    "decoder": ("model.language_model.", "lm_head.", "model.multi_modal_projector.", "model.motion_projector."),
    "full": ("model.", "lm_head."),
    "linear-probe": ("model.multi_modal_projector.", "model.motion_projector."),  # this model has no other head
}


@pytest.mark.parametrize("policy", list(PARTS))
def test_a_policy_trains_its_parts_and_nothing_else(model, policy):
    trained = freeze(model, policy)
    names = {name for name, _ in model.named_parameters()}
    expected = {name for name in names if name.startswith(PARTS[policy])}
    assert set(trained) == expected == {name for name, value in model.named_parameters() if value.requires_grad}
    shared = dict(model.named_parameters(remove_duplicate=False))  # the head may share the embeddings' weight
    for part in PARTS[policy]:
        assert any(value.requires_grad for name, value in shared.items() if name.startswith(part)), part
    assert (expected == names) == (policy == "full")


def test_encoders_and_decoder_share_no_parameter_and_leave_none_out(model):
    encoders, decoder, everything = (set(freeze(model, name)) for name in ("vision-encoder", "decoder", "full"))
    assert encoders.isdisjoint(decoder)
    assert encoders | decoder == everything


@pytest.mark.parametrize(("policy", "trained"), [("decoder", True), ("vision-encoder", False)])
def test_a_head_with_a_weight_of_its_own_belongs_to_the_decoder(tiny_folder, policy, trained):
    config = VitalConfig.from_pretrained(tiny_folder)
    config.tie_word_embeddings = config.text_config.tie_word_embeddings = False
    with torch.device("meta"):
        model = VitalForConditionalGeneration(config)
    assert ("lm_head.weight" in freeze(model, policy)) == trained
    assert "lm_head.weight" in dict(model.named_parameters())


def test_a_policy_thaws_what_another_froze(model):
    freeze(model, "vision-encoder")
    assert freeze(model, "decoder") == freeze(model, "decoder")
    assert model.lm_head.weight.requires_grad


def test_a_probe_trains_all_that_reads_the_encoders():
    probe = nn.ModuleDict(
        {name: nn.Linear(1, 1) for name in ("vision_tower", "motion_tower", "motion_projector", "head")}
    )
    trained = freeze(probe, "linear-probe")
    assert trained == ["motion_projector.weight", "motion_projector.bias", "head.weight", "head.bias"]
    assert not probe["vision_tower"].weight.requires_grad


def test_an_unknown_policy_is_refused_before_anything_is_frozen(model):
    with pytest.raises(TrainingError, match="The policy is 'encoder'; expected one of vision-encoder, decoder, full"):
        freeze(model, "encoder")
    assert all(parameter.requires_grad for parameter in model.parameters())


@pytest.mark.parametrize("policy", sorted(set(POLICIES) - {"full"}))
def test_a_policy_that_names_nothing_of_a_model_is_refused(policy):
    with pytest.raises(TrainingError, match=f"The policy '{policy}' trains nothing of a Linear. Choose another"):
        freeze(nn.Linear(2, 2), policy)


class TestBatchNorms:
    @pytest.mark.parametrize(
        ("policy", "update", "training"),
        [
            ("vision-encoder", True, True),
            ("vision-encoder", False, False),
            ("decoder", True, False),
            ("decoder", False, False),
        ],
    )
    def test_only_those_of_a_trained_extractor_use_the_batch_and_when_asked_to(self, model, policy, update, training):
        freeze(model, policy)
        model.train()
        set_batch_norms(model, update=update)
        norms = [module for module in model.model.motion_tower.modules() if isinstance(module, nn.BatchNorm3d)]
        assert norms and {norm.training for norm in norms} == {training}
        inside = set(model.model.motion_tower.modules())
        assert all(module.training for module in model.modules() if module not in inside)

    def test_a_frozen_extractor_keeps_its_buffers_in_training(self, model):
        freeze(model, "decoder")
        model.train()
        set_batch_norms(model, update=True)
        before = {name: value.clone() for name, value in model.named_buffers()}
        model.model.get_motion_features(torch.rand(4, 3, 56, 56))
        assert all(torch.equal(value, before[name]) for name, value in model.named_buffers())
        assert any(name.endswith("running_mean") for name in before)

    def test_batch_statistics_are_those_of_the_authors_training(self, released_batch, release_checkpoint):
        released = released_batch("text_video_train_mode")
        model = VitalForConditionalGeneration.from_pretrained(release_checkpoint).train()
        set_batch_norms(model, update=True)
        batch = VitalCollator(pad_token_id=0)([Group(released.records)])
        targets = batch.pop("targets")
        (loss,) = task_losses(model(**batch, level_mass=True), targets, recipe="release")["distortion"]
        assert loss.item() == pytest.approx(released.summary["loss"], abs=1e-4)
        stem = next(module for module in model.modules() if isinstance(module, nn.BatchNorm3d))
        np.testing.assert_allclose(stem.running_mean, released.arrays["stem_running_mean_after"], rtol=0, atol=1e-5)
