"""
Time a medium takes to enter the pool and to be measured, memory against the length of a video, and near-duplicates.

    python benchmarks/attributes.py
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
from measuring import fastest_seconds, peak_megabytes, report_targets
from PIL import Image

from transformers_vital.annotation.attributes.attributes import image_attributes, video_attributes
from transformers_vital.annotation.pool.candidates import Candidate
from transformers_vital.annotation.pool.near_duplicates import near_duplicates
from transformers_vital.annotation.pool.pool import inspect


SEED = 0
ROUNDS = 3
SHORT_SECONDS, LONG_SECONDS = 2, 16
HASHES, COPIES = 1_000_000, 50_000
MOST_SECONDS = 30
MOST_GROWTH = 1.15


def draw(folder: Path) -> dict[str, Path]:
    """A photograph of 1024x768, and clips of 1280x720 at 30 frames a second, short and long."""
    rng = np.random.default_rng(SEED)
    coarse = Image.fromarray(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8))
    texture = np.asarray(coarse.resize((1920, 1440), Image.Resampling.BICUBIC))
    media = {"image": folder / "image.jpg", "short": folder / "short.mp4", "long": folder / "long.mp4"}
    Image.fromarray(texture[:768, :1024]).save(media["image"], quality=90)
    for name, seconds in (("short", SHORT_SECONDS), ("long", LONG_SECONDS)):
        with av.open(str(media[name]), "w") as container:
            stream = container.add_stream("libx264", rate=30, options={"preset": "veryfast"})
            stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
            for frame in range(30 * seconds):
                left = frame % 600
                pixels = np.ascontiguousarray(texture[left : left + 720, left : left + 1280])
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(stream.encode())
    return media


def decode(path: Path) -> None:
    """Every frame of a video as RGB, and nothing else."""
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            frame.to_ndarray(format="rgb24")


def measure_and_forget(path: Path) -> Callable[[], Any]:
    """For a process of its own; the first run, on a short clip, loads what is loaded once."""
    video_attributes(path.with_name("short.mp4"))
    return partial(video_attributes, path)


def hashes() -> list[str]:
    """Random hashes, the last of them copies of the first that are a few bits off."""
    values = np.random.default_rng(SEED).integers(0, 2**64, HASHES, dtype=np.uint64)
    values[-COPIES:] = values[:COPIES] ^ np.uint64(0b1011 << 20)
    return [f"{value:016x}" for value in values.tolist()]


def main() -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory() as name:
        media = draw(Path(name))
        pool = {kind: [Candidate(kind, place=str(media[kind]))] for kind in ("image", "short")}
        seconds = fastest_seconds(
            {
                "image, decoded": lambda: Image.open(media["image"]).convert("RGB"),
                "image, into the pool": lambda: inspect(pool["image"], folder=Path(name) / "media"),
                "image, attributes": lambda: image_attributes(media["image"]),
                "video, decoded": lambda: decode(media["short"]),
                "video, into the pool": lambda: inspect(pool["short"], folder=Path(name) / "media"),
                "video, attributes": lambda: video_attributes(media["short"]),
            },
            rounds=ROUNDS,
        )
        peaks = [peak_megabytes(measure_and_forget, media[length]) for length in ("short", "long")]
    print("1024x768 and 1280x720 at 30 frames a second\n")
    for what, took in seconds.items():
        unit = "ms an image" if what.startswith("image") else "ms a second of video"
        print(f"{what:22}{1000 * took / (1 if what.startswith('image') else SHORT_SECONDS):8.0f} {unit}")
    print(f"\npeak MB of the attributes of {SHORT_SECONDS} s and {LONG_SECONDS} s: {peaks[0]:.0f} and {peaks[1]:.0f}")
    given, start = hashes(), time.perf_counter()
    kept, _ = near_duplicates(given)
    took = time.perf_counter() - start
    print(f"near-duplicates among {HASHES:,} hashes: {took:.1f} s")
    return report_targets(
        {
            f"memory of {LONG_SECONDS} s at most {MOST_GROWTH} times that of {SHORT_SECONDS} s": (
                peaks[1] <= MOST_GROWTH * peaks[0]
            ),
            f"a million hashes within {MOST_SECONDS} s": took <= MOST_SECONDS,
            f"all {COPIES:,} planted copies found": not kept[-COPIES:].any(),
        }
    )


if __name__ == "__main__":
    sys.exit(main())
