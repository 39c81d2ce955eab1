"""`transformers-vital evaluate --questions`: from questions to Table 4, with a model and a judge told what to say."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from transformers_vital.cli.main import main


# The server and what a test says to it are those of the tests of annotation.
_path = Path(__file__).resolve().parents[1] / "annotation" / "conftest.py"
_spec = importlib.util.spec_from_file_location("chat_server_fixtures", _path)
_fixtures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_fixtures)
_chat_server, chat_server = _fixtures._chat_server, _fixtures.chat_server

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CLIPS = ["--questions", str(EXAMPLES / "questions" / "clips.json"), "--data-root", str(EXAMPLES / "media")]
PHOTOS = ["--questions", str(EXAMPLES / "questions" / "photos.json"), "--data-root", str(EXAMPLES / "media")]
FOLDER = Path("results/vital-tiny/clips")
# Questions 0 to 2 are binary, 3 to 6 multiple choice, 7 to 9 open-ended. Right are A A B, B A B A.
SAID = ["A", "B. No", "(B) No", "B", "It stays.", "C", "A.", "Dark and noisy.", "Colours.", "Smooth."]


class ToldAnswerer:
    """Stands for `QuestionAnswerer`; says what it is told, by the question's first words."""

    reading = "clean"
    asked: list[str] = []
    told: dict[str, str] = {}

    def __init__(self, model, processor, *, max_new_tokens):
        pass

    def __call__(self, media, prompt):
        question = prompt.splitlines()[0]
        type(self).asked.append(question)
        answer = type(self).told.get(question, "A")
        if isinstance(answer, BaseException):
            raise answer
        return answer


@pytest.fixture
def answerer(scorer, tmp_path, monkeypatch):
    """The class of a fresh told answerer, in a fresh working folder; it says SAID to the questions about clips."""
    monkeypatch.chdir(tmp_path)
    questions = [entry["question"] for entry in json.loads(Path(CLIPS[1]).read_text(encoding="utf-8"))]
    told = dict(zip(questions, SAID, strict=True))
    fresh = type("FreshAnswerer", (ToldAnswerer,), {"asked": [], "told": told, "questions": questions})
    module = "transformers_vital.evaluation.question_answering"
    monkeypatch.setitem(sys.modules, module, SimpleNamespace(QuestionAnswerer=fresh))
    scorer.model = scorer.processor = None
    return fresh


@pytest.fixture
def judge(chat_server, tmp_path):
    """A file of a judge that gives open-ended answers 2, 1 and 0 and takes "It stays." for right."""
    (tmp_path / "judge.yaml").write_text(f"model: told\nbase_url: {chat_server.url}\nretries: 0\n")
    chat_server.answer(
        {"match": "[answer]: Dark and noisy.", "replies": [{"text": "Score: 2"}]},
        {"match": "[answer]: Colours.", "replies": [{"text": f"Score: {score}"} for score in (1, 2, 1, 1, 1)]},
        {"match": "[answer]: Smooth.", "replies": [{"text": "Score: 0"}]},
        {"match": "[answer]: It stays.", "replies": [{"text": "Score: 1"}]},
    )
    return ["--judge", "judge.yaml"]


def rows():
    return pq.read_table(FOLDER / "answers.parquet").to_pylist()


def stored():
    return json.loads((FOLDER / "results.json").read_text())


def test_without_a_judge_closed_questions_are_scored_and_others_are_unjudged(answerer, capsys):
    assert main(["evaluate", *CLIPS]) == 0
    assert [row["answer"] for row in rows()] == SAID
    columns = {
        name: (column["credit"], column["judged"], column["listed"]) for name, column in stored()["columns"].items()
    }
    # "It stays." chooses no letter, and open-ended answers never do.
    assert columns["binary"] == (2.0, 3, 3) and columns["multiple choice"] == (2.0, 3, 4)
    assert columns["open-ended"] == (0.0, 0, 3) and columns["overall"] == (4.0, 6, 10)
    assert stored()["decided_by"] == {"option": 6, "judge": 0, "nothing": 0, "failed": 0, "unjudged": 4}
    assert "note: 4 answers need a judge. Name one with --judge." in capsys.readouterr().err


