"""One run of an experiment: its model trained or put together in a folder, which a kill leaves fit to go on."""

import contextlib
import gc
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import ExperimentError
from ..evaluation.row_files import differing
from ..evaluation.unknown_names import unknown_name
from ..whole_files import whole_file
from .recipe import REFERENCE, Recipe, Run


SETTINGS, FINISHED = "run.json", "finished.json"  # written before the training, and after all else
_OURS = ("output_dir", "seed", "resume_from_checkpoint", "disable_tqdm")  # settings that the experiment decides


def check_settings(recipe: Recipe) -> None:
    """
    Find out before any training whether all settings have a name that trainings know.

    Raises:
        [`ExperimentError`]: one has not, or the experiment decides it.
    """
    known = {field.name for kind in _kinds().values() for arguments in kind[:2] for field in fields(arguments)}
    for name in {name for run in recipe.runs for name in recipe.settings_of(run)}:
        if name in _OURS:
            raise ExperimentError(f"{name} is a setting that the experiment decides. Take it out (for seed: seeds).")
        if name not in known:
            raise ExperimentError(str(unknown_name(name, what="setting of a training", known=known)))


def model_of(recipe: Recipe, run: Run, *, seed: int, models: Path) -> str | None:
    """
    Folder or name of the model of a run; `None` is `vital-tiny`.

    Args:
        recipe ([`~experiments.recipe.Recipe`]): of the experiment.
        run ([`~experiments.recipe.Run`]): one of it.
        seed (`int`): of its training.
        models (`Path`): folder of the models of all runs.
    """
    settings = recipe.settings_of(run)
    if run.training != "none" or settings.get("vision_encoder"):
        return str(models / run.label(seed))
    return _resolved(recipe, run, seed=seed, models=models).get("model")


def finished_facts(recipe: Recipe, run: Run, *, seed: int, models: Path) -> dict[str, Any] | None:
    """
    What is known of a finished run; `None` where it is not finished.

    Args:
        recipe, run, seed, models: see [`model_of`].

    Raises:
        [`ExperimentError`]: the folder holds a run with other settings.
    """
    folder = models / run.label(seed)
    now = json.loads(
        json.dumps({"training": run.training, "share": run.share, **recipe.settings_of(run)}, default=str)
    )
    if (then := _read(folder / SETTINGS)) is None:
        return None
    if differences := differing(then, now):
        raise ExperimentError(
            f"{folder} holds {run.name} with other settings: {differences}. Name another folder with -o, or delete "
            "this one and its predictions."
        )
    return _read(folder / FINISHED)


def train_run(
    recipe: Recipe, run: Run, *, seed: int, models: Path, remark: Callable[[str], None], shows_progress: bool = False
) -> dict[str, Any]:
    """
    Train the model of a run, or put it together; a training that was stopped goes on from its last whole checkpoint.

    Args:
        recipe, run, seed, models: see [`model_of`]; the earlier runs are finished.
        remark (`Callable`): told where a stopped training goes on, how a training ended, and, where no bars show
            them, its losses.
        shows_progress (`bool`, *optional*, defaults to `False`): with bars and losses on stderr.

    Returns:
        `dict`: `steps`, `trained_parameters` and `loss`, the last one logged, of a training; empty of a model as it
        is.

    Raises:
        [`ExperimentError`]: see [`finished_facts`]; or a setting is missing, or a model cannot be had.
        [`RecordError`], [`TrainingError`]: see [`~training.run.build_trainer`].
    """
    folder = models / run.label(seed)
    if (facts := finished_facts(recipe, run, seed=seed, models=models)) is not None:
        return facts
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / SETTINGS, {"training": run.training, "share": run.share, **recipe.settings_of(run)})
    settings = _resolved(recipe, run, seed=seed, models=models)
    decided = {"output_dir": str(folder), "seed": seed, "disable_tqdm": not shows_progress}
    facts: dict[str, Any] = {}
    try:
        if run.training != "none":
            facts = _train(run, settings | decided, folder=folder, remark=remark, has_bars=shows_progress)
            remark(f"{run.name}, seed {seed}: {facts['steps']} steps, last logged loss {facts['loss']}")
        elif settings.get("vision_encoder") and _is_first_process():
            _assemble(settings, folder)
    except OSError as error:  # as transformers has for models
        raise ExperimentError(f"{run.name} cannot be made: {str(error).splitlines()[0]}") from error
    _write(folder / FINISHED, facts)
    for path in folder.glob("checkpoint-*") if _is_first_process() else ():
        shutil.rmtree(path)
    return facts


