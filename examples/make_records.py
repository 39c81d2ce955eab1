"""
Make a small set of training records from the media of this repository: all eight subsets of the paper's Table 1.

    pip install "transformers-vital[train,data]"
    python examples/make_records.py build/records

Photographs are blurred, compressed and made noisy, clips are re-encoded; what full-reference measures say of each copy
stands in for the opinions of annotators. A few dozen records show how training works; they teach no model to see.
"""

import argparse
import itertools
import json
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageFilter
from skimage.metrics import normalized_root_mse, peak_signal_noise_ratio, structural_similarity

from transformers_vital.data.labelling import distribution_from_opinions, pair_from_distributions


MEDIA = Path(__file__).resolve().parent / "media"
LONG_SIDE = 320
SEVERITIES = ("mild", "noticeable", "severe")
ANNOTATORS = ("ssim", "psnr", "nrmse")
SENTENCES = {
    "Gaussian blur": "Edges are soft and fine detail is lost.",
    "JPEG compression": "Blocks and ringing show that the picture was compressed.",
    "white noise": "Grain covers the whole picture.",
    "H264 compression": "Blocks appear and detail is smeared while things move.",
}


def distorted_photos(picture: Image.Image, folder: Path, stem: str):
    """Yield distortion, severity and file of each copy."""
    noise = np.random.default_rng(0).normal(size=(*picture.size[::-1], 3))
    for index, severity in enumerate(SEVERITIES):
        copies = {
            "Gaussian blur": picture.filter(ImageFilter.GaussianBlur(1 + 2 * index)),
            "white noise": Image.fromarray(
                np.clip(np.asarray(picture) + (8 + 16 * index) * noise, 0, 255).astype(np.uint8)
            ),
        }
        for name, copy in copies.items():
            path = folder / f"{stem}_{name.replace(' ', '_')}_{index}.png"
            copy.save(path)
            yield name, severity, path
        path = folder / f"{stem}_jpeg_{index}.jpg"
        picture.save(path, quality=40 - 17 * index)
        yield "JPEG compression", severity, path


def distorted_clips(frames: list[np.ndarray], folder: Path, stem: str):
    for crf, severity in zip((24, 36, 48), SEVERITIES, strict=True):
        path = folder / f"{stem}_crf_{crf}.mp4"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=12, options={"crf": str(crf), "preset": "fast"})
            stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], "yuv420p"
            for frame in frames:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            container.mux(stream.encode())
        yield "H264 compression", severity, path


def opinions(reference: np.ndarray, copy: np.ndarray) -> list[float]:
    """Three full-reference measures, each on [0, 1]."""
    ssim = structural_similarity(reference, copy, channel_axis=-1)
    psnr = peak_signal_noise_ratio(reference, copy)
    nrmse = normalized_root_mse(reference, copy)
    return [float(np.clip(value, 0, 1)) for value in (ssim, (psnr - 15) / 30, 1 - 3 * nrmse)]


def read_frames(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        every_other = itertools.islice(container.decode(video=0), 0, 36, 2)
        return [frame.to_ndarray(format="rgb24", width=320, height=180) for frame in every_other]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="receives the tables, and the media in its folder media")
    folder = parser.parse_args().folder
    media = folder / "media"
    media.mkdir(parents=True, exist_ok=True)
    tables = {}
    for path in sorted(MEDIA.glob("*.*")):
        kind = {".jpg": "image", ".png": "image", ".mp4": "video"}.get(path.suffix)
        if kind == "image":
            picture = Image.open(path).convert("RGB")
            picture.thumbnail((LONG_SIDE, LONG_SIDE))
            reference = np.asarray(picture)
            copies = distorted_photos(picture, media, path.stem)
        elif kind == "video":
            frames = read_frames(path)
            reference = frames[-1]
            copies = distorted_clips(frames, media, path.stem)
        else:
            continue
        for distortion, severity, copy in copies:
            pixels = np.asarray(Image.open(copy).convert("RGB")) if kind == "image" else _last_frame(copy)
            entry = {"kind": kind, "path": copy.name, "bytes": None}
            scores = opinions(reference, pixels)
            record = distribution_from_opinions(entry, opinions=scores, annotators=ANNOTATORS)
            tables.setdefault(f"{kind}_distribution", []).append(record)
            text = {"media": entry, "text": f"{severity} {distortion}", "task": "distortion"}
            tables.setdefault(f"{kind}_distortion", []).append(text)
            text = {"media": entry, "text": SENTENCES[distortion], "task": "description"}
            tables.setdefault(f"{kind}_description", []).append(text)
    for kind in ("image", "video"):
        records = tables[f"{kind}_distribution"]
        order = np.random.default_rng(1).permutation(len(records))
        tables[f"{kind}_pair"] = [
            pair_from_distributions(records[a], b=records[b]) for a, b in itertools.pairwise(order.tolist())
        ]
    for name, rows in sorted(tables.items()):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        print(f"{len(rows):>4} records in {folder / name}.jsonl")


def _last_frame(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        *_, last = container.decode(video=0)
        return last.to_ndarray(format="rgb24")


if __name__ == "__main__":
    main()
