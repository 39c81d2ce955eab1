"""Post-training on the CPU: its loss, what moves with and without adapters, what is saved, and the example."""

import copy
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import Dataset
from peft import PeftModel
from torch.utils._python_dispatch import TorchDispatchMode
from trl import TrlParser

from transformers_vital import VitalForConditionalGeneration, VitalProcessor, VitalScorer
from transformers_vital.data.encoding import RecordEncoder
from transformers_vital.data.mixture import Mixture, StreamingMixture
from transformers_vital.errors import TrainingError
from transformers_vital.training.post_training import VitalSFTConfig, VitalSFTTrainer, decoder_lora


REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_reports(monkeypatch):
    monkeypatch.setenv("CI", "1")  # where TRL does not report its use


@pytest.fixture(scope="session")
def table(media) -> Dataset:
    """One image, one clip, two images, an image with a clip; one turn or two; a system message."""
    images, videos = media["image"], media["video"]

    def record(items: list[dict], *texts: str, system: str | None = None) -> dict:
        messages = [{"role": ("user", "assistant")[index % 2], "content": text} for index, text in enumerate(texts)]
        return {"media": items, "messages": ([{"role": "system", "content": system}] if system else []) + messages}

    return Dataset.from_list(
        [
            record(images[:1], "Is it sharp?", "No, it is blurred."),
            record(videos[1:2], "What do you see?", "Noise.", "Does it move?", "Yes, in every frame."),
            record(images[1:3], "Which one is wider?", "The first.", system="Answer briefly."),
            record([images[3], videos[0]], "", "A picture and a clip.", "And both?", "Noise."),
        ]
    )


@pytest.fixture(scope="session")
def records(table, media_root, processor) -> Mixture:
    return Mixture({"instruction": table}, RecordEncoder(processor, root=media_root), group_size=1)


@pytest.fixture
def post_trainer(tiny_folder, processor, tmp_path):
    """`post_trainer(dataset, **arguments)` of fresh weights, in float32, with a rate at which weights move visibly."""

    def build(dataset, *, peft_config=None, eval_dataset=None, **arguments) -> VitalSFTTrainer:
        settings = {
            "use_cpu": True,
            "bf16": False,
            "max_steps": 2,
            "learning_rate": 1e-3,
            "lr_scheduler_type": "constant",
            "warmup_steps": 0,
            "logging_steps": 1,
            "save_strategy": "no",
            "report_to": "none",
            "per_device_train_batch_size": 2,
            "disable_tqdm": True,
        }
        return VitalSFTTrainer(
            VitalForConditionalGeneration.from_pretrained(tiny_folder),
            VitalSFTConfig(str(tmp_path / "output"), **settings | arguments),
            processor=processor,
            train_dataset=dataset,
            eval_dataset=eval_dataset,
            peft_config=peft_config,
        )

    return build


def state_of(model) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def moved_since(before: dict[str, torch.Tensor], model) -> set[str]:
    return {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}


def whole_batch(trainer) -> dict:
    return trainer.data_collator([trainer.train_dataset[index] for index in range(len(trainer.train_dataset))])


def logged(trainer, name: str = "loss") -> list[float]:
    return [entry[name] for entry in trainer.state.log_history if name in entry]


def answer_places(ids: list[int], tokenizer) -> list[int]:
    """Places of what the assistant says, found in the text: each answer with the token that ends it."""
    opening, end = tokenizer.encode("<|im_start|>assistant\n"), tokenizer.convert_tokens_to_ids("<|im_end|>")
    starts = [at + len(opening) for at in range(len(ids)) if ids[at : at + len(opening)] == opening]
    return [place for start in starts for place in range(start, ids.index(end, start) + 1)]


