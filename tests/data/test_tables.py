"""Tables on disk: read back as written, checked row by row, chosen by name."""

import json

import pytest
from datasets import Dataset

from transformers_vital.data.labelling import distribution_from_mos
from transformers_vital.data.mixture import TABLE_1
from transformers_vital.data.records import features
from transformers_vital.data.tables import (
    CONFIGURATIONS,
    SUBSETS,
    iterate_rows,
    read_table,
    read_tables,
    readable_record,
    table_files,
)
from transformers_vital.errors import MediaInputError, RecordError


def media(name: str, content: bytes | None = None) -> dict:
    return {"kind": "image", "path": name, "bytes": content}


RECORDS = [distribution_from_mos(media(f"{mos}.png"), mos=mos, scale=(0, 10)) for mos in (2, 5, 9)]
STATEMENTS = [{"media": media("a.png"), "text": "mild blur", "task": "distortion"}]


def write(path, rows) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "image_distribution.jsonl", RECORDS)
    write(tmp_path / "image_distortion.jsonl", STATEMENTS)
    (tmp_path / "README.md").write_text("no table")
    return tmp_path


def test_a_table_holds_the_rows_of_its_file_in_the_types_of_the_record(folder):
    table = read_table(folder / "image_distribution.jsonl")
    assert table.features == features("distribution")
    assert [row["level_probs"] for row in table] == [record["level_probs"] for record in RECORDS]
    assert table[0]["opinions"] == []


def test_parquet_keeps_the_bytes_of_media(tmp_path):
    rows = [{"media": media("a.png", b"\x89PNG"), "text": "mild blur", "task": "distortion"}]
    Dataset.from_list(rows, features=features("statement")).to_parquet(tmp_path / "image_distortion.parquet")
    assert read_table(tmp_path / "image_distortion.parquet")[0]["media"]["bytes"] == b"\x89PNG"


def test_a_folder_is_its_tables_by_name(folder):
    assert list(read_tables(folder)) == ["image_distortion", "image_distribution"]
    assert list(read_tables(folder, leave_out=("distortion",))) == ["image_distribution"]


def test_a_folder_without_tables_is_refused(tmp_path):
    with pytest.raises(RecordError, match="holds no table to read; expected files such as image_pair.jsonl"):
        read_tables(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("not json\n", "A line is not JSON"),
        ("", "Expected an object on each line, and at least one line"),
        (json.dumps({"media": media("a.png"), "text": "x"}) + "\n", "nearest, statement, also has task"),
        (json.dumps({**STATEMENTS[0], "task": "blur"}) + "\n", "Row 0: task is 'blur'"),
    ],
    ids=["no json", "empty", "a column missing", "a value wrong"],
)
def test_a_file_of_another_form_is_refused_by_name(tmp_path, content, message):
    path = tmp_path / "image_distortion.jsonl"
    path.write_text(content)
    with pytest.raises(RecordError, match=f"image_distortion.jsonl: .*{message}"):
        read_table(path)


def shards(folder, *tables: list[dict]) -> None:
    folder.mkdir()
    for number, rows in enumerate(tables):
        Dataset.from_list(rows, features=features("statement")).to_parquet(folder / f"{number:05d}.parquet")


def test_a_folder_of_shards_is_one_table_in_the_order_of_its_shards(folder):
    statements = [{**STATEMENTS[0], "text": text} for text in "abcd"]
    shards(folder / "video_distortion", statements[:1], statements[1:2], statements[2:])
    (folder / "video_distortion" / "00003.parquet.tmp").write_bytes(b"unfinished")
    (folder / "video_distortion" / ".00003.parquet").write_bytes(b"hidden")
    (folder / "media").mkdir()
    tables = read_tables(folder)
    assert list(tables) == ["image_distortion", "image_distribution", "video_distortion"]
    assert tables["video_distortion"]["text"][:] == list("abcd")
    assert tables["video_distortion"].features == features("statement")
    assert list(read_tables(folder, leave_out=("distortion",))) == ["image_distribution"]


def test_a_wrong_row_of_a_shard_is_refused_with_the_name_of_its_folder(tmp_path):
    shards(tmp_path / "image_distortion", STATEMENTS, [{**STATEMENTS[0], "task": "blur"}])
    with pytest.raises(RecordError, match="image_distortion: Row 1: task is 'blur'"):
        read_tables(tmp_path)


def test_shards_of_other_columns_are_refused(tmp_path):
    shards(tmp_path / "image_distortion", STATEMENTS)
    Dataset.from_list([{"text": "x"}]).to_parquet(tmp_path / "image_distortion" / "00001.parquet")
    with pytest.raises(RecordError, match="image_distortion: It is no parquet of such records"):
        read_tables(tmp_path)


def test_what_is_no_parquet_is_refused(tmp_path):
    (tmp_path / "image_distortion.parquet").write_bytes(b"no parquet")
    with pytest.raises(RecordError, match="image_distortion.parquet: It is no parquet of such records"):
        read_tables(tmp_path)
    with pytest.raises(RecordError, match="image_distortion.parquet is no whole parquet file"):
        list(iterate_rows(tmp_path / "image_distortion.parquet"))


def test_a_table_that_is_there_twice_is_refused(folder):
    shards(folder / "image_distortion", STATEMENTS)
    with pytest.raises(RecordError, match="holds the table image_distortion twice, in .* and .*. Remove one"):
        table_files(folder)


def test_further_columns_of_parquet_are_left_aside(tmp_path):
    rows = [{**STATEMENTS[0], "id": "x"}]
    Dataset.from_list(rows).to_parquet(tmp_path / "image_distortion.parquet")
    assert read_table(tmp_path / "image_distortion.parquet").features == features("statement")


def test_parquet_is_kept_on_disk_once_and_not_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    content = bytes(200_000)
    shards(tmp_path / "image_distortion", [{**STATEMENTS[0], "media": media("a.png", content)}] * 10)
    table = read_table(tmp_path / "image_distortion" / "00000.parquet")
    (file,) = table.cache_files
    assert table.num_rows == 10 and table[9]["media"]["bytes"] == content
    cached = sum(path.stat().st_size for path in (tmp_path / "cache").rglob("*.arrow"))
    assert 10 * len(content) <= cached < 11 * len(content)


def test_the_rows_of_a_file_are_read_as_they_are(folder):
    assert list(iterate_rows(folder / "image_distribution.jsonl")) == RECORDS
    Dataset.from_list(RECORDS, features=features("distribution")).to_parquet(folder / "rows.parquet")
    assert list(iterate_rows(folder / "rows.parquet")) == RECORDS


def test_the_subsets_are_those_of_table_1():
    assert set(SUBSETS) == set(TABLE_1)
    assert CONFIGURATIONS["pair"] == ("image_pair", "video_pair")
    assert len(CONFIGURATIONS) == 12


def test_a_readable_record_has_its_own_columns_and_the_place_of_its_medium(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    record = readable_record({**STATEMENTS[0], "id": "x"}, record_type="statement", root=tmp_path)
    assert record == {**STATEMENTS[0], "media": media(str(tmp_path / "a.png"))}
    with pytest.raises(MediaInputError, match="outside"):
        readable_record({**STATEMENTS[0], "media": media("../a.png")}, record_type="statement", root=tmp_path)
