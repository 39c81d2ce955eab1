"""`transformers-vital serve`: what it says before a model is loaded; a running one is in `tests/serving`."""

import socket

import pytest
from transformers.utils import import_utils

from transformers_vital.cli.main import main
from transformers_vital.zoo import loading


@pytest.fixture(autouse=True)
def no_model(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a model was loaded")

    monkeypatch.setattr(loading, "load_scorer", refuse)


def test_a_port_that_is_taken_is_said(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    assert f"127.0.0.1:{port} cannot be listened on" in capsys.readouterr().err


def test_a_media_root_that_is_no_folder_is_said(tmp_path, capsys):
    assert main(["serve", "--media-root", str(tmp_path / "gone")]) == 2
    assert "gone is no folder. Name one, or leave it out." in capsys.readouterr().err


def test_a_package_that_is_missing_is_said(monkeypatch, capsys):
    monkeypatch.setattr(import_utils, "is_serve_available", lambda: False)
    assert main(["serve"]) == 2
    assert 'Run: pip install "transformers-vital[serve]"' in capsys.readouterr().err
