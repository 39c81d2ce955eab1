"""`transformers-vital convert`, with the conversion itself replaced."""

import json
import sys
from types import SimpleNamespace

import pytest

from transformers_vital.cli.main import main


@pytest.fixture
def convert(monkeypatch):
    """Records its arguments; `convert.error` is raised when set."""
    calls = SimpleNamespace(arguments=None, error=None)

    def convert(source, *, output, allow_pickle=False):
        calls.arguments = (source, str(output), allow_pickle)
        if calls.error:
            raise calls.error
        return {"kind": "model", "format": "internvl", "parameters": 1000, "new": ["a", "b"], "dropped": []}

    monkeypatch.setitem(sys.modules, "transformers_vital.zoo.convert", SimpleNamespace(convert=convert))
    return calls


def test_the_report_counts_weights_and_ends_with_the_next_command(convert, tmp_path, capsys):
    folder = tmp_path / "native"
    assert main(["convert", "source", "-o", str(folder), "--allow-pickle"]) == 0
    printed = capsys.readouterr()
    assert convert.arguments == ("source", str(folder), True)
    assert (
        printed.out
        == "kind        model\nformat      internvl\nparameters  1000\nnew         2 weights\ndropped     0 weights\n"
    )
    assert printed.err.endswith(f"score with it: transformers-vital score INPUT --model {folder}\n")


def test_json_names_every_weight(convert, tmp_path, capsys):
    assert main(["convert", "source", "-o", str(tmp_path / "native"), "--json", "--quiet"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["new"] == ["a", "b"]
    assert printed.err == ""


def test_a_folder_with_something_in_it_is_refused(convert, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["convert", "source", "-o", str(tmp_path)]) == 2
    assert "exists and is no empty folder. Name a new one with -o." in capsys.readouterr().err
    assert convert.arguments is None


def test_a_source_that_cannot_be_read_is_one_message(convert, tmp_path, capsys):
    convert.error = ValueError("weights that this model has no place for")
    assert main(["convert", "source", "-o", str(tmp_path / "native"), "--quiet"]) == 2
    message = "error: source cannot be converted: weights that this model has no place for\n"
    assert capsys.readouterr().err == message
