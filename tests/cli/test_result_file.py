"""Rows on disk: formats, kills at any byte, files of other settings."""

import csv
import json
import math
import sys

import pytest

from transformers_vital.cli.result_file import ResultFile, check_result_file, file_label, journal_of
from transformers_vital.errors import MissingExtraError, OutputError


SUFFIXES = (".csv", ".jsonl", ".parquet")
NAMES = ("a.png", '=1+2,"x".png', "two\nlines\r.png", "写真.png")


@pytest.fixture
def rows(answer) -> list[dict]:
    return [{"file": name, **answer(name).to_row()} for name in NAMES]


@pytest.fixture
def path(tmp_path, request):
    return tmp_path / f"scores{getattr(request, 'param', '.csv')}"


def opened(path, rows, *, resume=False) -> ResultFile:
    return ResultFile(path, columns=list(rows[0]), fingerprint=rows[0]["fingerprint"], resume=resume)


def write(path, rows, *, resume=False) -> set[str]:
    """Write the rows that are not there already; returns the names that were."""
    with opened(path, rows, resume=resume) as results:
        for row in rows:
            if row["file"] not in results.done:
                results.write(row)
    return results.done


def read(path) -> list[dict]:
    """By independent means; text of CSV is turned into the types of the other two."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        texts = ("file", "level", "fingerprint", "error")
        return [
            {name: None if value == "" else value if name in texts else float(value) for name, value in row.items()}
            for row in rows
        ]
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return pytest.importorskip("pyarrow.parquet").read_table(path).to_pylist()


@pytest.mark.parametrize("path", SUFFIXES, indirect=True)
def test_every_format_holds_the_same_rows(path, rows, answer):
    rows.append({"file": "bad.png", **answer("bad.png").to_row()})
    write(path, rows)
    assert read(path) == rows
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_parquet_columns_without_a_value_keep_their_type(tmp_path, answer):
    pytest.importorskip("pyarrow")
    import pyarrow.parquet

    path = tmp_path / "scores.parquet"
    write(path, [{"file": "bad.png", **answer("bad.png").to_row()}])
    schema = pyarrow.parquet.read_schema(path)
    assert (schema.field("score").type, schema.field("level").type) == (pyarrow.float64(), pyarrow.string())


@pytest.mark.parametrize("path", SUFFIXES, indirect=True)
def test_a_row_is_on_disk_as_soon_as_it_is_written(path, rows):
    with opened(path, rows) as results:
        for count, row in enumerate(rows, start=1):
            results.write(row)
            assert len(read(journal_of(path))) == count


@pytest.mark.parametrize("path", SUFFIXES, indirect=True)
def test_a_run_killed_at_any_byte_goes_on_to_the_same_rows(path, rows):
    with pytest.raises(RuntimeError, match="killed"), opened(path, rows) as results:
        for row in rows:
            results.write(row)
        raise RuntimeError("killed")
    journal = journal_of(path)
    whole = journal.read_bytes()
    kept_counts = set()
    for length in range(0, len(whole) + 1, 7):
        path.unlink(missing_ok=True)
        journal.write_bytes(whole[:length])
        kept_counts.add(len(write(path, rows, resume=True)))
        assert read(path) == rows, f"after a kill at byte {length}"
    assert kept_counts >= {0, 1, 2, 3}


def test_a_failed_parquet_run_leaves_its_journal_and_no_parquet(tmp_path, rows):
    path = tmp_path / "scores.parquet"
    with pytest.raises(KeyboardInterrupt), opened(path, rows) as results:
        results.write(rows[0])
        raise KeyboardInterrupt
    assert [file.name for file in tmp_path.iterdir()] == ["scores.parquet.partial.jsonl"]
    with pytest.raises(OutputError, match=r"scores\.parquet\.partial\.jsonl exists\. Pass --resume"):
        check_result_file(path)
    assert write(path, rows, resume=True) == {rows[0]["file"]}


def test_a_finished_parquet_and_a_journal_beside_it_are_both_read(tmp_path, rows):
    path = tmp_path / "scores.parquet"
    write(path, rows[:2])
    journal_of(path).write_text("".join(json.dumps(row) + "\n" for row in rows[1:3]), encoding="utf-8")
    assert write(path, rows, resume=True) == {row["file"] for row in rows[:3]}
    assert read(path) == rows


def test_starting_again_forgets_an_earlier_parquet(tmp_path, rows):
    path = tmp_path / "scores.parquet"
    write(path, rows)
    with pytest.raises(RuntimeError, match="killed"), opened(path, rows) as results:
        results.write(rows[3])
        raise RuntimeError("killed")
    assert write(path, rows, resume=True) == {rows[3]["file"]}


@pytest.mark.parametrize("path", SUFFIXES, indirect=True)
def test_failed_rows_are_tried_again(path, rows, answer):
    broken = [rows[0], {"file": rows[1]["file"], **answer("bad").to_row()}, *rows[2:]]
    write(path, broken)
    assert write(path, rows, resume=True) == {row["file"] for row in rows} - {rows[1]["file"]}
    assert sorted(read(path), key=lambda row: row["file"]) == sorted(rows, key=lambda row: row["file"])


@pytest.mark.parametrize("path", SUFFIXES, indirect=True)
def test_a_failure_without_a_reason_is_still_a_failure(path, rows, answer):
    write(path, [{"file": "bad.png", **answer("bad.png").to_row(), "error": ""}])
    assert write(path, rows, resume=True) == set()
    assert read(path) == rows


@pytest.mark.parametrize("path", SUFFIXES, indirect=True)
def test_other_settings_are_refused_and_named(path, rows, answer, other_fingerprint):
    write(path, rows)
    others = [{"file": "new.png", **answer("new.png", fingerprint=other_fingerprint).to_row()}]
    with pytest.raises(
        OutputError, match="dtype was float32 and is bfloat16, processor was 8f14e45f and is 1"
    ) as info:
        write(path, others, resume=True)
    assert str(info.value).endswith("name another file with -o, or pass --overwrite to start again.")
    assert read(path) == rows


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("scores.csv", b"x,y\n1,2\n", "its columns are x, y; expected file, score"),
        ("scores.csv", b"x,y\n1\n1,2\n", "a row has not the 2 fields of the header"),
        ("scores.csv", b"\xff\xfe\n", "it is not UTF-8"),
        ("scores.jsonl", b"hello\n", "Expecting value"),
        ("scores.jsonl", b"[1]\n", "a line is not an object"),
        ("scores.parquet", b"hello", "scores.parquet cannot be resumed"),
    ],
)
def test_a_file_of_something_else_is_not_touched(name, content, message, tmp_path, rows):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(OutputError, match=message) as info:
        write(path, rows, resume=True)
    assert str(info.value).endswith("Name another file with -o, or pass --overwrite to replace it.")
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "scores.xlsx",
            r"scores\.xlsx ends in \.xlsx; expected \.csv, \.jsonl or \.parquet\. Change the name",
        ),
        ("scores", r"ends in no suffix; expected"),
        ("absent/scores.csv", r"The folder .*absent of .* does not exist\. Create it: mkdir -p '.*absent'"),
        ("folder.csv", r"folder\.csv cannot be written: it is a folder"),
        ("there.csv", r"there\.csv exists\. Pass --resume to keep its rows and score the rest, or --overwrite"),
    ],
)
def test_a_path_that_cannot_take_results_is_refused(name, message, tmp_path):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "there.csv").touch()
    with pytest.raises(OutputError, match=message):
        check_result_file(tmp_path / name)


@pytest.mark.parametrize("choice", ["resume", "overwrite"])
def test_an_existing_file_is_accepted_when_asked_for(choice, tmp_path):
    (tmp_path / "there.csv").touch()
    check_result_file(tmp_path / "there.csv", **{choice: True})


def test_parquet_without_pyarrow_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtraError, match=r'needs pyarrow, .* pip install "transformers-vital\[eval\]"'):
        check_result_file(tmp_path / "scores.parquet")


def test_a_disk_that_refuses_is_an_output_error(tmp_path, rows):
    with opened(tmp_path / "scores.csv", rows) as results:
        results._file.close()
        results._file = open("/dev/full", "w") if sys.platform == "linux" else pytest.skip("needs /dev/full")
        with pytest.raises(OutputError, match="scores.csv cannot be used: No space left on device"):
            results.write(rows[0])
        results._file = open(tmp_path / "scores.csv", "a")


def test_a_link_is_followed_and_stays_a_link(tmp_path, rows):
    (tmp_path / "real.csv").touch()
    link = tmp_path / "scores.csv"
    link.symlink_to("real.csv")
    write(link, rows)
    assert link.is_symlink()
    assert read(tmp_path / "real.csv") == rows


def test_names_are_kept_as_they_are_unless_they_are_no_text():
    assert file_label("=1+2\n写.png") == "=1+2\n写.png"
    assert file_label("caf\udce9.png") == r"caf\udce9.png"


def test_numbers_survive_exactly(tmp_path, rows):
    rows[0]["score"] = math.nextafter(1 / 3, 1)
    write(tmp_path / "scores.csv", rows)
    write(tmp_path / "scores.csv", rows, resume=True)
    assert read(tmp_path / "scores.csv")[0]["score"] == rows[0]["score"]
