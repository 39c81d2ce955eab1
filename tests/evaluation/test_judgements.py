"""What an answer is worth without a judge and by its votes, and judgements on disk."""

from pathlib import Path

import pytest

from transformers_vital.errors import EvaluationError
from transformers_vital.evaluation.judgements import (
    Judgement,
    by_votes,
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
    assert found == Judgement(3, None, None, reason="MediaDecodeError: broken")


def test_a_question_without_correct_answer_cannot_be_judged():
    question = QualityQuestion(3, "image", "1.jpg", "How is it?", "how", ("other",), ("Bad", "Good"))
    with pytest.raises(EvaluationError, match="Question 3 has no correct answer. Use a file with answers"):
        without_judge(question, row=row("A"))


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


def test_judgements_are_read_as_they_were_written(tmp_path):
    judgements = [
        Judgement(0, 0.5, "judge", (1, 1, None, 2, 1), 3),
        Judgement(1, None, None, reason="MediaDecodeError: “Ünlesbar”\nin two lines"),
    ]
    write_judgements(tmp_path / "judgements.jsonl", judgements=judgements)
    assert read_judgements(tmp_path / "judgements.jsonl") == judgements


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read as judgements"),
        ("{]", "cannot be read as judgements"),
        ('{"index": 1}', "has not the keys"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path, content, message):
    path = Path(tmp_path / "judgements.jsonl")
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(EvaluationError, match=message):
        read_judgements(path)
