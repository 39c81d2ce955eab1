"""Tables on disk: read back as written, checked row by row, chosen by name."""

import json

import pytest
from datasets import Dataset

from transformers_vital.data.labelling import distribution_from_mos
from transformers_vital.data.records import features
from transformers_vital.data.tables import read_table, read_tables
from transformers_vital.errors import RecordError


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
