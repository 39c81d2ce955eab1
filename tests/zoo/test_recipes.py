"""The full-size recipes are settings that the training scripts take."""

import pytest

from transformers_vital.scoring.default_model import hub_configs_folder
from transformers_vital.training.arguments import VitalTrainingArguments
from transformers_vital.training.post_training import VitalSFTConfig
from transformers_vital.training.run import RunArguments


@pytest.mark.parametrize(
    ("recipe", "arguments", "policy", "learning_rate"),
    [
        ("pretrain_8b", VitalTrainingArguments, "vision-encoder", 2e-5),
        ("warm_up_4000", VitalTrainingArguments, "decoder", 2e-5),
        ("post_train_8b", VitalSFTConfig, "full", 1e-5),
    ],
)
def test_a_recipe_has_the_settings_of_table_8(recipe, arguments, policy, learning_rate):
    from trl import TrlParser

    path = hub_configs_folder() / "recipes" / f"{recipe}.yaml"
    command = ["--config", str(path), "--bf16", "false", "--use_cpu", "true"]  # as there may be no GPU here
    run, args = TrlParser((RunArguments, arguments)).parse_args_and_config(command)
    assert (args.policy, args.learning_rate) == (policy, learning_rate)
    assert (args.gradient_accumulation_steps, args.per_device_train_batch_size, run.group_size) == (2, 1, 2)
    assert args.activation_checkpointing and args.num_train_epochs == 1 and args.lr_scheduler_type == "cosine"
