"""`transformers-vital push`, against a server on this machine that keeps the files."""

import json
from functools import partial
from pathlib import Path

import pytest
from built_dataset import build
from hub_server import hub_server
from huggingface_hub import HfApi, constants

from transformers_vital.cli.main import main
from transformers_vital.hub import push
from transformers_vital.hub.card_file import write_card
from transformers_vital.hub.dataset_card import dataset_card
from transformers_vital.hub.model_card import model_card


@pytest.fixture
def hub(monkeypatch, tmp_path):
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    with hub_server() as server:
        monkeypatch.setattr(push, "HfApi", partial(HfApi, endpoint=server.endpoint, token="hf_test"))
        yield server


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("model").mkdir()
    Path("model/model.safetensors").write_bytes(b"weights")
    Path("model/training_args.bin").write_bytes(b"pickle")
    write_card("model", model_card([], license="mit"))
    return Path("model")


def test_a_dry_run_prints_what_would_be_sent(model, hub, capsys):
    assert main(["push", "model", "me/mine", "--dry-run"]) == 0
    size = Path("model/README.md").stat().st_size
    assert capsys.readouterr().out == (
        f"Would create or update, nothing was sent: private model me/mine, 2 files, {(size + 7) / 1000:.1f} kB\n"
        f"{size / 1000:>7.1f} kB  README.md\n       7 B  model.safetensors\nstays here  training_args.bin\n"
    )
    assert hub.requests == []


def test_a_model_is_sent_to_a_private_repository(model, hub, capsys):
    assert main(["push", "model", "me/mine", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["url"].startswith(f"{hub.endpoint}/me/mine/commit/")
    assert hub.repositories["models/me/mine"]["private"] is True
    assert set(hub.repositories["models/me/mine"]["files"]) == {"README.md", "model.safetensors"}


def test_a_folder_of_records_is_a_dataset(hub, tmp_path):
    folder = build(tmp_path / "dataset")
    write_card(folder, dataset_card(folder, license="mit"))
    assert main(["push", str(folder), "me/data", "--public"]) == 0
    assert hub.repositories["datasets/me/data"]["private"] is False


def test_a_readme_there_that_a_person_wrote_stays_unless_asked(model, hub, capsys):
    hub.add("models/me/mine", **{"README.md": b"My own words"})
    assert main(["push", "model", "me/mine"]) == 2
    assert "pass overwrite_card=True (--overwrite-readme)" in capsys.readouterr().err
    assert main(["push", "model", "me/mine", "--overwrite-readme"]) == 0
    assert hub.repositories["models/me/mine"]["files"]["README.md"] != b"My own words"


def test_a_folder_that_is_not_there_is_one_message(capsys):
    assert main(["push", "gone", "me/mine", "--dry-run"]) == 2
    assert "There is no folder gone" in capsys.readouterr().err
