"""Answers beside the paper's: which table, in which unit, and what is not defined."""

import json

import pytest

from transformers_vital.evaluation.answers import Answers
from transformers_vital.evaluation.judgements import Judgement
from transformers_vital.evaluation.question_results import question_results
from transformers_vital.reporting.question_tables import questions_table


SHARED = {"kind": "video", "media": "1.mp4", "text": "?", "options": [], "letter": None, "reference": "Noise"}


def answers(kind="video"):
    """Two open-ended answers about technical quality and one about motion that failed; or one about an image."""
    types = ["open-ended"] * 3 if kind == "video" else ["how"]
    concerns = [["technical"], ["technical"], ["temporal"]] if kind == "video" else [["other"]]
    rows = [
        SHARED
        | {"index": place, "kind": kind, "type": type, "concerns": concern}
        | {"prompt": "?", "answer": "Noise." if place < 2 else None, "error": "torn" if place == 2 else None}
        for place, (type, concern) in enumerate(zip(types, concerns, strict=True))
    ]
    return Answers("mine", {"model": "m", "reading": "clean"}, tuple(rows))


JUDGED = [
    Judgement(0, 1.0, "judge", (2, 2, 2)),
    Judgement(1, 0.5, "judge", (1, 1, 2)),
    Judgement(2, None, "failed", reason="torn"),
]


def results(paper_model=None):
    return question_results(answers(), judgements=JUDGED, judge="judge", model="m", paper_model=paper_model)


@pytest.mark.parametrize(
    ("model", "table", "overall"),
    [("VITAL-ASSISTANT-8B", 4, 0.6311), ("vqa2-assistant-enhanced (the annotator)", 11, 0.5983)],
)
def test_the_papers_values_are_those_of_the_table_that_has_the_model(model, table, overall):
    found = results(model).paper["overall"]
    assert (found.table, found.paper, found.ours) == (table, overall, 0.75)
    assert found.difference == pytest.approx(0.75 - overall)


def test_a_model_of_other_tables_has_no_values_to_stand_beside():
    assert results("DEQA-SCORE").paper == {}


def test_images_have_no_values_in_the_paper():
    found = question_results(
        answers("image"), judgements=JUDGED[:1], judge="judge", model="m", paper_model="VITAL-ASSISTANT-8B"
    )
    assert found.paper == {}


def test_what_failed_and_what_was_not_judged_are_counted_apart():
    unjudged = [*JUDGED[:1], Judgement(1, None, None, reason="It needs a judge."), JUDGED[2]]
    found = question_results(answers(), judgements=unjudged, judge=None, model="m")
    assert (found.failed, found.unjudged, found.overall.judged, found.overall.listed) == (1, 1, 1, 3)


def test_json_has_nothing_for_what_is_not_defined():
    values = json.loads(json.dumps(results("VITAL-ASSISTANT-8B").to_dict(), allow_nan=False))
    assert values["columns"]["temporal"]["share"] is None
    assert values["paper"]["temporal"] == {"ours": None, "paper": 0.6156, "table": 4, "difference": None}
    assert values["agreement"]["open-ended"]["unanimous"] == 0.5


def test_a_table_is_in_percent_with_differences_and_gaps():
    rows = {row[0]: row[1:] for row in questions_table(results("VITAL-ASSISTANT-8B")).rows}
    assert rows["technical"] == ("75.00", "2", "2", "61.75", "+13.25")
    assert rows["temporal"] == ("-", "0", "1", "61.56", "-")
    assert list(rows)[-1] == "overall"


def test_a_table_says_who_decided_and_how_rounds_agree():
    notes = " ".join(questions_table(results()).notes)
    assert "by a judge: 2;" in notes and "without an answer: 1." in notes
    # pairs of rounds: 3 of 3 and 1 of 3; kappa of votes 2 2 2 and 1 1 2: (2/3 - 5/9) / (1 - 5/9)
    assert (
        "judge judged 2 open-ended answers in 3 rounds, 2 with a score in each: all rounds agree on 50.00 % of these, "
        "two rounds on 66.67 %, Fleiss' κ is 0.250."
    ) in notes
    assert "closed" not in notes
