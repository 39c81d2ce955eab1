"""`transformers-vital experiment`, from the arguments to the files and the exit code."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image
from safetensors.torch import load_file
from scipy import stats

from transformers_vital.cli.main import main
from transformers_vital.experiments.trained_run import last_whole_checkpoint


@pytest.fixture
def output(tmp_path) -> Path:
    return tmp_path / "out"


def test_a_recipe_becomes_models_predictions_one_table_and_one_figure(recipe_values, recipe_file, output, capsys):
    recipe_values["runs"] = {"base": {}, "w/o PAIR": {"leave_out": ["pair"]}}
    arguments = ["experiment", recipe_file(recipe_values), "-o", str(output), "--max_steps", "1"]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert printed.out.rstrip() == (output / "results.md").read_text().rstrip()
    assert "2 trainings, each model measured on ratings" in printed.err
    assert sorted(path.name for path in output.iterdir()) == [
        "figure.png",
        "models",
        "predictions",
        *(f"results.{suffix}" for suffix in ("csv", "html", "json", "md", "tex")),
    ]
    rows = list(csv.DictReader((output / "results.csv").open(newline="")))
    assert [(row["run"], row["scored"], row["steps"]) for row in rows] == [("base", "8", "1"), ("w/o PAIR", "8", "1")]
    table = pq.read_table(output / "predictions" / "base-seed-0" / "ratings.parquet")
    expected = stats.spearmanr(table["score"], table["mos"]).statistic
    assert rows[0]["SRCC"] == f"{expected:.3f}"
    assert Image.open(output / "figure.png").format == "PNG"


def test_the_same_command_again_trains_and_scores_nothing(recipe_values, recipe_file, output, capsys, monkeypatch):
    from transformers_vital.cli import experiment_measures
    from transformers_vital.experiments import trained_run

    arguments = ["experiment", recipe_file(recipe_values), "-o", str(output), "--quiet"]
    assert main(arguments) == 0
    first = capsys.readouterr().out
    for module, name in ((trained_run, "_train"), (experiment_measures, "score_benchmarks")):
        monkeypatch.setattr(module, name, lambda *given, **named: pytest.fail("it is done again"))
    assert main(arguments) == 0
    assert capsys.readouterr().out == first


def test_seeds_questions_and_annotators_stand_in_the_json(recipe_values, recipe_file, output, workplace, capsys):
    asked = {"questions": str(workplace / "questions.json"), "max_new_tokens": 2}
    recipe_values["measures"].append(asked | {"data_root": str(workplace / "records" / "media")})
    arguments = ["experiment", recipe_file(recipe_values), "-o", str(output), "--seeds", "1", "2", "--json", "--quiet"]
    assert main(arguments) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    ratings, questions = run["measures"]
    assert len(ratings["srcc"]["seeds"]) == len(questions["words"]["seeds"]) == 2
    assert ratings["srcc"]["spread"] is not None
    assert questions["listed"] == 2
    assert 0 <= questions["words"]["value"] <= 2


def test_a_judge_says_what_answers_are_worth(
    recipe_values, recipe_file, output, workplace, tmp_path, capsys, monkeypatch
):
    from transformers_vital.evaluation import judge_file
    from transformers_vital.evaluation.answer_judge import LocalJudge

    mild = LocalJudge("mild", lambda question, seed: "Score: 1")
    monkeypatch.setattr(judge_file, "local_judge", lambda settings, *, device: mild)
    (tmp_path / "judge.yaml").write_text("model: mild\n")
    measure = {"questions": str(workplace / "questions.json"), "max_new_tokens": 2}
    measure |= {"data_root": str(workplace / "records" / "media"), "judge": str(tmp_path / "judge.yaml")}
    recipe_values |= {"measures": [measure], "runs": {"as it is": {"training": "none"}}}
    assert main(["experiment", recipe_file(recipe_values), "-o", str(output), "--json", "--quiet"]) == 0
    (measured,) = json.loads(capsys.readouterr().out)["runs"][0]["measures"]
    assert (measured["judged"], measured["accuracy"]["value"]) == (2, 1.0)


def test_an_annotator_is_a_run(recipe_values, recipe_file, output, capsys):
    recipe_values["runs"] = {"as it is": {"training": "none"}, "machine": {"annotator": "piqe"}}
    assert main(["experiment", recipe_file(recipe_values), "-o", str(output), "--json", "--quiet"]) == 0
    model, machine = json.loads(capsys.readouterr().out)["runs"]
    assert "steps" not in model
    assert machine["measures"][0]["scored"] == 8


def test_items_that_fail_are_counted_and_end_with_code_3(recipe_values, recipe_file, output, tmp_path, capsys):
    ratings = tmp_path / "lacking.csv"
    ratings.write_text("name,mos\n" + "".join(f"{index}.png,{index}\n" for index in range(9)))  # there is no 8.png
    recipe_values["measures"][0]["csv"] = str(ratings)
    recipe_values["runs"] = {"as it is": {"training": "none"}}
    assert main(["experiment", recipe_file(recipe_values), "-o", str(output), "--json", "--quiet"]) == 3
    (measured,) = json.loads(capsys.readouterr().out)["runs"][0]["measures"]
    assert (measured["scored"], measured["listed"]) == (8, 9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--max_step", "3"], "did you mean max_steps", id="unknown-setting"),
        pytest.param(["--max_steps"], "--max_steps has no value", id="no-value"),
        pytest.param(["extra"], "extra is no setting", id="no-setting"),
        pytest.param(["--seed", "3"], "seed is a setting that the experiment decides", id="seed"),
    ],
)
def test_settings_that_cannot_be_used_are_said_before_any_work(
    recipe_values, recipe_file, output, capsys, arguments, message
):
    assert main(["experiment", recipe_file(recipe_values), "-o", str(output), *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not output.exists()


def test_a_measure_has_the_options_of_evaluate(recipe_values, recipe_file, output, capsys):
    recipe_values["measures"][0]["data_rooot"] = "x"
    recipe_values["runs"] = {"as it is": {"training": "none"}}
    assert main(["experiment", recipe_file(recipe_values), "-o", str(output)]) == 2
    assert "unknown argument --data-rooot=x (did you mean --data-root?)" in capsys.readouterr().err


def test_a_file_to_measure_on_that_is_not_there_is_said_before_any_work(recipe_values, recipe_file, output, capsys):
    recipe_values["measures"][0]["csv"] = "absent.csv"
    assert main(["experiment", recipe_file(recipe_values), "-o", str(output)]) == 2
    assert "csv of the measure absent is absent.csv, which does not exist" in capsys.readouterr().err
    assert not output.exists()


def test_a_killed_training_goes_on_to_the_weights_of_one_that_was_not(recipe_values, recipe_file, tmp_path, capsys):
    recipe_values["settings"] |= {"max_steps": 6, "save_steps": 2}
    recipe = recipe_file(recipe_values)
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    command = [sys.executable, "-m", "transformers_vital.cli.main", "experiment", recipe, "-o", str(killed)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
    folder = killed / "models" / "base-seed-0"
    deadline = time.monotonic() + 300
    while last_whole_checkpoint(folder) is None and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert last_whole_checkpoint(folder) is not None
    assert not (folder / "finished.json").exists()
    assert main(["experiment", recipe, "-o", str(killed)]) == 0
    assert "base goes on from" in capsys.readouterr().err
    assert main(["experiment", recipe, "-o", str(whole), "--quiet"]) == 0
    first, second = (load_file(each / "models" / "base-seed-0" / "model.safetensors") for each in (killed, whole))
    assert first.keys() == second.keys()
    assert max((first[name] - second[name]).abs().max().item() for name in first) < 1e-6
