"""What a pool shares with test sets, by name and by look."""

import io

import pytest
from PIL import Image

from transformers_vital.annotation.pool.candidates import Candidate
from transformers_vital.annotation.pool.overlap import overlap, read_test_set
from transformers_vital.annotation.pool.pool import inspect
from transformers_vital.errors import AnnotationError, MediaNotFoundError


def row(name, phash=None, kind="image"):
    return {"id": name, "name": name, "media": {"kind": kind, "path": name, "bytes": None}, "phash": phash}


def item(name, phash=None, kind=None):
    return {"name": name, "kind": kind, "phash": phash}


@pytest.mark.parametrize(
    ("name", "theirs", "whole"),
    [
        ("cat.png", "cat.png", True),
        ("a/b/cat.png", "koniq/cat.png", True),
        ("Cat.PNG", "cat.png", True),
        ("C:\\photos\\cat.png", "cat.png", True),
        ("https://example.org/x/cat.png?size=2#top", "cat.png", True),
        ("cat.png", "cat.jpg", False),
        ("cat", "cat.jpg", False),
        ("clip.v1.mp4", "clip.v1.mkv", False),
        ("STRASSE.png", "straße.png", True),
    ],
)
def test_names_meet_whatever_folder_case_or_suffix(name, theirs, whole):
    (offender,) = overlap([row(name)], test_sets={"set": [item(theirs)]})["offenders"]
    assert (offender["by_name"], offender["whole_name"], offender["by_look"]) == (theirs, whole, None)


@pytest.mark.parametrize(("name", "theirs"), [("cat.png", "cats.png"), ("clip.v1", "clip.v2"), ("a/cat.png", "a")])
def test_other_names_do_not_meet(name, theirs):
    assert overlap([row(name)], test_sets={"set": [item(theirs)]})["offenders"] == []


def test_looks_meet_within_the_distance_and_in_one_kind():
    items = [item("far.png", "ffffffffffffffff", "image"), item("b.png", "00000000000000ff", "image")]
    rows = [
        row("same", "00000000000000ff"),
        row("four bits", "000000000000000f"),
        row("five bits", "0000000000000007"),
        row("video", "00000000000000ff", "video"),
        row("flat", None),
    ]
    found = overlap(rows, test_sets={"set": items})
    met = [(offender["name"], offender["by_look"], offender["distance"]) for offender in found["offenders"]]
    assert met == [("same", "b.png", 0), ("four bits", "b.png", 4)]
    fewer = overlap(rows, test_sets={"set": items}, max_distance=3)
    assert [offender["name"] for offender in fewer["offenders"]] == ["same"]


def test_of_several_looks_the_nearest_is_named():
    items = [item("three.png", "0000000000000007", "image"), item("one.png", "0000000000000001", "image")]
    (offender,) = overlap([row("a", "0000000000000000")], test_sets={"set": items})["offenders"]
    assert (offender["by_look"], offender["distance"]) == ("one.png", 1)


def test_names_and_looks_are_counted_apart_and_together_for_each_test_set():
    rows = [
        row("a.png", "00000000000000ff"),
        row("b.png", "ffffffff00000000"),
        row("c.jpg"),
        row("d.png", "0f0f0f0f0f0f0f0f"),
        row("e.png"),
    ]
    items = [
        item("a.png", "00000000000000ff", "image"),
        item("b.png"),
        item("c.png"),
        item("x", "0f0f0f0f0f0f0f0f", "image"),
    ]
    found = overlap(rows, test_sets={"KonIQ": items, "SPAQ": [item("z.png")], "names": [item("E.png")]})
    assert found["media"] == 5
    assert found["test_sets"] == {
        "KonIQ": {"items": 4, "hashed": 2, "same_name": 2, "same_stem": 1, "same_look": 2, "name_and_look": 1},
        "SPAQ": {"items": 1, "hashed": 0, "same_name": 0, "same_stem": 0, "same_look": 0, "name_and_look": 0},
        "names": {"items": 1, "hashed": 0, "same_name": 1, "same_stem": 0, "same_look": 0, "name_and_look": 0},
    }
    assert [(met["test_set"], met["id"]) for met in found["offenders"]] == [
        *(("KonIQ", name) for name in ("a.png", "b.png", "c.jpg", "d.png")),
        ("names", "e.png"),
    ]


def test_a_list_of_names_is_a_test_set(tmp_path):
    (tmp_path / "koniq.csv").write_text("mos,image_name\n3,a.jpg\n4,b.jpg\n")
    assert read_test_set(tmp_path / "koniq.csv") == [item("a.jpg"), item("b.jpg")]


def test_a_folder_is_hashed_and_what_is_broken_counts_by_name(tmp_path, pytestconfig):
    media, folder = pytestconfig.rootpath / "examples" / "media", tmp_path / "koniq"
    (folder / "deep").mkdir(parents=True)
    small = Image.open(media / "rocket.jpg").resize((160, 107))
    small.save(folder / "deep" / "one.png")
    (folder / "two.jpg").write_bytes(b"\xff\xd8\xff broken")
    (folder / "dog.mp4").write_bytes((media / "dog.mp4").read_bytes())
    items = read_test_set(folder)
    assert [(found["name"], found["kind"]) for found in items] == [
        ("deep/one.png", "image"),
        ("dog.mp4", "video"),
        ("two.jpg", None),
    ]
    content = io.BytesIO()
    Image.open(media / "rocket.jpg").save(content, "JPEG", quality=50)
    given = [Candidate("holiday.jpg", content=content.getvalue()), Candidate("x.mp4", place=str(media / "dog.mp4"))]
    found = overlap(inspect(given, folder=tmp_path / "media"), test_sets={"koniq": items})
    assert [met["by_look"] for met in found["offenders"]] == ["deep/one.png", "dog.mp4"]


def test_a_test_set_of_another_form_is_refused(tmp_path):
    (tmp_path / "set.json").write_text("[]")
    with pytest.raises(AnnotationError, match="set.json is no folder and no .txt, .csv, .tsv file. Name a folder"):
        read_test_set(tmp_path / "set.json")
    (tmp_path / "empty").mkdir()
    with pytest.raises(MediaNotFoundError, match="holds no image or video file"):
        read_test_set(tmp_path / "empty")
