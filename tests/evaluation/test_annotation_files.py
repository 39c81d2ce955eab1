"""Names and ratings out of files in each form."""

import json

import pytest

from transformers_vital.errors import EvaluationError
from transformers_vital.evaluation.annotation_files import (
    AnnotationLayout,
    detected_columns,
    has_form,
    read_annotations,
)


def pairs(path, *layouts):
    return [(annotation.name, annotation.mos) for annotation in read_annotations(path, layouts=layouts)]


@pytest.fixture
def csv(tmp_path):
    def write(text, name="x.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


def test_a_pattern_makes_names_of_several_columns_with_other_words_for_their_values(csv):
    layout = AnnotationLayout("official", name="{ref}.{type}.{lev}.png", mos="q", replace={"type": {"noise": "AWGN"}})
    path = csv("ref,type,lev,q\n1600,noise,1,0.5\n1600,blur,2,0.25\n")
    assert pairs(path, layout) == [("1600.AWGN.1.png", 0.5), ("1600.blur.2.png", 0.25)]


def test_whole_numbers_of_spreadsheets_are_names_without_a_decimal_point(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for line in (["flickr_id", "mos"], [3339962845.0, 3.0], [7.5, 2.5]):
        book.active.append(line)
    book.save(tmp_path / "x.xlsx")
    layout = AnnotationLayout("official", name="{flickr_id}.mp4", mos="mos")
    assert pairs(tmp_path / "x.xlsx", layout) == [("3339962845.mp4", 3.0), ("7.5.mp4", 2.5)]


def test_a_suffix_that_is_there_already_is_not_added(csv):
    layout = AnnotationLayout("official", name="{name}.mp4", mos="mos")
    assert pairs(csv("name,mos\nia-batch1/a,50\nia-batch1/b.mp4,60\n"), layout) == [
        ("ia-batch1/a.mp4", 50),
        ("ia-batch1/b.mp4", 60),
    ]


def test_only_rows_with_the_values_asked_for_belong(csv):
    layout = AnnotationLayout("official", name="name", mos="mos", where={"is_test": ["true", "1"]})
    assert pairs(csv("name,mos,is_test\na,1,True\nb,2,False\nc,3,1\nd,4,TRUE\n"), layout) == [
        ("a", 1),
        ("c", 3),
        ("d", 4),
    ]


def test_ratings_that_fall_with_quality_are_negated(csv):
    layout = AnnotationLayout("official", name="name", mos="dmos", higher_is_better=False)
    assert pairs(csv("name,dmos\na,0.25\nb,1\n"), layout) == [("a", -0.25), ("b", -1)]


def test_a_rating_can_stand_behind_an_arrow(csv):
    layout = AnnotationLayout("release", name="image", mos="id")
    path = csv(json.dumps([{"id": "I66_01_01.png->4.63", "image": "k/I66_01_01.png"}]), "x.json")
    assert pairs(path, layout) == [("k/I66_01_01.png", 4.63)]


@pytest.mark.parametrize(
    ("name", "mos", "value"),
    [("image", "gt_score", "0.9"), ("video", "mos", 0.9), ("video_path", "mos", "0.9"), ("img_path", "mos", 0.9)],
)
def test_the_columns_of_the_release_are_known(csv, name, mos, value):
    path = csv(json.dumps([{name: "a.mp4", mos: value, "level": 5, "ann_type": "mos"}]), "x.json")
    assert pairs(path, AnnotationLayout("release")) == [("a.mp4", 0.9)]


def test_a_file_without_headings_and_one_with_them_read_the_same(csv):
    layout = AnnotationLayout("official", columns=("name", "mos"), name="name", mos="mos")
    expected = [("0001.mp4", 3.25), ("0002.mp4", 4.0)]
    assert pairs(csv("0001.mp4,3.25\n0002.mp4,4\n"), layout) == expected
    assert pairs(csv("filename,score\n0001.mp4,3.25\n0002.mp4,4\n"), layout) == expected


def test_a_file_whose_headings_say_otherwise_is_not_read_by_place(csv):
    layout = AnnotationLayout("official", columns=("name", "mos"), name="name", mos="mos")
    path = csv("name,std,mos\na,0.5,3\n")
    assert not has_form(path, layouts=[layout])
    assert pairs(path, layout, AnnotationLayout("official")) == [("a", 3)]


def test_the_form_named_as_the_file_comes_first(csv):
    first = AnnotationLayout("official", name="name", mos="mos")
    second = AnnotationLayout("official", file="labels/scores.csv", name="name", mos="zscore")
    text = "name,mos,zscore\na,1,50\n"
    assert pairs(csv(text, "scores.csv"), first, second) == [("a", 50)]
    assert pairs(csv(text, "renamed.csv"), first, second) == [("a", 1)]


def test_blank_rows_are_no_items(csv):
    assert pairs(csv("name,mos\na,1\n,\n\nb,2\n,\n"), AnnotationLayout("official")) == [("a", 1), ("b", 2)]


@pytest.mark.parametrize("rating", ["", "nan", "inf", "good", "-"])
def test_a_file_without_rating_is_refused_and_counted(csv, rating):
    path = csv(f"name,mos\na,1\nb,{rating}\nc,{rating}\n")
    with pytest.raises(EvaluationError, match="2 of 3 files in .* have no rating, the first is b. Drop their rows"):
        read_annotations(path, layouts=[AnnotationLayout("official")])


def test_a_first_row_without_rating_is_no_heading(csv):
    layout = AnnotationLayout("official", columns=("name", "mos"), name="name", mos="mos")
    with pytest.raises(EvaluationError, match="1 of 2 files in .* have no rating, the first is a"):
        read_annotations(csv("a,\nb,2\n"), layouts=[layout])


def test_a_name_that_comes_twice_is_refused(csv):
    with pytest.raises(EvaluationError, match="has a.png twice"):
        read_annotations(csv("name,mos\na.png,1\na.png,2\n"), layouts=[AnnotationLayout("official")])


@pytest.mark.parametrize("name", ["/etc/passwd", "../x.png", "a/../../x.png", "..\\x.png", "C:\\x.png", "c:x.png"])
def test_a_name_that_leads_out_of_the_folder_is_refused(csv, name):
    with pytest.raises(EvaluationError, match="leads out of the folder of the media"):
        read_annotations(csv(f"name,mos\n{name},1\n"), layouts=[AnnotationLayout("official")])


def test_a_file_of_another_form_is_refused_with_what_it_has_and_what_was_expected(csv):
    layouts = [
        AnnotationLayout("official", file="scores.csv", name="{image}.png", mos="dmos", where={"set": ["test"]}),
        AnnotationLayout("release", file="test.json"),
    ]
    message = (
        "has none of the known forms of this annotation file: its first line is picture, quality. Expected scores.csv "
        "with image, dmos, set; or test.json with name, mos"
    )
    with pytest.raises(EvaluationError, match=message):
        read_annotations(csv("picture,quality\na,1\n"), layouts=layouts)


def test_a_list_without_a_row_of_the_benchmark_is_refused(csv):
    layout = AnnotationLayout("official", name="name", mos="mos", where={"is_test": ["true"]})
    with pytest.raises(EvaluationError, match="has no row of this benchmark"):
        read_annotations(csv("name,mos,is_test\na,1,False\n"), layouts=[layout])


def test_columns_are_recognised_by_their_usual_names(csv):
    assert detected_columns(csv("Filename,Score,std\na,1,2\n")) == ("Filename", "Score", None)
    assert detected_columns(csv("image,dmos\na,1\n")) == ("image", None, "dmos")
    assert detected_columns(csv("")) == (None, None, None)


def test_a_damaged_file_has_no_form(csv):
    assert not has_form(csv("{", "x.json"), layouts=[AnnotationLayout("official")])
