"""A checkpoint that answers: the authors' answers to the authors' prompts, and questions put to our own."""

import json

import numpy as np
import pytest
from PIL import Image

from transformers_vital import VitalForConditionalGeneration, VitalProcessor
from transformers_vital.errors import MediaDecodeError
from transformers_vital.evaluation.answers import answer_each
from transformers_vital.evaluation.qbench_prompts import question_prompt
from transformers_vital.evaluation.qbench_questions import read_qbench, read_qbench_video
from transformers_vital.evaluation.question_answering import QuestionAnswerer


@pytest.fixture(scope="module")
def answerer(tiny_folder):
    model = VitalForConditionalGeneration.from_pretrained(tiny_folder)
    return QuestionAnswerer(model, VitalProcessor.from_pretrained(tiny_folder), max_new_tokens=4)


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures") / "ramp.png"
    Image.linear_gradient("L").save(path)
    return path


def test_answers_to_the_authors_questions_are_theirs_token_by_token(goldens, release_checkpoint, tmp_path):
    prompts = json.loads((goldens / "prompts" / "prompts_qa.json").read_text(encoding="utf-8"))
    ids = np.load(goldens / "prompts" / "input_ids_qa.npz")
    model = VitalForConditionalGeneration.from_pretrained(release_checkpoint)
    processor = VitalProcessor.from_pretrained(release_checkpoint)
    compared = set()
    for key, golden in json.loads((goldens / "qa" / "summary.json").read_text(encoding="utf-8")).items():
        if "official_error" in golden:
            continue
        if prompts[key]["length_tiny"] != golden["seq_len_tiny"]:
            continue  # a case whose annotation the authors' code cannot run
        annotation, tokens = prompts[key]["annotation"], golden["greedy_token_ids"]
        (tmp_path / "questions.json").write_text(json.dumps([annotation]), encoding="utf-8")
        (question,) = (read_qbench_video if "video" in annotation else read_qbench)(tmp_path / "questions.json")
        answerer = QuestionAnswerer(model, processor, max_new_tokens=len(tokens))
        assert answerer.reading == "release"
        asked = goldens / question.media, question_prompt(question, reading=answerer.reading)
        expected = ids[f"{key}/tiny/input_ids"]
        given = answerer.inputs(*asked)["input_ids"][0].numpy()
        # Key frames have a placeholder of their own with us.
        given = np.where(given == processor.video_token_id, processor.image_token_id, given)
        assert given.tolist() == expected.tolist(), key
        answer = processor.tokenizer.decode(tokens, skip_special_tokens=True).strip()
        assert answerer(*asked) == answer != "", key
        compared.add((question.kind, question.type))
    assert len(compared) >= 3


def test_turns_are_closed_where_the_checkpoint_is_not_of_the_release(answerer, picture):
    assert answerer.reading == "clean"
    text = answerer.processor.decode(answerer.inputs(picture, "Is it sharp?")["input_ids"][0])
    assert text.endswith("Is it sharp?<|im_end|>\n<|im_start|>assistant\n")


def test_the_answer_is_that_of_the_question_and_of_the_medium(answerer, picture, tmp_path):
    Image.effect_noise((90, 60), 80).save(tmp_path / "noise.png")
    longer = QuestionAnswerer(answerer.model, answerer.processor, max_new_tokens=12)
    answers = [
        longer(picture, "Is it sharp?"),
        longer(picture, "Is it dark?"),
        longer(tmp_path / "noise.png", "Is it?"),
    ]
    assert len(set(answers)) == 3
    assert longer(picture, "Is it sharp?") == answers[0]


def test_a_model_in_training_is_put_to_work_without_dropout(answerer):
    assert not QuestionAnswerer(answerer.model.train(), answerer.processor).model.training


def test_a_file_that_cannot_be_decoded_is_refused(answerer, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG and nothing more")
    with pytest.raises(MediaDecodeError, match="broken.png"):
        answerer(tmp_path / "broken.png", "Is it sharp?")


def test_questions_about_images_and_videos_are_answered_from_files(answerer, picture, goldens, tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"nothing")
    media = [picture, goldens / "videos" / "v8fps_40f.mp4", tmp_path / "broken.mp4"]
    rows = list(answer_each(answerer, [(path.name, path, "Is it sharp?") for path in media]))
    assert [row["error"] is None for row in rows] == [True, True, False]
    assert "broken.mp4" in rows[2]["error"]
    assert rows[0]["answer"] == answerer(picture, "Is it sharp?")