def test_all_columns_of_table_4_are_those_computed_by_hand(answerer, judge):
    assert main(["evaluate", *CLIPS, *judge, "--paper-model", "VITAL-ASSISTANT-8B"]) == 0
    shares = {name: column["share"] for name, column in stored()["columns"].items()}
    # credits: 1 0 1, 1 1 0 1, 1 1/2 0
    assert shares == pytest.approx(
        {
            "binary": 2 / 3,
            "multiple choice": 3 / 4,
            "open-ended": 1.5 / 3,
            "technical": 3 / 4,  # questions 0, 4, 5 and 7
            "aesthetic": 1.5 / 3,  # 3, 8 and 9
            "temporal": 2 / 4,  # 1, 4, 6 and 9
            "AIGC": 1.0,  # 2
            "overall": 6.5 / 10,
        }
    )
    assert stored()["paper"]["overall"]["paper"] == 0.6311
    assert stored()["paper"]["overall"]["difference"] == pytest.approx(0.65 - 0.6311)
    assert "| overall | 65.00 | 10 | 10 | 63.11 | +1.89 |" in (FOLDER / "results.md").read_text()


def test_the_agreement_of_five_rounds_is_told(answerer, judge):
    main(["evaluate", *CLIPS, *judge])
    agreement = stored()["agreement"]
    # of three open-ended answers two are unanimous; of the other, 6 of 10 pairs of rounds agree
    assert agreement["open-ended"]["unanimous"] == pytest.approx(2 / 3)
    assert agreement["open-ended"]["pairwise"] == pytest.approx((1 + 0.6 + 1) / 3)
    assert agreement["closed"]["questions"] == 1
    assert [row["votes"] for row in pq.read_table(FOLDER / "judgements.parquet").to_pylist()][7] == [2] * 5


def test_a_judge_on_this_machine_is_asked_like_one_behind_an_address(answerer, tmp_path, monkeypatch):
    from transformers_vital.evaluation import judge_file
    from transformers_vital.evaluation.answer_judge import LocalJudge

    loaded = []

    def local_judge(settings, *, device):
        loaded.append((settings.model, device))
        return LocalJudge(settings.model, lambda text, seed: "Score: 1")

    monkeypatch.setattr(judge_file, "local_judge", local_judge)
    (tmp_path / "judge.yaml").write_text("model: some/model\nrounds: 3\n")
    assert main(["evaluate", *CLIPS, "--judge", "judge.yaml", "--device", "cpu"]) == 0
    assert loaded == [("some/model", "cpu")]
    assert stored()["columns"]["open-ended"]["share"] == 0.5 and stored()["agreement"]["open-ended"]["rounds"] == 3


def test_nothing_is_asked_twice_of_model_or_judge(answerer, judge, chat_server):
    main(["evaluate", *CLIPS, *judge])
    first = stored()
    assert len(answerer.asked) == 10 and len(chat_server.requests) == 20
    assert main(["evaluate", *CLIPS, *judge]) == 0
    assert len(answerer.asked) == 10 and len(chat_server.requests) == 20
    assert stored() == first


def test_answers_are_judged_later_without_the_model(answerer, judge, scorer):
    main(["evaluate", *CLIPS])
    scorer.loaded_with = None
    assert main(["evaluate", "--predictions", "results", *judge]) == 0
    assert stored()["columns"]["overall"]["credit"] == 6.5 and stored()["judge"] == "told"
    assert scorer.loaded_with is None


def test_a_table_is_made_again_without_model_and_judge(answerer, judge, chat_server):
    main(["evaluate", *CLIPS, *judge])
    first = stored()
    (FOLDER / "results.json").unlink()
    (FOLDER / "judge.sqlite").unlink()
    chat_server.answer()
    assert main(["evaluate", "--predictions", "results/vital-tiny"]) == 0
    assert stored() == first and chat_server.requests == []


