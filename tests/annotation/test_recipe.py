"""Recipes: their defaults, and what is said about settings that cannot be used."""

import pytest
import yaml

from transformers_vital.annotation.pool.inspection import Limits
from transformers_vital.annotation.recipe import Recipe
from transformers_vital.errors import AnnotationError
from transformers_vital.scoring.default_model import hub_configs_folder


def test_the_defaults_are_those_of_the_paper_and_need_no_network():
    recipe = Recipe()
    assert recipe.limits == Limits(seconds=(1, 20), short_side=(360, 2304), long_side=(480, 4096))
    assert (recipe.statements, recipe.mapping, recipe.copies) == ("rules", "rank", 1)


def test_the_recipe_of_the_repository_is_read():
    recipe = Recipe.read(hub_configs_folder() / "recipes" / "dataset.yaml")
    assert recipe.limits.short_side == (240, 2304)
    assert recipe.scored == recipe.described == ("originals", "copies")


def test_models_for_statements_are_settings_of_their_own(tmp_path):
    model = {"model": "a", "base_url": "http://localhost:8000/v1"}
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump({"statements": {"annotator": model, "refiner": model}}), encoding="utf-8")
    recipe = Recipe.read(path)
    assert recipe.statements.annotator.model == "a"
    assert recipe.to_dict()["statements"]["annotator"]["base_url"] == "http://localhost:8000/v1"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"copis": 1}, r"unknown key copis \(did you mean copies\?\)"),
        ({"limits": {"second": [1, 2]}}, r"recipe.limits: unknown key second"),
        ({"limits": {"seconds": [5, 1]}}, r"limits of seconds are \[5, 1\]; expected \[least, most\]"),
        ({"copies": -1}, "copies is -1; expected a whole number of at least 0"),
        ({"copies": 26}, "copies is 26; expected at most 25, one of each type"),
        ({"copies": 0, "scored": ["copies"]}, "scored names copies, but copies is 0"),
        ({"described": ["everything"]}, "described is .*; expected a list of originals and copies"),
        ({"mapping": "percent"}, "mapping is 'percent'; expected rank, min-max, or a .json file"),
        ({"statements": "poems"}, "statements is 'poems'; expected rules, or a mapping with models"),
        ({"annotators": {"sound": ["x"]}}, "annotators has the keys sound; expected image and video"),
        ({"test_sets": ["koniq"]}, "test_sets is .*; expected a mapping"),
        (["copies"], "recipe is a list; expected a mapping"),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_named(values, message):
    with pytest.raises(AnnotationError, match=message):
        Recipe.from_dict(values)


def test_a_file_that_is_no_yaml_is_refused(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text("copies: [", encoding="utf-8")
    with pytest.raises(AnnotationError, match="recipe.yaml cannot be read"):
        Recipe.read(path)
