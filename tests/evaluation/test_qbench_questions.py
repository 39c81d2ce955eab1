"""Files of questions: the authors' own, the published form of Q-Bench, and what is wrong with others."""

import json
from collections import Counter
from pathlib import Path

import pytest

from transformers_vital.errors import EvaluationError
from transformers_vital.evaluation.qbench import COLUMNS
from transformers_vital.evaluation.qbench_questions import concerns_of, read_qbench, read_qbench_video, read_questions


VIDEO = {
    "video": "1.mp4",
    "question": "Is there flicker?",
    "answers": ["Yes", "No", "", ""],
    "question_type": "yes-or-no",
    "quality_concern": "CONCERN_Temporal",
    "correct_choice": "B",
}
IMAGE = {
    "img_path": "1.jpg",
    "question": "How is the clarity?",
    "candidates": ["Low", "Medium", "High"],
    "correct_ans": "High",
    "type": 2,
    "concern": 0,
}


@pytest.fixture
def questions(tmp_path):
    """`questions(read, entry, …)`: what is read of a file with these entries."""

    def read_entries(read, *entries):
        path = tmp_path / "questions.json"
        path.write_text(json.dumps(entries), encoding="utf-8")
        return read(path)

    return read_entries


@pytest.fixture(scope="module")
def released():
    """The authors' file, read and as it is."""
    reference = Path(__file__).resolve().parents[3] / "shared" / "reference"
    path = reference / "annotations" / "qbvideo_dev_single.json"
    if not path.is_file():
        pytest.skip(f"the authors' questions are not at {path}")
    return read_qbench_video(path), json.loads(path.read_text(encoding="utf-8"))


def test_the_authors_file_is_read_whole(released):
    questions, entries = released
    assert len(questions) == len(entries) == 892
    assert Counter(question.type for question in questions) == {
        "binary": 294,
        "multiple choice": 328,
        "open-ended": 270,
    }
    assert [question.index for question in questions] == list(range(892))
    for question, entry in zip(questions, entries, strict=True):
        assert (question.media, question.text, question.kind) == (entry["video"], entry["question"], "video")
        assert question.reference == entry["answers"]["ABCD".index(entry["correct_choice"])].strip()
        assert question.letter == (None if question.type == "open-ended" else entry["correct_choice"])


def test_combined_concerns_of_the_authors_file_count_in_every_column(released):
    questions, entries = released
    for concern in ("Technical", "Aesthetic", "Temporal", "AIGC"):
        expected = sum(concern in entry["quality_concern"] for entry in entries)
        name = concern if concern == "AIGC" else concern.lower()
        assert sum(name in question.concerns for question in questions) == expected > 0


def test_options_of_the_authors_file_are_without_padding(released):
    questions, entries = released
    for question, entry in zip(questions, entries, strict=True):
        filled = tuple(text.strip() for text in entry["answers"] if text)
        assert question.options == (() if question.type == "open-ended" else filled)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("CONCERN_Technical", ("technical",)),
        ("CONCERN_Technical_Temporal_Aesthetic_AIGC", ("technical", "temporal", "aesthetic", "AIGC")),
        ("CONCERN_Temporal_AIGC", ("temporal", "AIGC")),
    ],
)
def test_a_label_names_concerns(label, expected):
    assert concerns_of(label) == expected


@pytest.mark.parametrize(
    "label",
    ["", "CONCERN_", "CONCERN", "Technical", "CONCERN_Sound", "CONCERN_Technical_", "CONCERN_AIGC_AIGC", None, 1],
)
def test_another_label_is_refused(label):
    with pytest.raises(EvaluationError, match="quality_concern is .*; expected CONCERN_ and one or more of Technical"):
        concerns_of(label)


def test_a_file_without_answers_can_be_asked(questions):
    (video,) = questions(read_qbench_video, {name: VIDEO[name] for name in VIDEO if name != "correct_choice"})
    (image,) = questions(read_qbench, {name: IMAGE[name] for name in IMAGE if name != "correct_ans"})
    assert (video.letter, video.reference, image.letter, image.reference) == (None,) * 4


def test_the_published_name_of_a_video_is_read_too(questions):
    entry = {"video_name": "7.mp4", **{name: VIDEO[name] for name in VIDEO if name != "video"}}
    assert questions(read_qbench_video, entry)[0].media == "7.mp4"


def test_both_forms_of_q_bench_give_one_question(questions):
    authors = {
        "image": "1.jpg",
        "question": IMAGE["question"],
        "answers": IMAGE["candidates"],
        "correct_choice": "C",
        "correct_ans": "High",
        "type": 2,
        "concern": 0,
    }
    published, released = questions(read_qbench, IMAGE)[0], questions(read_qbench, authors)[0]
    assert published == released
    assert (published.kind, published.type, published.concerns) == ("image", "how", ("distortion",))
    assert (published.letter, published.reference, published.media) == ("C", "High", "1.jpg")


