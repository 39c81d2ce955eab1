"""`transformers-vital score`, from the arguments to the exit code."""

import csv
import json

import pytest

from transformers_vital.cli.main import main
from transformers_vital.errors import CheckpointError


FILES = ["media/a.png", "media/bad.png", "media/c.mp4", 'media/d, "e".png']
GOOD = [name for name in FILES if "bad" not in name]


def names_in(path) -> list[str]:
    with open(path, encoding="utf-8", newline="") as file:
        return [row["file"] for row in csv.DictReader(file)]


def test_a_folder_becomes_a_table_and_a_summary(scorer, folder, capsys):
    assert main(["score", "media"]) == 3
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0].split() == "file score level P(high) P(good) P(fair) P(poor) P(low) std confidence".split()
    assert lines[1].split() == ["media/a.png", "0.7750", "good", "0.200", "0.700", "0.100", "0.000", "0.000"] + [
        "0.135",
        "0.750",
    ]
    assert lines[2] == "media/bad.png     error: media/bad.png cannot be decoded."
    assert len(lines) == 5
    assert printed.err == "scoring 3 images, 1 video\nscored 3 of 4, 1 failed\n"


def test_json_is_one_array_in_the_order_of_the_inputs(scorer, folder, capsys, answer):
    assert main(["score", "media", "--json"]) == 3
    assert json.loads(capsys.readouterr().out) == [{"file": name, **answer(name).to_dict()} for name in FILES]


def test_all_fine_is_exit_code_zero(scorer, folder, capsys):
    assert main(["score", *GOOD]) == 0
    assert capsys.readouterr().err.endswith("scored 3 of 3, 0 failed\n")


def test_all_failed_is_exit_code_three(scorer, folder):
    assert main(["score", "media/bad.png"]) == 3


def test_quiet_leaves_nothing_but_results(scorer, folder, capsys):
    assert main(["score", "media/a.png", "--quiet"]) == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 2
    assert printed.err == ""


def test_options_reach_the_scorer(scorer, folder):
    options = ["--model", "owner/model", "--device", "cpu", "--dtype", "bfloat16", "--allow-pickle"]
    assert main(["score", "media/a.png", *options]) == 0
    assert scorer.loaded_with == {
        "model": "owner/model",
        "device": "cpu",
        "dtype": "bfloat16",
        "allow_pickle": True,
    }


def test_without_options_the_scorer_decides(scorer, folder):
    assert main(["score", "media/a.png"]) == 0
    assert scorer.loaded_with == {"model": None, "device": None, "dtype": None, "allow_pickle": False}


def test_inputs_and_options_may_be_mixed(scorer, folder):
    assert main(["score", "media/a.png", "--quiet", "media/c.mp4"]) == 0
    assert scorer.asked == ["media/a.png", "media/c.mp4"]


def test_a_file_listed_twice_is_scored_once(scorer, folder):
    main(["score", "media/a.png", "media/a.png", "media"])
    assert scorer.asked == FILES


def test_kind_keeps_only_that_kind_of_a_folder(scorer, folder):
    assert main(["score", "media", "--kind", "video"]) == 0
    assert scorer.asked == ["media/c.mp4"]


