"""Fixtures shared by all tests: the golden data and a checkpoint small enough to build in a second."""

import os
import shutil
from pathlib import Path

import pytest


# The models of the tests are so small that threads cost more than they bring, above all on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")

REPOSITORY = Path(__file__).resolve().parents[1]
REFERENCE = REPOSITORY.parent / "shared" / "reference"


@pytest.fixture(scope="session")
def goldens() -> Path:
    """Data made by running the authors' code; another set of the same layout can be named in VITAL_GOLDENS."""
    folder = Path(os.environ.get("VITAL_GOLDENS", REFERENCE / "goldens"))
    if not folder.is_dir():
        pytest.skip(f"the golden data is not at {folder}; name its folder in VITAL_GOLDENS")
    return folder


@pytest.fixture(scope="session")
def release_checkpoint(goldens, tmp_path_factory) -> Path:
    """The authors' checkpoint format on disk, with its tokenizer beside it."""
    folder = tmp_path_factory.mktemp("release")
    for part in ("lmm_checkpoint", "tokenizer"):
        for path in (goldens / part).iterdir():
            shutil.copy(path, folder / path.name)
    return folder


@pytest.fixture(scope="session")
def released_batch(goldens, release_checkpoint):
    """
    `released_batch(case)`: a device batch of the authors' training, with its `records` as ours.

    `summary` and `arrays` are those of the golden data. Level probabilities are the given ones, also of pairs.
    """
    import json
    from dataclasses import replace
    from functools import cache
    from types import SimpleNamespace

    import numpy as np

    from transformers_vital import VitalProcessor
    from transformers_vital.data.encoding import RecordEncoder
    from transformers_vital.levels import LEVEL_CENTRES, LEVELS

    processor = VitalProcessor.from_pretrained(release_checkpoint)
    processor.video_processor.motion_stride = 8  # of the authors' training
    encode = RecordEncoder(processor, root=goldens, recipe="release")
    summaries = json.loads((goldens / "train" / "summary.json").read_text(encoding="utf-8"))
    means = dict(zip(LEVELS, LEVEL_CENTRES, strict=True))

    def media(entry: dict) -> dict:
        kind = "image" if "image" in entry else "video"
        return {"kind": kind, "path": entry[kind], "bytes": None}

    def encoded(entries: list[dict]):
        answers = [entry["conversations"][1]["value"] for entry in entries]
        if "target_dist" not in entries[0]:
            statement = {"media": media(entries[0]), "text": answers[0], "task": "distortion"}
            return encode(statement, record_type="statement")
        moments = [{"mean": means[answer.split()[-1]], "std": 0.1} for answer in answers]
        if "label" not in entries[0]:
            target = {"level_probs": entries[0]["target_dist"], "opinions": [], "annotators": []}
            return encode({"media": media(entries[0]), **target, **moments[0]}, record_type="distribution")
        pair = {"preference": {0: 0.0, 1: 1.0, 2: 0.5}[entries[0]["label"]]}
        for name, entry, given in zip("ab", entries, moments, strict=True):
            pair |= {f"media_{name}": media(entry), f"mean_{name}": given["mean"], f"std_{name}": given["std"]}
        record = encode(pair, record_type="pair")
        members = [
            replace(sequence, level_probabilities=tuple(entry["target_dist"]))
            for sequence, entry in zip(record.sequences, entries, strict=True)
        ]
        return replace(record, sequences=tuple(members))

    @cache
    def batch(case: str) -> SimpleNamespace:
        summary, arrays = summaries[case], np.load(goldens / "train" / f"{case}.npz")
        records = tuple(encoded(entries) for entries in summary["records"])
        return SimpleNamespace(summary=summary, arrays=arrays, records=records, processor=processor)

    return batch


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory) -> Path:
    """A native checkpoint of a few hundred thousand weights, whose scores differ from picture to picture."""
    import torch

    from transformers_vital import VitalConfig, VitalForConditionalGeneration, VitalProcessor
    from transformers_vital.models.vital.conversation_vital import CHAT_TEMPLATE
    from transformers_vital.scoring.default_model import default_model_folder

    config = VitalConfig.from_pretrained(default_model_folder())
    config.vision_config.update(
        {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    )
    config.vision_config.image_size = (56, 56)
    config.vision_config.layer_scale_init_value = 1.0
    config.image_seq_length = 4
    config.text_config.update(
        {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "head_dim": 16}
    )
    config.text_config.layer_types = ["full_attention"] * 2
    config.text_config.initializer_range = 0.2
    config.vision_config.initializer_range = 0.2
    config.initializer_range = 0.2
    config.dtype = "float32"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = VitalForConditionalGeneration(config)
    processor = VitalProcessor.from_pretrained(default_model_folder())
    processor.chat_template = CHAT_TEMPLATE  # of all models but vital-tiny
    processor.image_seq_length = 4
    processor.image_processor.size = {"height": 56, "width": 56}
    processor.video_processor.size = {"height": 56, "width": 56}
    folder = tmp_path_factory.mktemp("tiny")
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
