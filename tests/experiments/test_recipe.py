"""Recipes: what is read, what is refused, and what a line of the command changes."""

import pytest

from transformers_vital.errors import AnnotationError, ExperimentError
from transformers_vital.experiments.recipe import Recipe
from transformers_vital.experiments.trained_run import check_settings
from transformers_vital.scoring.default_model import hub_configs_folder


SHIPPED = sorted(path.stem for path in (hub_configs_folder() / "experiments").glob("*.yaml"))


def recipe(**values) -> Recipe:
    return Recipe.from_dict({"title": "A try", "runs": {"base": {}}, "measures": [{"csv": "a/photos.csv"}]} | values)


def test_there_is_a_recipe_for_each_discussion_of_the_paper():
    assert SHIPPED == [
        "ablations",
        "data_scaling",
        "linear_probe",
        "opinion_unaware",
        "post_training_scaling",
        "text_losses",
        "tiny_ablations",
        "tiny_data_scaling",
        "tiny_linear_probe",
        "tiny_opinion_unaware",
        "tiny_post_training",
        "tiny_transfer",
        "tiny_transfer_mini",
        "transfer",
    ]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_recipe_has_known_settings_and_says_whose_it_is(name):
    shipped = Recipe.read(name)
    check_settings(shipped)
    assert len([run for run in shipped.runs if run.measured]) >= 2
    text = (hub_configs_folder() / "experiments" / f"{name}.yaml").read_text()
    assert "(paper, " in text.splitlines()[0]


def test_the_ablations_stand_beside_table_7():
    shipped = Recipe.read("ablations")
    without_pmod = shipped.paper_values(shipped.runs[1])
    assert (without_pmod["kadid", "srcc"], without_pmod["live-vqc", "plcc"]) == (0.602, 0.773)  # printed there


def test_transfer_stands_beside_tables_9_and_10():
    shipped = Recipe.read("transfer")
    values = shipped.paper_values(next(run for run in shipped.runs if run.name == "zero"))
    assert (values["kvq", "plcc"], values["koniq", "srcc"]) == (0.330, 0.819)


def test_numbers_without_a_dot_are_numbers():
    assert recipe(settings={"learning_rate": "2e-5"}).settings == {"learning_rate": 2e-5}


def test_what_evaluate_calls_the_results_of_a_measure():
    found = recipe(measures=[{"benchmark": "koniq, spaq"}, {"csv": "a/photos.csv"}, {"questions": "b/asked.json"}])
    assert found.measure_ids == ("koniq", "spaq", "photos", "asked")
    assert recipe(measures=[{"benchmark": "koniq", "csv": "own.csv"}]).measure_ids == ("koniq",)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param({"figure": "pie"}, "figure is 'pie'; expected bars or lines", id="figure"),
        pytest.param({"runs": {}}, "Name at least one run", id="no-runs"),
        pytest.param({"runs": {"a b": {}, "a-b": {}}}, "none twice", id="same-folder"),
        pytest.param({"runs": {"..": {}}}, "with a letter or digit", id="name-that-leads-out"),
        pytest.param({"runs": {"a": {"training": "x"}}}, "training of a is 'x'; expected mixture", id="training"),
        pytest.param({"runs": {"a": {"share": 0}}}, "share of a is 0. Say training: none", id="share"),
        pytest.param({"runs": {"a": {"model": "run:b"}, "b": {}}}, "no run before it has that name", id="later-run"),
        pytest.param({"measures": [{"data_root": "d"}]}, "expected one of benchmark, csv, questions", id="no-measure"),
        pytest.param({"measures": [{"csv": "a/x.csv"}, {"csv": "b/x.csv"}]}, "none twice", id="same-results"),
        pytest.param({"tables": [7], "runs": {"a": {"paper": "BASE-8C"}}}, "did you mean BASE-8B", id="paper-row"),
        pytest.param({"runs": {"a": {"paper": "BASE-8B"}}}, "the recipe names no tables", id="no-tables"),
        pytest.param({"seeds": []}, "expected at least one", id="no-seeds"),
    ],
)
def test_a_recipe_that_cannot_be_run_is_refused(values, message):
    with pytest.raises(ExperimentError, match=message):
        recipe(**values)


def test_an_unknown_key_gets_a_hint():
    with pytest.raises(AnnotationError, match=r"unknown key measure \(did you mean measures\?\)"):
        recipe(measure=[])


def test_an_unknown_setting_gets_a_hint():
    with pytest.raises(ExperimentError, match=r"max_step'? \(did you mean max_steps"):
        check_settings(recipe(settings={"max_step": 3}))


def test_what_the_experiment_decides_is_no_setting():
    with pytest.raises(ExperimentError, match="output_dir is a setting that the experiment decides"):
        check_settings(recipe(settings={"output_dir": "elsewhere"}))


def test_an_unknown_recipe_gets_a_hint():
    with pytest.raises(ExperimentError, match="did you mean ablations"):
        Recipe.read("ablation")


def test_a_line_changes_shared_settings_and_leaves_those_of_runs():
    changed = recipe(
        settings={"max_steps": 9, "pmod": True}, runs={"a": {}, "b": {"pmod": False, "leave_out": ["pair"]}}
    ).changed({"max_steps": 3, "pmod": True, "seeds": [4, 5]})
    assert [changed.settings_of(run)["pmod"] for run in changed.runs] == [True, False]
    assert {changed.settings_of(run)["max_steps"] for run in changed.runs} == {3}
    assert changed.seeds == (4, 5)


def test_a_setting_that_every_run_has_cannot_be_changed_from_outside():
    with pytest.raises(ExperimentError, match="Every run sets pmod itself"):
        recipe(runs={"a": {"pmod": False}}).changed({"pmod": True})


def test_a_model_as_it_is_is_measured_once_whatever_the_seeds():
    runs = {
        "as it is": {"training": "none"},
        "machine": {"annotator": "piqe"},
        "base": {},
        "zero": {"training": "none", "vision_encoder": "run:base"},
    }
    several = recipe(runs=runs, seeds=[1, 2])
    assert [several.seeds_of(run) for run in several.runs] == [(1,), (1,), (1, 2), (1, 2)]
