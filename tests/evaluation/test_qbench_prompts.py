"""What a model is asked, against the prompts of the authors' code."""

import json

import pytest

from transformers_vital.evaluation.qbench_prompts import question_prompt
from transformers_vital.evaluation.qbench_questions import QualityQuestion, read_qbench, read_qbench_video
from transformers_vital.prompts import RELEASE_QBENCH_FORMAT, RELEASE_QBENCH_INTRODUCTION


@pytest.fixture(scope="module")
def asked(goldens, tmp_path_factory):
    """`(question, prompt of the authors)` of each golden case; their prompt from behind the medium on."""
    folder, found = tmp_path_factory.mktemp("asked"), []
    prompts = json.loads((goldens / "prompts" / "prompts_qa.json").read_text(encoding="utf-8"))
    summary = json.loads((goldens / "qa" / "summary.json").read_text(encoding="utf-8"))
    for key, golden in prompts.items():
        if summary.get(key, {}).get("seq_len_tiny", golden["length_tiny"]) != golden["length_tiny"]:
            continue  # a case whose annotation the authors' code cannot run
        path = folder / "questions.json"
        path.write_text(json.dumps([golden["annotation"]]), encoding="utf-8")
        (question,) = (read_qbench_video if "video" in golden["annotation"] else read_qbench)(path)
        text = golden["text"].rsplit("</img>\n", maxsplit=1)[1].removesuffix("<|im_start|>assistant\n")
        found.append((question, text))
    return found


def test_the_release_reading_is_that_of_the_authors_to_the_letter(asked):
    assert len({question.type for question, _ in asked}) >= 3
    for question, text in asked:
        assert question_prompt(question, reading="release") == text


def test_of_a_video_both_readings_are_one(asked):
    videos = [question for question, _ in asked if question.kind == "video"]
    assert videos
    for question in videos:
        assert question_prompt(question) == question_prompt(question, reading="release")


def test_the_clean_reading_asks_for_the_format_of_an_answer_once():
    question = QualityQuestion(0, "image", "1.jpg", "How is it?", "how", ("other",), ("Dark", "Bright"), "A", "Dark")
    assert question_prompt(question) == (
        f"{RELEASE_QBENCH_INTRODUCTION}\nHow is it?\nA. Dark\nB. Bright\n{RELEASE_QBENCH_FORMAT}"
    )


def test_an_open_ended_question_is_asked_as_it_is():
    question = QualityQuestion(0, "video", "1.mp4", "What is wrong?", "open-ended", ("technical",), reference="Noise")
    assert question_prompt(question) == "What is wrong?"
