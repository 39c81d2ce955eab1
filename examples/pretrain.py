"""
Pre-train the vision encoder, or warm up a decoder, on a mixture of records (paper, Secs. 3.2 and 3.3).

    pip install "transformers-vital[train,data]"
    python examples/make_records.py build/records
    python examples/pretrain.py --config hub_configs/recipes/pretrain.yaml
    python examples/pretrain.py --config hub_configs/recipes/warm_up.yaml

Every setting of the YAML file can be given on the command line too, such as `--max_steps 2`. On several processes:

    accelerate launch --config_file hub_configs/accelerate/zero2.yaml examples/pretrain.py --config ...

Run again with `--resume_from_checkpoint true` to go on where a run was stopped.
"""

from trl import TrlParser

from transformers_vital.training.arguments import VitalTrainingArguments
from transformers_vital.training.run import RunArguments, build_trainer


def main() -> None:
    run, args = TrlParser((RunArguments, VitalTrainingArguments)).parse_args_and_config()
    trainer = build_trainer(run, args)
    trainer.train(resume_from_checkpoint=args.resume_from_checkpoint == "true" or args.resume_from_checkpoint)
    trainer.save_model()
    if trainer.is_world_process_zero():
        *steps, summary = trainer.state.log_history
        losses = {name: value for entry in steps[-1:] for name, value in entry.items() if name.startswith("loss")}
        print(", ".join(f"{name} {value:.4f}" for name, value in losses.items() or [("loss", summary["train_loss"])]))
        print(f"replaced {summary['replaced']} unreadable records; wrote {args.output_dir}")
    trainer.accelerator.end_training()  # threads of a group that is not left can abort the process at its exit


if __name__ == "__main__":
    main()
