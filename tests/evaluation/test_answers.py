"""Answers on disk: what a row holds, what fails, and what is refused."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from transformers_vital.errors import EvaluationError, MediaDecodeError
from transformers_vital.evaluation.answers import (
    COLUMNS,
    Answers,
    answer_each,
    answer_key,
    join_answers,
    read_answers,
    write_answers,
)
from transformers_vital.evaluation.predictions import read_predictions
from transformers_vital.evaluation.qbench_questions import QualityQuestion


FINGERPRINT = {"model": "m", "reading": "clean", "max_new_tokens": 8}
QUESTIONS = [
    QualityQuestion(0, "video", "0.mp4", "Sharp?", "binary", ("technical", "AIGC"), ("Yes", "No"), "A", "Yes"),
    QualityQuestion(1, "video", "1.mp4", "What is wrong?", "open-ended", ("temporal",), reference="Judder"),
    QualityQuestion(2, "video", "2.mp4", "Dark?", "binary", ("technical",), ("Yes", "No")),
]
PROMPTS = ["Sharp?\nA. Yes\nB. No\n", "What is wrong?", "Dark?\nA. Yes\nB. No\n"]


def row(name, answer=None, error=None):
    return {"name": name, "answer": answer, "error": error}


@pytest.fixture
def answers():
    """One answered, one that failed, and one without a file."""
    keys = [answer_key(f"{place}.mp4", prompt) for place, prompt in enumerate(PROMPTS)]
    answered = {keys[0]: row(keys[0], "A."), keys[1]: row(keys[1], error="MediaDecodeError: torn")}
    return join_answers(
        QUESTIONS, answered=answered, lacking={2: "2.mp4 is not there."}, id="mine", fingerprint=FINGERPRINT
    )


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (MediaDecodeError("3.mp4 has no video stream."), "MediaDecodeError: 3.mp4 has no video stream."),
        (OSError("gone"), "OSError: gone"),
    ],
)
def test_a_question_that_fails_is_a_row_and_others_go_on(failure, error):
    def ask(media, prompt):
        if media == "3.mp4":
            raise failure
        return " A. Yes\n"

    rows = list(answer_each(ask, [("a", Path("3.mp4"), "Sharp?"), ("b", Path("4.mp4"), "Sharp?")]))
    assert rows == [row("a", error=error), row("b", "A. Yes")]


def test_a_mistake_in_the_callable_is_not_hidden():
    with pytest.raises(AttributeError):
        list(answer_each(lambda media, prompt: prompt.no_such_thing, [("a", Path("3.mp4"), "Sharp?")]))


def test_every_question_is_a_row_in_order(answers):
    assert [row["answer"] for row in answers.rows] == ["A.", None, None]
    assert [row["error"] for row in answers.rows] == [None, "MediaDecodeError: torn", "2.mp4 is not there."]
    assert [row["prompt"] for row in answers.rows] == PROMPTS
    assert answers.questions == QUESTIONS


def test_only_answers_that_were_given_are_kept_for_a_run_that_goes_on(answers):
    assert list(answers.given) == [answer_key("0.mp4", PROMPTS[0])]


def test_another_question_or_medium_has_another_key():
    keys = {answer_key(media, prompt) for media in ("0.mp4", "1.mp4") for prompt in ("Sharp?", "Dark?")}
    assert len(keys) == 4


def test_a_file_gives_back_what_was_written(answers, tmp_path):
    path = write_answers(answers, path=tmp_path / "answers.parquet")
    assert read_answers(path) == answers
    assert [entry.name for entry in tmp_path.iterdir()] == ["answers.parquet"]


def test_the_file_is_read_by_others(answers, tmp_path):
    table = pq.read_table(write_answers(answers, path=tmp_path / "answers.parquet"))
    assert tuple(table.column_names) == COLUMNS
    assert table["concerns"].to_pylist()[0] == ["technical", "AIGC"] and table["letter"].to_pylist() == [
        "A",
        None,
        None,
    ]


def test_predictions_are_no_answers_and_answers_no_predictions(answers, tmp_path):
    path = write_answers(answers, path=tmp_path / "answers.parquet")
    with pytest.raises(EvaluationError, match="is no file of predictions: its columns are index, kind"):
        read_predictions(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"rows": ()}, "it has no row, or an index twice", id="no-row"),
        pytest.param({"fingerprint": {"model": "m"}}, "it does not say of which model and questions", id="no-reading"),
    ],
)
def test_a_file_that_cannot_be_is_refused(answers, tmp_path, change, message):
    changed = Answers(**{"id": answers.id, "fingerprint": answers.fingerprint, "rows": answers.rows} | change)
    with pytest.raises(EvaluationError, match=message):
        read_answers(write_answers(changed, path=tmp_path / "answers.parquet"))


def test_a_row_with_neither_answer_nor_error_is_refused(answers, tmp_path):
    torn = ({**answers.rows[0], "answer": None}, *answers.rows[1:])
    path = write_answers(Answers("mine", FINGERPRINT, torn), path=tmp_path / "answers.parquet")
    with pytest.raises(EvaluationError, match="row 0 has not either an answer or an error"):
        read_answers(path)
