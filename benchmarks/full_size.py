"""
The size of the paper's models on one GPU, with random weights: memory and time of training and scoring.

    pip install deepspeed
    python benchmarks/full_size.py
    python benchmarks/full_size.py --model vital-warm-up-2b --policies decoder full
"""

import argparse
import sys
import tempfile
import time
from multiprocessing import set_start_method
from pathlib import Path
from statistics import median

import numpy as np
import torch
from datasets import Dataset
from measuring import in_a_process
from PIL import Image
from transformers import TrainerCallback

from transformers_vital import VitalConfig, VitalForConditionalGeneration, VitalProcessor, VitalScorer
from transformers_vital.data.encoding import RecordEncoder
from transformers_vital.data.labelling import distribution_from_mos
from transformers_vital.data.mixture import Mixture
from transformers_vital.distortions.encoding import NEAR_LOSSLESS, write_video
from transformers_vital.scoring.default_model import default_model_folder, hub_configs_folder
from transformers_vital.training.arguments import VitalTrainingArguments
from transformers_vital.training.trainer import VitalTrainer
from transformers_vital.zoo.cost import (
    MEDIA_PER_DEVICE,
    PEAK_FLOPS,
    Stage,
    estimate,
    micro_batch_bytes,
    model_size,
    state_bytes,
)


SEED = 0
WARM_UP_STEPS = 3  # DeepSpeed allocates in the first
MEDIA = {"image": "photo.png", "video": "clip.mp4"}
FRAMES, FRAME_RATE, WIDTH, HEIGHT = 240, 30, 1280, 720  # eight seconds
DEEPSPEED = Path(__file__).resolve().parents[1] / "hub_configs" / "deepspeed" / "zero2.json"


def draw_media(folder: Path) -> None:
    coarse = np.random.default_rng(SEED).integers(0, 256, (HEIGHT // 16, WIDTH // 16, 3), dtype=np.uint8)
    picture = Image.fromarray(coarse)
    picture.resize((1024, 768), Image.Resampling.BICUBIC).save(folder / MEDIA["image"])
    still = np.asarray(picture.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    moved = ((index / FRAME_RATE, np.roll(still, 4 * index, axis=1)) for index in range(FRAMES))
    write_video(moved, folder / MEDIA["video"], fps=FRAME_RATE, encoding=NEAR_LOSSLESS)


def records(kind: str) -> Dataset:
    item = {"kind": kind, "path": MEDIA[kind], "bytes": None}
    return Dataset.from_list([distribution_from_mos(item, mos=mos, scale=(0, 1)) for mos in (0.2, 0.5, 0.8) * 40])


def configuration(model: str, processor: VitalProcessor) -> VitalConfig:
    """Of the zoo; texts are those of the small model's tokenizer, as the zoo has no vocabulary of Qwen2.5's."""
    config = VitalConfig.from_pretrained(hub_configs_folder() / "models" / model)
    config.image_token_id, config.video_token_id = processor.image_token_id, processor.video_token_id
    config.level_token_ids = processor.level_token_ids
    return config


def make_processor() -> VitalProcessor:
    tokenizer = VitalProcessor.from_pretrained(default_model_folder()).tokenizer
    return VitalProcessor.from_tokenizer(tokenizer, reading="release")


def random_model(model: str, processor: VitalProcessor, *, dtype: torch.dtype) -> VitalForConditionalGeneration:
    torch.manual_seed(SEED)
    with torch.device("cuda"):
        return VitalForConditionalGeneration._from_config(configuration(model, processor), dtype=dtype)


class StepTimes(TrainerCallback):
    def __init__(self):
        self.ends = []

    def on_step_end(self, args, state, control, **kwargs):
        torch.cuda.synchronize()
        self.ends.append(time.perf_counter())
        if len(self.ends) == WARM_UP_STEPS:
            torch.cuda.reset_peak_memory_stats()


def train(model: str, policy: str, kind: str, folder: str, steps: int) -> tuple[float, float]:
    """Seconds of a step, and peak memory in bytes."""
    set_start_method("fork", force=True)  # of the loader's workers, as where nothing chose another
    processor, times = make_processor(), StepTimes()
    settings = VitalTrainingArguments(
        f"{folder}/output",
        policy=policy,
        deepspeed=str(DEEPSPEED),
        gradient_accumulation_steps=1,
        max_steps=WARM_UP_STEPS + steps,
        dataloader_num_workers=8,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    encoder = RecordEncoder(processor, root=folder)
    mixture = Mixture({f"{kind}_distribution": records(kind)}, encoder, seed=SEED)
    trainer = VitalTrainer(
        random_model(model, processor, dtype=torch.float32),
        settings,
        processor=processor,
        train_dataset=mixture,
        callbacks=[times],
    )
    trainer.train()
    return median(np.diff(times.ends[WARM_UP_STEPS - 1 :])), torch.cuda.max_memory_allocated()


def score(model: str, kind: str, folder: str, rounds: int) -> tuple[float, float]:
    """Seconds of a medium, decoding included, and peak memory in bytes."""
    processor = make_processor()
    scorer = VitalScorer(random_model(model, processor, dtype=torch.bfloat16), processor)
    seconds = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        scorer.score(f"{folder}/{MEDIA[kind]}")
        seconds.append(time.perf_counter() - start)
    return median(seconds[1:]), torch.cuda.max_memory_allocated()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="vital-base-8b", help="of the zoo (default: vital-base-8b)")
    parser.add_argument("--policies", nargs="+", default=["vision-encoder"], help="what is trained")
    parser.add_argument("--steps", type=int, default=8, help="that are timed (default: 8)")
    args = parser.parse_args()
    if not torch.cuda.is_available():
        print("skipped: there is no GPU, and this measures what a GPU alone can show")
        return 0
    size = model_size(VitalConfig.from_pretrained(hub_configs_folder() / "models" / args.model))
    print(f"{args.model}, {size.total:,} random parameters, bfloat16, {torch.cuda.get_device_name()}\n", flush=True)
    print("                             computed GiB  peak GiB  seconds  share of the peak")
    with tempfile.TemporaryDirectory() as folder:
        draw_media(Path(folder))
        for policy in args.policies:
            for kind in MEDIA:
                seconds, peak = in_a_process(train, args.model, policy, kind, folder, args.steps)
                counts = {f"{name}s": MEDIA_PER_DEVICE * (name == kind) for name in MEDIA}
                step = Stage("a step", policy, MEDIA_PER_DEVICE, **counts, text_tokens=64)
                computed = state_bytes(size, policy=policy, num_gpus=1) + micro_batch_bytes(size, step, kind=kind)
                share = estimate(size, step).flops / seconds / PEAK_FLOPS
                row = f"{computed / 2**30:13.1f}{peak / 2**30:10.1f}{seconds:9.2f}{share:19.1%}"
                print(f"{f'{policy}, two {kind}s':28}{row}", flush=True)
        for kind in MEDIA:
            seconds, peak = in_a_process(score, args.model, kind, folder, args.steps)
            print(f"{f'scoring, one {kind}':28}{'':13}{peak / 2**30:10.1f}{seconds:9.2f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
