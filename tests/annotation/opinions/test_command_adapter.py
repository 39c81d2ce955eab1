"""Programs that score: how their arguments are filled, and what is made of what they print, write and do wrong."""

import sys
from pathlib import Path

import pytest

from transformers_vital.annotation.opinions.annotators import AnnotatorDescriptor, describe_annotator, load_annotator
from transformers_vital.annotation.opinions.command_adapter import CommandAnnotator
from transformers_vital.errors import AnnotationError
from transformers_vital.media.inputs import MediaItem


SIZE = "import pathlib, sys; print('score:', pathlib.Path(sys.argv[1]).stat().st_size)"


def annotator(*command: str, **settings) -> CommandAnnotator:
    descriptor = AnnotatorDescriptor(
        name="program",
        kind="video",
        direction="higher",
        score_range=(0, None),
        licence="MIT",
        citation="Somebody, 2026.",
        homepage="https://example.org",
        trained_on="nothing",
        adapter="command",
        settings={"command": list(command), **settings},
    )
    return CommandAnnotator(descriptor)


def python(code: str, *arguments: str, **settings) -> CommandAnnotator:
    return annotator(sys.executable, "-c", code, *arguments, **settings)


@pytest.fixture
def items(tmp_path) -> list[MediaItem]:
    """Three files of 1, 2 and 3 bytes, with names that a shell would take apart."""
    paths = [tmp_path / name for name in ("a b.mp4", "$(touch x);'\".mp4", "{file}.mp4")]
    for size, path in enumerate(paths, start=1):
        path.write_bytes(b"x" * size)
    return [MediaItem("video", path, path.name) for path in paths]


def test_a_score_is_found_in_what_each_run_prints(items):
    assert python(SIZE, "{path}", pattern=r"score: (\d+)").score(items) == [1, 2, 3]


def test_folder_and_file_are_the_two_parts_of_the_path(items):
    code = "import pathlib, sys; print(pathlib.Path(sys.argv[1], sys.argv[2]).stat().st_size)"
    assert python(code, "{folder}", "{file}", pattern=r"(\d+)").score(items) == [1, 2, 3]


def test_a_program_may_write_its_score_to_a_file(items):
    code = "import sys; open(sys.argv[1], 'w').write('any name,0.5\\n')"
    found = python(code, "{output}", columns={"name_column": 0, "score_column": 1}).score(items)
    assert found == [0.5, 0.5, 0.5]


def test_one_run_scores_all_from_a_list_of_paths(items):
    code = (
        "import os, sys\nprint('name,score')\n"
        "for line in reversed(open(sys.argv[1]).read().splitlines()):\n"
        "    print('\"' + line.replace('\"', '\"\"') + '\"', os.stat(line).st_size, sep=',')"
    )
    together = python(code, "{list}")
    assert together.reads == "files"
    assert together.score(items) == [1, 2, 3]


def test_one_run_scores_all_from_its_arguments(items):
    code = "import os, sys\nprint('name,score')\nfor p in sys.argv[1:3]: print(p, os.stat(p).st_size, sep=',')"
    plain = [items[0], items[2]]
    assert python(code, "{paths}").score(plain) == [1, 3]


def test_paths_are_absolute_and_the_program_runs_in_its_folder(items, tmp_path, monkeypatch):
    elsewhere = tmp_path / "checkout"
    elsewhere.mkdir()
    monkeypatch.chdir(tmp_path)
    item = MediaItem("video", Path("a b.mp4"), "a b.mp4")
    code = "import os, sys; print(os.path.isabs(sys.argv[1]) and os.path.basename(os.getcwd()) == 'checkout', 7)"
    assert python(code, "{path}", folder=str(elsewhere), pattern=r"True (\d)").score([item]) == [7]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys; sys.exit('no weights')", "ended with 1 and said: no weights"),
        ("print('hello')", "printed no score that fits .*, but: hello"),
        ("print('score: nan')", "printed no score"),
        ("import time; time.sleep(9)", "took more than 0.5 s. Raise timeout_seconds"),
    ],
)
def test_a_program_that_fails_says_why(items, code, message):
    with pytest.raises(AnnotationError, match=message):
        python(code, pattern="score: (.*)", timeout_seconds=0.5).score(items[:1])


def test_a_program_that_is_not_there_cannot_be_run(items):
    with pytest.raises(AnnotationError, match="no-such-program cannot be run"):
        annotator("no-such-program", "{path}").score(items)


def test_what_is_no_file_is_refused():
    item = MediaItem("video", b"bytes", "<bytes>")
    with pytest.raises(AnnotationError, match="<bytes> is no file on disk"):
        python(SIZE, "{path}").score([item])


def test_a_line_for_a_shell_is_refused():
    descriptor = AnnotatorDescriptor(
        **{**vars(python(SIZE).descriptor), "settings": {"command": "python score.py {path}"}}
    )
    with pytest.raises(AnnotationError, match="expected a list with the program and its arguments"):
        CommandAnnotator(descriptor)


def test_a_pattern_needs_a_group():
    with pytest.raises(AnnotationError, match="expected one with a group for the score"):
        python(SIZE, "{path}", pattern="score")


def test_an_unknown_setting_is_an_error():
    with pytest.raises(AnnotationError, match="unknown setting shell"):
        python(SIZE, shell=True)


@pytest.mark.parametrize("name", ["dover", "fast-vqa", "minimalistic-vqa-vii", "minimalistic-vqa-ix"])
def test_programs_of_the_paper_ask_for_the_folder_of_their_checkout(name):
    with pytest.raises(AnnotationError, match=f"Install it from {describe_annotator(name).homepage}"):
        load_annotator(name)


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        # as the programs of these names print it, by their sources
        ("dover", "{path}\\ndict_keys(['aesthetic', 'technical'])\\n-0.4\\n"
                  "Normalized fused overall score (scale in [0,1]): 0.4013123398875483"),
        ("fast-vqa", "Inferring with model [FAST-VQA]:\\nThe quality score of the video (range [0,1]) is 0.40131."),
    ],
)  # fmt: skip
def test_the_score_of_a_program_of_the_paper_is_found(name, printed, items, tmp_path):
    script = [sys.executable, "-c", f'print("""{printed}""")', "{path}"]
    loaded = load_annotator(name, settings={"folder": str(tmp_path), "command": script})
    assert loaded.score(items[:1]) == [pytest.approx(0.4013, abs=1e-4)]
