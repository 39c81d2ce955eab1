"""Losses of a training as lines of text, for where no bar shows them: log files and jobs of a cluster."""

from collections.abc import Callable

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments


class LossRemarks(TrainerCallback):
    """
    A line for each loss that is logged, such as "warm-up: step 10 of 20, loss 1.2345".

    Args:
        name (`str`): of the training.
        remark (`Callable`): told each line.

    Example:

    ```python
    >>> from transformers import TrainerControl, TrainerState, TrainingArguments
    >>> from transformers_vital.experiments.loss_remarks import LossRemarks
    >>> state = TrainerState(global_step=10, max_steps=20)
    >>> LossRemarks("warm-up", print).on_log(TrainingArguments("out"), state, TrainerControl(), {"loss": 1.5})
    warm-up: step 10 of 20, loss 1.5000

    ```
    """

    def __init__(self, name: str, remark: Callable[[str], None]):
        self.name, self.remark = name, remark

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **others: object,
    ) -> None:
        """Say the loss; the summary at a training's end has none."""
        if logs and "loss" in logs:
            self.remark(f"{self.name}: step {state.global_step} of {state.max_steps}, loss {logs['loss']:.4f}")
