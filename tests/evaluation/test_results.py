"""Results out of predictions: against scipy on the raw columns, the paper's tables, and hand-counted means."""

import json
import math

import numpy as np
import pytest
from scipy import stats

from transformers_vital.errors import EvaluationError
from transformers_vital.evaluation.benchmarks import load_benchmark
from transformers_vital.evaluation.predictions import Predictions
from transformers_vital.evaluation.results import compare_predictions, evaluate_predictions, model_label


OWN = {"id": "mine", "title": "mine", "modality": "image", "num_items": None, "table": None}


def facts_of(name: str) -> dict:
    benchmark = load_benchmark(name)
    return {key: getattr(benchmark, key) for key in OWN}


def predictions_of(scores, mos, *, facts=OWN, model="m", failed=0) -> Predictions:
    rows = [
        {"name": f"{n}.png", "score": float(score), "mos": float(rating), "error": None}
        for n, (score, rating) in enumerate(zip(scores, mos, strict=True))
    ]
    rows += [{"name": f"bad{n}.png", "score": None, "mos": 100.0, "error": "torn"} for n in range(failed)]
    return Predictions(facts, {"model": model}, tuple(rows))


@pytest.fixture(scope="module")
def rated():
    """Ratings with ties, and the columns of two annotators."""
    rng = np.random.default_rng(0)
    mos = rng.integers(0, 50, size=80) / 10
    return mos, mos + rng.normal(size=80), mos + 2 * rng.normal(size=80)


@pytest.mark.parametrize("column", [1, 2])
def test_metrics_of_an_annotator_are_those_of_scipy_on_the_raw_columns(rated, column):
    (result,) = evaluate_predictions([predictions_of(rated[column], rated[0])], resamples=10).benchmarks
    scores, mos = rated[column], rated[0]
    assert result.metrics["srcc"] == pytest.approx(stats.spearmanr(scores, mos).statistic, abs=1e-12)
    assert result.metrics["plcc"] == pytest.approx(stats.pearsonr(scores, mos).statistic, abs=1e-12)
    assert result.metrics["krcc"] == pytest.approx(stats.kendalltau(scores, mos).statistic, abs=1e-12)
    assert result.intervals["srcc"].value == pytest.approx(result.metrics["srcc"], abs=1e-12)


def test_failed_items_are_counted_and_do_not_count(rated):
    (whole,) = evaluate_predictions([predictions_of(rated[1], rated[0])], resamples=10).benchmarks
    (some,) = evaluate_predictions([predictions_of(rated[1], rated[0], failed=3)], resamples=10).benchmarks
    assert (some.listed, some.scored, some.failed) == (83, 80, 3)
    assert some.metrics == whole.metrics


def test_with_two_scored_items_nothing_is_defined():
    results = evaluate_predictions([predictions_of([0.1, 0.2], [1, 2], facts=facts_of("koniq"))])
    assert all(math.isnan(value) for value in results.benchmarks[0].metrics.values())
    assert results.averages == ()
    json.dumps(results.to_dict(), allow_nan=False)


def test_the_values_of_the_paper_are_beside(rated):
    given = predictions_of(rated[1], rated[0], facts=facts_of("koniq"))
    results = evaluate_predictions([given], paper_model="VITAL-BASE-8B", resamples=10)
    beside = results.benchmarks[0].paper["srcc"]
    assert (beside.paper, beside.table) == (0.931, 3)
    shown = results.to_dict()["benchmarks"][0]["paper"]["srcc"]
    assert shown["difference"] == pytest.approx(shown["ours"] - 0.931)


def test_a_model_of_videos_only_leaves_images_without_a_value(rated):
    given = predictions_of(rated[1], rated[0], facts=facts_of("koniq"))
    assert evaluate_predictions([given], paper_model="FAST-VQA", resamples=10).benchmarks[0].paper == {}


def test_an_unknown_model_of_the_paper_is_refused_with_the_closest(rated):
    with pytest.raises(EvaluationError, match=r"'VITAL-BASE-9B' \(did you mean .*VITAL-BASE-8B"):
        evaluate_predictions([predictions_of(rated[1], rated[0])], paper_model="VITAL-BASE-9B")


def test_the_average_is_that_of_the_tables_over_what_was_run(rated):
    mos, first, second = rated
    given = [
        predictions_of(first, mos, facts=facts_of("koniq")),
        predictions_of(second, mos, facts=facts_of("csiq")),
        predictions_of(second, mos),
    ]
    (mean,) = evaluate_predictions(given, paper_model="VITAL-BASE-8B", resamples=10).averages
    values = [stats.spearmanr(scores, mos).statistic for scores in (first, second)]
    values += [stats.pearsonr(scores, mos).statistic for scores in (first, second)]
    assert mean.value == pytest.approx(sum(values) / 4)
    assert (mean.table, mean.datasets, mean.of) == (3, ("koniq", "csiq"), 7)


def test_videos_and_images_have_an_average_each(rated):
    given = [predictions_of(rated[1], rated[0], facts=facts_of(name)) for name in ("kvq", "koniq")]
    assert [mean.table for mean in evaluate_predictions(given, resamples=10).averages] == [2, 3]


def test_predictions_of_two_models_are_no_results_of_one(rated):
    given = [predictions_of(rated[1], rated[0]), predictions_of(rated[1], rated[0], model="other")]
    with pytest.raises(EvaluationError, match="model was m and is other"):
        evaluate_predictions(given)


def test_no_predictions_are_refused():
    with pytest.raises(EvaluationError, match="There are no predictions"):
        evaluate_predictions([])


def test_two_models_are_compared_on_what_both_have_scored(rated):
    mos, first, second = rated
    ours, theirs = predictions_of(first, mos, failed=2), predictions_of(second[:70], mos[:70])
    compared = compare_predictions(ours, other=theirs, resamples=200)
    assert compared.items == 70
    expected = stats.pearsonr(first[:70], mos[:70]).statistic - stats.pearsonr(second[:70], mos[:70]).statistic
    assert compared.comparisons["plcc"].difference.value == pytest.approx(expected)
    assert compared.williams.degrees_of_freedom == 67 and compared.williams.t > 0


def test_a_model_does_not_differ_from_itself(rated):
    given = predictions_of(rated[1], rated[0])
    compared = compare_predictions(given, other=given, resamples=50)
    assert compared.comparisons["srcc"].difference.value == 0 and compared.williams.p_value == 1


def test_other_ratings_of_an_item_are_refused(rated):
    with pytest.raises(EvaluationError, match="80 of 80 items of mine have another rating"):
        compare_predictions(predictions_of(rated[1], rated[0]), other=predictions_of(rated[1], rated[0] + 1))


def test_other_benchmarks_are_not_compared(rated):
    other = predictions_of(rated[1], rated[0], facts=facts_of("koniq"))
    with pytest.raises(EvaluationError, match="on mine and koniq"):
        compare_predictions(predictions_of(rated[1], rated[0]), other=other)


def test_three_common_items_are_too_few_to_compare():
    given = predictions_of([1, 2, 3], [1, 3, 2])
    assert compare_predictions(given, other=given).comparisons == {}


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("vital-tiny", "vital-tiny"),
        ("someone/model", "someone--model"),
        ("/runs/first/checkpoint-5", "checkpoint-5"),
        ("a b$c", "a-b-c"),
    ],
)
def test_the_folder_of_a_model_has_a_plain_name(name, label):
    assert model_label(name) == label


def test_a_folder_cannot_lead_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert model_label("..") == tmp_path.parent.name
