"""Published shards: what they hold, who can read them, and what happens to what was there before."""

import hashlib
import json
import os
import re
import tarfile
from pathlib import Path

import pytest
from built_dataset import COUNTS, build, write_shards
from datasets import Dataset, Video, load_dataset
from PIL import Image

from transformers_vital.annotation import publish as module
from transformers_vital.annotation.publish import publish
from transformers_vital.annotation.shards import iterate_shard, read_mark, shard_files
from transformers_vital.data.records import check_table
from transformers_vital.data.tables import GROUPS, iterate_rows, read_tables
from transformers_vital.errors import AnnotationError, RecordError


FORMS = {"parquet": ".parquet", "webdataset": ".tar"}


@pytest.fixture
def dataset(tmp_path):
    return build(tmp_path / "dataset")


@pytest.fixture(scope="module")
def kept_dataset(tmp_path_factory):
    """A dataset that no test changes."""
    return build(tmp_path_factory.mktemp("kept") / "dataset")


@pytest.fixture(scope="module", params=FORMS)
def published(request, kept_dataset, tmp_path_factory):
    target = tmp_path_factory.mktemp(request.param) / "published"
    return target, publish(kept_dataset, target, form=request.param)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def embedded(records: list[dict], root: Path) -> list[dict]:
    """The records with the files that they name inside."""
    return [
        {
            name: {**value, "bytes": (root / value["path"]).read_bytes()} if name.startswith("media") else value
            for name, value in record.items()
        }
        for record in records
    ]


def test_every_record_is_published_with_its_media(published, kept_dataset):
    target, report = published
    assert report.counts == COUNTS and report.left_out == []
    for subset, files in shard_files(target).items():
        source = [row for path in shard_files(kept_dataset)[subset] for row in iterate_rows(path)]
        rows = [row for path in files for row in iterate_shard(path)]
        assert rows == embedded(source, kept_dataset / "media")
        check_table(rows, record_type=GROUPS[subset.split("_")[1]])


def test_the_report_names_the_shards_that_are_there(published):
    target, report = published
    files = [path for path in target.rglob("*") if path.is_file()]
    assert {target / shard.path: shard.num_bytes for shard in report.shards} == {
        path: path.stat().st_size for path in files
    }
    written = json.loads(json.dumps(report.to_dict()))
    assert (written["counts"], written["num_left_out"]) == (COUNTS, 0)


@pytest.mark.parametrize("form", FORMS)
def test_the_same_dataset_gives_the_same_bytes(kept_dataset, form, tmp_path):
    for name in ("first", "second"):
        publish(kept_dataset, tmp_path / name, form=form, shard_bytes=3000)
    assert digests(tmp_path / "first") == digests(tmp_path / "second") != {}


@pytest.mark.parametrize("form", FORMS)
def test_shards_hold_no_more_than_they_may(kept_dataset, form, tmp_path):
    report = publish(kept_dataset, tmp_path, form=form, shard_bytes=900)  # one JPEG and a PNG, or one clip
    assert report.counts == COUNTS
    for shard in report.shards:
        rows = list(iterate_shard(tmp_path / shard.path))
        num_bytes = sum(len(value["bytes"]) for row in rows for name, value in row.items() if "media" in name)
        assert num_bytes <= 900 or len(rows) == 1
    assert len(report.shards) > len(COUNTS)


def test_a_shard_has_a_bounded_number_of_records(kept_dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SHARD_ROWS", 2)
    report = publish(kept_dataset, tmp_path)
    rows = [shard.rows for shard in report.shards if "image_distribution" in shard.path]
    assert rows == [2, 1]


def test_parquet_is_written_by_row_groups(kept_dataset, tmp_path, monkeypatch):
    import pyarrow.parquet

    monkeypatch.setattr("transformers_vital.annotation.shards.ROW_GROUP_BYTES", 300)
    publish(kept_dataset, tmp_path)
    path = tmp_path / "records" / "image_distribution" / "00000.parquet"
    metadata = pyarrow.parquet.read_metadata(path)
    # The JPEG is above the limit alone, the two PNGs (of 132 and 133 bytes) are below it together.
    assert [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)] == [1, 2]


def test_published_parquet_is_read_for_training_and_holds_its_media(kept_dataset, tmp_path):
    publish(kept_dataset, tmp_path)
    tables = read_tables(tmp_path / "records")
    assert {name: len(table) for name, table in tables.items()} == COUNTS
    names = {row["media"]["path"] for row in tables["video_distribution"]}
    assert {row["media"]["bytes"] for row in tables["video_distribution"]} == {
        (kept_dataset / "media" / name).read_bytes() for name in names
    }


