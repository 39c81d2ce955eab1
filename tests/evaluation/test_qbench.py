"""Columns of the tables, against the paper's own numbers and by hand."""

import itertools
import json

import pytest

from transformers_vital.errors import EvaluationError
from transformers_vital.evaluation.judgements import Judgement
from transformers_vital.evaluation.paper import paper_table
from transformers_vital.evaluation.qbench import COLUMNS, qbench_accuracy, qbench_columns, qbench_summary
from transformers_vital.evaluation.qbench_questions import QualityQuestion


# The rows of the paper, in percent. One is left out: its 67.12 % of 297 questions is no number of questions in halves.
TABLE_4 = {
    row.model: [100 * row.values[name, "accuracy"] for name in COLUMNS["video"]]
    for row in (*paper_table(4).rows, paper_table(11).rows[0])
    if row.model != "VQA2-ASSISTANT"
}
LISTED = {"binary": 297, "multiple choice": 287, "open-ended": 316}  # of the 900 questions of the test file
CONCERNED = {"technical": 617, "aesthetic": 211, "temporal": 294, "AIGC": 161}


def printed(value, *, questions):
    """Credits in halves that would be printed as this percentage."""
    nearest = round(value / 100 * questions * 2)
    return [half / 2 for half in (nearest - 1, nearest, nearest + 1) if abs(50 * half / questions - value) < 0.00501]


def make_question(index, type="binary", concerns=("technical",)):
    """A question of which no more than its columns matters."""
    kind = "video" if type in COLUMNS["video"] else "image"
    return QualityQuestion(index, kind, "1.mp4", "?", type, concerns, reference="Yes")


def test_credits_in_halves_over_all_questions_give_the_papers_overall():
    assert len(TABLE_4) == 15
    for row in TABLE_4.values():
        credits = [printed(value, questions=count) for value, count in zip(row[:3], LISTED.values(), strict=True)]
        fitting = [c for c in itertools.product(*credits) if abs(sum(c) / 9 - row[7]) < 0.00501]
        assert fitting, row


def test_the_papers_open_ended_shares_need_half_credits():
    shares = [row[2] for row in TABLE_4.values()]
    assert any(not any(credit.is_integer() for credit in printed(share, questions=316)) for share in shares)


@pytest.mark.parametrize("concern", CONCERNED)
def test_the_papers_concerns_overlap(concern):
    """Only one number of questions up to 300, or up to 900, fits a column; together they are more than 900."""
    values = [row[3 + list(CONCERNED).index(concern)] for row in TABLE_4.values()]
    fitting = [n for n in range(1, 901) if all(printed(value, questions=n) for value in values)]
    assert fitting[0] == CONCERNED[concern]
    assert all(n % CONCERNED[concern] == 0 for n in fitting)
    assert sum(CONCERNED.values()) > sum(LISTED.values())


@pytest.mark.parametrize("model", ["VITAL-BASE-8B", "VITAL-ASSISTANT-8B", "GEMINI-2.5-PRO"])
def test_credits_that_fit_a_row_of_the_paper_give_its_types_and_overall(model):
    row, questions, judgements = TABLE_4[model], [], []
    for value, (type, count) in zip(row[:3], LISTED.items(), strict=True):
        credit = printed(value, questions=count)[0]
        for place in range(count):
            index = len(questions)
            questions.append(make_question(index, type))
            judgements.append(Judgement(index, min(1.0, max(0.0, credit - place)), "judge"))
    columns = qbench_columns(questions, judgements=judgements)
    shares = [100 * columns[name].share for name in (*LISTED, "overall")]
    assert shares == pytest.approx([*row[:3], row[7]], abs=0.00501)
    assert {name: columns[name].judged for name in LISTED} == LISTED
    assert columns["overall"].listed == 900


def test_a_question_counts_once_in_each_of_its_columns():
    questions = [
        make_question(0, "binary", ("technical", "temporal")),
        make_question(1, "open-ended", ("technical",)),
        make_question(2, "multiple choice", ("AIGC",)),
    ]
    judgements = [Judgement(2, 1.0, "option"), Judgement(0, 0.0, "option"), Judgement(1, 0.5, "judge")]
    columns = qbench_columns(questions, judgements=judgements)
    assert list(columns) == [
        "binary",
        "multiple choice",
        "open-ended",
        "technical",
        "aesthetic",
        "temporal",
        "AIGC",
        "overall",
    ]
    assert [column.share for column in columns.values()] == [0.0, 1.0, 0.5, 0.25, None, 0.0, 1.0, 0.5]
    assert [column.listed for column in columns.values()] == [1, 1, 1, 2, 0, 1, 1, 3]


