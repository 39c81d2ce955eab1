"""Plans: a sample is worked on, everything is multiplied, and nothing is left behind or paid for."""

import pytest
from building import LIMITS, write_sources

from transformers_vital.annotation.build import Build, Workers
from transformers_vital.annotation.plan import plan_build
from transformers_vital.annotation.recipe import Recipe
from transformers_vital.errors import AnnotationError


RECIPE = {"limits": LIMITS, "scored": [], "described": ["originals", "copies"]}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return write_sources(tmp_path_factory.mktemp("plan") / "sources")


def test_hours_are_the_seconds_of_one_medium_times_their_number(sources, tmp_path):
    build = Build(tmp_path / "dataset", Recipe.from_dict(RECIPE), Workers(processes=4))
    plan = plan_build(build, sources, items={"image": 3600, "video": 7200})
    assert [stage["stage"] for stage in plan["stages"]] == ["pool", "copies", "attributes", "statements"]
    for stage in plan["stages"]:
        seconds = stage["seconds"]
        assert stage["hours"] == pytest.approx((seconds["image"] + 2 * seconds["video"]) / 4)
        assert min(seconds.values()) > 0
    assert plan["hours"] == pytest.approx(sum(stage["hours"] for stage in plan["stages"]))
    assert plan["sample"] == {"image": 4, "video": 2} and plan["calls"] is None
    assert not (tmp_path / "dataset").exists()


def test_bytes_are_those_of_originals_and_copies(sources, tmp_path):
    recipe = Recipe.from_dict(RECIPE | {"copies": 0, "described": []})
    plan = plan_build(Build(tmp_path, recipe), sources, items={"image": 4, "video": 0})
    sizes = [(sources / name).stat().st_size for name in ("cat.png", "dandelions.jpg", "dogs.jpg", "rocket.jpg")]
    assert plan["bytes"] == sum(sizes)


def test_calls_of_models_are_counted_and_none_is_made(sources, tmp_path):
    """A description, its refinement, and for each of five statements 2 judges x 3 rounds and 3 of the annotator."""
    model = {"model": "m", "base_url": "http://localhost:9/v1"}
    statements = {"annotator": model, "refiner": model, "judges": [model, model]}
    recipe = Recipe.from_dict(RECIPE | {"statements": statements})
    plan = plan_build(Build(tmp_path, recipe), sources, items={"image": 10, "video": 0})
    assert plan["calls"] == 2 * 10 * (2 + 5 * (2 * 3 + 3))
    assert plan["cost"] is None


def test_sources_without_a_kind_that_is_planned_for_are_named(sources, tmp_path):
    recipe = Recipe.from_dict(RECIPE | {"limits": LIMITS | {"seconds": [5, 20]}})
    with pytest.raises(AnnotationError, match="Among 11 candidates of the sources is no usable video"):
        plan_build(Build(tmp_path, recipe), sources, items={"image": 1, "video": 1})
