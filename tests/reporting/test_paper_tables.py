"""Tables of the paper, and rows of one's own below."""

import math

import numpy as np
import pytest

from transformers_vital.evaluation.benchmarks import load_benchmark
from transformers_vital.evaluation.paper import paper_table
from transformers_vital.evaluation.predictions import Predictions
from transformers_vital.evaluation.qbench import COLUMNS, Column
from transformers_vital.evaluation.question_results import QuestionResults
from transformers_vital.evaluation.results import evaluate_predictions
from transformers_vital.reporting.paper_tables import paper_view


def results_on(*names: str):
    """A model whose scores are not quite the ratings of thirty items of each benchmark."""
    rng = np.random.default_rng(0)
    predictions = []
    for name in names:
        facts = {key: getattr(load_benchmark(name), key) for key in ("id", "title", "modality", "num_items", "table")}
        mos = rng.normal(size=30)
        scores = mos + rng.normal(size=30)
        rows = [{"name": str(n), "score": scores[n], "mos": mos[n], "error": None} for n in range(30)]
        predictions.append(Predictions(facts, {"model": "m"}, tuple(rows)))
    return evaluate_predictions(predictions, resamples=20)


def answered(kind: str, *, share: float | None = 0.5) -> QuestionResults:
    columns = {name: Column(share, 3.0, 6, 8) for name in COLUMNS[kind]}
    return QuestionResults("m", "mine", kind, {}, None, columns, {}, None, {})


@pytest.mark.parametrize("number", [2, 3, 4, 5, 6, 7, 9, 10, 11])
def test_a_table_of_the_paper_has_all_its_rows(number):
    view = paper_view(number)
    assert [row[0] for row in view.rows] == [row.model for row in paper_table(number).rows]
    assert len({len(cells) for cells in (view.columns, *view.rows)}) == 1


def test_ones_own_row_is_below_those_of_the_paper_with_gaps_where_nothing_was_run():
    results = results_on("koniq")
    view = paper_view(3, results=[results])
    row = dict(zip(view.columns, view.rows[-1], strict=True))
    assert row["model"] == "m (ours)"
    assert row["koniq SRCC"] == f"{results.benchmarks[0].metrics['srcc']:.3f}" and row["spaq SRCC"] == "-"
    assert row["AVG."] == f"{results.averages[0].value:.3f}"
    assert "AVG. of m is over 1 of 7 datasets: koniq." in view.notes


def test_table_5_takes_what_was_run_on_its_datasets():
    view = paper_view(5, results=[results_on("koniq", "csiq")])
    row = dict(zip(view.columns, view.rows[-1], strict=True))
    assert [row[f"{name} SRCC"] != "-" for name in ("koniq", "kadid", "spaq", "csiq")] == [True, False, False, True]


def test_a_table_of_other_datasets_gets_no_row():
    assert len(paper_view(2, results=[results_on("koniq")]).rows) == len(paper_table(2).rows)


@pytest.mark.parametrize("number", [4, 11])
def test_answers_about_videos_are_a_row_in_percent_with_their_counts(number):
    view = paper_view(number, answered=[answered("video")])
    assert view.rows[-1] == ("m (ours, mine)", *["50.00"] * 8)
    assert "m is of 6 judged of 8 questions of mine, the paper's rows of the 900 of the test set." in view.notes


def test_answers_that_nobody_judged_are_gaps():
    assert paper_view(4, answered=[answered("video", share=None)]).rows[-1][1:] == ("-",) * 8


def test_answers_about_images_are_no_row_of_table_4():
    assert paper_view(4, answered=[answered("image")]) == paper_view(4)


def test_answers_are_no_row_of_a_table_of_ratings():
    assert paper_view(3, answered=[answered("video")]) == paper_view(3)


def test_parameters_are_in_millions():
    view = paper_view(6)
    assert view.rows[0][1] == "1.61M" and not math.isnan(float(view.rows[0][1].removesuffix("M")))
