"""Training on the CPU: what moves and what does not, what a step is worth, what is logged, kept and resumed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from datasets import Dataset

from transformers_vital import VitalForConditionalGeneration, VitalScorer
from transformers_vital.data.encoding import TASKS
from transformers_vital.data.mixture import StreamingMixture
from transformers_vital.errors import TrainingError


def weights_of(model) -> dict[str, torch.Tensor]:
    """Parameters and buffers."""
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.mark.parametrize(
    ("policy", "trained_parts"),
    [
        ("vision-encoder", ("model.vision_tower", "model.motion_tower")),
        ("decoder", ("model.language_model", "model.multi_modal_projector", "model.motion_projector", "lm_head")),
        ("full", ("model", "lm_head")),
    ],
)
def test_frozen_tensors_stay_bit_equal_and_trained_ones_move(trainer, mixture, policy, trained_parts):
    run = trainer(mixture(), policy=policy, max_steps=12, per_device_train_batch_size=2)
    before = weights_of(run.model)
    run.train()
    moved = {name for name, value in weights_of(run.model).items() if not torch.equal(value, before[name])}
    parameters = dict(run.model.named_parameters(remove_duplicate=False))
    # nothing masks patches here, and a key's bias adds the same to all logits of an attention, which changes nothing
    unused = {name for name in parameters if "mask_token" in name or name.endswith("k_proj.bias")}
    trained = {name for name in parameters if name.startswith(trained_parts)} - unused
    assert trained - moved == set()
    assert {name for name in moved if not name.startswith(trained_parts)} == set()
    assert not any("running" in name or "num_batches" in name for name in moved)


def test_batch_statistics_are_updated_when_asked_for_and_only_where_trained(trainer, mixture):
    for policy, expected in [("vision-encoder", True), ("decoder", False)]:
        run = trainer(mixture(["video_distortion"]), policy=policy, update_batch_norm=True)
        before = weights_of(run.model)
        run.train()
        after = weights_of(run.model)
        moved = {name for name in after if "running_mean" in name and not torch.equal(after[name], before[name])}
        assert bool(moved) == expected


def test_micro_batches_of_one_times_eight_equal_one_of_eight(trainer, mixture, tiny_folder):
    """Singles, pairs and texts together, so that no two micro-batches weigh the same."""
    dataset = mixture(group_size=1)
    assert {len(dataset[index].records[0].sequences) for index in range(8)} == {1, 2}
    moves = []
    for size, accumulation in [(1, 8), (8, 1), (2, 4)]:
        run = trainer(
            dataset,
            policy="full",
            optim="sgd",
            max_grad_norm=0,
            weight_decay=0,
            learning_rate=1.0,
            max_steps=1,
            per_device_train_batch_size=size,
            gradient_accumulation_steps=accumulation,
        )
        run.model.load_state_dict(VitalForConditionalGeneration.from_pretrained(tiny_folder).state_dict())
        before = weights_of(run.model)
        run.train()
        moves.append({name: value - before[name] for name, value in weights_of(run.model).items()})
    assert max(move.abs().max() for move in moves[0].values()) > 1e-3
    for other in moves[1:]:
        for name, move in moves[0].items():
            torch.testing.assert_close(other[name], move, atol=1e-5, rtol=1e-4)


def test_each_task_is_logged_and_the_loss_is_their_weighted_mean(trainer, mixture):
    run = trainer(mixture(), max_steps=6, per_device_train_batch_size=3, gradient_accumulation_steps=2)
    run.train()
    logs = [entry for entry in run.state.log_history if "loss" in entry]
    assert len(logs) == 6
    seen = {name.removeprefix("loss_") for entry in logs for name in entry if name.startswith("loss_")}
    assert seen == set(TASKS) - {"instruction"}
    for entry in logs:
        losses = [value for name, value in entry.items() if name.startswith("loss_")]
        assert min(losses) - 1e-6 <= entry["loss"] <= max(losses) + 1e-6
        assert entry["replaced"] == 0


def test_the_loss_goes_down_on_records_seen_again_and_again(trainer, mixture):
    run = trainer(mixture(["image_distortion"]), policy="decoder", max_steps=30)
    run.train()
    losses = [entry["loss"] for entry in run.state.log_history if "loss" in entry]
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize(
    "settings", [{"recipe": "release"}, {"text_loss": "ce"}, {"preference_std": "predicted"}], ids=str
)
def test_every_recipe_trains(trainer, mixture, settings):
    run = trainer(mixture(recipe=settings.get("recipe", "paper")), per_device_train_batch_size=4, **settings)
    run.train()
    assert all(torch.tensor(entry["loss"]).isfinite() for entry in run.state.log_history if "loss" in entry)


def test_records_encoded_for_another_recipe_are_refused(trainer, mixture):
    with pytest.raises(TrainingError, match="encoded for the recipe 'paper' and the loss is that of 'release'"):
        trainer(mixture(), recipe="release")


def test_activation_checkpointing_changes_no_step(trainer, mixture, tiny_folder):
    results = []
    for checkpointing in (False, True):
        run = trainer(mixture(), activation_checkpointing=checkpointing, per_device_train_batch_size=3)
        run.model.load_state_dict(VitalForConditionalGeneration.from_pretrained(tiny_folder).state_dict())
        run.train()
        results.append([entry["loss"] for entry in run.state.log_history if "loss" in entry])
    assert results[0] == pytest.approx(results[1], abs=1e-4)


def test_an_unreadable_file_is_replaced_counted_and_said(trainer, mixture, tables, media_root, caplog):
    (media_root / "broken.png").write_bytes(b"\x89PNG and nothing more")
    broken = {"kind": "image", "path": "broken.png", "bytes": None}
    rows = [*tables["image_distortion"], {"media": broken, "text": "mild blur", "task": "distortion"}]
    dataset = mixture(["image_distortion"])
    dataset = type(dataset)({"image_distortion": Dataset.from_list(rows)}, dataset.encoder)
    run = trainer(dataset, max_steps=4)
    with caplog.at_level("WARNING"):
        run.train()
    assert run.state.log_history[-1]["replaced"] >= 1
    assert "is replaced: " in caplog.text and "broken.png" in caplog.text


def test_a_stream_trains_as_long_as_it_is_asked_to(trainer, tables, mixture):
    encoder = mixture().encoder
    streams = {name: tables[name].to_iterable_dataset() for name in ("image_distribution", "video_pair", "image_pair")}
    run = trainer(StreamingMixture(streams, encoder), max_steps=5)
    run.train()
    assert run.state.global_step == 5
    assert {"loss_distribution", "loss_pair"} <= {name for entry in run.state.log_history for name in entry}


def test_workers_change_nothing(trainer, mixture, tiny_folder):
    losses = []
    for workers in (0, 2):
        run = trainer(mixture(), dataloader_num_workers=workers)
        run.model.load_state_dict(VitalForConditionalGeneration.from_pretrained(tiny_folder).state_dict())
        run.train()
        losses.append([entry["loss"] for entry in run.state.log_history if "loss" in entry])
    assert losses[0] == losses[1]


class TestEvaluation:
    @pytest.fixture
    def rated(self, media, media_root):
        return [
            {"media": {**item, "path": str(media_root / item["path"])}, "mos": float(index)}
            for index, item in enumerate(media["image"] + media["video"])
        ]

    def test_correlations_are_those_of_the_scorer(self, trainer, mixture, rated):
        from scipy.stats import pearsonr, spearmanr

        run = trainer(mixture(), eval_dataset=rated)
        metrics = run.evaluate()
        scorer = VitalScorer(run.model, run.processing_class)
        scores = [scorer.score(row["media"]).score for row in rated]
        mos = [row["mos"] for row in rated]
        assert metrics["eval_srcc"] == pytest.approx(spearmanr(scores, mos)[0], abs=1e-9)
        assert metrics["eval_plcc"] == pytest.approx(pearsonr(scores, mos)[0], abs=1e-9)
        assert (metrics["eval_scored"], metrics["eval_failed"]) == (len(rated), 0)

    def test_a_bad_file_is_counted(self, trainer, mixture, rated):
        broken = {"media": {"kind": "image", "path": "absent.png", "bytes": None}, "mos": 3.0}
        metrics = trainer(mixture(), eval_dataset=[broken, *rated]).evaluate()
        assert (metrics["eval_scored"], metrics["eval_failed"]) == (len(rated), 1)

    def test_the_best_checkpoint_of_a_named_set_is_kept(self, trainer, mixture, rated):
        run = trainer(
            mixture(),
            eval_dataset={"drawn": rated},
            max_steps=4,
            eval_strategy="steps",
            eval_steps=2,
            save_strategy="steps",
            save_steps=2,
            save_total_limit=1,
            load_best_model_at_end=True,
            metric_for_best_model="eval_drawn_srcc",
            greater_is_better=True,
        )
        run.train()
        seen = [entry["eval_drawn_srcc"] for entry in run.state.log_history if "eval_drawn_srcc" in entry]
        assert len(seen) == 2
        assert run.state.best_metric == max(seen)
        assert run.evaluate()["eval_drawn_srcc"] == pytest.approx(max(seen), abs=1e-9)


def test_what_is_saved_loads_scores_and_has_a_card(trainer, mixture, media_root):
    run = trainer(mixture())
    run.train()
    run.save_model()
    folder = Path(run.args.output_dir)
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "| policy | vision-encoder |" in card and "| loss_" in card
    assert "| distribution | Eq. 1" in card and "| image_distribution | " in card
    result = VitalScorer.from_pretrained(folder).score(media_root / "0.png")
    assert result.score == pytest.approx(
        VitalScorer(run.model, run.processing_class).score(media_root / "0.png").score
    )


RUN = """
import os, signal, sys
from pathlib import Path
from transformers import TrainerCallback
from transformers_vital import VitalForConditionalGeneration, VitalProcessor
from transformers_vital.data.encoding import RecordEncoder
from transformers_vital.data.mixture import Mixture
from transformers_vital.training.arguments import VitalTrainingArguments
from transformers_vital.training.trainer import VitalTrainer
from datasets import load_from_disk

