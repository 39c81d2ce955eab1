"""What an installed wheel holds, and that its command works without the repository."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    # built from a copy, so that the repository stays as it is
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE", "src", "hub_configs"):
        subprocess.run(["cp", "-r", str(REPOSITORY / name), str(source)], check=True)
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    result = subprocess.run([*pip, "--wheel-dir", str(folder), str(source)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return next(folder.glob("*.whl"))


@pytest.mark.parametrize(
    "name",
    [
        "transformers_vital/py.typed",
        "transformers_vital/cli/commands/score.py",
        "transformers_vital/hub_configs/models/vital-tiny/tokenizer.json",
        "transformers_vital/hub_configs/models/vital-tiny/NOTICE",
        "transformers_vital/hub_configs/models/vital-tiny/README.md",
        "transformers_vital/hub_configs/models/vital-tiny/model.safetensors",
        "transformers_vital/hub_configs/models/vital-base-8b/config.json",
        "transformers_vital/hub_configs/models/vital-base-8b/chat_template.jinja",
        "transformers_vital/hub_configs/datasets/vital/card.md",
        "transformers_vital/hub_configs/models/card.md",
        "transformers_vital/hub_configs/datasets/vital/vital.py",
        "transformers_vital/hub_configs/annotators/topiq-nr.yaml",
        "transformers_vital/reporting/report.html.jinja",
    ],
)
def test_the_wheel_holds_one_of_each(wheel, name):
    assert name in zipfile.ZipFile(wheel).namelist()


def test_an_installed_wheel_scores_on_its_own(wheel, tmp_path):
    from PIL import Image

    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    Image.linear_gradient("L").save(tmp_path / "picture.png")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "import transformers_vital\nprint(transformers_vital.__file__)\n"
        "from transformers_vital.cli.main import main\nsys.exit(main(['score', 'picture.png']))"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(str(tmp_path / "site"))
    assert "picture.png  0." in result.stdout
