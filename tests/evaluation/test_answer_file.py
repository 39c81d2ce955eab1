"""Answers on disk: what a row holds, what fails, and runs that go on where they stopped."""

import json

import pytest

from transformers_vital.errors import EvaluationError, MediaDecodeError
from transformers_vital.evaluation.answer_file import COLUMNS, answer_questions, read_answers
from transformers_vital.evaluation.qbench_questions import QualityQuestion


@pytest.fixture
def questions(tmp_path):
    """Twelve questions about as many files."""
    (tmp_path / "media").mkdir()
    for index in range(12):
        (tmp_path / "media" / f"{index}.mp4").touch()
    shared = {
        "type": "binary",
        "concerns": ("technical",),
        "options": ("Yes", "No"),
        "letter": "A",
        "reference": "Yes",
    }
    return [QualityQuestion(index, "video", f"{index}.mp4", f"Is {index} sharp?", **shared) for index in range(12)]


class Model:
    """Says yes, notes what it was asked, and fails as it is told."""

    def __init__(self, failures=None):
        self.asked, self.failures = [], failures or {}

    def __call__(self, media, prompt):
        self.asked.append((media, prompt))
        failure = self.failures.get(prompt.split(" ")[1])
        if isinstance(failure, BaseException):
            raise failure
        return failure if failure is not None else " A. Yes\n"


@pytest.fixture
def answered(questions, tmp_path):
    """`answered(model, …)`: rows of the questions put to the model."""

    def run(ask, *, questions=questions, model="yes-man", **settings):
        return answer_questions(
            ask, questions=questions, media_root=tmp_path / "media", path=tmp_path / "a.jsonl", model=model, **settings
        )

    return run


def written(tmp_path):
    return [json.loads(line) for line in (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_row_holds_what_was_asked_and_answered(answered, questions, tmp_path):
    model = Model()
    rows = answered(model)
    assert rows == written(tmp_path)
    assert rows[3] == {
        "index": 3,
        "media": "3.mp4",
        "question": "Is 3 sharp?",
        "prompt": "Is 3 sharp?\nA. Yes\nB. No\n",
        "model": "yes-man",
        "answer": "A. Yes",
        "error": None,
    }
    assert tuple(rows[3]) == COLUMNS
    assert model.asked[3] == (str(tmp_path.resolve() / "media" / "3.mp4"), rows[3]["prompt"])


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (MediaDecodeError("3.mp4 has no video stream."), "MediaDecodeError: 3.mp4 has no video stream."),
        (RuntimeError("out of memory"), "RuntimeError: out of memory"),
        (7, "EvaluationError: The model returned a int; expected its answer, a text."),
    ],
)
def test_a_question_that_fails_is_a_row_and_others_go_on(answered, failure, error):
    rows = answered(Model({"3": failure}))
    assert (rows[3]["answer"], rows[3]["error"]) == (None, error)
    assert sum(row["error"] is None for row in rows) == 11


def test_a_mistake_in_the_callable_is_not_hidden(answered):
    with pytest.raises(AttributeError):
        answered(lambda media, prompt: prompt.no_such_thing)


def test_a_missing_file_and_a_path_out_of_the_folder_are_rows(answered, questions, tmp_path):
    (tmp_path / "secret.mp4").touch()
    shared = {"type": "open-ended", "concerns": ("technical",)}
    names = ["absent.mp4", "../secret.mp4", str(tmp_path / "secret.mp4")]
    model = Model()
    rows = answered(
        model,
        questions=[QualityQuestion(index, "video", name, "How is it?", **shared) for index, name in enumerate(names)],
    )
    assert "absent.mp4 is no file in" in rows[0]["error"]
    assert "outside" in rows[1]["error"] and "outside" in rows[2]["error"]
    assert model.asked == []