def test_the_loss_is_the_focal_loss_of_plain_logits(post_trainer, records):
    """Images, clips, several media and several turns in one batch."""
    trainer = post_trainer(records)
    batch = whole_batch(trainer)
    assert {"pixel_values", "pixel_values_videos", "pixel_values_motion"} <= set(batch)
    inputs = {name: value for name, value in batch.items() if not name.startswith("target")}
    with torch.no_grad():
        log_probabilities = trainer.model(**inputs).logits.log_softmax(-1)
    losses = []
    for row, ids in enumerate(batch["input_ids"].tolist()):
        places = answer_places(ids, trainer.processing_class.tokenizer)
        log_p = torch.stack([log_probabilities[row, place - 1, ids[place]] for place in places])
        losses.append((-((1 - log_p.exp()) ** 2) * log_p).mean())
    assert len(losses) == 4 and len({round(float(loss), 3) for loss in losses}) == 4
    loss = trainer.compute_loss(trainer.model, batch, num_items_in_batch=torch.tensor(4.0))
    torch.testing.assert_close(loss, torch.stack(losses).mean(), atol=1e-5, rtol=1e-5)


def test_four_micro_batches_of_one_equal_one_of_four(post_trainer, records):
    moves, losses = [], []
    for size, accumulation in [(1, 4), (4, 1), (2, 2)]:
        trainer = post_trainer(
            records,
            optim="sgd",
            max_grad_norm=0,
            weight_decay=0,
            learning_rate=1.0,
            max_steps=1,
            per_device_train_batch_size=size,
            gradient_accumulation_steps=accumulation,
        )
        before = state_of(trainer.model)
        trainer.train()
        losses += logged(trainer)
        moves.append({name: value - before[name] for name, value in trainer.model.state_dict().items()})
    assert max(move.abs().max() for move in moves[0].values()) > 1e-3
    assert losses == pytest.approx([losses[0]] * 3, abs=1e-5)
    for other in moves[1:]:
        for name, move in moves[0].items():
            torch.testing.assert_close(other[name], move, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("policy", "frozen"), [("full", ()), ("decoder", ("model.vision_tower", "model.motion_tower"))]
)
def test_what_the_policy_trains_moves_and_nothing_else(post_trainer, records, policy, frozen):
    trainer = post_trainer(records, policy=policy, max_steps=6, gradient_accumulation_steps=1)
    before = state_of(trainer.model)
    trainer.train()
    moved = moved_since(before, trainer.model)
    # a key's bias adds the same to all logits of an attention, which changes nothing; statistics are kept
    still = ("mask_token", "k_proj.bias", "running_mean", "running_var", "num_batches_tracked")
    expected = {name for name in before if not name.startswith(frozen) and not name.endswith(still)}
    assert len(expected) > 20 and expected - moved == set()
    assert not any(name.startswith(frozen) or "running_" in name for name in moved)


class TestAdapters:
    def test_they_sit_on_every_linear_layer_of_the_decoder_and_nowhere_else(self, post_trainer, records):
        trainer = post_trainer(records, peft_config=decoder_lora(rank=4))
        names = {
            name.removeprefix("base_model.model.").removesuffix(".base_layer")
            for name, module in trainer.model.named_modules()
            if isinstance(module, torch.nn.Linear) and ".language_model." in name and ".lora_" not in name
        }
        adapted = {name.removeprefix("base_model.model.") for name in trainer.model.targeted_module_names}
        assert adapted == names and len(names) == 2 * 7

    @pytest.mark.parametrize("checkpointing", [True, False])
    def test_only_they_move(self, post_trainer, records, checkpointing):
        trainer = post_trainer(
            records, peft_config=decoder_lora(rank=4), max_steps=3, activation_checkpointing=checkpointing
        )
        before = state_of(trainer.model)
        trainer.train()
        moved = moved_since(before, trainer.model)
        assert moved == {name for name in before if ".lora_" in name} and moved

    def test_saved_ones_load_and_merge_into_what_was_trained(
        self, post_trainer, records, tiny_folder, media_root, processor
    ):
        trainer = post_trainer(records, peft_config=decoder_lora(rank=4), max_steps=6, learning_rate=1e-2)
        trainer.train()
        trainer.save_model()
        folder, picture = trainer.args.output_dir, media_root / "0.png"
        assert not Path(folder, "model.safetensors").exists()
        card = Path(folder, "README.md").read_text(encoding="utf-8")
        assert "| policy | adapters |" in card and "library_name: peft" in card

        def score(model) -> float:
            return VitalScorer(model.eval(), processor).score(picture).score

        base = VitalForConditionalGeneration.from_pretrained(tiny_folder)
        untrained, trained = score(base), score(trainer.model.get_base_model())
        assert abs(trained - untrained) > 1e-3
        loaded = PeftModel.from_pretrained(base, folder)
        assert score(loaded.get_base_model()) == pytest.approx(trained, abs=1e-6)
        assert score(loaded.merge_and_unload()) == pytest.approx(trained, abs=1e-5)
        assert VitalScorer.from_pretrained(folder).score(picture).score == pytest.approx(trained, abs=1e-6)