def test_numbers_of_q_bench_stand_for_its_columns(questions):
    entries = [IMAGE | {"type": number % 3, "concern": number} for number in range(4)]
    found = questions(read_qbench, *entries)
    assert [question.type for question in found] == ["yes-or-no", "what", "how", "yes-or-no"]
    assert [question.concerns for question in found] == [
        ("distortion",),
        ("other",),
        ("in-context distortion",),
        ("in-context other",),
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"video": ""}, "video is ''; expected a text"),
        ({"video": "a.mp4_cat_b.mp4"}, "video is 'a.mp4_cat_b.mp4', a pair. Keep the questions about single videos"),
        ({"question": None}, "question is None; expected a text"),
        ({"question_type": "how"}, "question_type is 'how'; expected one of yes-or-no, what/how, open_ended"),
        ({"answers": "Yes"}, "answers is 'Yes'; expected 2 to 4 texts, and empty ones at the end only"),
        ({"answers": ["Yes", "", "", ""]}, "expected 2 to 4 texts"),
        ({"answers": ["Yes", "", "No", ""]}, "empty ones at the end only"),
        ({"answers": ["1", "2", "3", "4", "5"]}, "expected 2 to 4 texts"),
        ({"answers": ["Yes", 2]}, r"answers is \['Yes', 2\]; expected 2 to 4 texts"),
        ({"quality_concern": "CONCERN_Odd"}, "quality_concern is 'CONCERN_Odd'; expected CONCERN_ and one or more"),
        ({"correct_choice": "C"}, "correct_choice is 'C'; expected a letter from A to B"),
        ({"correct_choice": "b"}, "correct_choice is 'b'; expected a letter"),
        ({"correct_choice": 1}, "correct_choice is 1; expected a letter"),
    ],
)
def test_an_unusable_question_about_a_video_is_named_with_its_field(questions, change, message):
    with pytest.raises(EvaluationError, match=f"questions.json, question 1: .*{message}"):
        questions(read_qbench_video, VIDEO, VIDEO | change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"img_path": 3}, "img_path is 3; expected a text"),
        ({"candidates": ["High"]}, r"candidates is \['High'\]; expected 2 to 4 texts"),
        ({"correct_ans": "Higher"}, "correct_ans is 'Higher'; expected the text of one of the options"),
        ({"candidates": ["High", "High"]}, "correct_ans is 'High'; expected the text of one of the options"),
        ({"type": 3}, r"type is 3; expected 0 \(yes-or-no\), 1 \(what\), 2 \(how\)"),
        ({"type": True}, "type is True; expected 0"),
        ({"concern": "0"}, r"concern is '0'; expected 0 \(distortion\), 1 \(other\), 2 \(in-context distortion\)"),
    ],
)
def test_an_unusable_question_about_an_image_is_named_with_its_field(questions, change, message):
    with pytest.raises(EvaluationError, match=f"questions.json, question 1: .*{message}"):
        questions(read_qbench, IMAGE, IMAGE | change)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", r"holds \[\]; expected one JSON array of questions"),
        ('{"a": 1}', "holds {'a': 1}; expected one JSON array"),
        ("[1]", "question 0: it is 1; expected a dict"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, content, message):
    path = tmp_path / "questions.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(EvaluationError, match=message):
        read_qbench_video(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(EvaluationError, match="none.json cannot be read as JSON .*. Name the file of questions"):
        read_qbench(tmp_path / "none.json")


# ---- Either benchmark


@pytest.mark.parametrize(("entry", "kind"), [(VIDEO, "video"), (IMAGE, "image")])
def test_the_form_of_a_file_says_what_its_questions_are_about(questions, entry, kind):
    assert [question.kind for question in questions(read_questions, entry)] == [kind]


@pytest.mark.parametrize(("entry", "field"), [(VIDEO, "video"), (IMAGE, "img_path")])
def test_a_medium_out_of_the_folder_is_refused(questions, entry, field):
    with pytest.raises(EvaluationError, match="question 0: '../1.mp4' leads out of the folder of the media"):
        questions(read_questions, entry | {field: "../1.mp4"})


@pytest.mark.parametrize("name", ["clips", "photos"])
def test_our_own_questions_have_all_types_and_concerns_of_their_benchmark(name):
    found = read_questions(Path(__file__).resolve().parents[2] / "examples" / "questions" / f"{name}.json")
    columns = {column for question in found for column in (question.type, *question.concerns)}
    assert columns | {"overall"} == set(COLUMNS[found[0].kind])
    assert all(question.reference for question in found)
