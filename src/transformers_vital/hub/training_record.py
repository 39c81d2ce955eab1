"""What training leaves beside the weights: each stage that made them, in a file that a card is made of."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from huggingface_hub.utils import HFValidationError, validate_repo_id

from ..errors import OutputError
from ..whole_files import whole_file


RECORD = "training.json"
KEPT_ARGUMENTS = (
    "policy",
    "recipe",
    "text_loss",
    "preference_std",
    "update_batch_norm",
    "learning_rate",
    "lr_scheduler_type",
    "warmup_steps",
    "weight_decay",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "max_steps",
    "num_train_epochs",
    "bf16",
    "seed",
)


def training_stage(
    *,
    base_model: str,
    arguments: Mapping[str, Any],
    log_history: Sequence[Mapping[str, Any]],
    num_steps: int,
    losses: Mapping[str, str] | None = None,
    records: Mapping[str, int] | None = None,
    trained_parameters: int | None = None,
    parameters: int | None = None,
) -> dict[str, Any]:
    """
    One stage of training as JSON types.

    Args:
        base_model (`str`): name or folder of what was trained on; of a folder only its own name is kept.
        arguments (`Mapping`): of the trainer; those that matter to others are kept.
        log_history (`Sequence[Mapping]`): of the trainer; the last value of each quantity is kept.
        num_steps (`int`): optimizer steps so far.
        losses (`Mapping[str, str]`, *optional*): of each task, in words.
        records (`Mapping[str, int]`, *optional*): of each table.
        trained_parameters, parameters (`int`, *optional*): that were trained, and in all.

    Example:

    ```python
    >>> from transformers_vital.hub.training_record import training_stage
    >>> stage = training_stage(
    ...     base_model="/home/me/start", arguments={"policy": "decoder", "output_dir": "/home/me"}, log_history=[],
    ...     num_steps=1,
    ... )
    >>> stage["base_model"], stage["on_hub"], stage["arguments"]
    ('start', False, {'policy': 'decoder'})

    ```
    """
    on_hub = can_be_on_hub(base_model)
    return {
        "base_model": base_model if on_hub else Path(base_model).name,
        "on_hub": on_hub,
        "num_steps": num_steps,
        "arguments": {name: arguments[name] for name in KEPT_ARGUMENTS if name in arguments},
        "logged": {name: value for entry in log_history for name, value in entry.items()},
        "losses": dict(losses or {}),
        "records": dict(records or {}),
        "trained_parameters": trained_parameters,
        "parameters": parameters,
    }


def write_stages(folder: str | Path, stages: Sequence[Mapping[str, Any]]) -> Path:
    """
    Write the stages that made the weights of a folder, first to last, as `training.json`.

    Args:
        folder (`str` or `Path`): of the model.
        stages (`Sequence[Mapping]`): see [`training_stage`].
    """
    path = Path(folder) / RECORD
    with whole_file(path) as unfinished:
        unfinished.write_text(json.dumps({"stages": list(stages)}, indent=2, default=str) + "\n", encoding="utf-8")
    return path


def read_stages(folder: str | Path) -> list[dict[str, Any]]:
    """
    The stages that made the weights of a folder; none where that is not recorded.

    Args:
        folder (`str` or `Path`): of a model, or any name.

    Raises:
        [`OutputError`]: the record is none that [`write_stages`] wrote.
    """
    path = Path(folder) / RECORD
    if not path.is_file():
        return []
    blank = training_stage(base_model="", arguments={}, log_history=[], num_steps=0)
    try:
        stages = json.loads(path.read_text(encoding="utf-8"))["stages"]
        return [{**blank, **{name: stage[name] for name in blank}} for stage in stages]
    except (ValueError, KeyError, TypeError) as error:
        raise OutputError(
            f"{path} is no record of training ({type(error).__name__}: {error}). Remove it, or train again."
        ) from error


def can_be_on_hub(name: str) -> bool:
    """Whether it is a name of the form that the Hub has, and no folder here."""
    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return not Path(name).exists()
