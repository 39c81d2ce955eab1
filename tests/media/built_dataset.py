"""A small dataset in the layout of a build: media by the hash of their content, records in shards by subset."""

import hashlib
import io
from pathlib import Path

from datasets import Dataset
from drawing import draw, encode
from PIL import Image

from transformers_vital.data.labelling import distribution_from_opinions, pair_from_distributions
from transformers_vital.data.records import features


OPINIONS = {"image": ([0.2, 0.4], [0.5, 0.7], [0.8, 1.0]), "video": ([0.1, 0.3], [0.6, 0.9])}
# Records of each subset that `build` writes: distribution 3 and 2, pairs of neighbours, two texts of each medium.
COUNTS = {
    "image_description": 3,
    "image_distortion": 3,
    "image_distribution": 3,
    "image_pair": 2,
    "video_description": 2,
    "video_distortion": 2,
    "video_distribution": 2,
    "video_pair": 1,
}


def encoded(kind: str, index: int) -> tuple[bytes, str]:
    """A picture or clip and its suffix; images are of two formats."""
    content = io.BytesIO()
    if kind == "video":
        encode(content, count=6 + 2 * index, size=(64, 48), rate=8, format="mp4")
        return content.getvalue(), ".mp4"
    picture = Image.fromarray(draw(3 + 5 * index, (48, 32)))
    picture.save(content, "PNG" if index else "JPEG")
    return content.getvalue(), ".png" if index else ".jpg"


def build(folder: Path) -> Path:
    """Write the dataset: three images (a JPEG, two PNGs) and two clips, and the other files that a build leaves."""
    tables: dict[str, list[dict]] = {}
    for kind, opinions in OPINIONS.items():
        for index, values in enumerate(opinions):
            content, suffix = encoded(kind, index)
            name = hashlib.sha256(content).hexdigest()[:32]
            path = folder / "media" / name[:2] / f"{name}{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            media = {"kind": kind, "path": f"{name[:2]}/{name}{suffix}", "bytes": None}
            record = distribution_from_opinions(media, opinions=values, annotators=["niqe", "piqe"])
            tables.setdefault(f"{kind}_distribution", []).append(record)
            for task, text in (("distortion", "mild Gaussian blur"), ("description", "Edges are soft.")):
                tables.setdefault(f"{kind}_{task}", []).append({"media": media, "text": text, "task": task})
        records = tables[f"{kind}_distribution"]
        tables[f"{kind}_pair"] = [
            pair_from_distributions(a, b=b) for a, b in zip(records[1:], records[:-1], strict=True)
        ]
    for subset, rows in tables.items():
        write_shards(folder / "records" / subset, rows)
    (folder / "report.html").write_text("<html>not a table</html>")
    (folder / "report.json").write_text('{"not": "a table"}')
    (folder / "build" / "pool").mkdir(parents=True)
    Dataset.from_list([{"id": "x", "phash": "0"}]).to_parquet(folder / "build" / "pool" / "00000.parquet")
    return folder


def write_shards(folder: Path, rows: list[dict], *, rows_per_shard: int = 2) -> None:
    """Records as a stage of a build writes them."""
    folder.mkdir(parents=True, exist_ok=True)
    group = folder.name.split("_")[1]
    columns = features(group if group in ("distribution", "pair") else "statement")
    for shard, start in enumerate(range(0, len(rows), rows_per_shard)):
        table = Dataset.from_list(rows[start : start + rows_per_shard], features=columns)
        table.to_parquet(folder / f"{shard:05d}.parquet")