checkpoint, root, output, mode = sys.argv[1:]
processor = VitalProcessor.from_pretrained(checkpoint)
tables = {path.name: load_from_disk(path) for path in sorted(Path(root, "tables").iterdir())}

class Kill(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        if mode == "kill" and state.global_step == 3:
            os.kill(os.getpid(), signal.SIGKILL)

arguments = VitalTrainingArguments(
    output, use_cpu=True, bf16=False, max_steps=5, save_strategy="steps", save_steps=2, report_to="none",
    learning_rate=1e-3, activation_checkpointing=False, policy="full", disable_tqdm=True,
)
trainer = VitalTrainer(
    VitalForConditionalGeneration.from_pretrained(checkpoint), arguments, processor=processor,
    train_dataset=Mixture(tables, RecordEncoder(processor, root=root)), callbacks=[Kill()],
)
trainer.train(resume_from_checkpoint=mode == "resume")
trainer.save_model(output + "/final")
"""


def test_a_killed_run_resumes_to_the_weights_of_an_uninterrupted_one(tiny_folder, media_root, tables, tmp_path):
    for name, table in tables.items():
        table.save_to_disk(media_root / "tables" / name)

    def run(output: str, mode: str) -> int:
        command = [sys.executable, "-c", RUN, str(tiny_folder), str(media_root), str(tmp_path / output), mode]
        result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        assert result.returncode in (0, -signal.SIGKILL), result.stderr
        return result.returncode

    assert run("whole", "whole") == 0
    assert run("killed", "kill") == -signal.SIGKILL
    assert not (tmp_path / "killed" / "final").exists()
    assert run("killed", "resume") == 0
    whole, resumed = (
        VitalForConditionalGeneration.from_pretrained(tmp_path / name / "final").state_dict()
        for name in ("whole", "killed")
    )
    start = VitalForConditionalGeneration.from_pretrained(tiny_folder).state_dict()
    assert not torch.equal(
        whole["model.motion_projector.linear_1.weight"], start["model.motion_projector.linear_1.weight"]
    )
    for name, value in whole.items():
        assert torch.equal(resumed[name], value), name
