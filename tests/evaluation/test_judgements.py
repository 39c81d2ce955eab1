"""What an answer is worth without a judge and by its votes, and judgements on disk."""

from dataclasses import asdict, replace

import pytest

from transformers_vital.errors import EvaluationError
from transformers_vital.evaluation.answers import Answers, write_answers
from transformers_vital.evaluation.judgements import (
    Judgement,
    by_votes,
    decide,
    read_judgements,
    without_judge,
    write_judgements,
)
from transformers_vital.evaluation.qbench_questions import QualityQuestion


CLOSED = QualityQuestion(3, "video", "1.mp4", "How is it?", "multiple choice", ("AIGC",), ("Bad", "Good"), "B", "Good")
OPEN = QualityQuestion(3, "video", "1.mp4", "What is wrong?", "open-ended", ("AIGC",), reference="Noise")


def row(answer, *, error=None, index=3):
    return {"index": index, "answer": answer, "error": error}


@pytest.mark.parametrize(
    ("answer", "credit"), [("B", 1.0), ("(b) Good", 1.0), ("Good.", 1.0), ("A", 0.0), ("A. Good", 0.0), ("bad", 0.0)]
)
def test_a_chosen_option_decides_a_closed_question(answer, credit):
    assert without_judge(CLOSED, row=row(answer)) == Judgement(3, credit, "option")


@pytest.mark.parametrize(
    "answer", ["C", "It is a good video.", "Both A and B", "I'm sorry, I cannot see the video.", "A good one"]
)
def test_where_no_option_is_chosen_a_judge_is_asked(answer):
    assert without_judge(CLOSED, row=row(answer)) is None


def test_the_release_reading_takes_a_sentence_for_an_option():
    assert without_judge(CLOSED, row=row("Bad"), reading="release").credit == 1.0  # B, for all that it says


@pytest.mark.parametrize("answer", ["Noise", "B", "I cannot say."])
def test_an_open_ended_answer_always_needs_a_judge(answer):
    assert without_judge(OPEN, row=row(answer)) is None


@pytest.mark.parametrize("question", [CLOSED, OPEN], ids=["closed", "open-ended"])
def test_an_empty_answer_is_worth_nothing_and_asks_nobody(question):
    assert without_judge(question, row=row("")) == Judgement(3, 0.0, "nothing")


@pytest.mark.parametrize("question", [CLOSED, OPEN], ids=["closed", "open-ended"])
def test_a_failed_answer_has_no_credit(question):
    found = without_judge(question, row=row(None, error="MediaDecodeError: broken"))
    assert found == Judgement(3, None, "failed", reason="MediaDecodeError: broken")


def test_an_answer_in_a_file_without_correct_ones_has_no_credit():
    question = QualityQuestion(3, "image", "1.jpg", "How is it?", "how", ("other",), ("Bad", "Good"))
    found = without_judge(question, row=row("A"))
    assert found == Judgement(3, None, None, reason="The file of questions has no correct answer.")


def test_a_row_of_another_question_is_refused():
    with pytest.raises(EvaluationError, match="Row 4 stands where question 3 is"):
        without_judge(CLOSED, row=row("A", index=4))


@pytest.mark.parametrize(
    ("question", "votes", "credit"),
    [
        (OPEN, [2, 2, 2, 1, 0], 1.0),
        (OPEN, [1, 1, 1, 2, 2], 0.5),
        (OPEN, [0, 0, 0, 2, 2], 0.0),
        (OPEN, [2, 2, 0, 0, 1], 0.5),
        (CLOSED, [1, 1, 0, 1, 0], 1.0),
        (CLOSED, [1, 0, 0, 1, 0], 0.0),
        (CLOSED, [1, 0, None, 1, 0], 0.0),
    ],
)
def test_votes_are_credits_between_nothing_and_full_marks(question, votes, credit):
    assert by_votes(question, votes=votes) == Judgement(3, credit, "judge", tuple(votes))


def test_too_few_votes_are_no_judgement_and_say_why():
    found = by_votes(OPEN, votes=[2, None, None, 2, None], malformed=9, reason="judge gave no usable answer.")
    assert (found.credit, found.by, found.malformed) == (None, None, 9)
    assert found.reason == "The judge gave a score in 2 of 5 rounds. judge gave no usable answer."


@pytest.fixture
def answers():
    """A closed answer with a letter, an open-ended one, one that failed, and a closed one without a letter."""
    questions = [replace(CLOSED, index=0), replace(OPEN, index=1), replace(OPEN, index=2), replace(CLOSED, index=3)]
    said = [row("B", index=0), row("Some noise.", index=1), row(None, error="torn", index=2), row("Well.", index=3)]
    rows = [{**asdict(question), "prompt": "?", **answer} for question, answer in zip(questions, said, strict=True)]
    return Answers("mine", {"model": "m", "reading": "clean"}, tuple(rows))


def test_without_a_judge_what_needs_one_is_not_judged(answers):
    found = decide(answers.questions, rows=answers.rows, judged={})
    assert [(one.credit, one.by) for one in found] == [(1.0, "option"), (None, None), (None, "failed"), (None, None)]
    assert found[1].reason == "It needs a judge, and none was given."


def test_a_judge_is_not_heard_about_what_an_option_decides(answers):
    found = decide(answers.questions, rows=answers.rows, judged={0: Judgement(0, 0.0, "judge")})
    assert found[0] == Judgement(0, 1.0, "option")


@pytest.fixture
def judged(answers):
    """What a judge said to these answers."""
    said = {
        1: Judgement(1, 0.5, "judge", (1, 1, None, 2, 1), 3),
        3: Judgement(3, None, None, (None,) * 5, 15, "“Mute”\n"),
    }
    return decide(answers.questions, rows=answers.rows, judged=said)


def test_judgements_are_read_as_they_were_written(answers, judged, tmp_path):
    path = write_judgements(tmp_path / "judgements.parquet", judgements=judged, answers=answers, judge="judge")
    assert read_judgements(path, answers=answers) == ("judge", judged)


def test_an_answer_that_changed_since_is_not_judged(answers, judged, tmp_path):
    path = write_judgements(tmp_path / "judgements.parquet", judgements=judged, answers=answers, judge="judge")
    changed = (answers.rows[0], {**answers.rows[1], "answer": "Some blur."}, *answers.rows[2:])
    _, found = read_judgements(path, answers=replace(answers, rows=changed))
    assert found[1].credit is None and found[3] == judged[3]


def test_a_file_of_something_else_is_refused(answers, tmp_path):
    with pytest.raises(EvaluationError, match="judgements.parquet cannot be read"):
        read_judgements(tmp_path / "judgements.parquet", answers=answers)
    path = write_answers(answers, path=tmp_path / "answers.parquet")
    with pytest.raises(EvaluationError, match="is no file of judgements: its columns are index, kind"):
        read_judgements(path, answers=answers)
