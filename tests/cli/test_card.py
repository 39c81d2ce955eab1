"""`transformers-vital card`, from the files of a run to the card and the exit code."""

from pathlib import Path

import pytest
import yaml
from huggingface_hub import ModelCard

from transformers_vital.cli.main import main
from transformers_vital.evaluation.predictions import Predictions, write_predictions
from transformers_vital.hub.training_record import training_stage, write_stages
from transformers_vital.scoring.scorer import weight_hash


LEVELS = {f"level_probability_{level}": 0.2 for level in ("high", "good", "fair", "poor", "low")}


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A trained model, `model`, and results of its weights, `results/model`, in the working folder."""
    monkeypatch.chdir(tmp_path)
    Path("model").mkdir()
    Path("model/model.safetensors").write_bytes(b"weights")
    stage = training_stage(base_model="owner/start", arguments={"policy": "decoder"}, log_history=[], num_steps=3)
    write_stages("model", [stage])
    evaluated("model", weights=weight_hash("model"))
    return Path("model")


def evaluated(name: str, *, weights: str | None) -> None:
    facts = {"id": "koniq", "title": "KonIQ-10k", "modality": "image", "num_items": 4, "table": 3}
    rows = [
        {"name": f"{n}.png", "kind": "image", "score": n / 9, "mos": rating, "error": None, **LEVELS}
        for n, rating in enumerate([1.0, 2.0, 4.0, 3.0])
    ]
    Path("results", name).mkdir(parents=True)
    predictions = Predictions(facts, {"model": name, "weight_hash": weights}, tuple(rows))
    write_predictions(predictions, path=Path("results", name, "koniq.parquet"))


def test_the_card_has_training_evaluation_and_licence(model, capsys):
    arguments = ["--license", "apache-2.0", "--results", "results/model", "--hub-dataset", "koniq=owner/koniq"]
    assert main(["card", "model", *arguments, "--title", "Mine"]) == 0
    card = ModelCard.load("model/README.md")
    assert (card.data.license, card.data.base_model, card.data.model_name) == ("apache-2.0", "owner/start", "Mine")
    assert card.data.eval_results[0].metric_value == pytest.approx(0.8)  # 1 - 6 · 2 / (4 · 15)
    assert "| policy | decoder |" in card.text and "KonIQ-10k" in card.text
    assert yaml.safe_load(Path("model/.eval_results/koniq.yaml").read_text())[0]["dataset"]["id"] == "owner/koniq"
    assert capsys.readouterr().out == "wrote model/README.md\nwrote model/.eval_results/koniq.yaml\n"


def test_a_card_of_a_person_stays(model, capsys):
    Path("model/README.md").write_text("My own words")
    assert main(["card", "model", "--license", "mit"]) == 0
    assert Path("model/README.md").read_text() == "My own words"
    printed = capsys.readouterr()
    assert "written or changed by a person and stays; the new card is model/README.new.md" in printed.err
    assert printed.out == "wrote model/README.new.md\n"


def test_the_card_of_a_folder_with_code_says_how_to_use_it(model):
    Path("model/modeling_vital.py").write_text("")
    assert main(["card", "model", "--license", "mit"]) == 0
    assert "trust_remote_code=True" in Path("model/README.md").read_text()


def test_results_of_other_weights_are_refused(model, capsys):
    evaluated("other", weights="0123456789abcdef")
    assert main(["card", "model", "--license", "mit", "--results", "results/other"]) == 2
    assert "are of weights 0123456789abcdef, those of model are " in capsys.readouterr().err
    assert not Path("model/README.md").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["model"], "the following arguments are required: --license"),
        (["model", "--license", "My own"], "license is 'My own'; expected an identifier of the Hub"),
        (["gone", "--license", "mit"], "There is no folder gone"),
        (["model", "--license", "mit", "--dataset", "no/such/set"], "no/such/set is no folder with a README.md"),
        (["model", "--license", "mit", "--paper-model", "KVQ"], "Name them with --results"),
        (["model", "--license", "mit", "--results", "r", "--hub-dataset", "koniq"], "koniq is no pair"),
        (["model", "--license", "mit", "--results", "model"], "model has no predictions in it"),
    ],
    ids=["licence", "no identifier", "no folder", "no dataset", "paper", "pair", "no results"],
)
def test_what_cannot_be_done_is_said(model, capsys, arguments, message):
    assert main(["card", *arguments]) == 2
    assert message in capsys.readouterr().err
