"""Asking a real server in another process, on this machine: failures, waits, the cache, the cap and the key."""

import asyncio
import base64
import io
import json
import socket
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from transformers_vital.annotation.statements.answer_cache import AnswerCache, Usage
from transformers_vital.annotation.statements.endpoint import Endpoint, Question, UnansweredError
from transformers_vital.annotation.statements.media_content import MediaContent
from transformers_vital.annotation.statements.model_settings import ModelSettings
from transformers_vital.annotation.statements.spending import Spending, SpendingCapError
from transformers_vital.errors import AnnotationError, EndpointError, MediaInputError


MODEL = {"model": "judge", "timeout_seconds": 5.0}
SECRET = "sk-never-to-be-seen-0123456789"


@pytest.fixture
def ask(chat_server, tmp_path):
    """`ask(questions, retries=…, …)`: answers, or errors, of the questions asked all at once."""

    def run(questions, *, model=None, cap=None, slots=8, read=lambda answer: answer.text or None, **settings):
        settings = {"retries": 2, "backoff_seconds": 0.01, "repeats": 0} | settings
        chosen = ModelSettings(**({"base_url": chat_server.url} | MODEL | (model or {})))

        async def all_at_once():
            with AnswerCache(tmp_path / "answers.sqlite") as cache:
                spending = Spending(cache, cap=cap)
                shared = {"cache": cache, "spending": spending, "slots": asyncio.Semaphore(slots)}
                async with Endpoint(chosen, **shared, **settings) as endpoint:
                    asked = (endpoint.ask(question, read=read) for question in questions)
                    return await asyncio.gather(*asked, return_exceptions=True)

        return asyncio.run(all_at_once())

    return run


def questions(count, **further):
    return [Question(f"question {number}", **further) for number in range(count)]


def test_a_question_goes_out_as_a_chat_completion_with_its_settings(ask, chat_server):
    chat_server.always(text="fine")
    model = {"max_tokens": 7, "temperature": 0.25, "extra_body": {"top_k": 3}}
    assert ask([Question("how is it?")], model=model) == ["fine"]
    (request,) = chat_server.requests
    assert (request["path"], request["text"]) == ("/v1/chat/completions", "how is it?")
    body = request["body"]
    assert (body["model"], body["max_tokens"], body["temperature"], body["top_k"]) == ("judge", 7, 0.25, 3)


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param({"status": 500, "raw": "oops"}, id="500"),
        pytest.param({"status": 503, "raw": "{}"}, id="503"),
        pytest.param({"status": 429, "raw": "{}"}, id="429"),
        pytest.param({"delay": 1.0, "text": "too late"}, id="time-out"),
        pytest.param({"hang_up": True}, id="hang-up"),
        pytest.param({"raw": "<html>busy</html>"}, id="no JSON"),
        pytest.param({"raw": "[1, 2]"}, id="a list"),
    ],
)
def test_what_may_pass_is_tried_again(ask, chat_server, failure):
    chat_server.answer({"replies": [failure, failure, {"text": "at last"}]})
    assert ask([Question("?")], model={"timeout_seconds": 0.5}) == ["at last"]
    assert len(chat_server.requests) == 3


def test_an_answer_that_drips_in_for_too_long_is_given_up(ask, chat_server):
    chat_server.always(text="a word and another one", drip=0.02)  # over 200 bytes, each within the time allowed
    (error,) = ask([Question("?")], model={"timeout_seconds": 0.4}, retries=0)
    assert isinstance(error, UnansweredError)
    assert "no answer in 0.4 s" in str(error)


@pytest.mark.parametrize("status", [400, 403, 413, 422])
def test_a_refusal_of_one_question_is_not_tried_again_and_others_go_on(ask, chat_server, status):
    refused = {"status": status, "raw": '{"error": "picture too large"}'}
    chat_server.answer({"match": "question 0", "replies": [refused]}, {"replies": [{"text": "fine"}]})
    error, answer = ask(questions(2))
    assert isinstance(error, UnansweredError)
    assert f"status {status}" in str(error) and "picture too large" in str(error)
    assert answer == "fine"
    assert len(chat_server.requests) == 2


@pytest.mark.parametrize("status", [401, 402, 404])
def test_a_wrong_key_account_or_model_ends_all(ask, chat_server, status):
    chat_server.always(status=status, raw='{"error": "no"}')
    errors = ask(questions(5), slots=1)
    assert {type(error) for error in errors} == {EndpointError}
    assert "Check the address, the model and the key" in str(errors[0])
    assert len(chat_server.requests) == 1


