"""`transformers-vital demo`: what it asks for and says; the page itself is in `tests/demo`."""

import sys
from types import SimpleNamespace

from transformers_vital.cli.main import main
from transformers_vital.demo import app
from transformers_vital.zoo import loading


def test_the_page_is_for_this_machine(monkeypatch, capsys):
    asked = {}

    def load_scorer(name, **settings):
        return SimpleNamespace(name=name, settings=settings)

    monkeypatch.setattr(loading, "load_scorer", load_scorer)
    monkeypatch.setattr(app, "require_gradio", lambda: None)
    monkeypatch.setattr(app, "build_demo", lambda scorer, *, max_new_tokens: (scorer.name, max_new_tokens))
    monkeypatch.setattr(app, "launch_demo", lambda page, *, host, port: asked.update(page=page, host=host, port=port))
    assert main(["demo", "--model", "mine", "--max-new-tokens", "9"]) == 0
    assert asked == {"page": ("mine", 9), "host": "127.0.0.1", "port": 7860}
    assert capsys.readouterr().err == "the page is at http://127.0.0.1:7860. Stop it with Ctrl+C.\n"


def test_a_package_that_is_missing_is_said_before_a_model_is_loaded(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert main(["demo"]) == 2
    assert 'the demo needs gradio, which is not installed. Run: pip install "transformers-vital[demo]"' in (
        capsys.readouterr().err
    )
