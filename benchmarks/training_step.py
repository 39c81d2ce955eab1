"""
Forward and backward of one record: the head read at target tokens only, against a loss over full logits, same weights.

    python benchmarks/training_step.py
"""

import argparse
import sys
from collections.abc import Callable

import torch
from measuring import fastest_seconds, peak_megabytes, print_table, report_targets
from scoring_prefill import LEVEL_IDS, VISION_CONFIG, VOCABULARY

from transformers_vital import VitalConfig, VitalForConditionalGeneration
from transformers_vital.data.collator import VitalCollator
from transformers_vital.data.encoding import EncodedRecord, EncodedSequence, Group
from transformers_vital.training.freezing import freeze, set_batch_norms
from transformers_vital.training.objective import task_losses


TILES, TOKENS_PER_TILE, PROMPT_TOKENS = 6, 256, 40  # 1,536 vision tokens
TARGET_TOKENS = {"distribution": 6, "statement": 24}
SEED = 0

TEXT_CONFIG = {
    "model_type": "qwen2",
    "vocab_size": VOCABULARY,
    "hidden_size": 256,
    "intermediate_size": 1024,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
CONFIG = {"text_config": TEXT_CONFIG, "vision_config": VISION_CONFIG, "image_token_id": VOCABULARY - 7}


def model_in_training() -> VitalForConditionalGeneration:
    torch.manual_seed(SEED)
    model = VitalForConditionalGeneration(VitalConfig(**CONFIG)).train()
    freeze(model, "vision-encoder")
    set_batch_norms(model, update=False)
    return model


def record(kind: str) -> EncodedRecord:
    generator = torch.Generator().manual_seed(SEED)
    count = PROMPT_TOKENS + TARGET_TOKENS[kind]
    text = torch.randint(1000, 100_000, (count,), generator=generator)
    input_ids = torch.cat([torch.full((TILES * TOKENS_PER_TILE,), VOCABULARY - 7), text])
    places = torch.arange(len(input_ids) - TARGET_TOKENS[kind], len(input_ids))
    pixels = {"pixel_values": torch.randint(0, 256, (TILES, 3, 448, 448), dtype=torch.uint8, generator=generator)}
    if kind == "statement":
        return EncodedRecord("description", (EncodedSequence(input_ids, places, pixels=pixels),))
    input_ids[-1] = LEVEL_IDS[1]
    probabilities = (0.1, 0.6, 0.2, 0.1, 0.0)
    sequence = EncodedSequence(input_ids, places[:-1], len(input_ids) - 1, probabilities, pixels)
    return EncodedRecord("distribution", (sequence,))


def prepare_ours(kind: str) -> Callable[[], torch.Tensor]:
    model, batch = model_in_training(), VitalCollator(pad_token_id=0)([Group((record(kind),))])
    targets = batch.pop("targets")

    def step() -> torch.Tensor:
        model.zero_grad(set_to_none=True)
        (values,) = task_losses(model(**batch), targets, text_loss="ce").values()
        values.sum().backward()
        return values.detach().sum()

    return step


def prepare_plain(kind: str) -> Callable[[], torch.Tensor]:
    model, batch = model_in_training(), VitalCollator(pad_token_id=0)([Group((record(kind),))])
    (sequence,) = record(kind).sequences
    labels = torch.full_like(batch["input_ids"], -100)
    labels[0, -TARGET_TOKENS[kind] :] = sequence.input_ids[-TARGET_TOKENS[kind] :]
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "pixel_values")}

    def step() -> torch.Tensor:
        model.zero_grad(set_to_none=True)
        loss = model(**inputs, labels=labels).loss
        loss.backward()
        return loss.detach()

    return step


def main() -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    contestants = {"target tokens only": prepare_ours, "full logits": prepare_plain}
    ours, plain = contestants
    targets = {}
    for kind in TARGET_TOKENS:
        peaks = {name: peak_megabytes(prepare, kind) for name, prepare in contestants.items()}
        runs = {name: prepare(kind) for name, prepare in contestants.items()}
        values = {name: run().item() for name, run in runs.items()}
        seconds = fastest_seconds(runs, rounds=3)
        print(f"one {kind}, vocabulary {VOCABULARY:,}, {TILES * TOKENS_PER_TILE:,} vision tokens, float32\n")
        print_table(seconds, peaks)
        print()
        targets[f"{kind}: 3 times less peak memory ({peaks[plain] / peaks[ours]:.1f})"] = (
            peaks[plain] >= 3 * peaks[ours]
        )
        targets[f"{kind}: not slower ({seconds[plain] / seconds[ours]:.1f} times faster)"] = (
            seconds[plain] >= seconds[ours]
        )
        if kind == "statement":
            difference = abs(values[ours] - values[plain])
            targets[f"{kind}: the same cross-entropy within 1e-4 ({difference:.1e})"] = difference <= 1e-4
    return report_targets(targets)


if __name__ == "__main__":
    sys.exit(main())
