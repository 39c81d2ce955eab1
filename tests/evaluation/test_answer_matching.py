"""Many odd answers, and the option that each of them chooses."""

import json
from pathlib import Path

import pytest

from transformers_vital.evaluation.answer_matching import chosen_option
from transformers_vital.evaluation.qbench_questions import read_qbench_video


OPTIONS = ["Blurry", "Clear", "Average", "A bit noisy"]

CHOSEN = [
    ("A", "A"),
    ("A.", "A"),
    ("A)", "A"),
    ("(A)", "A"),
    ("[C]", "C"),
    ("b", "B"),
    ("b.", "B"),
    ("(b)", "B"),
    ("  B. ", "B"),
    ('"B"', "B"),
    ("`B`", "B"),
    ("B!", "B"),
    ("B?", "B"),
    ("**D**", "D"),
    ("**C.** Average", "C"),
    ("### C", "C"),
    ("C: Average", "C"),
    ("C - Average", "C"),
    ("C – Average", "C"),
    ("C Average", "C"),
    ("c average", "C"),
    ("C (average)", "C"),
    ("C=Average", "C"),
    ("C. 30 fps", "C"),
    ("A.Blurry", "A"),
    ("A, because edges are soft.", "A"),
    ("A\nBecause edges are soft.", "A"),
    ("A. A clear case of blur", "A"),
    ("B. But only just", "B"),
    ("D A bit noisy", "D"),
    ("D. A bit noisy", "D"),
    ("D) a bit noisy.", "D"),
    ("C. Clear", "C"),  # the letter counts, not the text of another option
    ("Blurry", "A"),
    ("blurry.", "A"),
    ("Clear", "B"),
    ("Average", "C"),
    ("A bit noisy", "D"),
    ("（B）", "B"),
    ("B。", "B"),
    ("B：Clear", "B"),
    ("Ｂ", "B"),
    # What chooses nothing, so that a judge is asked.
    ("", None),
    (".", None),
    ("1", None),
    ("E", None),
    ("E.", None),
    ("AB", None),
    ("The answer is C", None),
    ("Answer: C", None),
    ("Option B", None),
    ("A blurry picture", None),
    ("a blurry picture", None),
    ("A 'soft' look", None),
    ('A "soft" look', None),
    ("B-frames are missing", None),
    ("B's edges are soft", None),
    ("c.f. the frames", None),
    ("Both A and B", None),
    ("A or B", None),
    ("A/B", None),
    ("A, B", None),
    ("B and C", None),
    ("B & C", None),
    ("C, A", None),
    ("A+B", None),
    ("A. B. C.", None),
    ("A. Blurry\nB. Clear\nC. Average", None),
    ("Definitely blurry", None),
    ("Cannot say", None),
    ("I'm sorry, I can't help with that.", None),
    ("As an AI model, I cannot see videos.", None),
    ("Yes", None),
    ("None of the above", None),
    ("答案是B", None),
]


@pytest.mark.parametrize(("answer", "letter"), CHOSEN, ids=[repr(answer) for answer, _ in CHOSEN])
def test_the_first_letter_chooses_where_it_stands_alone(answer, letter):
    assert chosen_option(answer, options=OPTIONS) == letter


@pytest.mark.parametrize(
    ("answer", "letter"),
    [("A", "A"), ("B. Clear", "B"), ("Average", "A"), ("Definitely", "D"), ("b", None), ("(A)", None), ("", None)],
)
def test_the_release_takes_the_first_character(answer, letter):
    assert chosen_option(answer, options=OPTIONS, reading="release") == letter


@pytest.mark.parametrize("reading", ["clean", "release"])
@pytest.mark.parametrize("answer", ["C", "D. Both"])
def test_a_letter_beyond_the_options_chooses_nothing(answer, reading):
    assert chosen_option(answer, options=["Yes", "No"], reading=reading) is None


def test_the_text_of_two_equal_options_chooses_nothing():
    assert chosen_option("same", options=["Same", "same."]) is None


def test_every_option_of_the_authors_questions_is_chosen_by_letter_text_or_both():
    path = Path(__file__).resolve().parents[3] / "shared" / "reference" / "annotations" / "qbvideo_dev_single.json"
    if not path.is_file():
        pytest.skip(f"the authors' questions are not at {path}")
    entries = json.loads(path.read_text(encoding="utf-8"))
    compared = 0
    for question in read_qbench_video(path):
        for place, option in enumerate(question.options):
            letter = "ABCD"[place]
            assert entries[question.index]["answers"][place].strip() == option
            for answer in (letter, f"{letter}.", f"({letter})", f"{letter}. {option}", f"{letter} {option}", option):
                assert chosen_option(answer, options=question.options) == letter, (question.index, answer)
                compared += 1
    assert compared > 10_000
