"""What a built dataset says of itself: who annotated, who described, what overlaps; names from media stay text."""

import json

import pytest
from building import LIMITS, photo

from transformers_vital.annotation.build import Build
from transformers_vital.annotation.recipe import Recipe
from transformers_vital.reporting.built_dataset import write_reports


NAME = "<img src=x onerror=alert(1)>.png"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("shown")
    (root / "sources").mkdir()
    for name in ("cat.png", "dogs.jpg", "window.jpg"):
        photo(name).save(root / "sources" / name)
    photo("rocket.jpg").save(root / "sources" / NAME)
    (root / "test_set.csv").write_text(f'name\n"{NAME}"\n', encoding="utf-8")
    recipe = {"limits": LIMITS, "license": "cc0-1.0", "test_sets": {"small": str(root / "test_set.csv")}}
    build = Build(root / "dataset", Recipe.from_dict(recipe | {"copies": 0}))
    assert write_reports(build, build.run(root / "sources")) == root / "dataset" / "README.md"
    return root / "dataset"


def test_the_card_names_annotators_with_their_licences_and_the_licence_of_the_media(folder):
    from transformers_vital.annotation.opinions.annotators import list_annotators

    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "license: cc0-1.0" in card and "rules over measured attributes" in card
    for descriptor in list_annotators(kind="image", group="default"):
        assert f"{descriptor.name} " in card


def test_the_card_counts_overlap_by_test_set(folder):
    assert "| small | 1 |" in (folder / "README.md").read_text(encoding="utf-8")


def test_names_of_media_are_text_on_the_page(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<img src=x" not in page and "&lt;img src=x onerror=alert(1)&gt;.png" in page


def test_the_page_shows_records_of_every_subset_with_a_picture(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    for subset in ("image distribution", "image description"):
        assert f"{subset}: " in page
    assert page.count("data:image/jpeg;base64,") >= 3


def test_the_numbers_are_json(folder):
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["package"].startswith("transformers_vital ")
    assert report["overlap"]["offenders"][0]["name"] == NAME
