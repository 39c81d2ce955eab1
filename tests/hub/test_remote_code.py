"""A checkpoint with its code, loaded in a process that cannot import this package."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from drawing import draw, encode
from PIL import Image
from small_probe import small_probe

from transformers_vital import VitalConfig, VitalScorer, VitalVisionEncoder
from transformers_vital.errors import CheckpointError, OutputError
from transformers_vital.hub.remote_code import AUTO_CLASSES, export_remote_code


BLOCKED = """
import json, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "transformers_vital":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocked())
folder, *media = sys.argv[1:]
"""
CHAT = """
from transformers import AutoModelForImageTextToText, AutoProcessor

model = AutoModelForImageTextToText.from_pretrained(folder, trust_remote_code=True)
processor = AutoProcessor.from_pretrained(folder, trust_remote_code=True)
image, video = media
prepared = [processor.prepare_scoring(images=[image]), processor.prepare_scoring(videos=[video])]
levels = [model.level_logits(**inputs).level_logits.softmax(-1).tolist()[0] for inputs in prepared]
content = [{"type": "image", "path": image}, {"type": "video", "path": video}, {"type": "text", "text": "Sharp?"}]
settings = {"tokenize": True, "return_dict": True, "return_tensors": "pt", "add_generation_prompt": True}
prompt = processor.apply_chat_template([{"role": "user", "content": content}], **settings)
answer = model.generate(**prompt, max_new_tokens=4, do_sample=False)[0, -4:].tolist()
print(json.dumps({"levels": levels, "answer": answer, "module": type(model).__module__}))
"""
WEIGHTS = """
import torch
from transformers import AutoModel

model = AutoModel.from_pretrained(folder, trust_remote_code=True)
total = sum(parameter.double().abs().sum().item() for parameter in model.parameters())
print(json.dumps({"class": type(model).__name__, "sum": total}))
"""


def run_blocked(code: str, folder: Path, *media: Path, modules: Path) -> dict:
    environment = os.environ | {"HF_MODULES_CACHE": str(modules), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", BLOCKED + code, str(folder), *map(str, media)]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=modules)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("media")
    Image.fromarray(draw(3, (160, 96))).save(folder / "picture.png")
    encode(folder / "clip.mp4", count=12, size=(64, 48), rate=8)
    return folder / "picture.png", folder / "clip.mp4"


@pytest.fixture(scope="module")
def exported(tiny_folder, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "with-code"
    export_remote_code(tiny_folder, folder)
    return folder


def test_the_copy_scores_and_answers_where_the_package_cannot_be_imported(exported, tiny_folder, media, tmp_path):
    found = run_blocked(CHAT, exported, *media, modules=tmp_path)
    assert found["module"].startswith("transformers_modules.")
    scorer = VitalScorer.from_pretrained(tiny_folder)
    for levels, medium in zip(found["levels"], media, strict=True):
        assert levels == pytest.approx(scorer.score(medium).level_probabilities, abs=1e-5)
    content = [
        {"type": "image", "path": str(media[0])},
        {"type": "video", "path": str(media[1])},
        {"type": "text", "text": "Sharp?"},
    ]
    prompt = scorer.processor.apply_chat_template(
        [{"role": "user", "content": content}],
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
        add_generation_prompt=True,
    )
    with torch.no_grad():
        answer = scorer.model.generate(**prompt, max_new_tokens=4, do_sample=False)[0, -4:]
    assert found["answer"] == answer.tolist()


def test_the_copy_is_a_checkpoint_of_this_package_too(exported, tiny_folder, media):
    copy, original = (VitalScorer.from_pretrained(folder) for folder in (exported, tiny_folder))
    assert copy.score(media[0]).score == original.score(media[0]).score
    assert copy.fingerprint.weight_hash == original.fingerprint.weight_hash


@pytest.mark.parametrize("kind", ["vital_vision_encoder", "vital_probe"])
def test_encoders_and_probes_bring_their_code(kind, tiny_folder, tmp_path):
    model = VitalVisionEncoder.from_pretrained(tiny_folder) if kind == "vital_vision_encoder" else small_probe()
    model.save_pretrained(tmp_path / "model")
    names = export_remote_code(tmp_path / "model", tmp_path / "copy")
    assert AUTO_CLASSES[kind]["AutoModel"].split(".")[0] + ".py" in names
    found = run_blocked(WEIGHTS, tmp_path / "copy", modules=tmp_path)
    assert found["class"] == type(model).__name__
    total = sum(parameter.double().abs().sum().item() for parameter in model.parameters())
    assert found["sum"] == pytest.approx(total)


def test_the_code_names_no_other_package_of_ours(exported):
    for path in exported.glob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("# Part of transformers_vital ") and "Apache-2.0" in lines[0]
        imports = [line for line in lines if line.lstrip().startswith(("import ", "from "))]
        assert not [line for line in imports if "transformers_vital" in line or "from .." in line]
        for line in (line for line in imports if "from ." in line):
            assert (exported / f"{line.split()[1].removeprefix('.')}.py").is_file(), line


def test_states_of_a_trainer_and_pickles_are_not_copied(tiny_folder, tmp_path):
    run = shutil.copytree(tiny_folder, tmp_path / "run")
    (run / "training_args.bin").write_bytes(b"pickle")
    assert "training_args.bin" not in export_remote_code(run, tmp_path / "copy")


def test_another_model_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "internvl"}')
    with pytest.raises(CheckpointError, match="is of type internvl; expected vital, .* transformers-vital convert"):
        export_remote_code(tmp_path, tmp_path / "copy")


def test_a_folder_without_configuration_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="has no config.json. Expected the folder of a VITAL checkpoint"):
        export_remote_code(tmp_path, tmp_path / "copy")


def test_a_checkpoint_without_safetensors_is_refused(tmp_path):
    VitalConfig().save_pretrained(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(CheckpointError, match="has no weights as safetensors"):
        export_remote_code(tmp_path, tmp_path / "copy")


def test_a_folder_with_something_in_it_is_refused(tiny_folder, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="exists and is no empty folder. Name a new one with -o."):
        export_remote_code(tiny_folder, tmp_path)
