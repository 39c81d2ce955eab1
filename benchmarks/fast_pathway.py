"""
Motion features of 64 frames at 448: `VitalMotionModel` against the whole SlowFast-R50 of pytorchvideo, same weights.

    pip install pytorchvideo
    python benchmarks/fast_pathway.py
"""

import argparse
import importlib.util
import sys
import warnings
from collections.abc import Callable

import torch
from measuring import fastest_seconds, peak_megabytes, print_table, report_targets
from torch import nn

from transformers_vital import VitalMotionConfig, VitalMotionModel
from transformers_vital.models.vital.convert_vital import fast_pathway_state_dict


FRAMES, SIZE = 64, 448
SLOW_FRAMES = FRAMES // 4
SEED = 0


def random_slowfast() -> nn.Module:
    """SlowFast-R50 with random weights, and random BatchNorm throughout: its initial one does nothing to compare."""
    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # of old ways to call torch
        from pytorchvideo.models.hub import slowfast_r50

    torch.manual_seed(SEED)
    model = slowfast_r50(pretrained=False)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm3d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)
    return model.eval()


def random_clip() -> torch.Tensor:
    """Normalised pixels [frames, 3, height, width]."""
    return torch.randn(FRAMES, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(SEED))


def prepare_ours() -> Callable[[], torch.Tensor]:
    model, clip = VitalMotionModel(VitalMotionConfig()).eval(), random_clip()
    state_dict, _ = fast_pathway_state_dict(random_slowfast().state_dict())
    model.load_state_dict(state_dict)
    return torch.no_grad()(lambda: model(clip))


def prepare_whole() -> Callable[[], torch.Tensor]:
    stages = random_slowfast().blocks[:5]  # stem, res2 to res5; pooling and head follow
    fast = random_clip().transpose(0, 1).unsqueeze(0)

    @torch.no_grad()
    def run():
        pathways = [fast[:, :, torch.linspace(0, FRAMES - 1, SLOW_FRAMES).long()], fast]
        for stage in stages:
            pathways = stage(pathways)
        return pathways[1].mean(dim=(-2, -1)).squeeze(0).T

    return run


def main() -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    if importlib.util.find_spec("pytorchvideo") is None:
        sys.exit("pytorchvideo, which VitalMotionModel is compared with, is missing: pip install pytorchvideo")
    contestants = {"VitalMotionModel": prepare_ours, "SlowFast-R50, whole": prepare_whole}
    peaks = {name: peak_megabytes(prepare) for name, prepare in contestants.items()}
    runs = {name: prepare() for name, prepare in contestants.items()}
    features, expected = (run() for run in runs.values())
    seconds = fastest_seconds(runs, rounds=3)
    difference = float((features - expected).abs().max() / expected.square().mean().sqrt())

    ours, whole = contestants
    print(f"{FRAMES} frames of {SIZE}x{SIZE}, float32\n")
    print_table(seconds, peaks)
    faster = seconds[whole] / seconds[ours]
    return report_targets(
        {
            f"features differ by at most 1e-4 of their root mean square ({difference:.1e})": difference <= 1e-4,
            f"at least 4 times faster than the whole ({faster:.1f})": faster >= 4,
        }
    )


if __name__ == "__main__":
    sys.exit(main())
