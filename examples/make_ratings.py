"""
Make lists of ratings to try measurements on: distorted copies of photographs and clips, rated by SSIM.

    pip install "transformers-vital[data]"
    python examples/make_ratings.py build/ratings --media examples/media

**These are not human ratings.** Each copy is compared with its undistorted original by structural similarity (SSIM, of
scikit-image), which ranks copies of one distortion well and copies of different ones only roughly. A correlation with
them says whether a model sees damage, and nothing about people.

What is written: `images.csv` and `videos.csv` (name, mos, distortion, severity; mos is the SSIM), and the copies in
`media`. make_questions.py makes questions about them.
"""

import argparse
import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.metrics import structural_similarity

from transformers_vital.distortions.apply import distort_image, distort_video
from transformers_vital.distortions.encoding import NEAR_LOSSLESS, write_video
from transformers_vital.distortions.registry import find_distortion
from transformers_vital.media.formats import kind_of_suffix
from transformers_vital.media.image import load_image
from transformers_vital.media.stream import stream_video


LONG_SIDE_PIXELS = {"image": 512, "video": 320}
COMPARED_FRAMES = 6
# Those whose harm SSIM follows; it takes a brighter or more colourful copy for a bad one.
DISTORTIONS = {
    "image": ("gaussian_blur", "jpeg_compression", "white_noise", "pixelation", "impulse_noise"),
    "video": ("gaussian_blur", "h264_compression", "white_noise", "pixelation"),
}


def smaller(picture: Image.Image, *, kind: str) -> Image.Image:
    """At most of the long side above; both sides even, as encoders of video want them."""
    scale = min(1.0, LONG_SIDE_PIXELS[kind] / max(picture.size))
    return picture.resize([max(2, 2 * round(side * scale / 2)) for side in picture.size], Image.Resampling.LANCZOS)


def photo_copy(source: Path, target: Path, *, distortion: str, severity: int, seed: int) -> float:
    """Write a distorted copy of a photograph as PNG; returns its SSIM."""
    original = np.asarray(smaller(load_image(source), kind="image"))
    copy = distort_image(original, distortion=distortion, severity=severity, seed=seed)
    Image.fromarray(copy).save(target)
    return structural_similarity(original, copy, channel_axis=-1)


def clip_copy(source: Path, target: Path, *, distortion: str, severity: int, seed: int) -> float:
    """Write a distorted copy of a clip as MP4; returns the mean SSIM of some of its frames."""
    stream = stream_video(source)
    frames = [(at, np.asarray(smaller(Image.fromarray(frame), kind="video"))) for at, frame in stream]
    write_video(iter(frames), target, fps=stream.fps, encoding=NEAR_LOSSLESS)
    distort_video(target, target, distortion=distortion, severity=severity, seed=seed)
    pairs = [(original, copy) for (_, original), (_, copy) in zip(frames, stream_video(target), strict=True)]
    compared = pairs[:: max(1, len(pairs) // COMPARED_FRAMES)]
    return float(np.mean([structural_similarity(*pair, channel_axis=-1) for pair in compared]))


COPIES: dict[str, tuple[str, Callable[..., float]]] = {"image": (".png", photo_copy), "video": (".mp4", clip_copy)}


def choices(kind: str, *, copies: int, generator: np.random.Generator) -> list[tuple[str, int]]:
    """Distortions with severities, none twice, every severity about as often."""
    every = [
        (name, severity)
        for name in DISTORTIONS[kind]
        for severity in range(1, len(find_distortion(name).severities) + 1)
    ]
    return [every[place] for place in generator.permutation(len(every))[:copies]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="receives the lists, and the copies in its folder media")
    parser.add_argument("--media", type=Path, required=True, help="folder of undistorted photographs and clips")
    parser.add_argument("--copies", type=int, default=6, help="of each photograph or clip (default: 6)")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn at random (default: 0)")
    args = parser.parse_args()
    (args.folder / "media").mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[dict]] = {"image": [], "video": []}
    generator = np.random.default_rng(args.seed)
    for path in sorted(args.media.rglob("*")):
        kind = kind_of_suffix(path.suffix)
        if kind is None:
            continue
        suffix, make = COPIES[kind]
        for distortion, severity in choices(kind, copies=args.copies, generator=generator):
            name = f"media/{path.stem}_{distortion}_{severity}{suffix}"
            ssim = make(path, args.folder / name, distortion=distortion, severity=severity, seed=args.seed)
            rows[kind].append({"name": name, "mos": round(ssim, 4), "distortion": distortion, "severity": severity})
    for kind, rated in rows.items():
        with (args.folder / f"{kind}s.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["name", "mos", "distortion", "severity"])
            writer.writeheader()
            writer.writerows(rated)
        print(f"{len(rated):>4} {kind}s rated by SSIM, no human rating, in {args.folder / f'{kind}s.csv'}")


if __name__ == "__main__":
    main()
