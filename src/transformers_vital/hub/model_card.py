"""Model cards, from what a run knows about itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard, ModelCardData
from huggingface_hub.utils import HFValidationError, validate_repo_id

from .citation import PAPER, TAGS


SHOWN_ARGUMENTS = (
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
CARD = """\
---
{metadata}
---

# A VITAL model

Trained with transformers_vital from {base_model}, {num_steps} steps. It rates and describes the visual quality of
images and videos; see the paper *{paper}*.

```python
from transformers_vital import VitalScorer

print(VitalScorer.from_pretrained("THIS_MODEL").score("photo.jpg"))
```

## Training

| argument | value |
|---|---|
{arguments}

## Last logged

| quantity | value |
|---|---|
{logged}

Scores on other media than those it was trained for have not been checked by whoever saved this card unless a number
above says so.
"""


def training_card(
    *,
    base_model: str,
    arguments: Mapping[str, Any],
    log_history: Sequence[Mapping[str, Any]],
    num_steps: int,
    library_name: str = "transformers",
) -> ModelCard:
    """
    The card of a checkpoint that training saves.

    Args:
        base_model (`str`): name or folder of what was trained on; of a folder only its own name is shown.
        arguments (`Mapping`): of the trainer.
        log_history (`Sequence[Mapping]`): of the trainer; the last value of each quantity is shown.
        num_steps (`int`): optimizer steps so far.
        library_name (`str`, *optional*, defaults to `"transformers"`): `"peft"` for adapters.

    Returns:
        `ModelCard`

    Example:

    ```python
    >>> from transformers_vital.hub.model_card import training_card
    >>> card = training_card(
    ...     base_model="vital-tiny", arguments={"policy": "decoder"}, log_history=[{"loss": 0.5}], num_steps=1
    ... )
    >>> card.data.pipeline_tag, "| policy | decoder |" in card.text, "| loss | 0.5 |" in card.text
    ('image-text-to-text', True, True)

    ```
    """
    on_hub = _can_be_on_hub(base_model)
    name = base_model if on_hub else Path(base_model).name
    data = ModelCardData(
        library_name=library_name,
        pipeline_tag="image-text-to-text",
        tags=list(TAGS),
        base_model=base_model if on_hub else None,
    )
    last = {name: value for entry in log_history for name, value in entry.items()}
    shown = {name: arguments[name] for name in SHOWN_ARGUMENTS if name in arguments}
    return ModelCard(
        CARD.format(
            metadata=data.to_yaml(),
            paper=PAPER,
            base_model=f"`{_cell(name)}`" if name else "random weights",
            num_steps=num_steps,
            arguments=_rows(shown),
            logged=_rows(last) or "| none | |",
        )
    )


def _can_be_on_hub(name: str) -> bool:
    """Whether it is a name of the form that the Hub has, and no folder here."""
    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return not Path(name).exists()


def _rows(values: Mapping[str, Any]) -> str:
    return "\n".join(f"| {_cell(name)} | {_cell(value)} |" for name, value in values.items())


def _cell(value: Any) -> str:
    """A value in one line that ends no cell of a table."""
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return " ".join(text.split()).replace("|", "\\|")
