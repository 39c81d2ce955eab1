"""Records, ratings and questions so small that a training takes a second, and recipes of them."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from transformers_vital.data.labelling import distribution_from_mos, pair_from_distributions


NUM_PICTURES = 8


@pytest.fixture(scope="session")
def workplace(tmp_path_factory) -> Path:
    """A folder with `records`, `ratings.csv`, `questions.json` and the pictures that all of them name."""
    folder = tmp_path_factory.mktemp("experiment")
    records, media = folder / "records", folder / "records" / "media"
    media.mkdir(parents=True)
    generator = np.random.default_rng(5)
    rows = []
    for index in range(NUM_PICTURES):
        pixels = generator.integers(0, 32 * (index + 1), (60, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(media / f"{index}.png")
        entry = {"kind": "image", "path": f"{index}.png", "bytes": None}
        rows.append(distribution_from_mos(entry, mos=index / NUM_PICTURES, scale=(0, 1)))
    tables = {
        "image_distribution": rows,
        "image_pair": [pair_from_distributions(a, b=b) for a, b in zip(rows, rows[1:], strict=False)],
        "image_distortion": [{"media": row["media"], "text": "mild blur", "task": "distortion"} for row in rows],
    }
    for name, table in tables.items():
        (records / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in table))
    with (folder / "ratings.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("name", "mos"), *((f"{index}.png", index) for index in range(NUM_PICTURES))])
    question = {"question": "How sharp?", "answers": ["Sharp", "Blurred"], "type": 2, "concern": 0}
    asked = [question | {"image": f"{index}.png", "correct_choice": "A"} for index in range(2)]
    (folder / "questions.json").write_text(json.dumps(asked))
    return folder


@pytest.fixture
def recipe_values(workplace, tiny_folder) -> dict:
    """A recipe of one training, as YAML gives it; tests add to it."""
    return {
        "title": "A try",
        "settings": {
            "records": str(workplace / "records"),
            "media_root": str(workplace / "records" / "media"),
            "model": str(tiny_folder),
            "learning_rate": 1e-3,
            "gradient_accumulation_steps": 1,
            "activation_checkpointing": False,
            "bf16": False,
            "use_cpu": True,
            "max_steps": 2,
            "warmup_steps": 0,
            "save_steps": 1,
            "report_to": "none",
        },
        "runs": {"base": {}},
        "measures": [{"csv": str(workplace / "ratings.csv"), "data_root": str(workplace / "records" / "media")}],
    }


@pytest.fixture
def recipe_file(tmp_path):
    """`recipe_file(values)` is the path of a recipe."""

    def write(values: dict) -> str:
        path = tmp_path / "recipe.yaml"
        path.write_text(yaml.safe_dump(values, sort_keys=False))
        return str(path)

    return write