def test_datasets_reads_the_tars_without_a_card(kept_dataset, tmp_path):
    publish(kept_dataset, tmp_path, form="webdataset")
    pattern = str(tmp_path / "records" / "{}" / "*.tar")
    pairs = load_dataset(
        "webdataset", data_files=pattern.format("image_pair"), split="train", cache_dir=tmp_path / "c"
    )
    assert [pair["json"]["preference"] for pair in pairs] == [1.0, 1.0]
    assert pairs[0]["a.jpg"].size == pairs[0]["b.jpg"].size == (48, 32)
    files = pattern.format("video_distribution")
    clips = load_dataset("webdataset", data_files=files, split="train", streaming=True)
    clips = list(clips.cast_column("mp4", Video(decode=False)))
    assert [clip["__key__"] for clip in clips] == ["video_distribution_00000000", "video_distribution_00000001"]
    name = clips[0]["json"]["media"]["path"]
    assert clips[0]["mp4"]["bytes"] == (kept_dataset / "media" / name).read_bytes()


def test_the_package_webdataset_reads_the_tars(kept_dataset, tmp_path):
    webdataset = pytest.importorskip("webdataset")
    publish(kept_dataset, tmp_path, form="webdataset")
    path = tmp_path / "records" / "image_distribution" / "00000.tar"
    samples = list(webdataset.WebDataset(str(path), shardshuffle=False).decode("pil").to_tuple("json", "jpg"))
    assert [round(record["mean"], 6) for record, _ in samples] == [0.3, 0.6, 0.9]
    assert all(isinstance(picture, Image.Image) and picture.size == (48, 32) for _, picture in samples)


def test_members_of_a_tar_have_no_owner_and_no_time(kept_dataset, tmp_path):
    publish(kept_dataset, tmp_path, form="webdataset")
    with tarfile.open(tmp_path / "records" / "image_pair" / "00000.tar") as tar:
        members = tar.getmembers()
    assert [member.name for member in members[:3]] == [
        f"image_pair_00000000.{suffix}" for suffix in ("json", "a.jpg", "b.jpg")
    ]
    assert {(member.mtime, member.uid, member.gid, member.uname, member.gname) for member in members} == {
        (0, 0, 0, "", "")
    }


def test_a_published_dataset_can_be_published_in_the_other_form(kept_dataset, tmp_path):
    publish(kept_dataset, tmp_path / "parquet")
    report = publish(tmp_path / "parquet", tmp_path / "again", form="webdataset")
    publish(kept_dataset, tmp_path / "direct", form="webdataset")
    assert report.counts == COUNTS
    assert digests(tmp_path / "again") == digests(tmp_path / "direct")


@pytest.mark.parametrize("form", FORMS)
def test_a_second_run_keeps_whole_shards_and_writes_the_others(dataset, form, tmp_path):
    target = tmp_path / "target"
    publish(dataset, target, form=form)
    whole = digests(target)
    first = target / "records" / "image_pair" / f"00000{FORMS[form]}"
    times = {path: path.stat().st_mtime_ns for path in target.rglob("*.*")}
    first.rename(first.with_name(first.name + ".tmp"))  # what a kill leaves behind
    report = publish(dataset, target, form=form)
    assert [shard.path for shard in report.shards if not shard.kept] == [f"records/image_pair/00000{FORMS[form]}"]
    assert digests(target) == whole
    assert all(path.stat().st_mtime_ns == time for path, time in times.items() if path != first)


@pytest.mark.parametrize("form", FORMS)
def test_shards_of_a_former_state_are_replaced_or_removed(dataset, form, tmp_path):
    publish(dataset, tmp_path / "target", form=form, shard_bytes=900)
    for path in (dataset / "records" / "image_distortion").glob("*"):
        path.unlink()
    report = publish(dataset, tmp_path / "target", form=form)
    publish(dataset, tmp_path / "fresh", form=form)
    assert digests(tmp_path / "target") == digests(tmp_path / "fresh")
    assert report.counts == {name: count for name, count in COUNTS.items() if name != "image_distortion"}


def test_a_missing_medium_is_reported_and_not_published(dataset, tmp_path):
    rows = list(iterate_rows(dataset / "records" / "image_distribution" / "00000.parquet"))
    (dataset / "media" / rows[1]["media"]["path"]).unlink()
    report = publish(dataset, tmp_path / "target")
    assert {(one.subset, one.row) for one in report.left_out} == {
        *{(subset, 1) for subset in ("image_distribution", "image_distortion", "image_description")},
        *{("image_pair", row) for row in (0, 1)},  # it is in both
    }
    assert all("is no file in" in one.reason for one in report.left_out)
    fewer = {"image_distribution": 2, "image_distortion": 2, "image_description": 2}
    assert {"image_pair": 0, **report.counts} == {**COUNTS, **fewer, "image_pair": 0}


