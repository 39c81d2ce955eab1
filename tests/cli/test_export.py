"""`transformers-vital export`, from the arguments to the folder and the exit code."""

import json

from transformers_vital.cli.main import main


def test_a_checkpoint_is_copied_with_its_code(tiny_folder, tmp_path, capsys):
    target = tmp_path / "with-code"
    assert main(["export", str(tiny_folder), "-o", str(target)]) == 0
    files = list(target.iterdir())
    code = sum(path.suffix == ".py" for path in files)
    assert capsys.readouterr().err == f"wrote {target}: {len(files)} files, {code} of them code\n"
    auto_map = json.loads((target / "config.json").read_text())["auto_map"]
    assert auto_map["AutoModelForImageTextToText"] == "modeling_vital.VitalForConditionalGeneration"


def test_the_default_model_is_known_by_its_name(tmp_path, monkeypatch, tiny_folder):
    from transformers_vital.scoring import default_model

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(default_model, "default_model_folder", lambda: tiny_folder)
    assert main(["export", "vital-tiny", "-o", "with-code", "--quiet"]) == 0
    assert (tmp_path / "with-code" / "modeling_vital.py").is_file()


def test_a_folder_that_is_no_checkpoint_is_one_message(tmp_path, capsys):
    assert main(["export", str(tmp_path), "-o", str(tmp_path / "x")]) == 2
    assert "has no config.json. Expected the folder of a VITAL checkpoint." in capsys.readouterr().err
