"""
Tensors from a 1080p clip: `VitalVideoProcessor` against resizing every frame with Pillow, and against bare decoding.

    python benchmarks/video_tensors.py
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import torch
from measuring import fastest_seconds, peak_megabytes, print_table, report_targets
from PIL import Image

from transformers_vital import VitalVideoProcessor


SECONDS, FPS = 10, 30
HEIGHT, WIDTH = 1080, 1920
SIZE = 448
PAN = 3  # pixels a frame

MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
STD = np.array([0.229, 0.224, 0.225], dtype=np.float32)


def encode_clip(path: Path, *, seconds: int, seed: int) -> Path:
    """A camera that pans over 1/f noise, the spectrum of natural pictures, with grain that changes every frame."""
    rng = np.random.default_rng(seed)
    scenery = draw_scenery(rng, width=WIDTH + PAN * seconds * FPS)
    grain = rng.normal(0, 3, (2 * HEIGHT, 2 * WIDTH, 1)).astype(np.int16)
    options = {"preset": "veryfast", "g": "60", "keyint_min": "60", "sc_threshold": "0"}
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", FPS, options, width=WIDTH, height=HEIGHT, pix_fmt="yuv420p")
        for left in range(0, PAN * seconds * FPS, PAN):
            row, column = rng.integers(HEIGHT), rng.integers(WIDTH)
            picture = scenery[:, left : left + WIDTH] + grain[row : row + HEIGHT, column : column + WIDTH]
            frame = av.VideoFrame.from_ndarray(picture.clip(0, 255).astype(np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def draw_scenery(rng: np.random.Generator, *, width: int) -> np.ndarray:
    """1/f noise, the colours alike for the most part, `int16` of shape `(HEIGHT, width, 3)`."""
    frequencies = np.hypot(np.fft.fftfreq(HEIGHT)[:, None], np.fft.rfftfreq(width))
    frequencies[0, 0] = np.inf  # no offset
    waves = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(4, HEIGHT, width))) / frequencies)
    light, *colours = (wave / wave.std() for wave in waves)
    return np.stack([120 + 45 * (light + 0.4 * colour) for colour in colours], axis=-1).astype(np.int16)


def prepare_ours(path: Path) -> Callable[[], dict[str, torch.Tensor]]:
    processor = VitalVideoProcessor()
    return lambda: processor([str(path)])


def prepare_normalised(path: Path) -> Callable[[], dict[str, torch.Tensor]]:
    processor = VitalVideoProcessor(do_rescale=True, do_normalize=True)
    return lambda: processor([str(path)])


def prepare_straightforward(path: Path) -> Callable[[], dict[str, torch.Tensor]]:
    key, motion = VitalVideoProcessor().plan_frames(np.arange(SECONDS * FPS) / FPS, float(FPS))

    def run():
        pixels = []
        with av.open(path) as container:
            container.streams.video[0].thread_type = "AUTO"
            for frame in container.decode(video=0):
                picture = frame.to_image().resize((SIZE, SIZE), Image.Resampling.BICUBIC)
                pixels.append((np.asarray(picture, dtype=np.float32) / 255 - MEAN) / STD)
        frames = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2)
        return {"pixel_values_videos": frames[key], "pixel_values_motion": frames[motion]}

    return run


def prepare_decoding(path: Path) -> Callable[[], None]:
    def run():
        with av.open(path) as container:
            container.streams.video[0].thread_type = "AUTO"
            for _ in container.decode(video=0):
                pass

    return run


def largest_difference(ours: dict[str, torch.Tensor], straightforward: dict[str, torch.Tensor]) -> int:
    """Between the pixels of the chosen frames, in grey levels of 0 to 255."""
    differences = []
    for name in ("pixel_values_videos", "pixel_values_motion"):
        normalised = straightforward[name].permute(0, 2, 3, 1).numpy()
        levels = torch.from_numpy(((normalised * STD + MEAN) * 255).round()).permute(0, 3, 1, 2)
        differences.append(int((ours[name] - levels).abs().max()))
    return max(differences)


def main() -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clip = encode_clip(Path(folder) / "10s.mp4", seconds=SECONDS, seed=0)
        longer = encode_clip(Path(folder) / "20s.mp4", seconds=20, seed=1)
        contestants = {
            "VitalVideoProcessor": prepare_ours,
            "every frame with Pillow": prepare_straightforward,
            "VitalVideoProcessor, normalised": prepare_normalised,
            "bare decoding": prepare_decoding,
        }
        peaks = {name: peak_megabytes(prepare, clip) for name, prepare in contestants.items()}
        longer_peak = peak_megabytes(prepare_ours, longer)
        runs = {name: prepare(clip) for name, prepare in contestants.items()}
        ours, straightforward, *_ = contestants
        difference = largest_difference(runs[ours](), runs[straightforward]())
        seconds = fastest_seconds(runs, rounds=3)
        megabits = clip.stat().st_size * 8 / SECONDS / 1e6

    print(f"{SECONDS} s of {WIDTH}x{HEIGHT} at {FPS} frames a second, H.264, {megabits:.1f} Mbit/s\n")
    print_table(seconds, peaks)
    faster, leaner = seconds[straightforward] / seconds[ours], peaks[straightforward] / peaks[ours]
    return report_targets(
        {
            f"at least 3 times faster than every frame ({faster:.1f})": faster >= 3,
            f"at least 4 times less peak memory ({leaner:.1f})": leaner >= 4,
            f"pixels within 1 grey level ({difference})": difference <= 1,
            f"peak memory of a 20 s clip at most 600 MB ({longer_peak:.0f})": longer_peak <= 600,
        }
    )


if __name__ == "__main__":
    sys.exit(main())
