"""
Level logits of a prompt of 2,000 tokens: `level_logits` against InternVL's forward with full logits, same weights.

    python benchmarks/scoring_prefill.py
"""

import argparse
import sys
from collections.abc import Callable

import torch
from measuring import fastest_seconds, peak_megabytes, print_table, report_targets
from transformers import InternVLConfig, InternVLForConditionalGeneration

from transformers_vital import VitalConfig, VitalForConditionalGeneration


TILES, TOKENS_PER_TILE, TEXT_TOKENS = 7, 256, 208  # 2,000 tokens
VOCABULARY = 151_674
LEVEL_IDS = VitalConfig().level_token_ids
SEED = 0

# The decoder of InternVL3-1B in width, with 4 of its 24 layers; the image encoder takes hardly any part.
TEXT_CONFIG = {
    "model_type": "qwen2",
    "vocab_size": VOCABULARY,
    "hidden_size": 896,
    "intermediate_size": 4864,
    "num_hidden_layers": 4,
    "num_attention_heads": 14,
    "num_key_value_heads": 2,
}
VISION_CONFIG = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 1,
    "num_attention_heads": 1,
    "image_size": [448, 448],
    "patch_size": [14, 14],
}
CONFIG = {"text_config": TEXT_CONFIG, "vision_config": VISION_CONFIG, "image_token_id": VOCABULARY - 7}


def random_internvl() -> InternVLForConditionalGeneration:
    torch.manual_seed(SEED)
    return InternVLForConditionalGeneration(InternVLConfig(tie_word_embeddings=False, **CONFIG)).eval()


def random_prompt() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(SEED)
    image = torch.full((TILES * TOKENS_PER_TILE,), VOCABULARY - 7)
    text = torch.randint(1000, 100_000, (TEXT_TOKENS,), generator=generator)
    input_ids = torch.cat([image, text]).unsqueeze(0)
    return {
        "input_ids": input_ids,
        "attention_mask": torch.ones_like(input_ids),
        "pixel_values": torch.randn(TILES, 3, 448, 448, generator=generator),
    }


def prepare_ours() -> Callable[[], torch.Tensor]:
    model, prompt = VitalForConditionalGeneration(VitalConfig(**CONFIG)).eval(), random_prompt()
    missing, unexpected = model.load_state_dict(random_internvl().state_dict(), strict=False)
    assert not unexpected and all("motion" in key for key in missing)
    return lambda: model.level_logits(**prompt).level_logits[0]


def prepare_plain() -> Callable[[], torch.Tensor]:
    model, prompt = random_internvl(), random_prompt()
    return torch.no_grad()(lambda: model(**prompt).logits[0, -1, list(LEVEL_IDS)])


def prepare_last() -> Callable[[], torch.Tensor]:
    model, prompt = random_internvl(), random_prompt()
    return torch.no_grad()(lambda: model(**prompt, logits_to_keep=1).logits[0, -1, list(LEVEL_IDS)])


def main() -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    contestants = {
        "level_logits": prepare_ours,
        "forward, full logits": prepare_plain,
        "forward, logits of the last token": prepare_last,
    }
    peaks = {name: peak_megabytes(prepare) for name, prepare in contestants.items()}
    runs = {name: prepare() for name, prepare in contestants.items()}
    ours, plain, _ = contestants
    difference = float((runs[ours]() - runs[plain]()).abs().max())
    seconds = fastest_seconds(runs, rounds=3)

    tokens = random_prompt()["input_ids"].shape[1]
    logits = tokens * VOCABULARY * 4 / 1e6
    print(f"{tokens:,} tokens, vocabulary {VOCABULARY:,}, float32: full logits are {logits:.0f} MB\n")
    print_table(seconds, peaks)
    faster, saved = seconds[plain] / seconds[ours], peaks[plain] - peaks[ours]
    return report_targets(
        {
            f"not slower than the plain forward ({faster:.1f} times faster)": faster >= 1,
            f"peak memory lower by 80 % of the full logits ({saved / logits:.0%})": saved >= 0.8 * logits,
            f"the five logits differ by at most 1e-4 ({difference:.1e})": difference <= 1e-4,
        }
    )


if __name__ == "__main__":
    sys.exit(main())
