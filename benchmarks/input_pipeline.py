"""
Records a second that the input pipeline feeds with two workers, of photographs and of 5 s clips, and what bounds it.

    python benchmarks/input_pipeline.py
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import torch
from datasets import Dataset
from PIL import Image

from transformers_vital import VitalProcessor
from transformers_vital.data.collator import VitalCollator
from transformers_vital.data.encoding import RecordEncoder
from transformers_vital.data.mixture import Mixture
from transformers_vital.scoring.default_model import default_model_folder


WORKERS = 2
PHOTOGRAPHS, CLIPS = 48, 8
SEED = 0


def draw(folder: Path) -> dict[str, list[dict]]:
    """Photographs of 1024x768 and clips of 5 s, 1280x720, 30 frames a second."""
    rng = np.random.default_rng(SEED)
    coarse = Image.fromarray(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8))
    texture = np.asarray(coarse.resize((1600, 1200), Image.Resampling.BICUBIC))
    rows = {"image": [], "video": []}
    for index in range(PHOTOGRAPHS):
        Image.fromarray(texture[index : index + 768, index : index + 1024]).save(folder / f"{index}.jpg", quality=90)
        rows["image"].append({"kind": "image", "path": f"{index}.jpg", "bytes": None})
    for index in range(CLIPS):
        with av.open(str(folder / f"{index}.mp4"), "w") as container:
            stream = container.add_stream("libx264", rate=30, options={"preset": "veryfast"})
            stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
            for frame in range(150):
                pixels = np.ascontiguousarray(texture[index + frame : index + frame + 720, frame : frame + 1280])
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(stream.encode())
        rows["video"].append({"kind": "video", "path": f"{index}.mp4", "bytes": None})
    return rows


def per_second(run: Callable[[], int]) -> float:
    start = time.perf_counter()
    return run() / (time.perf_counter() - start)


def fed(mixture: Mixture, *, workers: int) -> int:
    loader = torch.utils.data.DataLoader(
        mixture, batch_size=1, num_workers=workers, collate_fn=VitalCollator(pad_token_id=0)
    )
    return sum(int(batch["targets"]["weight"]) for batch in loader)


def decoded(folder: Path, rows: list[dict]) -> int:
    """Decoding alone, of everything, into memory that is thrown away."""
    for row in rows:
        if row["kind"] == "image":
            Image.open(folder / row["path"]).convert("RGB")
            continue
        with av.open(str(folder / row["path"])) as container:
            container.streams.video[0].thread_type = "AUTO"
            for _ in container.decode(video=0):
                pass
    return len(rows)


def main() -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    processor = VitalProcessor.from_pretrained(default_model_folder())
    for part in (processor.image_processor, processor.video_processor):
        part.size = {"height": 448, "width": 448}
    processor.image_seq_length = 256
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{'':8}{'two workers':>14}{'this process':>14}{'decoding only':>15}   records a second")
        for kind, media in draw(folder).items():
            rows = [{"media": row, "text": "mild blur", "task": "distortion"} for row in media]
            mixture = Mixture({f"{kind}_distortion": Dataset.from_list(rows)}, RecordEncoder(processor, root=folder))
            rates = [
                per_second(lambda mixture=mixture: fed(mixture, workers=WORKERS)),
                per_second(lambda mixture=mixture: fed(mixture, workers=0)),
                per_second(lambda media=media: decoded(folder, media)),
            ]
            print(f"{kind:8}{rates[0]:14.1f}{rates[1]:14.1f}{rates[2]:15.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
