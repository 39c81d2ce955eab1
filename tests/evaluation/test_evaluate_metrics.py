"""The metrics through `evaluate.load`, offline."""

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml


evaluate = pytest.importorskip("evaluate")

FOLDER = Path(__file__).resolve().parents[2] / "hub_configs" / "metrics"
NAMES = ["srcc", "plcc", "krcc", "rmse", "qbench"]
PREDICTIONS, REFERENCES = [0.1, 0.4, 0.9, 0.3, 0.5], [1.0, 3.0, 5.0, 4.0, 4.0]


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """`evaluate.load` of a folder, with its own caches and without network."""
    caches = tmp_path_factory.mktemp("evaluate")  # one for all: Python remembers where it found the first module
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("evaluate.config.HF_EVALUATE_OFFLINE", True)
        patch.setattr("evaluate.config.HF_MODULES_CACHE", str(caches / "modules"))
        yield lambda name: evaluate.load(str(FOLDER / name), cache_dir=str(caches / "cache"))


@pytest.mark.parametrize("name", ["srcc", "plcc", "krcc", "rmse"])
def test_a_loaded_metric_computes_what_the_function_of_its_name_does(load, name):
    from transformers_vital.evaluation.metrics import rating_metrics

    expected = rating_metrics(PREDICTIONS, rated=REFERENCES)
    found = load(name).compute(predictions=PREDICTIONS, references=REFERENCES)
    assert name in found
    assert found == {key: pytest.approx(expected[key]) for key in found}


def test_batches_add_up_to_all_items(load):
    metric = load("srcc")
    metric.add_batch(predictions=PREDICTIONS[:2], references=REFERENCES[:2])
    metric.add(prediction=PREDICTIONS[2], reference=REFERENCES[2])
    metric.add_batch(predictions=PREDICTIONS[3:], references=REFERENCES[3:])
    # ranks 1 3 5 2 4 and 1 2 5 3.5 3.5, less their mean 3: products 4 + 0 + 4 - 0.5 + 0.5
    assert metric.compute()["srcc"] == pytest.approx(8 / math.sqrt(10 * 9.5))


def test_metrics_combine(load):
    combined = evaluate.combine([load(name) for name in ("srcc", "plcc", "krcc", "rmse")])
    combined.add_batch(predictions=PREDICTIONS, references=REFERENCES)
    assert set(combined.compute()) == {"srcc", "plcc", "plcc_logistic", "krcc", "rmse", "rmse_logistic"}


def test_answers_are_right_by_their_letter_overall_and_for_each_concern(load):
    found = load("qbench").compute(
        predictions=["A.", "(b)", "It is."],
        references=["A", "A", "B"],
        concerns=["CONCERN_Technical", "CONCERN_Technical_Temporal", "CONCERN_Temporal"],
    )
    assert found == {"overall": pytest.approx(1 / 3), "technical": 0.5, "temporal": 0.0, "undecided": 1}


def test_unusable_input_is_refused_as_by_the_function(load):
    with pytest.raises(ValueError, match="at least 3"):
        load("srcc").compute(predictions=[1.0, 2.0], references=[1.0, 2.0])


def test_a_metric_loads_in_a_fresh_process_that_cannot_reach_the_network(tmp_path):
    code = (
        "import socket\n"
        "def refuse(*a, **k): raise AssertionError('the network was asked for')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse\n"
        "import evaluate\n"
        f"metric = evaluate.load({str(FOLDER / 'krcc')!r})\n"
        "print(metric.compute(predictions=[1, 2, 3], references=[1, 2, 3]))"
    )
    environment = {**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip().splitlines()[-1] == "{'krcc': 1.0}"


@pytest.mark.parametrize("name", NAMES)
def test_the_card_says_what_the_hub_asks_for(name):
    _, metadata, text = (FOLDER / name / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    metadata = yaml.safe_load(metadata)
    assert {"title", "sdk", "license", "tags", "description"} <= set(metadata)
    assert {"evaluate", "metric"} <= set(metadata["tags"])
    assert f'evaluate.load("hub_configs/metrics/{name}")' in text


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_the_card_runs(name, load, monkeypatch):
    text = (FOLDER / name / "README.md").read_text(encoding="utf-8")
    code = text.split("```python\n")[1].split("```")[0].replace("import evaluate\n", "")
    monkeypatch.chdir(FOLDER.parents[1])
    values = {"evaluate": evaluate}
    exec(compile(code, name, "exec"), values)
    assert isinstance(values[name], evaluate.Metric)
