"""Tables out of small files of each format, and what is said of those that are none."""

import json

import numpy as np
import pytest
from scipy.io import savemat

from transformers_vital.errors import EvaluationError, MissingExtraError
from transformers_vital.evaluation.annotation_tables import read_table


ROWS = [{"name": "a.png", "mos": "3.5"}, {"name": "b.png", "mos": "2"}]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("commas.csv", "name,mos\na.png,3.5\nb.png,2\n"),
        ("marked.csv", "\ufeffname,mos\r\na.png,3.5\r\nb.png,2\r\n"),
        ("semicolons.csv", "name;mos\na.png;3.5\nb.png;2\n"),
        ("tabs.tsv", "name\tmos\na.png\t3.5\nb.png\t2\n"),
        ("spaces.txt", "name mos\na.png   3.5\nb.png 2\n"),
        ("other_order.csv", "mos,name\n3.5,a.png\n2,b.png\n"),
        ("further.csv", "id,name,mos,std\n1,a.png,3.5,0.1\n2,b.png,2,0.2\n"),
        ("quoted.csv", '"name","mos"\n"a.png","3.5"\n"b.png","2"\n'),
        ("title_above.csv", "ratings of 2024,\n,\nname,mos\na.png,3.5\nb.png,2\n"),
        ("case.csv", "Name, MOS\na.png,3.5\nb.png,2\n"),
    ],
)
def test_text_gives_the_named_columns_of_its_rows(tmp_path, file, text):
    (tmp_path / file).write_text(text, encoding="utf-8")
    assert read_table(tmp_path / file).rows(["name", "mos"]) == ROWS


def test_a_file_without_headings_gets_names_from_the_left(tmp_path):
    (tmp_path / "x.txt").write_text("3.5 a.png\n2 b.png\n", encoding="utf-8")
    assert read_table(tmp_path / "x.txt").rows_without_headings(["mos", "name"]) == ROWS


@pytest.mark.parametrize(("file", "write"), [("x.json", json.dumps), ("x.jsonl", None)])
def test_json_gives_objects(tmp_path, file, write):
    text = write(ROWS) if write else "\n".join(map(json.dumps, ROWS)) + "\n"
    (tmp_path / file).write_text(text, encoding="utf-8")
    assert read_table(tmp_path / file).rows(["mos", "name"]) == ROWS


def test_a_key_that_an_object_lacks_is_empty(tmp_path):
    (tmp_path / "x.json").write_text('[{"name": "a"}, {"mos": 1}]', encoding="utf-8")
    assert read_table(tmp_path / "x.json").rows(["name", "mos"])[1] == {"name": None, "mos": 1}


def workbook(path, sheets):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, lines in sheets.items():
        sheet = book.create_sheet(title)
        for line in lines:
            sheet.append(line)
    book.save(path)
    return path


def test_a_workbook_gives_the_rows_below_its_headings_wherever_those_are(tmp_path):
    lines = [[], ["DMOS of all pictures"], [], [None, None, None, "image", "dmos"], [None, None, None, 1600, 0.25]]
    path = workbook(tmp_path / "x.xlsx", {"first": [["no", "such"]], "second": lines})
    assert read_table(path, sheet="second").rows(["image", "dmos"]) == [{"image": 1600, "dmos": 0.25}]
    assert read_table(path).rows(["image", "dmos"]) is None
    assert read_table(path, sheet="third") is None


def test_a_workbook_needs_openpyxl(tmp_path, monkeypatch):
    (tmp_path / "x.xlsx").write_bytes(b"")
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(MissingExtraError, match=r"reading .xlsx needs openpyxl.*transformers-vital\[eval\]"):
        read_table(tmp_path / "x.xlsx")


def cells(*names):
    """A cell array as MATLAB saves a column of texts."""
    column = np.empty((len(names), 1), dtype=object)
    column[:, 0] = names
    return column


@pytest.mark.parametrize("shape", [(-1, 1), (1, -1)], ids=["column", "row"])
def test_vectors_of_matlab_are_columns(tmp_path, shape):
    ratings, names = np.array([3.5, 2.0]), cells("a.png", "b.png")
    further = {"all_ratings": np.ones((2, 9)), "seed": 1.0, "cv_index": np.arange(50.0)}
    savemat(tmp_path / "x.mat", {"mos": ratings.reshape(shape), "video_list": names.reshape(shape), **further})
    rows = read_table(tmp_path / "x.mat").rows(["video_list", "mos"])
    assert rows[:2] == [{"video_list": "a.png", "mos": 3.5}, {"video_list": "b.png", "mos": 2.0}]
    assert all(row["video_list"] is None for row in rows[2:])


def test_vectors_of_several_matlab_files_stand_side_by_side(tmp_path):
    savemat(tmp_path / "ratings.mat", {"mos": np.array([[3.5, 2.0]])})
    assert read_table(tmp_path / "ratings.mat", beside=["names.mat"]) is None
    savemat(tmp_path / "names.mat", {"names": cells("a", "b")})
    table = read_table(tmp_path / "ratings.mat", beside=["names.mat"])
    assert table.rows(["names", "mos"]) == [{"names": "a", "mos": 3.5}, {"names": "b", "mos": 2.0}]


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("x.parquet", b"", "ends in .parquet; expected one of .csv, .tsv, .txt, .xlsx, .json, .jsonl, .mat"),
        ("x.json", b"{", "cannot be read as .json"),
        ("x.json", b'{"a": 1}', "expected an array of objects"),
        ("x.json", b"[1]", "expected an array of objects"),
        ("x.jsonl", b'{"a": 1}\nnot json\n', "cannot be read as .jsonl"),
        ("x.csv", b"\xff\xfe\x00name", "cannot be read as .csv"),
        ("x.xlsx", b"not a workbook", "it is no whole workbook"),
        ("x.mat", b"not matlab" * 40, "x.mat is no whole MATLAB file"),
        ("x.mat", b"", "x.mat is no whole MATLAB file"),
    ],
)
def test_a_damaged_file_is_refused_with_what_is_wrong(tmp_path, file, content, message):
    if file.endswith(".xlsx"):
        pytest.importorskip("openpyxl")
    (tmp_path / file).write_bytes(content)
    with pytest.raises(EvaluationError, match=message):
        read_table(tmp_path / file)


@pytest.mark.parametrize("file", ["x.mat", "x.xlsx"])
def test_a_download_that_broke_off_is_refused(tmp_path, file):
    if file == "x.mat":
        savemat(tmp_path / file, {"mos": np.arange(500.0)}, do_compression=True)
    else:
        workbook(tmp_path / file, {"sheet": [["name", "mos"], ["a.png", 1]]})
    whole = (tmp_path / file).read_bytes()
    for length in range(0, len(whole) - 1, 97):
        (tmp_path / file).write_bytes(whole[:length])
        with pytest.raises(EvaluationError, match="Download it again"):
            read_table(tmp_path / file)


def test_matlab_7_3_is_refused_with_what_to_do(tmp_path):
    head = b"MATLAB 7.3 MAT-file".ljust(124, b" ") + b"\x00\x02IM"
    (tmp_path / "x.mat").write_bytes(head + bytes(400))
    with pytest.raises(EvaluationError, match="x.mat is of version 7.3. Load it in MATLAB and save it with -v7"):
        read_table(tmp_path / "x.mat")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(EvaluationError, match=r"There is no file .*x\.csv"):
        read_table(tmp_path / "x.csv")
