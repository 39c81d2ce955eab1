"""A run from its settings: which tables it reads."""

import pytest

from transformers_vital.errors import RecordError
from transformers_vital.training.arguments import VitalTrainingArguments
from transformers_vital.training.run import RunArguments, build_trainer


@pytest.fixture
def built(tables, media_root, tiny_folder, tmp_path):
    """Function that builds a trainer for the tables in a folder; returns its mixture."""
    for name, table in tables.items():
        table.to_parquet(tmp_path / f"{name}.parquet")

    def build(**settings):
        run = RunArguments(str(tmp_path), str(media_root), model=str(tiny_folder), **settings)
        args = VitalTrainingArguments(str(tmp_path / "out"), use_cpu=True, bf16=False, report_to="none")
        return build_trainer(run, args).train_dataset

    return build


def test_weights_of_tables_that_are_left_out_are_too(built, tables):
    left_out = {"image_pair", "video_pair"}
    mixture = built(weights=dict.fromkeys(tables, 1.0), leave_out=["pair"])
    assert set(mixture.num_records) == set(tables) - left_out


def test_weights_of_unknown_tables_are_refused(built, tables):
    with pytest.raises(RecordError, match="weights for image_par"):
        built(weights={**dict.fromkeys(tables, 1.0), "image_par": 1.0}, leave_out=["pair"])
