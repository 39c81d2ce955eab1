"""Hyperparameters of Table 8 by default, and what is refused."""

import pytest
from transformers import HfArgumentParser

from transformers_vital.errors import TrainingError
from transformers_vital.training.arguments import VitalTrainingArguments


@pytest.fixture
def arguments(tmp_path):
    def build(**settings) -> VitalTrainingArguments:
        return VitalTrainingArguments(str(tmp_path), use_cpu=True, bf16=False, **settings)

    return build


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", 2e-5),
        ("gradient_accumulation_steps", 2),
        ("num_train_epochs", 1),
        ("activation_checkpointing", True),
        ("eval_strategy", "no"),
    ],
)
def test_defaults_are_those_of_table_8(arguments, name, value):
    assert getattr(arguments(), name) == value


def test_the_precision_of_table_8_is_bfloat16():
    assert VitalTrainingArguments.__dataclass_fields__["bf16"].default is True


def test_the_optimizer_of_table_8_is_adamw(arguments):
    assert arguments().optim.startswith("adamw")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lr_scheduler_type", "cosine"),
        ("warmup_steps", 0.03),
        ("weight_decay", 0.05),
        ("adam_beta1", 0.9),
        ("adam_beta2", 0.999),
        ("adam_epsilon", 1e-8),
    ],
)
def test_what_table_8_does_not_say_is_as_in_the_authors_scripts(arguments, name, value):
    assert getattr(arguments(), name) == value


def test_the_warm_up_is_a_share_of_all_steps(arguments):
    assert arguments().get_warmup_steps(1000) == 30


def test_a_micro_batch_is_one_group(arguments):
    assert arguments().per_device_train_batch_size == 1


def test_training_follows_the_paper_by_default(arguments):
    given = arguments()
    assert (given.policy, given.recipe, given.text_loss, given.preference_std, given.update_batch_norm) == (
        "vision-encoder",
        "paper",
        "focal",
        "1.0",
        False,
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"policy": "encoder"}, "policy is 'encoder'; expected one of vision-encoder, decoder, full, linear-probe"),
        ({"recipe": "official"}, "recipe is 'official'; expected one of paper, release"),
        ({"text_loss": "nll"}, "text_loss is 'nll'; expected one of focal, ce"),
        ({"preference_std": "one"}, "preference_std is 'one'; expected a number above 0, or 'predicted'"),
        ({"preference_std": "0"}, "preference_std is '0'; expected a number above 0"),
        ({"preference_std": "-1"}, "preference_std is '-1'; expected a number above 0"),
        ({"preference_std": "nan"}, "preference_std is 'nan'; expected a number above 0"),
        ({"preference_std": "inf"}, "preference_std is 'inf'; expected a number above 0"),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
def test_unknown_values_are_refused(arguments, settings, message):
    with pytest.raises(TrainingError, match=message):
        arguments(**settings)


@pytest.mark.parametrize("std", ["predicted", "0.5", 2.0])
def test_the_deviation_of_pairs_is_a_number_or_predicted(arguments, std):
    assert arguments(preference_std=std).preference_std == std


def test_the_command_line_sets_them(tmp_path):
    parser = HfArgumentParser(VitalTrainingArguments)
    line = (
        f"--output_dir {tmp_path} --use_cpu --bf16 false --policy decoder --recipe release --preference_std predicted"
    )
    (given,) = parser.parse_args_into_dataclasses(line.split())
    assert (given.policy, given.recipe, given.preference_std) == ("decoder", "release", "predicted")
