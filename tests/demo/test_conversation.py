"""Turns of a chat: of a person, of a model, and as a page shows them."""

import pytest
from drawing import draw, encode
from PIL import Image

from transformers_vital import VitalScorer
from transformers_vital.demo.conversation import assistant_turn, shown_turns, user_turn


@pytest.fixture
def files(tmp_path):
    Image.fromarray(draw(3, (96, 64))).save(tmp_path / "picture.png")
    encode(tmp_path / "clip.mp4", count=8, size=(64, 48), rate=8)
    return [str(tmp_path / "picture.png"), str(tmp_path / "clip.mp4")]


def test_media_come_before_the_text_and_each_is_of_its_kind(files):
    turn = user_turn({"text": "Which is sharper?", "files": files})
    assert [block["type"] for block in turn["content"]] == ["image", "video", "text"]
    assert turn["role"] == "user"


def test_a_model_answers_a_conversation_of_several_turns(files, tiny_folder):
    scorer = VitalScorer.from_pretrained(tiny_folder)
    conversation = [user_turn({"text": "Which is sharper?", "files": files})]
    conversation.append(assistant_turn(scorer, conversation, max_new_tokens=3))
    conversation.append(user_turn({"text": "Why?", "files": []}))
    answer = assistant_turn(scorer, conversation, max_new_tokens=3)
    assert answer["role"] == "assistant" and answer["content"][0]["text"]


def test_all_text_is_escaped_and_files_are_shown():
    turns = [
        user_turn({"text": "<b>", "files": ["a.png"]}),
        {"role": "assistant", "content": [{"type": "text", "text": "<i>"}]},
    ]
    assert shown_turns(turns) == [
        {"role": "user", "content": {"path": "a.png"}},
        {"role": "user", "content": "&lt;b&gt;"},
        {"role": "assistant", "content": "&lt;i&gt;"},
    ]


def test_a_turn_without_text_shows_its_files_alone():
    assert shown_turns([user_turn({"text": "", "files": ["a.png"]})]) == [
        {"role": "user", "content": {"path": "a.png"}}
    ]
