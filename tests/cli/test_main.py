"""The entry point: finding commands, answering without torch, exit codes."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

import transformers_vital
from transformers_vital.cli.main import COMMANDS, main


HEAVY = ("torch", "torchvision", "transformers", "scipy", "pandas", "pyarrow")


def in_a_new_process(code: str, **kwargs) -> subprocess.Popen:
    sources = str(Path(transformers_vital.__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": sources, "PATH": ""},
        **kwargs,
    )


@pytest.mark.parametrize(
    ("arguments", "expected_code"),
    [
        pytest.param(["--help"], 0, id="help"),
        pytest.param(["--version"], 0, id="version"),
        pytest.param(["score", "--help"], 0, id="help-of-score"),
        pytest.param(["convert", "--help"], 0, id="help-of-convert"),
        pytest.param(["env", "--help"], 0, id="help-of-env"),
        pytest.param([], 2, id="nothing"),
        pytest.param(["scroe"], 2, id="unknown-verb"),
        pytest.param(["score", "a.png", "--jsno"], 2, id="unknown-option"),
        pytest.param(["score", "absent/*.png"], 2, id="empty-glob"),
        pytest.param(["score", "a.png", "-o", "absent/scores.csv"], 2, id="absent-folder"),
        pytest.param(["convert", "a", "-o", "absent/folder"], 2, id="convert-into-absent-folder"),
    ],
)
def test_help_and_usage_errors_answer_without_torch(arguments, expected_code, tmp_path):
    code = (
        "import sys\n"
        "from transformers_vital.cli.main import main\n"
        f"code = main({arguments!r})\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
        "sys.exit(code)"
    )
    process = in_a_new_process(code, cwd=tmp_path)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == expected_code
    assert errors.splitlines()[-1] == "[]"


VERBS = ", ".join(command.__name__.rpartition(".")[2] for command in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scroe", "a.png"], f"error: scroe is no command (did you mean score?). Commands: {VERBS}. See:"),
        (["xyz"], f"error: xyz is no command. Commands: {VERBS}. See: transformers-vital --help"),
        ([], f"error: no command given. Commands: {VERBS}. See: transformers-vital --help"),
        (["--foo"], "error: unrecognized arguments: --foo. See: transformers-vital --help"),
        (
            ["score", "a.png", "--jsno"],
            "error: unknown argument --jsno (did you mean --json?). See: transformers-vital",
        ),
        (["score", "a.png", "--modell=x"], "error: unknown argument --modell=x (did you mean --model?)."),
        (["score", "a.png", "--over"], "error: unknown argument --over"),
        (["score"], "error: the following arguments are required: INPUT. See: transformers-vital score --help"),
        (["score", "a.png", "--batch-size", "0"], "error: argument --batch-size: 0 is not a whole number from 1."),
        (["score", "a.png", "--dtype", "int8"], "error: argument --dtype: invalid choice: 'int8'"),
        (["convert", "folder"], "error: the following arguments are required: -o/--output."),
        (["x\x1b[31my"], r"error: x\x1b[31my is no command."),
    ],
)
def test_a_usage_error_is_one_line_that_says_what_to_do(arguments, message, capsys):
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(message)
    assert printed.err.count("\n") == 1
    assert printed.out == ""


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__.rpartition(".")[2])
def test_help_of_every_command_ends_with_two_examples(command, capsys):
    verb = command.__name__.rpartition(".")[2]
    assert main([verb, "--help"]) == 0
    examples = capsys.readouterr().out.partition("examples:\n")[2].splitlines()
    assert len(examples) == 2
    assert all(line.startswith(f"  transformers-vital {verb}") for line in examples)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__.rpartition(".")[2])
def test_every_command_file_stays_short(command):
    assert len(Path(command.__file__).read_text(encoding="utf-8").splitlines()) < 150


def test_version_prints_the_version_of_the_package(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"transformers-vital {transformers_vital.__version__}\n"


def test_a_closed_pipe_ends_the_command_without_a_traceback():
    process = in_a_new_process(
        "import sys; sys.stdin.read(); from transformers_vital.cli.main import main; sys.exit(main(['--help']))",
        stdin=subprocess.PIPE,
    )
    process.stdout.close()
    process.stdin.close()
    errors = process.stderr.read()
    assert process.wait(timeout=60) == 141
    assert errors == ""


def test_env_prints_the_versions_and_the_device(capsys):
    torch = pytest.importorskip("torch")
    assert main(["env", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["torch"].partition("+")[0] == torch.__version__.partition("+")[0]
    assert {"transformers", "av", "python"} <= facts.keys()
    assert facts["ffmpeg"][0].isdigit()
    assert facts["device"].startswith(("cpu", "cuda:0", "mps"))


def test_a_name_that_the_terminal_cannot_encode_is_escaped(monkeypatch):
    stderr = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stderr", stderr)
    assert main(["écran"]) == 2
    stderr.flush()
    assert stderr.buffer.getvalue().startswith(rb"error: \xe9cran is no command")
