"""A linear probe of a few thousand weights, and batches for it."""

import torch

from transformers_vital import VitalForQualityProbe, VitalProbeConfig


READINGS = ("paper", "release")


def small_probe(reading: str = "paper") -> VitalForQualityProbe:
    """Five layers of which the first, third and fourth are read; 16 patches and so 4 tokens per picture."""
    config = VitalProbeConfig(
        reading=reading,
        layers=(1, 3, 4),
        projection_dim=20,
        initializer_range=0.3,
        vision_config={
            "hidden_size": 16,
            "num_hidden_layers": 5,
            "num_attention_heads": 2,
            "intermediate_size": 24,
            "image_size": (16, 16),
            "patch_size": (4, 4),
            "initializer_range": 0.3,
            "layer_scale_init_value": 1.0,
            "attention_bias": True,
        },
        motion_config={"stem_channels": 4, "stage_depths": (1, 1), "stage_channels": (8, 12)},
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return VitalForQualityProbe(config).eval()


def random_pixels(count: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, 16, 16), dtype=torch.uint8, generator=generator)


IMAGES = {"pixel_values": random_pixels(4, 1), "num_patches": torch.tensor([3, 1])}
VIDEOS = {
    "pixel_values_videos": random_pixels(3, 2),
    "pixel_values_motion": random_pixels(9, 3),
    "num_key_frames": torch.tensor([1, 2]),
    "num_motion_frames": torch.tensor([4, 5]),
}
