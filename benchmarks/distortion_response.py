"""
How a model answers to distortions of photographs: its score to severity, and whether it names the type.

    python benchmarks/distortion_response.py
    python benchmarks/distortion_response.py --media FOLDER --model NAME

Use photographs that the model was not trained on. The score should fall with severity: -1 is a perfect fall. The type
is named by the likeliest of all 125 answers, five severities of 25 types; chance is 0.04.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from measuring import report_targets
from PIL import Image
from scipy.stats import spearmanr
from tqdm import tqdm

from transformers_vital import VitalScorer
from transformers_vital.distortions.apply import distort_image, distortion_text
from transformers_vital.distortions.registry import distortions_of
from transformers_vital.media.image import load_image
from transformers_vital.media.inputs import expand_media


MEDIA = Path(__file__).resolve().parents[1] / "examples" / "media"
LONGEST_SIDE = 320  # pixels: one tile
SEVERITIES = (1, 2, 3, 4, 5)
NAMED_AT = 4  # severity of the copies whose type is asked
MEAN_TARGET, WORST_TARGET = -0.9, -0.5
# A picture is not worse with more of these until there is much more of them.
NEED_NOT_FALL = ("colour_over_saturation", "brighten", "darken", "mean_shift", "contrast_change")
TYPES = distortions_of("image")


def photograph(path: Path) -> np.ndarray:
    picture = load_image(path)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return np.asarray(picture)


@torch.no_grad()
def likelihoods(scorer: VitalScorer, picture: np.ndarray, answers: list[list[int]]) -> np.ndarray:
    """Log-probability of each answer, given as token ids, to the prompt of training."""
    inputs = scorer.processor(
        text=[scorer.processor.training_prompt("image")], images=[Image.fromarray(picture)], return_tensors="pt"
    )
    prefix = scorer.model(**inputs, use_cache=True, logits_to_keep=1)
    cache = prefix.past_key_values
    cache.batch_repeat_interleave(len(answers))
    longest = max(map(len, answers))
    ids = torch.tensor([answer + [0] * (longest - len(answer)) for answer in answers])
    mask = torch.ones(len(answers), inputs["input_ids"].shape[1] + longest, dtype=torch.long)
    following = scorer.model(input_ids=ids, attention_mask=mask, past_key_values=cache, use_cache=True).logits
    logits = torch.cat([prefix.logits[:, -1:].expand(len(answers), -1, -1), following[:, :-1]], dim=1)
    found = logits.log_softmax(-1).gather(-1, ids[..., None])[..., 0].numpy()
    return np.array([row[: len(answer)].sum() for row, answer in zip(found, answers, strict=True)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--media", type=Path, default=MEDIA, help="folder of photographs (default: examples/media)")
    parser.add_argument("--model", help="folder or Hub name (default: vital-tiny)")
    parser.add_argument("--photos", type=int, default=12, help="how many, evenly over the folder")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    scorer = VitalScorer.from_pretrained(arguments.model)
    files = [item for item in expand_media(arguments.media) if item.kind == "image"]
    files = [files[index] for index in np.linspace(0, len(files) - 1, min(arguments.photos, len(files))).astype(int)]
    texts = [distortion_text(name, severity=severity) for name in TYPES for severity in SEVERITIES]
    end = scorer.processor.tokenizer.eos_token
    answers = [scorer.processor.tokenizer.encode(text + end, add_special_tokens=False) for text in texts]
    falls, named, scored = np.empty((len(TYPES), len(files))), np.empty((len(TYPES), len(files))), []
    for column, item in enumerate(tqdm(files, unit=" photographs")):
        picture = photograph(item.source)
        copies = [
            distort_image(picture, distortion=name, severity=severity, seed=column)
            for name in TYPES
            for severity in SEVERITIES
        ]
        scores = [result.score for result in scorer.score([picture, *copies])]
        scored += scores
        by_type = np.reshape(scores[1:], (len(TYPES), len(SEVERITIES)))
        for row, values in enumerate(by_type):
            falls[row, column] = spearmanr(range(len(SEVERITIES) + 1), [scores[0], *values]).statistic
            log_p = likelihoods(scorer, copies[row * len(SEVERITIES) + NAMED_AT - 1], answers)
            named[row, column] = int(log_p.argmax()) // len(SEVERITIES) == row
    print(f"{'':25}{'fall':>7}{'weakest':>8}{'named':>7}")
    for row, name in enumerate(TYPES):
        print(f"{name:25}{falls[row].mean():7.2f}{falls[row].max():8.2f}{named[row].mean():7.2f}")
    must = np.array([name not in NEED_NOT_FALL for name in TYPES])
    mean, worst = falls[must].mean(), falls[must].mean(axis=1).max()
    print(f"{'mean':25}{falls.mean():7.2f}{'':8}{named.mean():7.2f}")
    print(f"\n{len(files)} photographs; scores from {min(scored):.2f} to {max(scored):.2f}")
    print(f"mean over the {must.sum()} types that must fall: {mean:.2f}; need not: {', '.join(NEED_NOT_FALL)}")
    return report_targets(
        {
            f"mean fall at most {MEAN_TARGET} ({mean:.2f})": mean <= MEAN_TARGET,
            f"each type at most {WORST_TARGET} ({worst:.2f})": worst <= WORST_TARGET,
            f"types named five times as often as by chance ({named.mean():.2f})": named.mean() >= 0.2,
        }
    )


if __name__ == "__main__":
    sys.exit(main())
