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

import torch
from trl import TrlParser

from transformers_vital import VitalForConditionalGeneration, VitalProcessor
from transformers_vital.data.encoding import RecordEncoder
from transformers_vital.data.mixture import Mixture
from transformers_vital.data.tables import read_tables
from transformers_vital.scoring.default_model import default_model_folder
from transformers_vital.training.post_training import VitalSFTConfig, VitalSFTTrainer, decoder_lora


@dataclass
class RunArguments:
    records: str = field(metadata={"help": "folder with a .jsonl or .parquet file for each table"})
    media_root: str = field(metadata={"help": "folder of the media that the records name"})
    model: str | None = field(default=None, metadata={"help": "folder or Hub name (default: vital-tiny)"})
    weights: dict | None = field(default=None, metadata={"help": "proportions of the tables; needed for several"})
    lora_rank: int | None = field(default=None, metadata={"help": "of adapters (default: all parameters are trained)"})


def main() -> None:
    run, args = TrlParser((RunArguments, VitalSFTConfig)).parse_args_and_config()
    source = run.model or default_model_folder()
    processor = VitalProcessor.from_pretrained(source)
    trainer = VitalSFTTrainer(
        VitalForConditionalGeneration.from_pretrained(source, dtype=torch.float32),
        args,
        processor=processor,
        train_dataset=Mixture(
            read_tables(run.records),
            RecordEncoder(processor, root=run.media_root),
            weights=run.weights,
            seed=args.seed,
        ),
        peft_config=decoder_lora(rank=run.lora_rank) if run.lora_rank else None,
    )
    trainer.train(resume_from_checkpoint=args.resume_from_checkpoint == "true" or args.resume_from_checkpoint)
    trainer.save_model()
    if trainer.is_world_process_zero():
        history = trainer.state.log_history
        last = ", ".join(f"{entry['loss']:.4f}" for entry in history[-6:] if "loss" in entry)
        print(f"focal loss {history[-1]['train_loss']:.4f} in the mean of the run; last logged: {last}")
        print(f"replaced {history[-1]['replaced']} unreadable records; wrote {args.output_dir}")


if __name__ == "__main__":
    main()