@pytest.mark.parametrize("table", ["4", "11"])
def test_a_table_of_the_paper_has_ones_own_row(answerer, judge, capsys, table):
    main(["evaluate", *CLIPS, *judge, "--quiet"])
    main(["evaluate", *PHOTOS, "--quiet"])
    capsys.readouterr()
    assert main(["evaluate", "--predictions", "results", "--table", table, "--json", "--quiet"]) == 0
    view = json.loads(capsys.readouterr().out)
    assert view["rows"][-1][0] == "vital-tiny (ours, clips)" and view["rows"][-1][-1] == "65.00"
    assert view["rows"][-2][0].startswith("VITAL-ASSISTANT-8B")


def test_questions_about_images_have_the_columns_of_q_bench(answerer):
    assert main(["evaluate", *PHOTOS]) == 0  # "A" to everything
    columns = json.loads(Path("results/vital-tiny/photos/results.json").read_text())["columns"]
    assert (columns["yes-or-no"]["credit"], columns["yes-or-no"]["listed"]) == (1.0, 2)
    assert columns["in-context distortion"]["listed"] == 4 and columns["overall"]["credit"] == 5.0


def test_a_failed_question_is_a_row_and_is_put_again(answerer, capsys):
    answerer.told[answerer.questions[3]] = ValueError("torn")
    assert main(["evaluate", *CLIPS]) == 3
    assert rows()[3]["error"] == "ValueError: torn" and stored()["decided_by"]["failed"] == 1
    assert "clips: answered 9 of 10, 1 failed" in capsys.readouterr().err
    answerer.told[answerer.questions[3]] = "B"
    answerer.asked.clear()
    assert main(["evaluate", *CLIPS]) == 0
    assert answerer.asked == [answerer.questions[3]]


def test_a_missing_medium_is_a_row_and_is_counted(answerer, tmp_path, capsys):
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "dog.mp4").touch()
    assert main(["evaluate", "--questions", CLIPS[1], "--data-root", "media"]) == 3
    assert "10 questions, media of 4 found, of 6 missing" in capsys.readouterr().err
    assert "bunny.mp4 is not below media" in rows()[3]["error"] and len(answerer.asked) == 4


def test_a_stopped_run_goes_on_where_it_was(answerer, capsys):
    answerer.told[answerer.questions[6]] = KeyboardInterrupt()
    assert main(["evaluate", *CLIPS]) == 130
    assert "what is finished is kept. Run the same command to go on." in capsys.readouterr().err
    assert not (FOLDER / "answers.parquet").exists()
    answerer.told[answerer.questions[6]] = "A."
    answerer.asked.clear()
    assert main(["evaluate", *CLIPS]) == 0
    assert answerer.asked == answerer.questions[6:]
    assert [row["answer"] for row in rows()] == SAID


KILLED = """
import sys, time
from types import SimpleNamespace
class Slow:
    reading = "clean"
    def __init__(self, model, processor, *, max_new_tokens): pass
    def __call__(self, media, prompt):
        time.sleep(float(sys.argv[1]))
        return prompt[:20]
sys.modules["transformers_vital.evaluation.question_answering"] = SimpleNamespace(QuestionAnswerer=Slow)
from transformers_vital.results import Fingerprint
class Scorer:
    fingerprint, model, processor = Fingerprint("vital-tiny", *"abcdef"), None, None
    @classmethod
    def from_pretrained(cls, model=None, **settings): return cls()
sys.modules["transformers_vital.scoring.scorer"] = SimpleNamespace(VitalScorer=Scorer)
from transformers_vital.cli.main import main
sys.exit(main(sys.argv[2:]))
"""


def test_a_killed_run_loses_no_answer_that_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, "-c", KILLED]
    part = FOLDER / "answers.part-0-of-1.jsonl"
    with subprocess.Popen([*command, "0.3", "evaluate", *CLIPS]) as process:
        while not part.exists() or part.read_bytes().count(b"\n") < 4:
            assert process.poll() is None
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
    given = part.read_bytes().splitlines()[1:4]
    assert not (FOLDER / "answers.parquet").exists()
    subprocess.run([*command, "0", "evaluate", *CLIPS, "--quiet"], check=True, capture_output=True)
    assert not part.exists() and len(rows()) == 10
    assert [row["answer"] for row in rows()[:3]] == [json.loads(line)["answer"] for line in given]


