"""Tables of predictions that are written by hand, and their figures."""

import csv
import io
import json

import pytest
from PIL import Image
from scipy import stats

from transformers_vital.errors import ExperimentError
from transformers_vital.evaluation.answers import answer_key, join_answers
from transformers_vital.evaluation.judgements import decide
from transformers_vital.evaluation.predictions import Predictions
from transformers_vital.evaluation.qbench_prompts import question_prompt
from transformers_vital.evaluation.qbench_questions import QualityQuestion
from transformers_vital.experiments.figure import experiment_figure
from transformers_vital.experiments.recipe import Recipe
from transformers_vital.experiments.results import (
    RunResult,
    measured_answers,
    measured_ratings,
    results_table,
    to_dict,
)
from transformers_vital.reporting.tables import to_csv


MOS = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
SCORES = [0.1, 0.3, 0.2, 0.5, 0.4, 0.9]


def predictions(scores, *, id="photos", mos=MOS) -> Predictions:
    facts = {"id": id, "title": id, "modality": "image", "num_items": None, "table": None}
    rows = [
        {"name": f"{index}.png", "score": score, "mos": rating, "error": None if score is not None else "It is lost."}
        for index, (score, rating) in enumerate(zip(scores, mos, strict=True))
    ]
    return Predictions(facts, {"model": "m"}, tuple(rows))


def answers(texts):
    """To a closed question each, whose right answer is A, but for the last, which is open."""
    questions = [
        QualityQuestion(index, "video", f"{index}.mp4", "Sharp?", "binary", ("technical",), ("Yes", "No"), "A", "Yes")
        for index in range(len(texts) - 1)
    ]
    questions.append(
        QualityQuestion(99, "video", "99.mp4", "What is wrong?", "open-ended", ("technical",), reference="Noise")
    )
    answered = {
        answer_key(question.media, question_prompt(question)): {"answer": text, "error": None}
        for question, text in zip(questions, texts, strict=True)
        if text is not None
    }
    lacking = {q.index: "It is lost." for q, text in zip(questions, texts, strict=True) if text is None}
    shared = {"id": "asked", "fingerprint": {"reading": "clean"}}
    found = join_answers(questions, answered=answered, lacking=lacking, **shared)
    return found, decide(questions, rows=found.rows, judged={})


@pytest.fixture
def recipe() -> Recipe:
    return Recipe.from_dict(
        {
            "title": "Ablation",
            "tables": [7],
            "seeds": [0, 1],
            "runs": {"base": {"paper": "BASE-8B"}, "w/o $PAIR": {"paper": "w/o PAIR"}},
            "measures": [{"csv": "photos.csv"}, {"csv": "kadid.csv"}],
        }
    )


@pytest.fixture
def results(recipe) -> list[RunResult]:
    measured = tuple(
        measured_ratings([predictions(SCORES, id=id), predictions(MOS, id=id)]) for id in ("photos", "kadid")
    )
    facts = {"steps": 4, "trained_parameters": 1_234_567, "loss": 0.5}
    return [RunResult(run, facts, measured, recipe.paper_values(run)) for run in recipe.runs]


def cells_of(table) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(table))))


def test_a_row_has_mean_spread_and_interval_over_seeds(recipe, results):
    row = cells_of(results_table(recipe, results))[0]
    first = stats.spearmanr(SCORES, MOS).statistic  # with the other seed it is 1
    assert row["SRCC"] == f"{(first + 1) / 2:.3f}"
    assert row["SRCC spread"] == f"{(1 - first) / 2**0.5:.3f}"
    low, high = map(float, row["SRCC 95 %"].split(" to "))
    assert low < float(row["SRCC"]) <= high <= 1
    assert (row["run"], row["measured on"], row["steps"]) == ("base", "photos", "4")
    assert row["trained parameters"] == "1.23M"


def test_the_papers_values_stand_where_it_has_the_dataset(recipe, results):
    rows = cells_of(results_table(recipe, results))
    beside = {(row["run"], row["measured on"]): (row["paper SRCC"], row["paper PLCC"]) for row in rows}
    assert beside["base", "photos"] == ("-", "-")
    assert beside["base", "kadid"] == ("0.759", "0.708")  # Table 7
    assert beside["w/o $PAIR", "AVG."] == ("0.725", "0.687")  # of kadid, the only one of it that was measured


