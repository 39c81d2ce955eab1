"""
Pictures a second that each distortion makes in two processes, frames a second of videos, and peak memory of a video
against its length.

    python benchmarks/distortions.py
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from measuring import peak_megabytes, report_targets
from PIL import Image

from transformers_vital.distortions.apply import distort_image, distort_video
from transformers_vital.distortions.registry import distortions_of


PROCESSES = 2
PICTURE = (1024, 768)
CLIP = (640, 360)
SPEED_FRAMES, SHORT_FRAMES, LONG_FRAMES = 60, 100, 400
VIDEO_TYPES = ("gaussian_blur", "white_noise", "stuttering", "h264_compression", "h265_compression")
MEMORY_TYPES = ("gaussian_blur", "white_noise", "stuttering", "h264_compression")
SEED = 0


def texture(width: int, height: int) -> np.ndarray:
    """A picture with detail of many sizes."""
    rng = np.random.default_rng(SEED)
    layers = [rng.integers(0, 256, (side * 3 // 4, side, 3), dtype=np.uint8) for side in (8, 32, 128)]
    resized = [Image.fromarray(layer).resize((width, height), Image.Resampling.BICUBIC) for layer in layers]
    return np.mean([np.asarray(layer) for layer in resized], axis=0).astype(np.uint8)


def draw_clip(path: Path, frames: int) -> Path:
    """A camera that pans over the texture."""
    width, height = CLIP
    whole = texture(2 * width, 2 * height)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "veryfast", "crf": "18"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(frames):
            start = index % height
            pixels = np.ascontiguousarray(whole[start : start + height, start : start + width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


def pictures_a_second(name: str, seconds: float) -> float:
    """In one process on one thread, severity 3."""
    cv2.setNumThreads(1)
    picture = texture(*PICTURE)
    distort_image(picture, distortion=name, severity=3, seed=SEED)
    start, made = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        distort_image(picture, distortion=name, severity=3, seed=made)
        made += 1
    return made / (time.perf_counter() - start)


def frames_a_second(source: Path, name: str) -> float:
    cv2.setNumThreads(1)
    start = time.perf_counter()
    distort_video(source, source.with_name(f"{name}.mp4"), distortion=name, severity=2, seed=SEED)
    return SPEED_FRAMES / (time.perf_counter() - start)


def prepare(source: Path, name: str) -> Callable[[], Any]:
    # What is loaded and allocated once is not what grows.
    target = source.with_name(f"{source.stem}_{name}.mp4")
    return lambda: distort_video(source, target, distortion=name, severity=2, seed=SEED)


def measure_speed(folder: Path, seconds: float) -> None:
    print(f"pictures of {PICTURE[0]}x{PICTURE[1]}, severity 3, {PROCESSES} processes of one thread\n")
    print(f"{'':26}pictures a second")
    clip = draw_clip(folder / "speed.mp4", SPEED_FRAMES)
    with ProcessPoolExecutor(PROCESSES) as pool:
        for name in distortions_of("image"):
            rates = pool.map(pictures_a_second, [name] * PROCESSES, [seconds] * PROCESSES)
            print(f"{name:26}{sum(rates):17.1f}", flush=True)
    print(f"\nclips of {CLIP[0]}x{CLIP[1]}, severity 2, one process of one thread\n\n{'':26}{'frames a second':>17}")
    with ProcessPoolExecutor(1) as pool:
        for name in VIDEO_TYPES:
            print(f"{name:26}{pool.submit(frames_a_second, clip, name).result():17.1f}", flush=True)


def measure_memory(folder: Path) -> dict[str, bool]:
    clips = {frames: draw_clip(folder / f"{frames}.mp4", frames) for frames in (SHORT_FRAMES, LONG_FRAMES)}
    print(f"\n{'peak MB of a clip of':26}{SHORT_FRAMES:>10} frames{LONG_FRAMES:>10} frames")
    targets = {}
    for name in MEMORY_TYPES:
        peaks = [peak_megabytes(prepare, clip, name) for clip in clips.values()]
        print(f"{name:26}{peaks[0]:17.0f}{peaks[1]:17.0f}", flush=True)
        grown = peaks[1] / peaks[0]
        targets[f"{name}: four times as long, at most 1.15 times the memory ({grown:.2f})"] = grown <= 1.15
    return targets


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each distortion of pictures")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure_speed(folder, seconds)
        return report_targets(measure_memory(folder))


if __name__ == "__main__":
    sys.exit(main())