def test_answers_with_other_settings_are_refused(answerer, scorer, capsys):
    main(["evaluate", *CLIPS])
    assert main(["evaluate", *CLIPS, "--max-new-tokens", "7"]) == 2
    assert "max_new_tokens was 2048 and is 7" in capsys.readouterr().err
    scorer.fingerprint = replace(scorer.fingerprint, dtype="bfloat16")
    assert main(["evaluate", *CLIPS, "--overwrite"]) == 0


def test_answers_to_other_questions_are_not_written_over(answerer, tmp_path, capsys):
    main(["evaluate", *CLIPS])
    (tmp_path / "clips.json").write_text(Path(PHOTOS[1]).read_text(encoding="utf-8"))
    assert main(["evaluate", "--questions", "clips.json", *CLIPS[2:]]) == 2
    assert "has answers to other questions. Rename clips.json" in capsys.readouterr().err
    assert [row["answer"] for row in rows()] == SAID


def test_a_judge_that_cannot_be_reached_ends_the_run_and_keeps_the_answers(answerer, tmp_path, capsys):
    (tmp_path / "judge.yaml").write_text("model: m\nbase_url: http://127.0.0.1:9/v1\nretries: 0\n")
    assert main(["evaluate", *CLIPS, "--judge", "judge.yaml"]) == 2
    assert "m at http://127.0.0.1:9/v1 did not answer" in capsys.readouterr().err
    assert len(rows()) == 10


def test_answers_that_the_judge_does_not_decide_are_an_exit_code(answerer, judge, chat_server, capsys):
    chat_server.always(text="Trains!")
    assert main(["evaluate", *CLIPS, *judge]) == 3
    assert "4 answers are not judged; judgements.parquet says why" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            CLIPS[:2], "Where are the media of the questions? Name their folder with --data-root", id="no-root"
        ),
        pytest.param([*CLIPS, "--csv", "x.csv"], "--questions and ratings are separate runs", id="ratings-too"),
        pytest.param([*CLIPS, "--annotator", "niqe"], "--annotator scores --benchmark or --csv", id="annotator"),
        pytest.param(
            ["--questions", "none.json", "--data-root", "."], "none.json cannot be read as JSON", id="no-file"
        ),
        pytest.param(["--table", "4", "--judge", "judge.yaml"], "--judge is about answers", id="judge-of-nothing"),
        pytest.param([*CLIPS, "--judge", "none.yaml"], "none.yaml cannot be read", id="no-judge"),
        pytest.param([*CLIPS, "--paper-model", "VITAL-ASSISTANT"], "did you mean VITAL-ASSISTANT-8B", id="model"),
    ],
)
def test_what_cannot_be_done_is_said_before_a_model_is_loaded(answerer, scorer, capsys, arguments, message):
    assert main(["evaluate", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert scorer.loaded_with is None


def test_a_path_out_of_the_folder_is_refused(answerer, tmp_path, capsys):
    entry = json.loads(Path(PHOTOS[1]).read_text(encoding="utf-8"))[0] | {"img_path": "../secret.png"}
    (tmp_path / "bad.json").write_text(json.dumps([entry]))
    assert main(["evaluate", "--questions", "bad.json", *PHOTOS[2:]]) == 2
    assert "question 0: '../secret.png' leads out of the folder of the media" in capsys.readouterr().err


def test_a_checkpoint_answers_and_a_server_judges(tiny_folder, judge, chat_server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chat_server.always(text="Score: 1")
    options = ["--model", str(tiny_folder), "--device", "cpu", "--max-new-tokens", "3"]
    assert main(["evaluate", *CLIPS, *options, *judge]) == 0
    (folder,) = Path("results").glob("*/clips")
    table = pq.read_table(folder / "answers.parquet").to_pylist()
    assert [row["error"] for row in table] == [None] * 10
    values = json.loads((folder / "results.json").read_text())
    assert values["columns"]["open-ended"]["share"] == pytest.approx(0.5)
    assert values["columns"]["overall"]["judged"] == 10 and len(chat_server.requests) % 5 == 0
