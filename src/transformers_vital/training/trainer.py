"""The trainer: transformers' own, with the losses of VITAL's tasks, its frozen parts and its evaluation."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer

from ..data.collator import MEDIA_OF_A_PAIR, VitalCollator
from ..data.encoding import TASKS
from ..data.mixture import StreamingMixture
from ..errors import TrainingError
from ..evaluation.metrics import plcc, srcc
from ..hub.card_file import CARD, write_card
from ..hub.model_card import model_card
from ..hub.training_record import read_stages, training_stage, write_stages
from ..media.inputs import expand_media
from ..scoring.scorer import VitalScorer
from .arguments import VitalTrainingArguments
from .freezing import freeze, set_batch_norms
from .frozen_features import keep_frozen_features
from .objective import loss_names, task_losses


class LossOverMedia:
    """
    What VITAL's trainers share, mixed into a [`~transformers.Trainer`]: collator, frozen parts, loss, logs and card.

    The loss of a step is the mean over its media, whatever micro-batches and processes they fall into: a single
    record counts 1, a pair counts 2. Each task's mean loss is logged beside it as `loss_distribution`, `loss_pair` and
    so on, with the number of records that others stand for so far as `replaced`.
    """

    loss_is_scaled_for_ga = True  # divided by the weight of the whole step

    def __init__(self, model, args: VitalTrainingArguments, *, processor, **kwargs):
        super().__init__(
            model=model,
            args=args,
            processing_class=processor,
            data_collator=VitalCollator(pad_token_id=processor.tokenizer.pad_token_id),
            **kwargs,
        )
        encoder = getattr(self.train_dataset, "encoder", None)  # none where there is only evaluation
        if encoder is not None and encoder.recipe != args.recipe:
            raise TrainingError(
                f"The records are encoded for the recipe {encoder.recipe!r} and the loss is that of {args.recipe!r}; "
                f"expected one. Pass RecordEncoder(…, recipe={args.recipe!r})."
            )
        if not hasattr(self.model, "peft_config"):
            freeze(self.model, args.policy)
        if args.feature_cache:
            keep_frozen_features(self.model, args.feature_cache)
        self._earlier_stages = read_stages(self.model.config.name_or_path)
        # for each task the sum of its losses and its records since the last log, then the records replaced so far
        self._sums = torch.zeros(len(TASKS), 2, device=args.device)
        self._num_replaced = torch.zeros((), device=args.device)

    def get_train_dataloader(self):
        if not isinstance(self.train_dataset, StreamingMixture):
            return super().get_train_dataloader()
        # not prepared by accelerate: it would have every process read and decode what is another's
        return torch.utils.data.DataLoader(
            self.train_dataset,
            batch_size=self.args.train_batch_size,
            collate_fn=self.data_collator,
            num_workers=self.args.dataloader_num_workers,
            pin_memory=self.args.dataloader_pin_memory and not self.args.use_cpu,
        )

    def _get_num_items_in_batch(self, batch_samples: list, device: torch.device) -> torch.Tensor:
        """Weight of all records of the step, over its micro-batches and processes."""
        weight = sum(batch["targets"]["weight"] for batch in batch_samples).to(device)
        return self.accelerator.gather(weight).sum()

    def compute_loss(self, model, inputs, return_outputs: bool = False, num_items_in_batch=None):
        if model.training:
            set_batch_norms(model, update=self.args.update_batch_norm)
        targets = inputs["targets"]
        outputs = model(
            **{name: value for name, value in inputs.items() if name != "targets"},
            level_mass=self.args.recipe == "release",
        )
        std = self.args.preference_std
        losses = task_losses(
            outputs,
            targets,
            recipe=self.args.recipe,
            text_loss=self.args.text_loss,
            preference_std=std if std == "predicted" else float(std),
        )
        total = sum(values.sum() * (MEDIA_OF_A_PAIR if task == "pair" else 1) for task, values in losses.items())
        if num_items_in_batch is None:  # evaluation of a loss
            loss = total / targets["weight"]
        else:
            for task, values in losses.items():
                self._sums[TASKS.index(task)] += torch.stack([values.detach().sum(), values.new_tensor(len(values))])
            self._num_replaced += targets["num_replaced"]
            # the gradients of the processes are averaged, so a share of all is multiplied by their number
            loss = total * self.accelerator.num_processes / num_items_in_batch
        return (loss, outputs) if return_outputs else loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if "loss" in logs:
            sums = self.accelerator.reduce(self._sums, reduction="sum")
            logs |= {
                f"loss_{task}": (total / count).item()
                for task, (total, count) in zip(TASKS, sums, strict=True)
                if count > 0
            }
            self._sums.zero_()
        if "loss" in logs or "train_loss" in logs:
            logs["replaced"] = int(self.accelerator.reduce(self._num_replaced, reduction="sum"))
        super().log(logs, start_time)

    def create_model_card(self, **kwargs) -> None:
        """Write the card that every saved checkpoint has to the output folder; no setting of other cards is used."""
        if self.is_world_process_zero():
            self._save_card(self.args.output_dir)

    def _save(self, output_dir: str | None = None, state_dict: dict | None = None) -> None:
        folder = output_dir or self.args.output_dir
        path = Path(folder, CARD)
        card = path.read_bytes() if path.is_file() else None
        super()._save(output_dir, state_dict)
        if self.args.should_save:
            # peft writes or changes a card too, and names folders of this machine in it
            path.unlink(missing_ok=True)
            if card is not None:
                path.write_bytes(card)
            self._save_card(folder)

    def _save_card(self, folder: str) -> None:
        adapters = hasattr(self.model, "peft_config")
        parameters = list(self.model.parameters())
        stage = training_stage(
            base_model=self.model.config.name_or_path,
            arguments=self.args.to_dict() | ({"policy": "adapters"} if adapters else {}),
            log_history=self.state.log_history,
            num_steps=self.state.global_step,
            losses=loss_names(recipe=self.args.recipe, text_loss=self.args.text_loss),
            records=getattr(self.train_dataset, "num_records", None),
            trained_parameters=sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
            parameters=sum(parameter.numel() for parameter in parameters),
        )
        stages = [*self._earlier_stages, stage]
        write_stages(folder, stages)
        write_card(folder, model_card(stages, library_name="peft" if adapters else "transformers"))


class VitalTrainer(LossOverMedia, Trainer):
    """
    Trains a [`~models.vital.modeling_vital.VitalForConditionalGeneration`] on a mixture of records.

    Loss and logs are those of [`LossOverMedia`].

    Args:
        model: its parameters are frozen as `args.policy` says; a model of peft is left as it is.
        args ([`VitalTrainingArguments`]): see there.
        processor ([`~models.vital.processing_vital.VitalProcessor`]): saved with the model; pads the batches.
        train_dataset ([`~data.mixture.Mixture`] or [`~data.mixture.StreamingMixture`]): groups of encoded records.
        eval_dataset (`Sequence` of dicts, *optional*): rated media, each with `mos` and what
            [`~media.inputs.expand_media`] takes of a row. Every evaluation gives `eval_srcc`, `eval_plcc`,
            `eval_scored` and `eval_failed`; a dict of such sequences gives `eval_NAME_srcc` and so on.
        **kwargs: of [`~transformers.Trainer`].
    """

    def evaluate(
        self,
        eval_dataset: Sequence[Mapping[str, Any]] | Mapping[str, Sequence] | None = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> dict[str, float]:
        """Score rated media and correlate; see the class. Processes share the media."""
        rated = self.eval_dataset if eval_dataset is None else eval_dataset
        sets = rated if isinstance(rated, Mapping) else {"": rated}
        metrics = {}
        for name, items in sets.items():
            prefix = f"{metric_key_prefix}_{name}" if name else metric_key_prefix
            metrics |= {f"{prefix}_{key}": value for key, value in self._correlate(items).items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _correlate(self, rated: Sequence[Mapping[str, Any]]) -> dict[str, float]:
        start = time.perf_counter()
        scorer = VitalScorer(self.accelerator.unwrap_model(self.model), self.processing_class, name="in training")
        rank, size = self.accelerator.process_index, self.accelerator.num_processes
        scores = torch.full((len(rated),), torch.nan, dtype=torch.float64, device=self.args.device)
        mine = range(rank, len(rated), size)
        items = (item for index in mine for item in expand_media(rated[index]))
        results = scorer.iter_scores(items, batch_size=self.args.per_device_eval_batch_size)
        for index, result in zip(mine, results, strict=True):
            scores[index] = torch.nan if result.score is None else result.score
        # each process holds NaN for the others' media; a medium that failed is NaN in all
        scores = (
            self.accelerator.gather(scores[None])
            .nansum(0)
            .where(self.accelerator.gather(scores.isfinite()[None]).any(0), torch.nan)
        )
        scored = scores.isfinite().cpu()
        predicted = scores.cpu()[scored].numpy()
        mos = [row["mos"] for row, usable in zip(rated, scored.tolist(), strict=True) if usable]
        enough = len(mos) >= 3
        return {
            "srcc": srcc(predicted, rated=mos) if enough else float("nan"),
            "plcc": plcc(predicted, rated=mos) if enough else float("nan"),
            "scored": len(mos),
            "failed": len(rated) - len(mos),
            "runtime": round(time.perf_counter() - start, 4),
        }