def test_control_characters_in_a_name_do_not_reach_the_terminal(scorer, folder, capsys):
    (folder / "x\x1b[31m\n.png").touch()
    assert main(["score", "x\x1b[31m\n.png"]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[1].startswith(r"x\x1b[31m\n.png  0.7750")


def test_with_a_result_file_no_table_is_printed(scorer, folder, capsys):
    assert main(["score", "media", "-o", "scores.csv"]) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.endswith("scored 3 of 4, 1 failed; the column error of scores.csv says why\n")
    assert names_in("scores.csv") == FILES


def test_a_result_file_and_json_hold_the_same_scores(scorer, folder, capsys):
    main(["score", "media", "-o", "scores.csv", "--json"])
    printed = json.loads(capsys.readouterr().out)
    with open("scores.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["score"]) for row in rows] == [
        (result["file"], "" if result["score"] is None else repr(result["score"])) for result in printed
    ]


@pytest.mark.parametrize("name", ["scores.csv", "scores.jsonl", "scores.parquet"])
def test_an_interrupted_run_goes_on_where_it_stopped(scorer, folder, capsys, name):
    scorer.stop_after = 2
    assert main(["score", "media", "-o", name]) == 130
    kept = f"{name}.partial.jsonl" if name.endswith(".parquet") else name
    message = f"interrupted: the scores so far are in {kept}. Run the same command with --resume to go on.\n"
    assert capsys.readouterr().err.endswith(message)

    scorer.stop_after, scorer.asked[:], scorer.repaired = None, [], ("media/bad.png",)
    assert main(["score", "media", "-o", name, "--resume"]) == 0
    assert scorer.asked == FILES[1:]  # the failed file again, then the rest
    assert capsys.readouterr().err.endswith("scored 4 of 4, 0 failed, 1 kept from before\n")

    scorer.asked[:] = []
    assert main(["score", "media", "-o", name, "--resume"]) == 0
    assert scorer.asked == []


def test_a_row_torn_by_a_kill_is_computed_again(scorer, folder):
    main(["score", *GOOD, "-o", "scores.csv"])
    whole = (folder / "scores.csv").read_bytes()
    (folder / "scores.csv").write_bytes(whole[:-20])
    scorer.asked[:] = []
    assert main(["score", *GOOD, "-o", "scores.csv", "--resume"]) == 0
    assert scorer.asked == GOOD[-1:]
    assert (folder / "scores.csv").read_bytes() == whole


def test_resuming_a_file_that_is_not_there_starts_it(scorer, folder):
    assert main(["score", "media/a.png", "-o", "scores.csv", "--resume"]) == 0
    assert names_in("scores.csv") == ["media/a.png"]


def test_rows_of_files_that_are_not_inputs_stay(scorer, folder):
    main(["score", "media/a.png", "-o", "scores.csv"])
    assert main(["score", "media/c.mp4", "-o", "scores.csv", "--resume"]) == 0
    assert names_in("scores.csv") == ["media/a.png", "media/c.mp4"]


def test_overwrite_starts_again(scorer, folder):
    main(["score", "media/a.png", "-o", "scores.csv"])
    assert main(["score", "media/c.mp4", "-o", "scores.csv", "--overwrite"]) == 0
    assert names_in("scores.csv") == ["media/c.mp4"]


def test_an_interrupted_overwrite_is_told_to_resume_instead(scorer, folder, capsys):
    scorer.stop_after = 1
    assert main(["score", "media", "-o", "scores.csv", "--overwrite"]) == 130
    assert "with --resume instead of --overwrite to go on." in capsys.readouterr().err


def test_an_interrupt_without_a_result_file_says_how_to_keep_scores(scorer, folder, capsys):
    scorer.stop_after = 1
    assert main(["score", "media"]) == 130
    printed = capsys.readouterr()
    assert "interrupted: nothing was kept. With -o FILE every score is kept at once" in printed.err
    assert printed.out == ""


def test_scores_of_another_model_are_not_mixed(scorer, folder, capsys, other_fingerprint):
    main(["score", "media/a.png", "-o", "scores.csv"])
    scorer.fingerprint = other_fingerprint
    assert main(["score", "media", "-o", "scores.csv", "--resume"]) == 2
    message = "error: scores.csv holds scores made with other settings: dtype was float32 and is bfloat16"
    assert message in capsys.readouterr().err
    assert names_in("scores.csv") == ["media/a.png"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent/*.png"], "error: The pattern absent/*.png holds no image or video file."),
        (["https://host/a.png"], "error: https://host/a.png is an address. Pass --allow-network to fetch it,"),
        (["media", "--resume"], "error: --resume is about a result file. Name it with -o FILE."),
        (["media", "--overwrite"], "error: --overwrite is about a result file. Name it with -o FILE."),
        (
            ["media", "-o", "x/scores.csv"],
            "error: The folder x of x/scores.csv does not exist. Create it: mkdir -p 'x'",
        ),
        (["media", "-o", "there.csv"], "error: there.csv exists. Pass --resume to keep its rows"),
        (
            ["media", "-o", "a.csv", "--resume", "--overwrite"],
            "error: argument --overwrite: not allowed with argument",
        ),
        (["media", "--device", "nonsense"], "error: --device nonsense cannot be used: Expected one of cpu, cuda"),
    ],
)
def test_a_mistake_is_told_before_a_model_is_loaded(scorer, folder, capsys, arguments, message):
    (folder / "there.csv").touch()
    assert main(["score", *arguments]) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""
    assert scorer.loaded_with is None


def test_a_model_that_cannot_be_loaded_is_one_message(scorer, folder, capsys, monkeypatch):
    def refuse(model=None, **kwargs):
        raise CheckpointError(f"{model} cannot be loaded. Expected a folder.")

    monkeypatch.setattr(scorer, "from_pretrained", refuse)
    assert main(["score", "media", "--model", "absent", "--quiet"]) == 2
    assert capsys.readouterr().err == "error: absent cannot be loaded. Expected a folder.\n"


def test_a_full_device_names_the_options_that_help_and_keeps_the_rows(scorer, folder, capsys):
    torch = pytest.importorskip("torch")
    scorer.stop_after, scorer.stop_with = 1, torch.OutOfMemoryError("CUDA out of memory")
    assert main(["score", "media", "-o", "scores.csv", "--batch-size", "8"]) == 2
    message = "error: The device ran out of memory with --batch-size 8. Lower it, or pass --dtype bfloat16; the scores"
    assert message in capsys.readouterr().err
    assert names_in("scores.csv") == ["media/a.png"]