def test_a_stopped_run_goes_on_and_asks_nothing_again(answered, tmp_path):
    stopped = Model({"5": KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt):
        answered(stopped)
    assert [row["index"] for row in written(tmp_path)] == [0, 1, 2, 3, 4]
    model = Model()
    rows = answered(model)
    assert [row["index"] for row in rows] == list(range(12))
    assert len(model.asked) == 7
    assert answered(model) == rows and len(model.asked) == 7


def test_failed_questions_are_put_again(answered, tmp_path):
    answered(Model({"3": RuntimeError("busy")}))
    model = Model()
    rows = answered(model)
    assert [prompt.split(" ")[1] for _, prompt in model.asked] == ["3"]
    assert all(row["error"] is None for row in rows)
    assert len(written(tmp_path)) == 12


def test_a_torn_last_line_is_asked_again(answered, tmp_path):
    answered(Model())
    path = tmp_path / "a.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    model = Model()
    answered(model)
    assert len(model.asked) == 1 and len(written(tmp_path)) == 12


def test_some_questions_can_be_put_before_the_others(answered, questions, tmp_path):
    answered(Model(), questions=questions[:4])
    model = Model()
    answered(model)
    assert len(model.asked) == 8
    assert len(answered(model, questions=questions[:2])) == 2
    assert len(written(tmp_path)) == 12


def test_ten_failures_in_a_row_end_the_run_and_a_success_between_does_not(answered, tmp_path):
    down = {str(index): RuntimeError("down") for index in range(12)}
    assert len(answered(Model(down | {"6": "B"}))) == 12
    (tmp_path / "a.jsonl").unlink()
    with pytest.raises(EvaluationError, match="10 questions in a row failed, the last, 9, with: RuntimeError: down"):
        answered(Model(down))
    assert len(written(tmp_path)) == 10


def test_progress_sees_the_questions_that_are_put(answered, questions):
    seen = []

    def note(listed):
        seen.extend(listed)
        return listed

    answered(Model(), questions=questions[:4])
    answered(Model(), progress=note)
    assert [question.index for question in seen] == list(range(4, 12))


def test_answers_of_another_model_are_not_mixed_in(answered):
    answered(Model())
    with pytest.raises(
        EvaluationError, match="it has answers of yes-man, not of no-man. Name another file, or delete"
    ):
        answered(Model(), model="no-man")


def test_answers_to_other_questions_are_not_mixed_in(answered, questions):
    answered(Model())
    other = [QualityQuestion(0, "video", "0.mp4", "Is it dark?", "binary", ("technical",), ("Yes", "No"), "A", "Yes")]
    with pytest.raises(EvaluationError, match="its row 0 answers another question"):
        answered(Model(), questions=other)


@pytest.mark.parametrize(
    ("content", "message"),
    [("{]\n", "a line is not JSON"), ('{"index": 0}\n', "a line has not the keys index, media"), ("[]\n", "the keys")],
)
def test_a_file_of_something_else_is_left_alone(answered, tmp_path, content, message):
    (tmp_path / "a.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(EvaluationError, match=message):
        answered(Model())
    assert (tmp_path / "a.jsonl").read_text(encoding="utf-8") == content


def test_questions_of_several_files_are_refused(answered, questions):
    with pytest.raises(EvaluationError, match="Several questions have one index"):
        answered(Model(), questions=[*questions, questions[0]])


def test_answers_are_read_without_the_model(answered, questions, tmp_path):
    rows = answered(Model(), questions=questions[:10])
    read = read_answers(tmp_path / "a.jsonl", questions=questions)
    assert read[:10] == rows
    assert [row["error"] for row in read[10:]] == ["The question was not put."] * 2
    with pytest.raises(EvaluationError, match="There is no file .*b.jsonl. Put the questions to a model first"):
        read_answers(tmp_path / "b.jsonl", questions=questions)
    other = [QualityQuestion(0, "video", "9.mp4", "Is 0 sharp?", "binary", ("technical",), reference="Yes")]
    with pytest.raises(EvaluationError, match="its row 0 answers another question"):
        read_answers(tmp_path / "a.jsonl", questions=other)
