"""Cards of trained checkpoints: their metadata, what they show, and names that could break them."""

import pytest
import yaml

from transformers_vital.hub.model_card import training_card


ARGUMENTS = {
    "policy": "decoder",
    "learning_rate": 2e-5,
    "warmup_steps": 0.03,
    "lr_scheduler_type": "cosine",
    "max_steps": -1,
    "bf16": True,
    "output_dir": "/home/someone/secret",
}
LOGS = [
    {"loss": 1.25, "loss_pair": 0.123456789, "step": 1},
    {"loss": 0.75, "step": 2},
    {"eval_koniq_srcc": 0.9321, "eval_koniq_failed": 0, "step": 2},
]


def card(base_model: str = "OpenGVLab/InternVL3-8B-hf", arguments=ARGUMENTS, log_history=LOGS, num_steps=2):
    return training_card(base_model=base_model, arguments=arguments, log_history=log_history, num_steps=num_steps)


def metadata(content: str) -> dict:
    _, block, _ = content.split("---\n", 2)
    return yaml.safe_load(block)


def rows(content: str, heading: str) -> dict[str, str]:
    """First column → second column of the table below a heading; each row has two cells."""
    section = content.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    cells = [line.replace("\\|", "¦").split("|") for line in lines]
    assert all((len(row), row[0], row[-1]) == (4, "", "") for row in cells)
    return {row[1].strip(): row[2].strip() for row in cells[2:]}


def test_the_metadata_is_yaml_that_the_hub_reads():
    assert metadata(card().content) == {
        "library_name": "transformers",
        "pipeline_tag": "image-text-to-text",
        "tags": ["vital", "image-quality-assessment", "video-quality-assessment", "transformers_vital"],
        "base_model": "OpenGVLab/InternVL3-8B-hf",
    }


def test_the_text_says_what_was_trained_how_long():
    assert "Trained with transformers_vital from `OpenGVLab/InternVL3-8B-hf`, 2 steps." in card().text


def test_the_arguments_that_matter_are_shown():
    assert rows(card().content, "Training") == {
        "policy": "decoder",
        "learning_rate": "2e-05",
        "lr_scheduler_type": "cosine",
        "warmup_steps": "0.03",
        "max_steps": "-1",
        "bf16": "True",
    }


def test_the_last_value_of_each_logged_quantity_is_shown():
    assert rows(card().content, "Last logged") == {
        "loss": "0.75",
        "loss_pair": "0.1235",
        "step": "2",
        "eval_koniq_srcc": "0.9321",
        "eval_koniq_failed": "0",
    }


def test_a_card_before_the_first_log_says_so():
    assert rows(card(log_history=[]).content, "Last logged") == {"none": ""}


def test_random_weights_have_no_base_model():
    content = card(base_model="").content
    assert "base_model" not in metadata(content)
    assert "from random weights, 2 steps" in content


@pytest.mark.parametrize(
    "folder", ["/home/someone/start", "./start", "../start", "~/start", "runs/first/start", "runs/start"]
)
def test_a_folder_is_no_model_of_the_hub_and_its_place_stays_private(folder, tmp_path, monkeypatch):
    (tmp_path / "runs" / "start").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    content = card(base_model=folder).content
    assert "base_model" not in metadata(content)
    assert "from `start`, 2 steps" in content and "someone" not in content


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("policy", "a | b", "a ¦ b"),
        ("policy", "a\n\n# A heading\n| c | d |", "a # A heading ¦ c ¦ d ¦"),
        ("policy", "{metadata} {0}", "{metadata} {0}"),
        ("policy", "---", "---"),
    ],
    ids=["bar", "lines", "braces", "rule"],
)
def test_no_value_breaks_the_table(name, value, shown):
    content = card(arguments={name: value, "seed": 3}).content
    assert rows(content, "Training") == {name: shown, "seed": "3"}
    assert metadata(content)["library_name"] == "transformers"


def test_no_name_of_an_evaluation_breaks_the_table():
    content = card(log_history=[{"eval_my|set\nof clips_srcc": 0.5, "step": 1}]).content
    assert rows(content, "Last logged") == {"eval_my¦set of clips_srcc": "0.5", "step": "1"}


@pytest.mark.parametrize("name", ["a: b", "- a", "#a", "a\n---\nlicense: mit", "a/b/c", "'a"])
def test_a_name_that_the_hub_does_not_allow_stays_out_of_the_metadata(name):
    content = card(base_model=name).content
    assert set(metadata(content)) == {"library_name", "pipeline_tag", "tags"}


def test_a_saved_card_is_read_back(tmp_path):
    written = card()
    written.save(tmp_path / "README.md")
    assert type(written).load(tmp_path / "README.md").data.to_dict() == written.data.to_dict()
