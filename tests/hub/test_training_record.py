"""What is kept of a run of training, and what is not."""

import json

import pytest

from transformers_vital.errors import OutputError
from transformers_vital.hub.training_record import read_stages, training_stage, write_stages


def stage(base_model: str = "OpenGVLab/InternVL3-8B-hf", **changes) -> dict:
    facts = {"arguments": {"policy": "decoder", "output_dir": "/home/me/secret"}, "log_history": [], "num_steps": 2}
    return training_stage(base_model=base_model, **{**facts, **changes})


def test_the_stages_are_read_back(tmp_path):
    stages = [stage(), stage("/home/me/start", losses={"pair": "Eq. 2"}, records={"image_pair": 7}, parameters=10)]
    write_stages(tmp_path, stages)
    assert read_stages(tmp_path) == stages
    assert [path.name for path in tmp_path.iterdir()] == ["training.json"]


def test_the_last_value_of_each_quantity_is_kept():
    assert stage(log_history=[{"loss": 2.0, "step": 1}, {"loss": 1.0}])["logged"] == {"loss": 1.0, "step": 1}


def test_no_place_on_this_machine_is_kept():
    assert "home" not in json.dumps(stage("/home/me/start"))


@pytest.mark.parametrize(
    "folder", ["/home/someone/start", "./start", "../start", "~/start", "runs/first/start", "runs/start"]
)
def test_a_folder_is_no_model_of_the_hub(folder, tmp_path, monkeypatch):
    (tmp_path / "runs" / "start").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    kept = stage(folder)
    assert (kept["base_model"], kept["on_hub"]) == ("start", False)


def test_a_name_of_the_hub_is_kept_whole():
    kept = stage()
    assert (kept["base_model"], kept["on_hub"]) == ("OpenGVLab/InternVL3-8B-hf", True)


def test_a_folder_without_a_record_has_no_stages(tmp_path):
    assert read_stages(tmp_path) == read_stages("owner/name") == []


@pytest.mark.parametrize("text", ["", "[]", '{"stages": [{}]}', '{"stages": 3}'])
def test_a_record_of_another_form_is_refused(text, tmp_path):
    (tmp_path / "training.json").write_text(text)
    with pytest.raises(OutputError, match="training.json is no record of training .*Remove it, or train again"):
        read_stages(tmp_path)