def shared_out(settings: Mapping[str, Any], *, share: float) -> dict[str, Any]:
    """
    Settings of a training that is a share as long: fewer steps where `max_steps` is set, else fewer epochs.

    Example:

    ```python
    >>> from transformers_vital.experiments.trained_run import shared_out
    >>> shared_out({"max_steps": 10}, share=0.25), shared_out({"num_train_epochs": 2.0}, share=0.25)
    ({'max_steps': 2}, {'num_train_epochs': 0.5})

    ```
    """
    if settings.get("max_steps", -1) > 0:
        return {**settings, "max_steps": max(1, round(share * settings["max_steps"]))}
    return {**settings, "num_train_epochs": share * settings.get("num_train_epochs", 1.0)}


def last_whole_checkpoint(folder: Path) -> Path | None:
    """The latest checkpoint in a folder of a training; one that a kill has torn has no state of the trainer yet."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    return next((path for path in reversed(found) if _read(path / "trainer_state.json") is not None), None)


@cache
def _kinds() -> dict[str, tuple[type, type, Callable[..., Any]]]:
    """For each training what it reads, how it is done, and what makes its trainer."""
    from ..training.arguments import VitalTrainingArguments
    from ..training.post_training import VitalSFTConfig, VitalSFTTrainer
    from ..training.probe_run import ProbeRunArguments, build_probe_trainer
    from ..training.run import RunArguments, build_trainer

    def build_post_trainer(run: RunArguments, args: VitalSFTConfig) -> VitalSFTTrainer:
        return build_trainer(run, args, trainer_class=VitalSFTTrainer)

    return {
        "mixture": (RunArguments, VitalTrainingArguments, build_trainer),
        "post-training": (RunArguments, VitalSFTConfig, build_post_trainer),
        "linear-probe": (ProbeRunArguments, VitalTrainingArguments, build_probe_trainer),
    }


def _resolved(recipe: Recipe, run: Run, *, seed: int, models: Path) -> dict[str, Any]:
    """Settings of a run with the folders of the earlier runs in place of their names."""
    by_name = {other.name: other for other in recipe.runs}
    settings = recipe.settings_of(run)
    for name, text in list(settings.items()):
        if name in run.earlier:
            earlier = by_name[str(text).removeprefix(REFERENCE)]
            its_seed = seed if seed in recipe.seeds_of(earlier) else recipe.seeds[0]
            settings[name] = model_of(recipe, earlier, seed=its_seed, models=models)
    return settings


def _train(
    run: Run, settings: dict[str, Any], *, folder: Path, remark: Callable[[str], None], has_bars: bool
) -> dict[str, Any]:
    import torch
    from transformers import PrinterCallback

    from .loss_remarks import LossRemarks

    reads, does, build = _kinds()[run.training]
    settings = shared_out(settings, share=run.share)
    with contextlib.redirect_stdout(sys.stderr):  # bars print what is logged
        trainer = build(_made(reads, settings, run=run), _made(does, settings, run=run))
        trainer.remove_callback(PrinterCallback)
        if not has_bars:
            trainer.add_callback(LossRemarks(run.name, remark))
        checkpoint = last_whole_checkpoint(folder)
        if checkpoint:
            remark(f"{run.name} goes on from {checkpoint}")
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        trainer.save_model()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    facts = {
        "steps": trainer.state.global_step,
        "trained_parameters": sum(each.numel() for each in trainer.model.parameters() if each.requires_grad),
        "loss": round(losses[-1], 4) if losses else None,
    }
    trainer.accelerator.wait_for_everyone()
    trainer.accelerator.free_memory()
    del trainer
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return facts


def _made(arguments: type, settings: Mapping[str, Any], *, run: Run) -> Any:
    """Arguments out of those settings that they have."""
    names = {field.name for field in fields(arguments) if field.init}
    try:
        return arguments(**{name: value for name, value in settings.items() if name in names})
    except TypeError as error:
        raise ExperimentError(
            f"{run.name} ({run.training}) cannot be trained: {error}. Add it to the recipe."
        ) from error


def _assemble(settings: Mapping[str, Any], folder: Path) -> None:
    from ..training.run import load_parts

    model, processor = load_parts(settings.get("model"), vision_encoder=settings["vision_encoder"])
    model.save_pretrained(folder)
    processor.save_pretrained(folder)


def _is_first_process() -> bool:
    return os.environ.get("RANK", "0") == "0"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _write(path: Path, values: Mapping[str, Any]) -> None:
    if not _is_first_process():
        return
    with whole_file(path) as unfinished:
        unfinished.write_text(json.dumps(values, indent=2, default=str) + "\n", encoding="utf-8")
