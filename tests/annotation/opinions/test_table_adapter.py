"""Scores made elsewhere, read from CSV: by full name, else by the last part of it."""

import math

import pytest

from transformers_vital.annotation.opinions.annotators import AnnotatorDescriptor
from transformers_vital.annotation.opinions.table_adapter import ScoreTable, TableAnnotator
from transformers_vital.errors import AnnotationError
from transformers_vital.media.inputs import MediaItem


def descriptor(**settings) -> AnnotatorDescriptor:
    return AnnotatorDescriptor(
        name="elsewhere",
        kind="video",
        direction="higher",
        score_range=(0, 1),
        licence="MIT",
        citation="Somebody, 2026.",
        homepage="https://example.org",
        trained_on="nothing",
        adapter="table",
        settings=settings,
    )


def items(*names: str) -> list[MediaItem]:
    return [MediaItem("video", name, name) for name in names]


def table(folder, text: str, **columns) -> TableAnnotator:
    path = folder / "scores.csv"
    path.write_text(text, encoding="utf-8")
    return TableAnnotator(descriptor(scores=str(path), **columns))


def test_a_medium_is_found_by_its_name(tmp_path):
    annotator = table(tmp_path, "name,score\na/one.mp4,0.25\nb/one.mp4,0.75\n")
    assert annotator.score(items("b/one.mp4", "a/one.mp4")) == [0.75, 0.25]


def test_a_medium_elsewhere_is_found_by_the_last_part_of_its_name(tmp_path):
    annotator = table(tmp_path, "name,score\none.mp4,0.25\n")
    assert annotator.score(items("/pool/one.mp4")) == [0.25]


def test_a_last_part_that_two_names_share_gives_no_score(tmp_path):
    annotator = table(tmp_path, "name,score\na/one.mp4,0.25\nb/one.mp4,0.75\n")
    assert math.isnan(annotator.score(items("c/one.mp4"))[0])


def test_a_medium_that_the_table_lacks_has_no_score(tmp_path):
    assert math.isnan(table(tmp_path, "name,score\none.mp4,0.25\n").score(items("two.mp4"))[0])


def test_columns_are_named_or_numbered(tmp_path):
    assert table(tmp_path, "score,file\n3,x\n", name_column="file").score(items("x")) == [3]
    assert table(tmp_path, "3,x\n", name_column=1, score_column=0).score(items("x")) == [3]


def test_a_byte_order_mark_spaces_quotes_and_empty_lines_do_no_harm():
    text = '\ufeffname, score\n"a, b.mp4", 1.5\n\nc.mp4,-2e-1\n'
    assert ScoreTable.parse(text, name="x").scores == {"a, b.mp4": 1.5, "c.mp4": -0.2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,mos\nx,1\n", r"have no column score \(columns: name, mos\)"),
        ("name,score\n", "have no row"),
        ("", "have no column name and score"),
        ("name,score\nx,good\n", "is 'x,good'; expected a name and a number"),
        ("name,score\nx,nan\n", "is 'x,nan'; expected a name and a number"),
        ("name,score\nx\n", "is 'x'; expected a name and a number"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(text, message):
    with pytest.raises(AnnotationError, match=message):
        ScoreTable.parse(text, name="elsewhere")


def test_several_rows_are_not_one_score():
    with pytest.raises(AnnotationError, match="gave 2 scores for one medium"):
        ScoreTable.parse("name,score\nx,1\ny,2\n", name="elsewhere").only()


def test_a_table_has_to_be_named():
    with pytest.raises(AnnotationError, match="settings name none.*https://example.org"):
        TableAnnotator(descriptor())


def test_a_table_has_to_exist(tmp_path):
    with pytest.raises(AnnotationError, match="cannot be read"):
        TableAnnotator(descriptor(scores=str(tmp_path / "none.csv")))


def test_an_unknown_setting_is_an_error(tmp_path):
    with pytest.raises(AnnotationError, match="unknown setting colour"):
        table(tmp_path, "name,score\nx,1\n", colour="red")