def test_a_server_that_cannot_be_reached_ends_all_after_the_retries(ask):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    errors = ask(questions(3), model={"base_url": f"http://127.0.0.1:{port}/v1"}, slots=1)
    assert {type(error) for error in errors} == {EndpointError}
    assert f"judge at http://127.0.0.1:{port}/v1 did not answer: ConnectError" in str(errors[0])


def test_ten_questions_in_a_row_without_an_answer_end_all(ask, chat_server):
    chat_server.always(status=500, raw="down")
    errors = ask(questions(30), slots=1, retries=0)
    assert [type(error) for error in errors] == [UnansweredError] * 9 + [EndpointError] * 21
    assert "So did the 9 questions before" in str(errors[9])
    assert len(chat_server.requests) == 10


def test_the_wait_that_a_server_asks_for_is_kept(ask, chat_server):
    chat_server.answer({"replies": [{"status": 429, "raw": "{}", "headers": {"Retry-After": "0.6"}}, {"text": "now"}]})
    start = time.monotonic()
    assert ask([Question("?")], backoff_seconds=0.0) == ["now"]
    assert 0.6 <= time.monotonic() - start < 3


def test_a_server_that_asks_to_wait_for_hours_is_not_waited_for(ask, chat_server):
    chat_server.always(status=429, raw="{}", headers={"Retry-After": "36000"})
    (error,) = ask([Question("?")])
    assert isinstance(error, UnansweredError)
    assert len(chat_server.requests) == 1


def test_waits_double(ask, chat_server, monkeypatch):
    waits = []
    sleep = asyncio.sleep

    async def noted(seconds):
        waits.append(seconds)
        await sleep(0)

    monkeypatch.setattr("transformers_vital.annotation.statements.endpoint.asyncio.sleep", noted)
    chat_server.always(status=500, raw="")
    ask([Question("?")], retries=4, backoff_seconds=2.0)
    assert len(waits) == 4
    for attempt, wait in enumerate(waits):
        assert 2.0 * 2**attempt / 2 <= wait <= 2.0 * 2**attempt


def test_no_more_questions_are_in_flight_than_allowed(ask, chat_server):
    chat_server.always(text="fine", delay=0.05)
    assert ask(questions(20), slots=3) == ["fine"] * 20
    assert chat_server.most_in_flight == 3


def test_an_answer_that_cannot_be_read_is_asked_for_again(ask, chat_server):
    chat_server.answer({"replies": [{"text": "hm"}, {"text": ""}, {"text": "2 points"}]})
    assert ask([Question("?")], repeats=2, read=lambda answer: "points" in answer.text or None) == [True]
    assert len(chat_server.requests) == 3


def test_a_question_whose_answers_cannot_be_read_says_what_was_answered(ask, chat_server):
    chat_server.always(text="I'd rather\nnot say")
    (error,) = ask([Question("?")], repeats=1, read=lambda answer: None)
    assert str(error) == "judge gave no usable answer in 2 attempts; the last: I'd rather not say"
    chat_server.always(raw='{"choices": []}')
    (error,) = ask([Question("another?")], read=lambda answer: answer.text or None)
    assert str(error).endswith("the last: an empty text")


def test_reasoning_and_invisible_characters_are_not_part_of_an_answer(ask, chat_server):
    chat_server.always(text="<think>0 points? no</think>\n2\x00 \ud800points\u202e")
    assert ask([Question("?")]) == ["2 points"]
    chat_server.always(text="<think>cut off in the middle of")
    assert ask([Question("another?")], read=lambda answer: f"<{answer.text}>") == ["<>"]


def test_an_answer_in_parts_is_put_together(ask, chat_server):
    parts = [{"type": "text", "text": "2 "}, {"type": "text", "text": "points"}]
    chat_server.always(raw=json.dumps({"choices": [{"message": {"role": "assistant", "content": parts}}]}))
    assert ask([Question("?")]) == ["2 points"]


# ---- The cache


def test_what_was_answered_is_not_asked_again(ask, chat_server):
    chat_server.answer({"replies": [{"text": "first"}, {"text": "second"}]})
    assert ask([Question("?")]) == ["first"]
    assert ask([Question("?")]) == ["first"]
    assert len(chat_server.requests) == 1


