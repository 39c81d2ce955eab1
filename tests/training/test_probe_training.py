"""Training the linear probe: what moves, what it learns from, and what it refuses."""

import pytest
import torch

from transformers_vital import VitalForQualityProbe, VitalProbeScorer
from transformers_vital.data.mixture import Mixture
from transformers_vital.errors import TrainingError
from transformers_vital.scoring.probe import ProbeProcessors
from transformers_vital.training.arguments import VitalTrainingArguments
from transformers_vital.training.probe_training import ProbeCollator, VitalProbeTrainer


@pytest.fixture
def probe_trainer(tiny_folder, tables, mixture, tmp_path):
    def build(policy: str = "linear-probe", **arguments) -> VitalProbeTrainer:
        settings = {"max_steps": 3, "learning_rate": 1e-2, "logging_steps": 1, "warmup_steps": 0} | arguments
        args = VitalTrainingArguments(
            str(tmp_path / "probe"),
            policy=policy,
            use_cpu=True,
            bf16=False,
            save_strategy="no",
            report_to="none",
            activation_checkpointing=False,
            disable_tqdm=True,
            lr_scheduler_type="constant",
            gradient_accumulation_steps=1,
            **settings,
        )
        model = VitalForQualityProbe.from_pretrained(tiny_folder, layers=[1, 2])
        dataset = mixture(["video_distribution"], pmod=False)
        return VitalProbeTrainer(
            model, args, processors=ProbeProcessors.from_pretrained(tiny_folder), train_dataset=dataset
        )

    return build


@pytest.mark.parametrize("policy", ["linear-probe", "full"])
def test_the_encoders_move_in_full_tuning_only(probe_trainer, policy):
    run = probe_trainer(policy)
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    run.train()
    moved = {name for name, value in run.model.state_dict().items() if not torch.equal(value, before[name])}
    assert any(name.startswith("head.") for name in moved)
    assert any(name.startswith("motion_projector.") for name in moved)
    encoders = {name for name in moved if name.startswith(("vision_tower.", "motion_tower."))}
    assert bool(encoders) == (policy == "full")
    assert not any("running" in name for name in moved)


def test_the_labels_are_the_levels_of_the_means(tables, mixture):
    dataset = mixture(["video_distribution"], pmod=False)
    labels = [ProbeCollator()([dataset[index]])["labels"].tolist() for index in range(len(dataset))]
    # means 0, 1/3 and 2/3: low, poor and good
    assert sorted(label for group in labels for label in group) == [1, 3, 4]


def test_the_loss_goes_down(probe_trainer):
    run = probe_trainer(max_steps=25)
    run.train()
    losses = [entry["loss"] for entry in run.state.log_history if "loss" in entry]
    assert sum(losses[-3:]) < 0.5 * sum(losses[:3])


def test_what_is_saved_scores(probe_trainer, media_root):
    run = probe_trainer()
    run.train()
    run.save_model()
    result = VitalProbeScorer.from_pretrained(run.args.output_dir).score(media_root / "1.mp4")
    assert result.score == pytest.approx(VitalProbeScorer(run.model, run.processors).score(media_root / "1.mp4").score)


def test_images_and_records_without_a_score_are_refused(mixture):
    dataset = mixture(["image_distribution"])
    with pytest.raises(TrainingError, match="2 of 2 media are images and 0 have no score"):
        ProbeCollator()([dataset[0]])
    with pytest.raises(TrainingError, match="0 of 2 media are images and 2 have no score"):
        ProbeCollator()([mixture(["video_distortion"])[0]])
    assert isinstance(dataset, Mixture)