def test_without_any_of_its_datasets_the_papers_average_is_of_all(recipe, results):
    (own,) = [each for each in results[1].measured if each.id == "photos"]
    alone = [RunResult(results[1].run, {}, (own,), results[1].paper)]
    *_, row = cells_of(results_table(recipe, alone))
    printed = (0.785, 0.856, 0.703, 0.868, 0.725, 0.810)  # SRCC of w/o PAIR in Table 7
    assert row["paper SRCC"] == f"{sum(printed) / 6:.3f}"
    assert any("none was measured here" in note for note in results_table(recipe, alone).notes)


def test_items_that_failed_with_a_seed_are_left_out_and_counted():
    found = measured_ratings([predictions([None, *SCORES[1:]]), predictions([*SCORES[:-1], None])])
    assert (found.listed, found.scored) == (6, 4)
    assert found.metrics["srcc"].values[0] == pytest.approx(stats.spearmanr(SCORES[1:5], MOS[1:5]).statistic)


def test_runs_on_different_ratings_are_not_compared():
    with pytest.raises(ExperimentError, match="different lists of photos"):
        measured_ratings([predictions(SCORES), predictions(SCORES, mos=MOS[::-1])])


def test_answers_have_an_accuracy_and_a_length():
    found = measured_answers([answers(["A", "B.", None, "It is full of noise."])])
    assert found.metrics["accuracy"].value == 0.5  # one of two; the open answer has no judge
    assert found.metrics["words"].value == pytest.approx((1 + 1 + 5) / 3)
    assert (found.listed, found.scored, found.judged) == (4, 3, 2)


def test_the_table_says_how_many_answers_were_judged(recipe):
    answered = measured_answers([answers(["A", "B.", None, "It is full of noise."])] * 2)
    (row,) = cells_of(results_table(recipe, [RunResult(recipe.runs[0], {}, (answered,), {})]))
    assert (row["scored"], row["listed"], row["judged"], row["accuracy"]) == ("3", "4", "2", "0.500")


def test_every_value_is_in_the_json(recipe, results):
    stored = json.loads(json.dumps(to_dict(recipe, results), allow_nan=False))
    srcc = stored["runs"][0]["measures"][0]["srcc"]
    assert srcc["seeds"] == pytest.approx([stats.spearmanr(SCORES, MOS).statistic, 1.0])
    assert srcc["value"] == pytest.approx(sum(srcc["seeds"]) / 2)
    assert stored["runs"][1]["average"]["plcc"]["seeds"][1] == pytest.approx(1.0)


@pytest.mark.parametrize("figure", ["bars", "lines"])
def test_a_figure_is_a_png_with_something_on_it(recipe, results, figure):
    from dataclasses import replace

    answered = measured_answers([answers(["A", "B.", "Noise everywhere."])] * 2)
    results = [replace(result, measured=(*result.measured, answered)) for result in results]
    picture = Image.open(io.BytesIO(experiment_figure(replace(recipe, figure=figure), results)))
    assert picture.format == "PNG"
    assert picture.width > 1500  # a panel for SRCC, PLCC, accuracy and words
    assert len(picture.convert("RGB").getcolors(maxcolors=1 << 20)) > 50


def test_bars_of_many_runs_look_different(monkeypatch):
    monkeypatch.setattr("transformers_vital.experiments.figure.png_of", lambda figure: figure)
    names = [f"run {number}" for number in range(20)]
    many = Recipe.from_dict({"title": "Many", "runs": dict.fromkeys(names), "measures": [{"csv": "photos.csv"}]})
    results = [RunResult(run, {}, (measured_ratings([predictions(SCORES)]),), {}) for run in many.runs]
    (axes, *_) = experiment_figure(many, results).axes
    looks = {(bars[0].get_facecolor(), bars[0].get_hatch()) for bars in axes.containers if hasattr(bars, "patches")}
    assert len(looks) == 20


def test_a_metric_without_any_value_has_no_panel(recipe, results):
    from dataclasses import replace

    unjudged = measured_answers([answers(["It is.", "Perhaps.", "Noise everywhere."])] * 2)
    both = [replace(result, measured=(*result.measured, unjudged)) for result in results]
    width = Image.open(io.BytesIO(experiment_figure(recipe, results))).width
    assert Image.open(io.BytesIO(experiment_figure(recipe, both))).width == pytest.approx(1.5 * width, rel=0.01)


def test_a_figure_of_values_that_are_not_defined_is_drawn(recipe):
    constant = measured_ratings([predictions([0.5] * 6)] * 2)
    results = [RunResult(run, {}, (constant,), {}) for run in recipe.runs]
    assert experiment_figure(recipe, results).startswith(b"\x89PNG")