def record_of(dataset: Path) -> dict:
    return next(iterate_rows(dataset / "records" / "image_distribution" / "00000.parquet"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"media": {"kind": "image", "path": "../report.html", "bytes": None}}, "outside"),
        ({"media": {"kind": "image", "path": "/etc/hostname", "bytes": None}}, "outside"),
        ({"media": {"kind": "image", "path": "empty.png", "bytes": None}}, "empty.png has 0 bytes; expected 1"),
        ({"media": {"kind": "video", "path": None, "bytes": b"x"}}, "of kind video in a subset of images"),
        ({"mean": 60.0}, r"mean is 60.0; expected a number in \[0, 1\]"),
    ],
    ids=["above the folder", "absolute", "empty file", "wrong kind", "wrong scale"],
)
def test_an_unusable_record_is_reported_and_not_published(dataset, change, reason, tmp_path):
    (dataset / "media" / "empty.png").touch()
    good = record_of(dataset)
    folder = dataset / "records" / "image_distribution"
    (folder / "00001.parquet").unlink()
    write_shards(folder, [{**good, **change}, good])
    report = publish(dataset, tmp_path / "target")
    assert report.counts["image_distribution"] == 1
    (left_out,) = report.left_out
    assert (left_out.subset, left_out.row) == ("image_distribution", 0)
    assert re.search(reason, left_out.reason)


def test_a_medium_too_large_for_a_cell_of_parquet_goes_into_a_tar_only(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PARQUET_MEDIUM_BYTES", 500)
    report = publish(dataset, tmp_path / "parquet")
    assert report.counts == {"image_distribution": 2, "image_distortion": 2, "image_description": 2, "image_pair": 1}
    assert "publish large ones as webdataset" in report.left_out[0].reason
    assert publish(dataset, tmp_path / "tars", form="webdataset").counts == COUNTS


def test_paths_of_this_machine_stay_here(dataset, tmp_path):
    good = record_of(dataset)
    absolute = {**good["media"], "path": str(dataset / "media" / good["media"]["path"])}
    (dataset / "records" / "image_distribution" / "00001.parquet").unlink()
    write_shards(dataset / "records" / "image_distribution", [{**good, "media": absolute}])
    publish(dataset, tmp_path / "target")
    path = tmp_path / "target" / "records" / "image_distribution" / "00000.parquet"
    assert [row["media"]["path"] for row in iterate_shard(path)] == [good["media"]["path"]]
    assert os.fsencode(tmp_path) not in path.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"form": "zip"}, "form is 'zip' and shard_bytes 500000000; expected parquet or webdataset"),
        ({"shard_bytes": 0}, "shard_bytes 0; expected parquet or webdataset, and a number above 0"),
    ],
)
def test_unusable_arguments_are_refused(dataset, arguments, message, tmp_path):
    with pytest.raises(AnnotationError, match=message):
        publish(dataset, tmp_path / "target", **arguments)


def test_a_folder_without_records_is_refused(tmp_path):
    with pytest.raises(
        AnnotationError, match="records holds no tables; expected folders of parquet shards named image"
    ):
        publish(tmp_path, tmp_path / "target")


def test_a_table_of_another_name_is_refused(dataset, tmp_path):
    (dataset / "records" / "image_pair").rename(dataset / "records" / "photo_pair")
    with pytest.raises(AnnotationError, match="records holds photo_pair; expected folders of parquet shards"):
        publish(dataset, tmp_path / "target")


@pytest.mark.parametrize("form", FORMS)
def test_a_built_dataset_is_not_written_over(dataset, form):
    before = digests(dataset)
    with pytest.raises(AnnotationError, match=f"is no {form} shard that was published before; expected a folder"):
        publish(dataset, dataset, form=form)
    assert digests(dataset) == before


def test_a_file_of_others_is_not_written_over(dataset, tmp_path):
    folder = tmp_path / "target" / "records" / "image_pair"
    folder.mkdir(parents=True)
    (folder / "00000.tar").write_bytes(b"torn")
    with pytest.raises(AnnotationError, match="00000.tar is no webdataset shard that was published before"):
        publish(dataset, tmp_path / "target", form="webdataset")
    assert (folder / "00000.tar").read_bytes() == b"torn"


def test_a_torn_tar_is_no_tar_of_records(kept_dataset, tmp_path):
    publish(kept_dataset, tmp_path, form="webdataset")
    path = tmp_path / "records" / "image_pair" / "00000.tar"
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(RecordError, match="00000.tar is no whole tar of records .*. Publish it again"):
        list(iterate_shard(path))


def test_only_published_shards_have_a_mark(kept_dataset, tmp_path):
    report = publish(kept_dataset, tmp_path)
    assert read_mark(tmp_path / report.shards[0].path)["rows"] == report.shards[0].rows
    assert read_mark(kept_dataset / report.shards[0].path) is None
    (tmp_path / "other.tar").write_bytes(b"no tar")
    assert read_mark(tmp_path / "other.tar") is None


def test_a_dataset_has_shards_of_one_form(kept_dataset, tmp_path):
    with pytest.raises(RecordError, match="holds no shards; expected parquet shards or tars"):
        shard_files(tmp_path)
    publish(kept_dataset, tmp_path, form="webdataset")
    Dataset.from_dict({"a": [1]}).to_parquet(tmp_path / "records" / "image_pair" / "00000.parquet")
    with pytest.raises(RecordError, match="holds .parquet and .tar; expected parquet shards or tars"):
        shard_files(tmp_path)
