"""
Make a pool of small pictures and clips from photographs: what `vital-tiny` is trained on.

    python examples/make_crops.py build/tiny --photos FOLDER
    transformers-vital annotate build/tiny/pool -o build/tiny/dataset --recipe hub_configs/recipes/tiny_dataset.yaml

Of each photograph come cuts at its own resolution, the whole, and of some a clip that pans and zooms over it. Every
eighth photograph is held out: it is copied to `held_out`, and nothing of it comes into `pool`.
"""

import argparse
import shutil
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm


HELD_OUT = 8  # one of so many photographs
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
LONGEST = 512  # pixels of a whole photograph
CUTS = ((224, 224), (224, 224), (320, 240))  # at the resolution of the photograph: one tile each
CLIP_SIZE, FPS, SECONDS = (320, 240), 16, 1.5
CLIP_OF = 3  # one of so many photographs gives a clip


def whole(photo: Image.Image) -> Image.Image:
    """The photograph, its longer side at most 512 pixels."""
    return ImageOps.contain(photo, (LONGEST, LONGEST)) if max(photo.size) > LONGEST else photo


def cut(photo: Image.Image, size: tuple[int, int], generator: np.random.Generator) -> Image.Image:
    """A part of the photograph at a random place, not resized."""
    width, height = (min(side, whole_side) for side, whole_side in zip(size, photo.size, strict=True))
    left, top = (int(generator.integers(photo.size[axis] - side + 1)) for axis, side in enumerate((width, height)))
    return photo.crop((left, top, left + width, top + height))


def write_clip(photo: Image.Image, path: Path, generator: np.random.Generator) -> None:
    """A clip that moves at an even pace from one part of the photograph to another, of another size."""
    scale = generator.uniform(0.55, 0.95, size=2)
    places = generator.random((2, 2))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "14", "preset": "fast"})
        stream.width, stream.height, stream.pix_fmt = *CLIP_SIZE, "yuv420p"
        for share in np.linspace(0, 1, round(FPS * SECONDS)):
            ratio = min(photo.size[axis] / CLIP_SIZE[axis] for axis in (0, 1))
            ratio *= (1 - share) * scale[0] + share * scale[1]
            size = [side * ratio for side in CLIP_SIZE]
            place = (1 - share) * places[0] + share * places[1]
            left, top = ((photo.size[axis] - size[axis]) * place[axis] for axis in (0, 1))
            box = (left, top, left + size[0], top + size[1])
            frame = photo.resize(CLIP_SIZE, Image.Resampling.BICUBIC, box=box, reducing_gap=3)
            container.mux(stream.encode(av.VideoFrame.from_image(frame)))
        container.mux(stream.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="receives the folders pool and held_out")
    parser.add_argument("--photos", type=Path, required=True, help="folder of photographs, searched through")
    parser.add_argument("--seed", type=int, default=0, help="of the places that are cut out")
    arguments = parser.parse_args()
    photos = sorted(path for path in arguments.photos.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not photos:
        parser.error(f"--photos {arguments.photos} holds no photographs ({', '.join(SUFFIXES)})")
    pool, held_out = arguments.folder / "pool", arguments.folder / "held_out"
    for folder in (pool, held_out):
        folder.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(tqdm(photos, unit=" photographs")):
        stem = f"{number:05}_{path.stem}"
        if number % HELD_OUT == HELD_OUT - 1:
            shutil.copy(path, held_out / f"{stem}{path.suffix.lower()}")
            continue
        generator = np.random.default_rng((arguments.seed, number))
        photo = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        whole(photo).save(pool / f"{stem}_whole.png")
        for index, size in enumerate(CUTS):
            cut(photo, size, generator).save(pool / f"{stem}_cut_{index}.png")
        if number % CLIP_OF == 0:
            write_clip(photo, pool / f"{stem}_clip.mp4", generator)
    counts = {name: len(list(folder.iterdir())) for name, folder in (("pool", pool), ("held_out", held_out))}
    print(f"{len(photos)} photographs: {counts['held_out']} held out, {counts['pool']} pictures and clips in {pool}")


if __name__ == "__main__":
    main()
