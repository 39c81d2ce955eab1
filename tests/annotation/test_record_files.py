"""Records on disk: typed, in shards, and read back by the tables of the trainer."""

from transformers_vital.annotation import record_files
from transformers_vital.annotation.record_files import write_records
from transformers_vital.data.labelling import distribution_from_mos
from transformers_vital.data.tables import read_tables


def record(number: int) -> dict:
    media = {"kind": "image", "path": f"{number}.png", "bytes": None}
    return distribution_from_mos(media, mos=number / 10, scale=(0, 1))


def test_records_are_read_back_as_they_were(tmp_path):
    written = [record(number) for number in range(10)]
    assert write_records(tmp_path / "image_distribution", iter(written), record_type="distribution") == 10
    assert read_tables(tmp_path)["image_distribution"].to_list() == written


def test_many_records_are_parted_in_shards(tmp_path, monkeypatch):
    monkeypatch.setattr(record_files, "ROWS_PER_SHARD", 4)
    write_records(tmp_path / "image_distribution", map(record, range(10)), record_type="distribution")
    assert [path.name for path in sorted((tmp_path / "image_distribution").iterdir())] == [
        "00000.parquet",
        "00001.parquet",
        "00002.parquet",
    ]
    assert [row["mean"] for row in read_tables(tmp_path)["image_distribution"]] == [n / 10 for n in range(10)]


def test_no_record_makes_no_folder(tmp_path):
    assert write_records(tmp_path / "image_pair", iter(()), record_type="pair") == 0
    assert not (tmp_path / "image_pair").exists()