def test_a_saved_model_loads_and_gives_the_same_loss(post_trainer, records, tmp_path):
    trainer = post_trainer(records, save_strategy="steps", save_steps=2)
    trainer.train()
    trainer.save_model()
    batch, share = whole_batch(trainer), torch.tensor(4.0)
    loaded = VitalForConditionalGeneration.from_pretrained(trainer.args.output_dir)
    VitalProcessor.from_pretrained(trainer.args.output_dir)
    with torch.no_grad():
        losses = [
            float(trainer.compute_loss(model.eval(), batch, num_items_in_batch=share))
            for model in (trainer.model, loaded)
        ]
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)
    for folder in (trainer.args.output_dir, f"{trainer.args.output_dir}/checkpoint-2"):
        assert "| learning_rate | 0.001 |" in Path(folder, "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("peft_config", [None, decoder_lora(rank=8)], ids=["full", "adapters"])
def test_the_loss_goes_down_and_is_logged(post_trainer, records, peft_config):
    trainer = post_trainer(records, peft_config=peft_config, max_steps=16, learning_rate=5e-3)
    trainer.train()
    losses = logged(trainer)
    assert losses == logged(trainer, "loss_instruction") and len(losses) == 16
    assert losses[-1] < 0.7 * losses[0]
    assert trainer.state.log_history[-1]["replaced"] == 0


def test_evaluation_gives_the_mean_loss_of_the_records(post_trainer, records):
    trainer = post_trainer(records, eval_dataset=records, per_device_eval_batch_size=2)
    metrics = trainer.evaluate()
    with torch.no_grad():
        loss = trainer.compute_loss(trainer.model, whole_batch(trainer), num_items_in_batch=torch.tensor(4.0))
    assert metrics["eval_loss"] == pytest.approx(float(loss), abs=1e-5)


def test_a_stream_trains_as_long_as_it_is_asked_to(post_trainer, records, table):
    stream = StreamingMixture({"instruction": table.to_iterable_dataset()}, records.encoder)
    trainer = post_trainer(stream, max_steps=3)
    trainer.train()
    assert len(logged(trainer, "loss_instruction")) == 3
    with pytest.raises(ValueError, match="max_steps has to be specified"):
        post_trainer(stream, max_steps=-1)


class WidestOverVocabulary(TorchDispatchMode):
    """Rows of the largest `[rows, vocabulary]` result, the weight of the head aside."""

    def __init__(self, head: torch.nn.Linear):
        super().__init__()
        self.vocabulary, self.weight = head.weight.shape[0], tuple(head.weight.T.shape)
        self.rows = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for value in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(value, torch.Tensor) and value.ndim and value.shape[-1] == self.vocabulary:
                if tuple(value.shape) != self.weight:
                    self.rows = max(self.rows, int(np.prod(value.shape[:-1])))
        return result


def test_a_step_makes_logits_of_target_tokens_only(post_trainer, records):
    trainer = post_trainer(records)
    batch = whole_batch(trainer)
    num_targets, num_tokens = len(batch["target_ids"]), batch["input_ids"].numel()
    with WidestOverVocabulary(trainer.model.lm_head) as step:
        trainer.training_step(trainer.model, batch, num_items_in_batch=torch.tensor(4.0))
    assert trainer.model.lm_head.weight.grad.abs().sum() > 0
    assert step.rows == num_targets < num_tokens / 4
    inputs = {name: value for name, value in batch.items() if not name.startswith("target")}
    with WidestOverVocabulary(trainer.model.lm_head) as plain:
        trainer.model(**inputs)
    assert plain.rows == num_tokens


@pytest.mark.parametrize("peft_config", [None, decoder_lora(rank=4)], ids=["full", "adapters"])
def test_the_forward_of_the_model_stays_its_own(post_trainer, records, peft_config):
    """A copy of a model with TRL's head would go on running the weights of the original."""
    model = post_trainer(records, peft_config=peft_config).model.eval()
    inputs = {"input_ids": torch.arange(8)[None]}
    copied = copy.deepcopy(model)
    with torch.no_grad():
        copied.get_output_embeddings().weight.zero_()
        assert model(**inputs).logits.abs().sum() > 0
        assert copied(**inputs).logits.abs().sum() == 0


class TestArguments:
    def test_the_recipe_is_that_of_table_8(self, tmp_path):
        (args,) = TrlParser(VitalSFTConfig).parse_args_and_config(["--output_dir", str(tmp_path), "--use_cpu", "true"])
        assert (args.policy, args.learning_rate, args.lr_scheduler_type) == ("full", 1e-5, "cosine")
        assert (args.num_train_epochs, args.gradient_accumulation_steps, args.bf16) == (1, 2, True)
        assert args.activation_checkpointing and args.text_loss == "focal" and args.recipe == "paper"

    @pytest.mark.parametrize("setting", [{"packing": True}, {"loss_type": "dft"}, {"max_length": 4096}], ids=str)
    def test_what_would_have_no_effect_is_refused(self, setting, tmp_path):
        (name,) = setting
        with pytest.raises(TrainingError, match=f"^{name} would have no effect here"):
            VitalSFTConfig(str(tmp_path), use_cpu=True, **setting)

    def test_a_table_is_refused_and_the_mixture_shown(self, post_trainer, table):
        with pytest.raises(TrainingError, match=re.escape("train_dataset is a Dataset; expected a mixture")):
            post_trainer(table)


class TestExample:
    @pytest.fixture
    def arguments(self, tiny_folder, tmp_path) -> list[str]:
        settings = {"model": tiny_folder, "output_dir": tmp_path / "assistant", "max_steps": 2}
        return ["--config", "hub_configs/recipes/post_train.yaml"] + [
            text for name, value in settings.items() for text in (f"--{name}", str(value))
        ]

    def test_it_runs_and_says_where_the_model_is(self, arguments, tmp_path):
        result = subprocess.run(
            [sys.executable, "examples/post_train.py", *arguments],
            cwd=REPOSITORY,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, result.stderr
        assert re.search(
            r"^focal loss \d+\.\d{4} in the mean of the run; last logged: \d+\.\d{4}, ", result.stdout, re.M
        )
        assert f"replaced 0 unreadable records; wrote {tmp_path / 'assistant'}" in result.stdout
        VitalForConditionalGeneration.from_pretrained(tmp_path / "assistant")

    def test_it_trains_adapters_when_asked_to(self, arguments, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(REPOSITORY)
        monkeypatch.setattr(sys, "argv", ["post_train.py", *arguments, "--lora_rank", "4"])
        runpy.run_path("examples/post_train.py", run_name="__main__")
        assert "replaced 0 unreadable records" in capsys.readouterr().out
        assert (tmp_path / "assistant" / "adapter_model.safetensors").is_file()
