"""A small mixture of every record type over drawn media, and trainers of it."""

import av
import numpy as np
import pytest
from datasets import Dataset
from PIL import Image

from transformers_vital import VitalForConditionalGeneration, VitalProcessor
from transformers_vital.data.encoding import RecordEncoder
from transformers_vital.data.labelling import distribution_from_mos, pair_from_distributions
from transformers_vital.data.mixture import Mixture
from transformers_vital.training.arguments import VitalTrainingArguments
from transformers_vital.training.trainer import VitalTrainer


RNG = np.random.default_rng(11)


def draw_media(folder) -> dict[str, list[dict]]:
    """Six pictures and three clips, by kind."""
    media = {"image": [], "video": []}
    for index in range(6):
        pixels = RNG.integers(0, 256, (60, 56 + 40 * (index % 2), 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
        media["image"].append({"kind": "image", "path": f"{index}.png", "bytes": None})
    for index in range(3):
        with av.open(str(folder / f"{index}.mp4"), "w") as container:
            stream = container.add_stream("libx264", rate=8)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for _ in range(4 + 4 * index):
                pixels = RNG.integers(0, 256, (48, 64, 3), dtype=np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(stream.encode())
        media["video"].append({"kind": "video", "path": f"{index}.mp4", "bytes": None})
    return media


def make_tables(media: dict[str, list[dict]]) -> dict[str, Dataset]:
    tables = {}
    for kind, items in media.items():
        records = [
            distribution_from_mos(item, mos=index / len(items), scale=(0, 1)) for index, item in enumerate(items)
        ]
        tables[f"{kind}_distribution"] = records
        tables[f"{kind}_pair"] = [pair_from_distributions(records[-1], b=record) for record in records[:-1]]
        tables[f"{kind}_distortion"] = [{"media": item, "text": "mild blur", "task": "distortion"} for item in items]
        tables[f"{kind}_description"] = [
            {"media": item, "text": "The picture is full of noise.", "task": "description"} for item in items
        ]
    return {name: Dataset.from_list(rows) for name, rows in tables.items()}


@pytest.fixture(scope="session")
def media_root(tmp_path_factory):
    return tmp_path_factory.mktemp("training-media")


@pytest.fixture(scope="session")
def media(media_root):
    return draw_media(media_root)


@pytest.fixture(scope="session")
def tables(media):
    """One table for each of the eight subsets of Table 1."""
    return make_tables(media)


@pytest.fixture(scope="session")
def processor(tiny_folder):
    return VitalProcessor.from_pretrained(tiny_folder)


@pytest.fixture
def model(tiny_folder):
    return VitalForConditionalGeneration.from_pretrained(tiny_folder)


@pytest.fixture(scope="session")
def mixture(tables, media_root, processor):
    def build(names=None, *, group_size=2, seed=0, weights=None, **settings) -> Mixture:
        chosen = {name: tables[name] for name in names or tables}
        encoder = RecordEncoder(processor, root=media_root, **settings)
        return Mixture(chosen, encoder, group_size=group_size, seed=seed, weights=weights)

    return build


@pytest.fixture
def trainer(model, processor, tmp_path):
    """`trainer(dataset, **arguments)` on the CPU in float32, with a rate at which weights move visibly."""

    def build(dataset, *, eval_dataset=None, **arguments) -> VitalTrainer:
        settings = {
            "use_cpu": True,
            "bf16": False,
            "max_steps": 2,
            "learning_rate": 1e-3,
            "lr_scheduler_type": "constant",
            "warmup_steps": 0,
            "logging_steps": 1,
            "save_strategy": "no",
            "report_to": "none",
            "activation_checkpointing": False,
            "disable_tqdm": True,
        }
        args = VitalTrainingArguments(str(tmp_path / "output"), **settings | arguments)
        return VitalTrainer(model, args, processor=processor, train_dataset=dataset, eval_dataset=eval_dataset)

    return build