def test_answers_that_could_not_be_read_are_not_asked_for_again_either(ask, chat_server):
    chat_server.always(text="hm")
    for _ in range(2):
        ask([Question("?")], repeats=2, read=lambda answer: None)
    assert len(chat_server.requests) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"model": "other"},
        {"temperature": 0.5},
        {"max_tokens": 9},
        {"extra_body": {"seed": 1}},
        {"round": 2},
        {"text": "!"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_question_is_asked(ask, chat_server, change):
    chat_server.always(text="fine")
    ask([Question("?")])
    question = Question(change.pop("text", "?"), round=change.pop("round", 1))
    ask([question], model=change)
    assert len(chat_server.requests) == 2


def test_the_address_and_the_timeout_are_no_part_of_a_question(ask, chat_server):
    chat_server.always(text="fine")
    ask([Question("?")])
    ask([Question("?")], model={"base_url": chat_server.url.replace("127.0.0.1", "localhost"), "timeout_seconds": 9.0})
    assert len(chat_server.requests) == 1


def test_another_file_under_the_same_name_is_another_question(ask, chat_server, tmp_path, medium):
    chat_server.always(text="fine")
    for grey in (10, 20):
        Image.new("L", (8, 8), grey).save(tmp_path / "a.png")
        ask([Question("?", MediaContent(medium("a.png")["media"], root=tmp_path))])
    assert len(chat_server.requests) == 2


def test_processes_share_a_cache(tmp_path):
    code = (
        "import sys; from transformers_vital.annotation.statements.answer_cache import Answer, AnswerCache, Usage\n"
        "with AnswerCache(sys.argv[1]) as cache:\n"
        "    for n in range(50): cache.put(f'{sys.argv[2]} {n}', Answer('x'), model='m', usage=Usage(1, 2, 3, 0.5))"
    )
    path = str(tmp_path / "answers.sqlite")
    running = [subprocess.Popen([sys.executable, "-c", code, path, str(number)]) for number in range(3)]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    with AnswerCache(path) as cache:
        assert cache.usage() == {"m": Usage(150, 300, 450, 75.0)}


def test_a_cache_of_another_version_is_refused(tmp_path):
    with AnswerCache(tmp_path / "answers.sqlite"):
        pass
    with sqlite3.connect(tmp_path / "answers.sqlite") as database:
        database.execute("PRAGMA user_version=7")
    with pytest.raises(AnnotationError, match="has version 7; this version of the library reads 1"):
        AnswerCache(tmp_path / "answers.sqlite")


def test_a_file_that_is_no_cache_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("not a database, but long enough to be taken for one" * 20)
    with pytest.raises(AnnotationError, match="notes.txt cannot be used as a cache of answers"):
        AnswerCache(tmp_path / "notes.txt")


# ---- The cap. Prices are sums of powers of two, so that sums are exact.

PRICED = {"prompt_price_per_million": 1250.0, "completion_price_per_million": 12500.0, "max_tokens": 16}
# 100 prompt tokens and 10 of completion: 0.125 + 0.125


def test_tokens_and_costs_are_counted(ask, chat_server, tmp_path):
    chat_server.always(text="fine")
    ask(questions(3), model=PRICED)
    with AnswerCache(tmp_path / "answers.sqlite") as cache:
        usage = cache.usage()["judge"]
    assert (usage.answers, usage.prompt_tokens, usage.completion_tokens, usage.cost) == (3, 300, 30, 0.75)


@pytest.mark.parametrize("slots", [1, 4])
def test_no_question_is_sent_that_would_pass_the_cap(ask, chat_server, slots):
    chat_server.always(text="fine", delay=0.02)
    answers = ask(questions(12), model=PRICED, cap=1.5, slots=slots)
    assert answers.count("fine") == len(chat_server.requests) == 6
    errors = [answer for answer in answers if answer != "fine"]
    assert {type(error) for error in errors} == {SpendingCapError}
    assert "1.5 of 1.5 are spent, and a question to judge may cost 0.25. Raise max_spend" in str(errors[0])


def test_the_cap_counts_what_earlier_runs_paid(ask, chat_server):
    chat_server.always(text="fine")
    ask(questions(3), model=PRICED)
    answers = ask(questions(6), model=PRICED, cap=1.0)
    assert answers.count("fine") == 4
    assert len(chat_server.requests) == 4


def test_a_model_that_costs_nothing_is_asked_when_all_is_spent(ask, chat_server):
    chat_server.always(text="fine")
    free = {"prompt_price_per_million": 0.0, "completion_price_per_million": 0.0}
    assert ask(questions(2), model=free, cap=0.0) == ["fine", "fine"]


def test_a_reply_without_usage_costs_nothing_that_is_known(ask, chat_server, tmp_path):
    chat_server.always(text="fine", usage=None)
    assert ask(questions(1), model=PRICED) == ["fine"]
    with AnswerCache(tmp_path / "answers.sqlite") as cache:
        assert cache.usage()["judge"].cost == 0


# ---- The key


def test_the_key_is_sent_and_kept_nowhere(ask, chat_server, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("JUDGE_KEY", SECRET)
    caplog.set_level("DEBUG")
    wrong = {"status": 400, "raw": f'{{"error": "key {SECRET} may not do this"}}'}
    chat_server.answer({"match": "question 1", "replies": [wrong]}, {"replies": [{"text": "fine"}]})
    answer, error = ask(questions(2), model={"api_key_env": "JUDGE_KEY"})
    assert {request["authorization"] for request in chat_server.requests} == {f"Bearer {SECRET}"}
    assert answer == "fine"
    assert "key *** may not" in str(error)
    assert SECRET not in caplog.text
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert written
    assert not any(SECRET.encode() in content for content in written)


def test_a_key_that_is_not_there_is_named(ask, monkeypatch):
    monkeypatch.delenv("JUDGE_KEY", raising=False)
    with pytest.raises(AnnotationError, match="The environment variable JUDGE_KEY of judge is not set"):
        ask([Question("?")], model={"api_key_env": "JUDGE_KEY"})


def test_a_saved_token_of_the_hub_is_not_sent_to_others(ask, chat_server, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_private")
    chat_server.always(text="fine")
    ask([Question("?")])
    assert "hf_private" not in chat_server.requests[0]["authorization"]


# ---- Media


def shown(request):
    """Pictures that arrived, decoded."""
    contents = [base64.b64decode(url.split(";base64,")[1]) for url in request["media"]]
    return [Image.open(io.BytesIO(content)) for content in contents]


@pytest.fixture
def show(ask, chat_server, shown_media, medium):
    """`show("clip.mp4", frames=3)`: the request as it arrived."""

    def send(path, **model):
        chat_server.always(text="seen")
        assert ask([Question("?", MediaContent(medium(path)["media"], root=shown_media))], model=model) == ["seen"]
        return chat_server.requests[0]

    return send


def test_an_image_arrives_pixel_by_pixel(show, shown_media):
    request = show("grey.png")
    (picture,) = shown(request)
    assert (picture.format, picture.size) == ("PNG", (40, 30))
    assert np.array_equal(np.asarray(picture), np.asarray(Image.open(shown_media / "grey.png")))
    assert request["text"] == "?"


def test_a_large_image_arrives_smaller_and_without_its_metadata(show):
    request = show("wide.jpg", long_side_pixels=150)
    (picture,) = shown(request)
    assert picture.size == (150, 50)
    assert np.abs(np.asarray(picture).reshape(-1, 3).mean(axis=0) - (200, 30, 30)).max() < 4
    assert not picture.getexif() and "icc_profile" not in picture.info
    assert b"nobody should know" not in base64.b64decode(request["media"][0].split(",")[1])


def test_key_frames_arrive_in_order_from_the_middle_of_equal_parts(show):
    pictures = shown(show("clip.mp4", frames=4))  # 2 s of 4 frames each: at 0.25, 0.75, 1.25 and 1.75 s
    assert [picture.format for picture in pictures] == ["JPEG"] * 4
    greys = [np.asarray(picture).mean() for picture in pictures]
    assert greys == pytest.approx([16 + 30 * index for index in (1, 3, 5, 7)], abs=3)


def test_a_short_clip_has_no_frame_twice(show):
    assert len(show("clip.mp4", frames=20)["media"]) == 8


def test_a_video_is_sent_whole_where_the_server_takes_it(show, shown_media):
    request = show("clip.mp4", video_as="video_url")
    (url,) = request["media"]
    assert request["media_types"] == ["video_url"]
    assert url.startswith("data:video/mp4;base64,")
    assert base64.b64decode(url.split(",")[1]) == (shown_media / "clip.mp4").read_bytes()


def test_a_video_that_is_too_large_to_be_sent_whole_is_refused(tmp_path, medium):
    with (tmp_path / "long.mp4").open("wb") as file:
        file.truncate(33 << 20)
    model = ModelSettings(model="judge", base_url="http://localhost/v1", video_as="video_url")
    with pytest.raises(MediaInputError, match="long.mp4 has 33 MiB; a video is sent whole up to 32. Set video_as to"):
        MediaContent(medium("long.mp4")["media"], root=tmp_path).parts(model)
