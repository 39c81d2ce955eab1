"""The builder for `datasets`, and the loading script for its old releases."""

import importlib
import logging
from pathlib import Path

import datasets
import pytest
from built_dataset import COUNTS, build, write_shards

from transformers_vital.annotation.publish import publish
from transformers_vital.data.builder import VitalDatasetBuilder
from transformers_vital.data.encoding import RecordEncoder
from transformers_vital.data.mixture import Mixture
from transformers_vital.data.records import features
from transformers_vital.data.tables import CONFIGURATIONS, GROUPS, iterate_rows, read_tables
from transformers_vital.errors import RecordError


SCRIPT = Path(__file__).resolve().parents[2] / "hub_configs" / "datasets" / "vital" / "vital.py"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return build(tmp_path_factory.mktemp("built") / "dataset")


@pytest.fixture
def build_one(dataset, tmp_path):
    def make(config_name: str, folder: Path = dataset) -> VitalDatasetBuilder:
        return VitalDatasetBuilder(config_name=config_name, data_dir=str(folder), cache_dir=str(tmp_path / "cache"))

    return make


def prepared(builder: VitalDatasetBuilder, **settings) -> datasets.Dataset:
    builder.download_and_prepare(**settings)
    return builder.as_dataset("train")


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_each_configuration_streams_its_records_with_the_places_of_their_media(build_one, dataset, name):
    stream = build_one(name).as_streaming_dataset("train")
    rows = list(stream)
    assert stream.features == features(GROUPS[name.split("_")[-1]])
    assert len(rows) == sum(COUNTS[subset] for subset in CONFIGURATIONS[name])
    media = [value for row in rows for column, value in row.items() if column.startswith("media")]
    assert all(Path(one["path"]).is_file() and one["bytes"] is None for one in media)
    assert all(Path(one["path"]).is_relative_to(dataset / "media") for one in media)


def test_two_processes_prepare_what_one_streams(build_one):
    table = prepared(build_one("pair"), num_proc=2)
    assert list(table) == list(build_one("pair").as_streaming_dataset("train"))
    assert len(table) == COUNTS["image_pair"] + COUNTS["video_pair"]


def test_published_parquet_keeps_its_media_in_the_records(build_one, dataset, tmp_path):
    publish(dataset, tmp_path / "published")
    (row, _) = prepared(build_one("video_distribution", tmp_path / "published"))
    source = next(iterate_rows(dataset / "records" / "video_distribution" / "00000.parquet"))
    assert row["media"]["bytes"] == (dataset / "media" / source["media"]["path"]).read_bytes()


def test_what_is_built_and_what_is_published_train_alike(build_one, dataset, processor, tmp_path):
    """By `records` and `media_root` of a run, by published bytes, and by the builder."""
    publish(dataset, tmp_path / "published")
    tables = {
        "built": read_tables(dataset / "records"),
        "published": read_tables(tmp_path / "published" / "records"),
        "builder": {subset: prepared(build_one(subset)) for subset in COUNTS},
    }
    roots = {"built": dataset / "media", "published": tmp_path, "builder": dataset / "media"}
    groups = {}
    for name, root in roots.items():
        mixture = Mixture(tables[name], RecordEncoder(processor, root=root))
        groups[name] = [mixture[index] for index in range(len(mixture))]
        assert sum(group.num_replaced for group in groups[name]) == 0
    for name in ("published", "builder"):
        pairs = zip(groups["built"], groups[name], strict=True)
        for ours, theirs in (
            (a, b) for built, other in pairs for a, b in zip(built.records, other.records, strict=True)
        ):
            assert ours.task == theirs.task and ours.preference == theirs.preference
            for one, other in zip(ours.sequences, theirs.sequences, strict=True):
                assert one.input_ids.equal(other.input_ids)
                assert one.pixels.keys() == other.pixels.keys()
                assert all(one.pixels[key].equal(other.pixels[key]) for key in one.pixels)
    assert len(groups["built"]) > 4


def test_records_that_cannot_be_used_are_left_out_and_counted(tmp_path, build_one, caplog):
    folder = build(tmp_path / "dataset")
    good = next(iterate_rows(folder / "records" / "image_distribution" / "00000.parquet"))
    outside = {"kind": "image", "path": "../report.html", "bytes": None}
    missing = {"kind": "image", "path": "gone.png", "bytes": None}
    (folder / "records" / "image_distribution" / "00001.parquet").unlink()
    rows = [{**good, "media": outside}, good, {**good, "media": missing}, {**good, "mean": 7.0}]
    write_shards(folder / "records" / "image_distribution", rows, rows_per_shard=4)
    with caplog.at_level(logging.WARNING):
        stream = list(build_one("image_distribution", folder).as_streaming_dataset("train"))
    assert [row["mean"] for row in stream] == [good["mean"]]
    assert "3 records are left out, the first since: " in caplog.text and "outside" in caplog.text


def test_a_dataset_that_was_built_again_is_read_again(tmp_path, build_one):
    folder = build(tmp_path / "dataset")
    assert len(prepared(build_one("image_pair", folder))) == COUNTS["image_pair"]
    rows = list(iterate_rows(folder / "records" / "image_pair" / "00000.parquet"))
    write_shards(folder / "records" / "image_pair", rows[:1])
    assert len(prepared(build_one("image_pair", folder))) == 1


def test_a_group_may_lack_one_of_its_subsets(tmp_path, build_one):
    folder = build(tmp_path / "dataset")
    (folder / "records" / "image_pair" / "00000.parquet").unlink()
    assert len(list(build_one("pair", folder).as_streaming_dataset("train"))) == COUNTS["video_pair"]
    with pytest.raises(
        RecordError, match="holds no records of image_pair; it has image_description, .*. Name another"
    ):
        build_one("image_pair", folder)


def test_a_folder_has_to_be_named(tmp_path):
    with pytest.raises(RecordError, match="data_dir is missing; expected the folder of a built dataset"):
        VitalDatasetBuilder(config_name="pair", cache_dir=str(tmp_path))
    with pytest.raises(RecordError, match="holds no records of pair; it has none at all"):
        VitalDatasetBuilder(config_name="pair", data_dir=str(tmp_path), cache_dir=str(tmp_path))


def test_an_unknown_configuration_is_refused_with_the_known_ones(build_one):
    with pytest.raises(ValueError, match="'image_opinion' not found. Available: .*image_distribution"):
        build_one("image_opinion")


def test_the_loading_script_defines_the_builder(dataset, tmp_path, monkeypatch):
    """What a release of `datasets` that takes scripts does with it: import the module, and use its one builder."""
    monkeypatch.syspath_prepend(SCRIPT.parent)
    module = importlib.import_module("vital")
    (builder,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, datasets.DatasetBuilder) and value.__module__ == "vital"
    )
    table = builder(config_name="image_pair", data_dir=str(dataset), cache_dir=str(tmp_path))
    assert len(list(table.as_streaming_dataset("train"))) == COUNTS["image_pair"]


@pytest.mark.skipif(int(datasets.__version__.split(".")[0]) < 4, reason="this release takes scripts")
def test_the_installed_datasets_refuses_loading_scripts(dataset):
    with pytest.raises(RuntimeError, match="Dataset scripts are no longer supported"):
        datasets.load_dataset(str(SCRIPT), "image_pair", data_dir=str(dataset))
