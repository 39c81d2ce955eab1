"""Trainings in folders: what is kept, what goes on, and what is put together."""

import json
import re

import pytest
import torch
from safetensors.torch import load_file

from transformers_vital.errors import ExperimentError
from transformers_vital.experiments import trained_run
from transformers_vital.experiments.recipe import Recipe
from transformers_vital.experiments.trained_run import last_whole_checkpoint, train_run


def train_all(values: dict, folder, *, seeds=(0,)) -> dict:
    recipe = Recipe.from_dict(values)
    shared = {"models": folder, "remark": lambda text: None}
    return {(run.name, seed): train_run(recipe, run, seed=seed, **shared) for run in recipe.runs for seed in seeds}


def weights(folder) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def test_a_training_leaves_a_model_and_facts_and_no_checkpoints(recipe_values, tmp_path):
    facts = train_all(recipe_values, tmp_path)["base", 0]
    folder = tmp_path / "base-seed-0"
    assert facts["steps"] == 2
    assert facts["trained_parameters"] > 0
    assert json.loads((folder / "finished.json").read_text()) == facts
    assert (folder / "model.safetensors").is_file()
    assert not list(folder.glob("checkpoint-*"))


def test_losses_are_remarked_where_no_bar_shows_them(recipe_values, tmp_path):
    recipe = Recipe.from_dict(recipe_values).changed({"logging_steps": 1})
    for shows_progress, steps in ((False, ["1", "2"]), (True, [])):
        said: list[str] = []
        models = tmp_path / str(shows_progress)
        train_run(recipe, recipe.runs[0], seed=0, models=models, remark=said.append, shows_progress=shows_progress)
        losses = [re.fullmatch(r"base: step (\d) of 2, loss \d+\.\d{4}", line) for line in said]
        assert [line.group(1) for line in losses if line] == steps


def test_a_finished_training_is_not_done_again(recipe_values, tmp_path, monkeypatch):
    first = train_all(recipe_values, tmp_path)
    monkeypatch.setattr(trained_run, "_train", lambda *arguments, **settings: pytest.fail("it is trained again"))
    assert train_all(recipe_values, tmp_path) == first


def test_a_folder_with_other_settings_is_refused(recipe_values, tmp_path):
    train_all(recipe_values, tmp_path)
    recipe_values["settings"]["max_steps"] = 3
    with pytest.raises(ExperimentError, match="base with other settings: max_steps was 2 and is 3"):
        train_all(recipe_values, tmp_path)


def test_the_encoder_of_an_earlier_run_moves_bit_by_bit(recipe_values, tmp_path, tiny_folder):
    recipe_values["runs"] = {
        "base": {"policy": "vision-encoder"},
        "zero": {"training": "none", "vision_encoder": "run:base"},
        "warm-up": {"policy": "decoder", "share": 0.5, "vision_encoder": "run:base"},
    }
    facts = train_all(recipe_values, tmp_path)
    base, zero, warm = (weights(tmp_path / f"{name}-seed-0") for name in ("base", "zero", "warm-up"))
    before = weights(tiny_folder)
    encoder = [name for name in base if ".vision_tower." in name or ".motion_tower." in name]
    decoder = [name for name in base if ".language_model." in name]
    assert any(not torch.equal(base[name], before[name]) for name in encoder)
    assert all(torch.equal(base[name], zero[name]) and torch.equal(base[name], warm[name]) for name in encoder)
    assert all(torch.equal(zero[name], before[name]) for name in decoder)
    assert any(not torch.equal(warm[name], before[name]) for name in decoder)
    assert facts["warm-up", 0]["steps"] == 1  # half of two


def test_seeds_have_models_of_their_own(recipe_values, tmp_path):
    recipe_values["seeds"] = [3, 4]
    train_all(recipe_values, tmp_path, seeds=(3, 4))
    three, four = (weights(tmp_path / f"base-seed-{seed}") for seed in (3, 4))
    assert any(not torch.equal(three[name], four[name]) for name in three)


def test_a_missing_setting_is_named(recipe_values, tmp_path):
    del recipe_values["settings"]["records"]
    with pytest.raises(ExperimentError, match=r"base \(mixture\) cannot be trained.*records.*Add it to the recipe"):
        train_all(recipe_values, tmp_path)


def test_a_model_that_is_not_there_is_an_error_of_the_run(recipe_values, tmp_path):
    recipe_values["runs"]["base"]["model"] = str(tmp_path / "absent" / "model")
    with pytest.raises(ExperimentError, match="base cannot be made: .*absent"):
        train_all(recipe_values, tmp_path)


def test_a_torn_checkpoint_is_passed_over(tmp_path):
    for step, state in ((2, '{"global_step": 2}'), (10, '{"global_'), (4, '{"global_step": 4}')):
        (tmp_path / f"checkpoint-{step}").mkdir()
        (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text(state)
    (tmp_path / "checkpoint-12").mkdir()
    assert last_whole_checkpoint(tmp_path) == tmp_path / "checkpoint-4"
    assert last_whole_checkpoint(tmp_path / "absent") is None