def test_what_nobody_could_judge_is_listed_and_not_judged():
    questions = [make_question(index) for index in range(3)]
    judgements = [Judgement(0, 1.0, "option"), Judgement(1, None, None, reason="failed"), Judgement(2, 0.0, "nothing")]
    overall = qbench_columns(questions, judgements=judgements)["overall"]
    assert (overall.share, overall.credit, overall.judged, overall.listed) == (0.5, 1.0, 2, 3)


def test_images_have_their_own_columns():
    questions = [make_question(0, "what", ("in-context other",)), make_question(1, "how", ("distortion",))]
    columns = qbench_columns(questions, judgements=[Judgement(0, 1.0, "option"), Judgement(1, 0.0, "option")])
    assert list(columns) == [
        "yes-or-no",
        "what",
        "how",
        "distortion",
        "other",
        "in-context distortion",
        "in-context other",
        "overall",
    ]
    assert (columns["what"].share, columns["in-context other"].share, columns["overall"].share) == (1.0, 1.0, 0.5)


def test_columns_of_nothing_or_of_both_kinds_are_refused():
    with pytest.raises(EvaluationError, match="There are 0 questions; expected some, all about images or all about"):
        qbench_columns([], judgements=[])
    with pytest.raises(EvaluationError, match="There are 2 questions; expected some, all about images"):
        qbench_columns([make_question(0), make_question(1, "what")], judgements=[])


def test_a_question_without_judgement_is_refused():
    with pytest.raises(EvaluationError, match="1 of 2 questions have no judgement, the first is 1. Judge all"):
        qbench_columns([make_question(0), make_question(1)], judgements=[Judgement(0, 1.0, "option")])


def test_a_summary_counts_who_decided_and_how_rounds_agree():
    questions = [make_question(0), make_question(1, "open-ended"), make_question(2, "open-ended"), make_question(3)]
    questions.append(make_question(4))
    judgements = [
        Judgement(0, 1.0, "option"),
        Judgement(1, 1.0, "judge", votes=(2, 2, 2)),
        Judgement(2, None, None, votes=(None, None, 2), malformed=6, reason="mute"),
        Judgement(3, 0.0, "judge", votes=(0, 0, 1), malformed=1),
        Judgement(4, None, "failed", reason="torn"),
    ]
    summary = json.loads(json.dumps(qbench_summary(questions, judgements=judgements)))
    assert summary["decided_by"] == {"option": 1, "judge": 2, "nothing": 0, "failed": 1, "unjudged": 1}
    assert summary["malformed"] == 7
    assert (summary["agreement"]["open-ended"]["questions"], summary["agreement"]["open-ended"]["complete"]) == (2, 1)
    assert summary["agreement"]["closed"]["pairwise"] == pytest.approx(1 / 3)


# ---- Accuracy by letters alone


def test_accuracy_is_counted_by_concern():
    found = qbench_accuracy(
        ["A.", "(b) No", "No idea", "C"],
        references=["A", "A", "B", "C"],
        concerns=["CONCERN_Technical", "CONCERN_Technical_AIGC", "Temporal", "in-context distortion"],
    )
    assert found == {
        "overall": 0.5,
        "aigc": 0.0,
        "in-context distortion": 1.0,
        "technical": 0.5,
        "temporal": 0.0,
        "undecided": 1,
    }


def test_the_text_of_an_option_chooses_it_where_options_are_given():
    arguments = {"references": ["B"], "concerns": ["Technical"]}
    assert qbench_accuracy(["no"], options=[["Yes", "No"]], **arguments)["overall"] == 1.0
    assert qbench_accuracy(["no"], **arguments)["undecided"] == 1


@pytest.mark.parametrize(
    ("predictions", "references", "concerns", "message"),
    [
        (["A"], ["A", "B"], ["x"], "There are 1 predictions, 2 references, 1 concerns and 1 lists of options"),
        ([], [], [], "expected as many of all, and at least one"),
        (["A"], ["E"], ["x"], "Reference 0 is 'E'; expected the letter of an option"),
        (["A"], ["AB"], ["x"], "Reference 0 is 'AB'; expected the letter of an option"),
    ],
)
def test_accuracy_of_lists_that_do_not_fit_is_refused(predictions, references, concerns, message):
    with pytest.raises(EvaluationError, match=message):
        qbench_accuracy(predictions, references=references, concerns=concerns)
