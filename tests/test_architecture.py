"""Rules about the sources as a whole: who may import whom, what an import loads, and that nothing calls out."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest


PACKAGE = "transformers_vital"
SOURCES = Path(__file__).resolve().parents[1] / "src" / PACKAGE

# A module imports from rows above its own and from its own part. `registration` stands above all: it names classes of
# every row, but only inside functions that transformers' imports trigger.
ROWS = [
    {"errors"},
    {"levels", "prompts", "registration", "whole_files"},
    {"distributions", "calibration"},
    {"results"},
    {"media"},
    {"models"},
    {"scoring", "distortions"},
    {"losses", "data"},
    {"annotation"},
    {"evaluation"},
    {"hub"},
    {"training"},
    {"zoo", "reporting", "rewards", "export", "serving", "demo"},
    {"experiments"},
    {"cli"},
]
ROW_OF = {part: number for number, row in enumerate(ROWS) for part in row}
# Reading media needs the installed package; the model's own folder may be pushed to the Hub without it.
EXCEPTIONS = {("models", "media")}


def part_of(module: str) -> str:
    """`media` of `transformers_vital.media.video`; empty for the package itself."""
    return module.split(".")[1] if "." in module else ""


def own_imports(path: Path) -> list[str]:
    """Modules of the package that a file imports, anywhere in it, with whole names."""
    package = [PACKAGE, *path.relative_to(SOURCES).parent.parts]
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] == PACKAGE]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            if module.split(".")[0] == PACKAGE:
                found += [f"{module}.{alias.name}" for alias in node.names] if module == PACKAGE else [module]
    return found


FILES = sorted(path for path in SOURCES.rglob("*.py") if path.relative_to(SOURCES).parts[0] not in ("__init__.py",))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCES)))
def test_imports_point_upwards(path):
    part = path.relative_to(SOURCES).parts[0].removesuffix(".py")
    assert part in ROW_OF, f"{part} is in no row; say where it belongs"
    if part == "registration":
        return
    wrong = [
        module
        for module in own_imports(path)
        if (imported := part_of(module)) in ROW_OF
        and imported != part
        and (part, imported) not in EXCEPTIONS
        and ROW_OF[imported] >= ROW_OF[part]
    ]
    assert wrong == []


def test_the_rule_sees_relative_and_absolute_imports():
    seen = {part_of(module) for path in FILES for module in own_imports(path)}
    assert {"errors", "levels", "media", "models", "results", "scoring"} <= seen


def test_the_model_folder_is_flat_and_imports_only_itself():
    """So that it can be pushed to the Hub as code."""
    for path in (SOURCES / "models" / "vital").glob("*.py"):
        for module in own_imports(path):
            allowed = module.startswith((f"{PACKAGE}.models.vital", f"{PACKAGE}.media"))
            assert allowed, f"{path.name} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCES)))
def test_files_stay_readable(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= (560 if path.name in ("modeling_vital.py", "trainer.py") else 305)


def loaded_by(statement: str) -> set[str]:
    """Top-level packages in memory after a statement in a fresh interpreter."""
    code = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in json.loads(result.stdout.splitlines()[-1])}


@pytest.mark.parametrize(
    "module",
    ["", ".errors", ".levels", ".prompts", ".distributions", ".calibration", ".results", ".cli.main", ".media.inputs"],
)
def test_the_light_parts_import_neither_torch_nor_transformers(module):
    loaded = loaded_by(f"import {PACKAGE}{module}")
    assert PACKAGE in loaded
    assert loaded.isdisjoint({"torch", "transformers", "scipy"})


def test_scoring_imports_nothing_that_is_for_training_or_annotation():
    loaded = loaded_by(f"from {PACKAGE} import VitalScorer, VitalForConditionalGeneration")
    assert {"torch", "transformers"} <= loaded
    assert loaded.isdisjoint({"deepspeed", "trl", "pyiqa", "peft", "datasets", "cv2", "gradio", "ray", "matplotlib"})


NO_NETWORK = """
import socket, sys

def refuse(*arguments, **settings):
    raise AssertionError(f"the network was asked for: {arguments}")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from transformers_vital.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def test_scoring_with_the_default_model_needs_no_network(tmp_path):
    picture = tmp_path / "picture.png"
    from PIL import Image

    Image.linear_gradient("L").save(picture)
    arguments = [sys.executable, "-c", NO_NETWORK, "score", str(picture), "--quiet"]
    result = subprocess.run(arguments, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "picture.png" in result.stdout
