"""Results as the metadata of a model card, read back by the Hub's own library."""

import math

import pytest
import yaml
from huggingface_hub import ModelCard, ModelCardData, parse_eval_result_entries

from transformers_vital.errors import OutputError
from transformers_vital.evaluation.benchmarks import load_benchmark
from transformers_vital.evaluation.predictions import Predictions
from transformers_vital.evaluation.results import evaluate_predictions
from transformers_vital.hub.eval_results import eval_result_files, model_index


def results_on(name: str, *, mos: list[float]):
    benchmark = load_benchmark(name)
    facts = {key: getattr(benchmark, key) for key in ("id", "title", "modality", "num_items", "table")}
    rows = [{"name": str(n), "score": n / 9, "mos": rating, "error": None} for n, rating in enumerate(mos)]
    rows.append({"name": "bad", "score": None, "mos": 1.0, "error": "torn"})
    return evaluate_predictions([Predictions(facts, {"model": "m"}, tuple(rows))], resamples=10)


def test_a_card_carries_the_results():
    entries = model_index(results_on("koniq", mos=[1.0, 2.0, 4.0, 3.0]))
    card = ModelCard(f"---\n{ModelCardData(model_name='m', eval_results=entries).to_yaml()}\n---\n")
    srcc, plcc = card.data.eval_results
    assert (srcc.dataset_type, srcc.dataset_name, srcc.metric_type) == ("koniq", "KonIQ-10k", "spearmanr")
    assert srcc.metric_value == pytest.approx(0.8)  # 1 - 6 · 2 / (4 · 15)
    assert plcc.metric_type == "pearsonr"
    low, high = srcc.metric_args.pop("interval_95")
    assert low <= 0.8 <= high
    assert srcc.metric_args == {"scored": 4, "listed": 5}


def test_a_benchmark_that_is_on_the_hub_has_a_file_for_its_page():
    results = results_on("koniq", mos=[1.0, 2.0, 4.0, 3.0])
    ((name, text),) = eval_result_files(results, hub_datasets={"koniq": "owner/koniq"}).items()
    assert name == ".eval_results/koniq.yaml"
    srcc, plcc = parse_eval_result_entries(yaml.safe_load(text))
    assert (srcc.dataset_id, srcc.task_id, plcc.task_id) == ("owner/koniq", "spearmanr", "pearsonr")
    assert srcc.value == pytest.approx(0.8)
    assert srcc.notes.startswith("scored 4, listed 5, interval_95 [")


def test_a_benchmark_that_is_not_named_has_no_file():
    assert eval_result_files(results_on("koniq", mos=[1.0, 2.0, 3.0]), hub_datasets={}) == {}


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"spaq": "owner/spaq"}, "There are no results on spaq; there are some on koniq"),
        ({"koniq": "koniq"}, "'koniq' is no dataset of the Hub; expected a name such as owner/koniq"),
        ({"koniq": "a b/c"}, "is no dataset of the Hub"),
    ],
)
def test_a_benchmark_without_results_or_with_no_name_of_the_hub_is_refused(named, message):
    with pytest.raises(OutputError, match=message):
        eval_result_files(results_on("koniq", mos=[1.0, 2.0, 3.0]), hub_datasets=named)


@pytest.mark.parametrize(("name", "task"), [("koniq", "image-text-to-text"), ("kvq", "video-text-to-text")])
def test_the_task_is_that_of_the_media(name, task):
    assert {entry.task_type for entry in model_index(results_on(name, mos=[1.0, 2.0, 3.0]))} == {task}


def test_values_that_are_not_defined_are_left_out():
    results = results_on("koniq", mos=[2.0, 2.0, 2.0])
    assert math.isnan(results.benchmarks[0].metrics["srcc"])
    assert model_index(results) == []
