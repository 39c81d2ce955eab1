"""What the README shows is what one gets. Its Python examples are doctests, which pytest runs on its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


REPOSITORY = Path(__file__).resolve().parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```bash\n(.*?)\n```\n\n```text\n(.*?)\n```", README, flags=re.DOTALL)
NUMBER = re.compile(r"\b\d\.\d{3,4}\b")


def test_the_readme_shows_what_commands_print():
    assert len(SHOWN) == 2


@pytest.mark.parametrize(("line", "expected"), SHOWN, ids=[line for line, _ in SHOWN])
def test_a_command_prints_what_the_readme_shows(line, expected):
    command = line.removeprefix("pip install . && ")
    assert command.startswith("transformers-vital ")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    result = subprocess.run(command, shell=True, cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert result.returncode in (0, 3), result.stderr
    # on a terminal the two streams alternate; each keeps its own order
    printed = sorted((result.stderr + result.stdout).splitlines())
    shown = sorted(expected.splitlines())
    assert [NUMBER.sub("#", row) for row in printed] == [NUMBER.sub("#", row) for row in shown]
    for printed_row, shown_row in zip(printed, shown, strict=True):
        numbers = [[float(number) for number in NUMBER.findall(row)] for row in (printed_row, shown_row)]
        assert numbers[0] == pytest.approx(numbers[1], abs=2e-3)  # processors round differently


def test_the_test_command_is_the_one_that_continuous_integration_runs():
    command = 'pip install -e ".[test]" && pytest'
    assert f"```bash\n{command}\n```" in README
    assert command in (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_every_link_leads_somewhere():
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if not link.startswith("http")]
    assert len(links) > 5
    assert [link for link in links if not (REPOSITORY / link).exists()] == []
