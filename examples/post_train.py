"""
Post-train a base model on instructions about images and videos, which makes an Assistant of it (paper, Sec. 3.3).

    pip install "transformers-vital[train,data]"
    python examples/post_train.py --config hub_configs/recipes/post_train.yaml

Every setting of the YAML file can be given on the command line too, such as `--max_steps 2`; `--lora_rank 16` trains
adapters on the decoder instead of all parameters. On several processes:

    accelerate launch --config_file hub_configs/accelerate/zero2.yaml examples/post_train.py --config ...

Run again with `--resume_from_checkpoint true` to go on where a run was stopped.
"""

from dataclasses import dataclass, field

from trl import TrlParser

from transformers_vital.training.post_training import VitalSFTConfig, VitalSFTTrainer, decoder_lora
from transformers_vital.training.run import RunArguments, build_trainer


@dataclass
class PostTrainingArguments(RunArguments):
    lora_rank: int | None = field(default=None, metadata={"help": "of adapters (default: all parameters are trained)"})


def main() -> None:
    run, args = TrlParser((PostTrainingArguments, VitalSFTConfig)).parse_args_and_config()
    adapters = decoder_lora(rank=run.lora_rank) if run.lora_rank else None
    trainer = build_trainer(run, args, trainer_class=VitalSFTTrainer, peft_config=adapters)
    trainer.train(resume_from_checkpoint=args.resume_from_checkpoint == "true" or args.resume_from_checkpoint)
    trainer.save_model()
    if trainer.is_world_process_zero():
        history = trainer.state.log_history
        last = ", ".join(f"{entry['loss']:.4f}" for entry in history[-6:] if "loss" in entry)
        print(f"focal loss {history[-1]['train_loss']:.4f} in the mean of the run; last logged: {last}")
        print(f"replaced {history[-1]['replaced']} unreadable records; wrote {args.output_dir}")
    trainer.accelerator.end_training()  # threads of a group that is not left can abort the process at its exit


if __name__ == "__main__":
    main()
