"""Post-training with TRL, which makes an Assistant of a base model (paper, Sec. 3.3)."""

from dataclasses import dataclass, field, fields

from transformers import TrainerCallback

from ..data.mixture import Mixture, StreamingMixture
from ..errors import MissingExtraError, TrainingError
from .arguments import VitalTrainingArguments
from .freezing import POLICIES
from .trainer import LossOverMedia


try:
    from datasets import Dataset
    from peft import LoraConfig, PeftConfig
    from trl import SFTConfig, SFTTrainer
except ImportError as error:
    raise MissingExtraError(error.name, extra="train", purpose="post-training") from error

# What TRL would make of texts. Here the encoder of the records lays out sequences, and the loss is VITAL's.
WITHOUT_EFFECT = (
    "assistant_only_loss",
    "chat_template_path",
    "completion_only_loss",
    "eos_token",
    "label_smoothing_factor",
    "loss_type",
    "max_length",
    "packing",
    "padding_free",
    "shuffle_dataset",
)
DECODER_PROJECTIONS = r".*\blanguage_model\..*_proj"


@dataclass
class VitalSFTConfig(VitalTrainingArguments, SFTConfig):
    """
    [`VitalTrainingArguments`] for `trl.SFTConfig`, with the post-training of Table 8 as defaults.

    Defaults that differ from [`VitalTrainingArguments`]: `policy="full"`, learning rate 1e-5. The loss is that of
    [`VitalTrainer`]: the focal loss of Eq. 5 on instructions and statements, and Eqs. 1 to 4 on scored records, so
    that some of these can be mixed in. Fields of `SFTConfig` that prepare texts have no effect and are refused.

    Raises:
        [`TrainingError`]: such a field is set.

    Example:

    ```python
    >>> from transformers_vital.training.post_training import VitalSFTConfig
    >>> arguments = VitalSFTConfig("output", use_cpu=True, bf16=False)
    >>> arguments.policy, arguments.learning_rate, arguments.gradient_accumulation_steps, arguments.text_loss
    ('full', 1e-05, 2, 'focal')

    ```
    """

    policy: str = field(default="full", metadata={"help": f"one of {', '.join(POLICIES)}"})
    learning_rate: float = field(default=1e-5, metadata={"help": "highest learning rate"})
    dataset_kwargs: dict | str | None = field(
        default_factory=lambda: {"skip_prepare_dataset": True}, metadata={"help": "stays: records come encoded"}
    )

    def __post_init__(self):
        changed = [f.name for f in fields(self) if f.name in WITHOUT_EFFECT and getattr(self, f.name) != f.default]
        if changed:
            raise TrainingError(
                f"{', '.join(changed)} would have no effect here: RecordEncoder lays out the sequences (it has a "
                "max_length) and text_loss names the loss. Leave out what TRL does with texts."
            )
        super().__post_init__()


class VitalSFTTrainer(LossOverMedia, SFTTrainer):
    """
    `trl.SFTTrainer` on records of images and videos, several media and several turns, with VITAL's loss.

    Data, loss, logs and cards are those of [`VitalTrainer`]; adapters, offloaded activations and the evaluation of a
    loss are TRL's. No logits of a whole sequence are made, so TRL's entropy and token accuracy, which need a pass of
    their own over the vocabulary, are not logged.

    Args:
        model ([`~models.vital.modeling_vital.VitalForConditionalGeneration`]): in float32 where all of it is trained,
            since steps of 1e-5 are lost in bfloat16 weights.
        args ([`VitalSFTConfig`]): see there.
        processor ([`~models.vital.processing_vital.VitalProcessor`]): saved with the model; pads the batches.
        train_dataset ([`~data.mixture.Mixture`] or [`~data.mixture.StreamingMixture`]): groups of encoded records.
        eval_dataset ([`~data.mixture.Mixture`], *optional*): every evaluation gives their mean loss as `eval_loss`; a
            dict of mixtures gives `eval_NAME_loss`.
        peft_config (`peft.PeftConfig`, *optional*): adapters to train in place of `args.policy`, for example
            [`decoder_lora`].
        callbacks (`list[TrainerCallback]`, *optional*): of [`~transformers.Trainer`].

    Raises:
        [`TrainingError`]: the dataset is not a mixture.
    """

    def __init__(
        self,
        model,
        args: VitalSFTConfig,
        *,
        processor,
        train_dataset: Mixture | StreamingMixture,
        eval_dataset: Mixture | dict[str, Mixture] | None = None,
        peft_config: PeftConfig | None = None,
        callbacks: list[TrainerCallback] | None = None,
    ):
        if not isinstance(train_dataset, (Mixture, StreamingMixture)):
            raise TrainingError(
                f"train_dataset is a {type(train_dataset).__name__}; expected a mixture of tables of records. Pass "
                'Mixture({"instruction": table}, RecordEncoder(processor, root=media_folder)).'
            )
        # TRL takes tables of datasets only and reads the first row of one, so it sees an empty row in place of ours
        seen_by_trl = Dataset.from_dict({"group": [None]})
        if isinstance(train_dataset, StreamingMixture):
            seen_by_trl = seen_by_trl.to_iterable_dataset()
        base = model.get_base_model() if hasattr(model, "peft_config") else model
        own_forward = vars(base).get("forward")  # such as a hook of accelerate
        super().__init__(
            model,
            args,
            processor=processor,
            train_dataset=seen_by_trl,
            eval_dataset=eval_dataset,
            peft_config=peft_config,
            callbacks=callbacks,
        )
        self.train_dataset = train_dataset
        # TRL's head is not used, and deep copies of a model that has it run the original's weights
        if own_forward is None:
            del base.forward
        else:
            base.forward = own_forward

    def _send_telemetry(self) -> None:
        """Nothing: the network is used when it is asked for."""


def decoder_lora(*, rank: int = 16, **settings) -> LoraConfig:
    """
    Low-rank adapters on every linear projection of the decoder, and on nothing else.

    Args:
        rank (`int`, *optional*, defaults to 16): of the adapters; their scale is 2 at any rank.
        **settings: of `peft.LoraConfig`.

    Returns:
        `peft.LoraConfig`

    Example:

    ```python
    >>> import re
    >>> from transformers_vital.training.post_training import decoder_lora
    >>> config = decoder_lora(rank=8)
    >>> names = ["model.language_model.layers.0.mlp.up_proj", "model.vision_tower.encoder.layer.0.attention.q_proj"]
    >>> [bool(re.fullmatch(config.target_modules, name)) for name in names], config.lora_alpha
    ([True, False], 16)

    ```
    """
    return LoraConfig(**{"r": rank, "lora_alpha": 2 * rank, "target_modules": DECODER_PROJECTIONS} | settings)
