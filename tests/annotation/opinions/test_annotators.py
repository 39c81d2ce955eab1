"""Descriptors: the files of the package, files of one's own, and what is refused."""

import pytest
import yaml

from transformers_vital.annotation.opinions.annotators import (
    AnnotatorDescriptor,
    Permissions,
    describe_annotator,
    list_annotators,
    load_annotator,
    read_descriptor,
)
from transformers_vital.errors import AnnotationError


VALUES = {
    "name": "mine",
    "kind": "image",
    "direction": "lower",
    "score_range": [0, None],
    "licence": "MIT",
    "citation": "Somebody, 2026.",
    "homepage": "https://example.org",
    "trained_on": "nothing",
    "adapter": "measure",
}
ALL = [descriptor.name for descriptor in list_annotators()]


def written(folder, **changes):
    path = folder / "mine.yaml"
    path.write_text(
        yaml.safe_dump({name: value for name, value in {**VALUES, **changes}.items() if value != "left out"})
    )
    return path


def test_the_annotators_of_the_paper_are_there():
    """The first footnote of Sec. 3.1."""
    images = {"topiq-nr", "tres", "liqe", "arniqa", "qualiclip", "q-align"}
    videos = {"minimalistic-vqa-vii", "minimalistic-vqa-ix", "fast-vqa", "dover", "q-align-video", "kvq"}
    assert {each.name for each in list_annotators(kind="image", group="paper")} == images
    assert {each.name for each in list_annotators(kind="video", group="paper")} == videos


@pytest.mark.parametrize("kind", ["image", "video"])
def test_six_annotators_of_each_kind_need_nothing_to_be_fetched(kind):
    default = list_annotators(kind=kind, group="default")
    assert len(default) >= 6
    assert not any(each.download for each in default)
    assert {load_annotator(each.name).descriptor.name for each in default} == {each.name for each in default}


@pytest.mark.parametrize("name", ALL)
def test_a_descriptor_has_the_name_of_its_file_and_says_whose_it_is(name):
    descriptor = describe_annotator(name)
    assert descriptor.name == name
    assert all((descriptor.licence, descriptor.citation, descriptor.trained_on))
    assert descriptor.homepage.startswith("https://")


@pytest.mark.parametrize("name", ALL)
def test_an_annotator_loads_or_says_what_it_needs(name, tmp_path):
    descriptor = describe_annotator(name)
    if descriptor.group == "paper" or descriptor.download:
        with pytest.raises(AnnotationError, match="not allowed|settings name none|folder of its checkout"):
            load_annotator(name)
    else:
        assert load_annotator(name).descriptor == descriptor


def test_a_descriptor_of_ones_own_is_a_file(tmp_path):
    descriptor = read_descriptor(written(tmp_path))
    assert descriptor == AnnotatorDescriptor(**{**VALUES, "score_range": (0, None)})
    assert (descriptor.group, descriptor.higher_is_better) == ("further", False)
    assert describe_annotator(str(tmp_path / "mine.yaml")) == descriptor


def test_settings_take_the_place_of_those_of_the_descriptor(tmp_path):
    (tmp_path / "scores.csv").write_text("video,mos\na.mp4,3\n")
    settings = {"scores": str(tmp_path / "scores.csv"), "name_column": "video", "score_column": "mos"}
    assert dict(load_annotator("kvq", settings=settings).descriptor.settings).items() >= settings.items()


def test_a_misspelt_name_is_met_with_the_closest():
    with pytest.raises(AnnotationError, match="There is no annotator topic-nr. Did you mean topiq-nr"):
        describe_annotator("topic-nr")


def test_a_name_like_no_other_is_met_with_all():
    with pytest.raises(AnnotationError, match="Known are .*arniqa.* A file of your own ends in .yaml"):
        describe_annotator("zzzzzz")


def test_a_group_that_does_not_exist_is_an_error():
    with pytest.raises(AnnotationError, match="expected default, paper or further"):
        list_annotators(group="best")


def test_weights_are_not_fetched_unless_allowed():
    with pytest.raises(AnnotationError, match=r"Pass Permissions\(allow_download=True\)"):
        load_annotator("tres")
    assert Permissions() == Permissions(allow_download=False, trust_remote_code=False, device=None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "audio"}, "kind is 'audio'; expected image or video"),
        ({"direction": "up"}, "direction is 'up'; expected higher or lower"),
        ({"adapter": "shell"}, "adapter is 'shell'; expected measure"),
        ({"group": "best"}, "group is 'best'"),
        ({"score_range": [0]}, r"score_range is \[0\]; expected lowest and highest"),
        ({"score_range": "0-1"}, "score_range is '0-1'"),
        ({"licence": "left out"}, "lacks licence"),
        ({"license": "MIT"}, "unknown key license .did you mean licence"),
    ],
)
def test_a_descriptor_is_checked(tmp_path, changes, message):
    with pytest.raises(AnnotationError, match=message):
        read_descriptor(written(tmp_path, **changes))


@pytest.mark.parametrize("content", ["a: [", "!!python/object/apply:os.getcwd []", "just text", ""])
def test_a_file_that_is_no_descriptor_is_refused(tmp_path, content):
    path = tmp_path / "broken.yaml"
    path.write_text(content)
    with pytest.raises(AnnotationError, match="broken.yaml"):
        read_descriptor(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(AnnotationError, match="cannot be read"):
        describe_annotator(tmp_path / "none.yaml")
