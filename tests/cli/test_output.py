"""What is printed: the table, JSON, escaped names."""

import json

import pytest

from transformers_vital.cli.output import Output, printable, score_table


def test_the_table_is_aligned_and_shows_why_a_file_failed(answer):
    names = ["photo.png", "bad.png", "a longer name.mp4"]
    assert score_table([(name, answer(name)) for name in names]) == (
        "file                score  level  P(high)  P(good)  P(fair)  P(poor)  P(low)    std  confidence\n"
        "photo.png          0.7750  good     0.200    0.700    0.100    0.000   0.000  0.135       0.750\n"
        "bad.png            error: bad.png cannot be decoded.\n"
        "a longer name.mp4  0.7750  good     0.200    0.700    0.100    0.000   0.000  0.135       0.750"
    )


def test_a_table_of_failures_only_has_its_header_and_reasons(answer):
    assert score_table([("bad.png", answer("bad.png"))]).splitlines() == [
        "file     score  level  P(high)  P(good)  P(fair)  P(poor)  P(low)  std  confidence",
        "bad.png  error: bad.png cannot be decoded.",
    ]


def test_wide_characters_keep_the_columns_aligned(answer):
    lines = score_table([(name, answer(name)) for name in ("写真.png", "abcd.png")]).splitlines()
    assert lines[1].replace("写真", "abcd") == lines[2]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("plain name.png", "plain name.png", id="plain"),
        pytest.param("café-写真.png", "café-写真.png", id="other-scripts"),
        pytest.param("a\x1b[2Jb.png", r"a\x1b[2Jb.png", id="terminal-command"),
        pytest.param("a\nb\r.png", r"a\nb\r.png", id="line-ends"),
        pytest.param("gpj.\u202eexe", r"gpj.\u202eexe", id="reversed-reading-direction"),
        pytest.param("caf\udce9.png", r"caf\udce9.png", id="bytes-that-are-no-text"),
    ],
)
def test_what_a_terminal_might_obey_is_escaped(name, shown):
    assert printable(name) == shown


def test_control_characters_in_names_and_errors_stay_on_their_line_of_the_table(answer):
    table = score_table([(name, answer(name)) for name in ("x\n\x1b[31m.png", "bad\n\x07.png")])
    assert table.splitlines()[1].startswith(r"x\n\x1b[31m.png  0.7750")
    assert table.splitlines()[2] == r"bad\n\x07.png    error: bad\n\x07.png cannot be decoded."


def test_json_holds_every_field_of_every_result(answer, capsys):
    scored = [(name, answer(name)) for name in ("x\x1b.png", "bad.png")]
    Output(as_json=True).scores(scored)
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert json.loads(printed) == [{"file": name, **result.to_dict()} for name, result in scored]


def test_json_of_nothing_is_an_empty_array(capsys):
    Output(as_json=True).scores([])
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(("quiet", "expected"), [(False, "a remark\n"), (True, "")], ids=["loud", "quiet"])
def test_remarks_go_to_stderr_unless_quiet(quiet, expected, capsys):
    Output(quiet=quiet).remark("a remark")
    assert capsys.readouterr() == ("", expected)


@pytest.mark.parametrize(
    ("quiet", "terminal", "shown"),
    [(False, True, True), (True, True, False), (False, False, False)],
    ids=["terminal", "quiet", "no-terminal"],
)
def test_progress_is_shown_on_a_terminal_only(quiet, terminal, shown, monkeypatch, capsys):
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "")
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    assert list(Output(quiet=quiet).progress(iter("abc"), total=3)) == ["a", "b", "c"]
    printed = capsys.readouterr()
    assert ("3/3" in printed.err) is shown
    assert printed.out == ""


def test_facts_are_aligned_and_say_none(capsys):
    Output().facts({"torch": "2.14", "ffmpeg": None})
    assert capsys.readouterr().out == "torch   2.14\nffmpeg  none\n"
