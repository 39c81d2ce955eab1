"""`transformers-vital zoo`, from the arguments to what is printed; models are replaced where they take long."""

import json
import sys
from types import SimpleNamespace

import pytest

from transformers_vital.cli.main import main
from transformers_vital.errors import CheckpointError


def test_the_list_names_every_model_and_where_it_is_from(capsys):
    assert main(["zoo", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 15
    assert "vital-base-8b              model    JZHWS/VITAL-Base-8B" in lines
    assert main(["zoo", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["vital-linear-probe"] == {
        "kind": "probe",
        "source": "JZHWS/VITAL-Linear-Probe",
    }


@pytest.fixture
def described(monkeypatch):
    """Replaces the counting of a model."""
    cost = {"records": 4000, "trained": 635_215_232, "gib_per_gpu": 3.14, "flops": 1e16, "gpu_hours": 0.2}
    parts = {"vision_tower": 304_012_288, "language_model": 2**30}
    calls = SimpleNamespace(num_gpus=None)

    def describe(model, *, num_gpus):
        calls.num_gpus = num_gpus
        training = {"pre-training": cost | {"gpu_hours": 1919.4}, "warm-up": cost}
        return {"name": model.name, "note": None, "parameters": parts, "training": training}

    monkeypatch.setitem(sys.modules, "transformers_vital.zoo.description", SimpleNamespace(describe=describe))
    return calls


def test_a_model_is_shown_with_its_size_and_its_costs(described, capsys):
    assert main(["zoo", "show", "vital-warm-up-1b", "--gpus", "4"]) == 0
    cost = "4,000 records, 635.2 M parameters trained: 3.1 GiB on each of 4 GPUs"
    assert capsys.readouterr().out.splitlines() == [
        "name              vital-warm-up-1b",
        "parameters        1,377,754,112, 2.6 GiB in bfloat16",
        "- vision_tower    304,012,288",
        "- language_model  1,073,741,824",
        f"pre-training      {cost}, 1,919 GPU hours",
        f"warm-up           {cost}, 12.0 GPU minutes",
    ]
    assert described.num_gpus == 4


def test_one_gpu_is_called_one(described, capsys):
    assert main(["zoo", "show", "vital-warm-up-1b", "--gpus", "1", "--quiet"]) == 0
    assert "3.1 GiB on one GPU, 12.0 GPU minutes" in capsys.readouterr().out


def test_json_has_numbers(described, capsys):
    assert main(["zoo", "show", "vital-warm-up-1b", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["training"]["warm-up"]["trained"] == 635_215_232


def test_a_name_like_another_is_asked_for(capsys):
    assert main(["zoo", "show", "vital-bse-8b"]) == 2
    message = "vital-bse-8b is not in the zoo (did you mean vital-base-8b?). See: transformers-vital zoo list"
    assert capsys.readouterr().err == f"error: {message}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            [],
            "no command given. Commands: list, show, download, assemble, convert. See: transformers-vital zoo --help",
        ),
        (["lst"], "lst is no command (did you mean list?). Commands: list, show, download, assemble, convert."),
        (["assemble", "--encoder", "e"], "the following arguments are required: --decoder, -o/--output"),
        (["assemble", "--encoder", "e", "--decoder", "d", "-o", "absent/m"], "The folder absent of absent/m does not"),
    ],
    ids=["no-action", "unknown-action", "no-decoder", "no-folder"],
)
def test_what_cannot_be_done_is_one_message(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["zoo", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"error: {message}")


@pytest.mark.parametrize("action", ["list", "show", "download", "assemble", "convert"])
def test_every_action_has_two_examples(action, capsys):
    assert main(["zoo", action, "--help"]) == 0
    assert capsys.readouterr().out.split("examples:\n")[1].count("transformers-vital ") == 2


def test_a_download_prints_its_folder(capsys, monkeypatch, tmp_path):
    calls = []

    def checkpoint_folder(name, **settings):
        calls.append((name, settings))
        return tmp_path

    module = SimpleNamespace(checkpoint_folder=checkpoint_folder)
    monkeypatch.setitem(sys.modules, "transformers_vital.zoo.download", module)
    assert main(["zoo", "download", "vital-base-8b", "-o", str(tmp_path), "--revision", "v1"]) == 0
    assert capsys.readouterr().out == f"folder  {tmp_path}\n"
    assert calls == [("vital-base-8b", {"output": tmp_path, "revision": "v1", "allow_pickle": False})]


def test_without_a_network_score_names_the_way_round(capsys, monkeypatch, tmp_path):
    def checkpoint_folder(name, **settings):
        raise CheckpointError(f"{name} is not here. Where there is a network: transformers-vital zoo download {name}")

    module = SimpleNamespace(checkpoint_folder=checkpoint_folder)
    monkeypatch.setitem(sys.modules, "transformers_vital.zoo.download", module)
    (tmp_path / "a.png").write_bytes(b"never decoded here")
    assert main(["score", str(tmp_path / "a.png"), "--model", "vital-base-8b", "--quiet"]) == 2
    assert capsys.readouterr().err == (
        "error: vital-base-8b is not here. Where there is a network: transformers-vital zoo download vital-base-8b\n"
    )


def test_a_model_is_put_together_scored_and_priced(tiny_folder, tmp_path, capsys):
    output = tmp_path / "model"
    arguments = ["--encoder", str(tiny_folder), "--decoder", str(tiny_folder), "-o", str(output), "--gpus", "1"]
    assert main(["zoo", "assemble", *arguments]) == 0
    printed = capsys.readouterr()
    facts = dict(line.split("  ", 1) for line in printed.out.splitlines())
    assert facts["encoder"].strip().endswith("tensors, bit-identical")
    assert facts["image projector"].strip() == facts["motion projector"].strip() == "the decoder's"
    assert facts["level tokens"].strip() == "high 1550, good 1661, fair 6624, poor 7852, low 3347"
    assert facts["warm-up"].strip().startswith("4,000 records, ")
    assert "warm-up" not in printed.err and f"--model {output}" in printed.err
    assert main(["zoo", "assemble", *arguments]) == 2
    assert f"{output} exists and is no empty folder. Name a new one with -o." in capsys.readouterr().err
