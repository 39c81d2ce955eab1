"""A real server in a process of its own, asked as OpenAI's client and others ask."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from drawing import draw, encode
from openai import OpenAI
from PIL import Image

from transformers_vital import VitalScorer
from transformers_vital.errors import CheckpointError, OutputError
from transformers_vital.results import QualityScore
from transformers_vital.serving.server import build_app, listen


LEVELS = ["low", "poor", "fair", "good", "high"]


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    Image.fromarray(draw(3, (160, 96))).save(folder / "picture.png")
    encode(folder / "clip.mp4", count=12, size=(64, 48), rate=8)
    return folder


@pytest.fixture(scope="module")
def server(tiny_folder, media):
    """The address of `transformers-vital serve`, started on a free port and stopped by Ctrl+C."""
    command = [
        sys.executable,
        "-m",
        "transformers_vital.cli.main",
        "serve",
        "--model",
        str(tiny_folder),
        "--port",
        "0",
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    process = subprocess.Popen(
        [*command, "--media-root", str(media)], stderr=subprocess.PIPE, text=True, env=environment
    )
    said = []
    for line in process.stderr:
        said.append(line)
        if found := re.search(r"serving \S+ on (http://127\.0\.0\.1:\d+): /v1/chat", line):
            break
    else:
        pytest.fail("".join(said))
    wait_for(f"{found[1]}/health")
    yield found[1]
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0, process.stderr.read()


def wait_for(address: str) -> None:
    for _ in range(100):
        try:
            assert json.load(urllib.request.urlopen(address)) == {"status": "ok"}
            return
        except urllib.error.URLError:
            time.sleep(0.1)
    pytest.fail(f"{address} does not answer")


@pytest.fixture(scope="module")
def scorer(tiny_folder):
    return VitalScorer.from_pretrained(tiny_folder)


def post(address: str, body: dict) -> tuple[int, dict]:
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def inline(path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def picture(media) -> dict:
    return {"type": "image_url", "image_url": {"url": inline(media / "picture.png")}}


CLIP = {"type": "video_url", "video_url": {"url": "clip.mp4"}}
QUESTION = {"type": "text", "text": "How sharp is it?"}


def own_answer(scorer, content: list[dict]) -> str:
    """What the library itself says, media given as files."""
    inputs = scorer.processor.apply_chat_template(
        [{"role": "user", "content": content}],
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
        add_generation_prompt=True,
    )
    tokens = scorer.model.generate(**inputs, max_new_tokens=6, do_sample=False)
    return scorer.processor.decode(tokens[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)


class TestChat:
    def ask(self, server: str, content: list[dict], **settings):
        client = OpenAI(base_url=f"{server}/v1", api_key="none")
        model = client.models.list().data[0].id
        messages = [{"role": "user", "content": content}]
        return client.chat.completions.create(model=model, messages=messages, max_tokens=6, **settings)

    def test_an_image_and_a_video_are_answered_as_the_library_answers(self, server, scorer, media):
        answer = self.ask(server, [picture(media), CLIP, QUESTION])
        files = [
            {"type": "image", "path": str(media / "picture.png")},
            {"type": "video", "path": str(media / "clip.mp4")},
        ]
        assert answer.choices[0].message.content == own_answer(scorer, [*files, QUESTION])
        assert answer.usage.completion_tokens == 6

    def test_an_answer_is_streamed(self, server, scorer, media):
        pieces = self.ask(server, [CLIP, QUESTION], stream=True)
        text = "".join(piece.choices[0].delta.content or "" for piece in pieces)
        assert text == own_answer(scorer, [{"type": "video", "path": str(media / "clip.mp4")}, QUESTION])

    def test_responses_take_images_too(self, server, media):
        client = OpenAI(base_url=f"{server}/v1", api_key="none")
        content = [
            {"type": "input_image", "image_url": inline(media / "picture.png")},
            {"type": "input_text", "text": "Sharp?"},
        ]
        answer = client.responses.create(
            model=client.models.list().data[0].id,
            input=[{"role": "user", "content": content}],
            max_output_tokens=4,
            stream=False,
        )
        assert answer.output_text

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ([{"type": "image_url", "image_url": {"url": "../secret.png"}}], "is no file below the folder"),
            ([{"type": "image_url", "image_url": {"url": "http://127.0.0.1:9/a.png"}}], "nothing from the network"),
            ([{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}], "is not an image"),
            ([{"type": "text", "text": "<IMG_CONTEXT>"}], "no images were passed"),
        ],
        ids=["outside", "network", "no image", "placeholder"],
    )
    def test_a_request_that_cannot_be_answered_says_why(self, server, content, message):
        body = {"messages": [{"role": "user", "content": content}], "max_tokens": 2}
        status, answer = post(f"{server}/v1/chat/completions", body)
        assert status == 400 and message in answer["error"]


class TestScores:
    def test_they_are_those_of_the_library(self, server, scorer, media):
        status, answer = post(f"{server}/v1/score", {"media": [picture(media), CLIP]})
        assert status == 200
        for values, name in zip(answer["data"], ["picture.png", "clip.mp4"], strict=True):
            result = QualityScore.from_dict(values)
            assert result.level_probabilities == pytest.approx(
                scorer.score(media / name).level_probabilities, abs=1e-5
            )
            assert result.fingerprint == scorer.fingerprint

    def test_a_medium_that_cannot_be_read_is_a_result_with_its_error(self, server):
        torn = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}
        status, answer = post(f"{server}/v1/score", {"media": [torn, CLIP]})
        assert status == 200
        assert [entry["error"] is None for entry in answer["data"]] == [False, True]

    @pytest.mark.parametrize("body", [{}, {"media": []}, {"media": ["clip.mp4"]}, {"media": [{"type": "video"}]}])
    def test_a_request_of_another_form_is_refused(self, server, body):
        status, answer = post(f"{server}/v1/score", body)
        assert status == 400 and "xpected" in answer["error"]


class TestDecisions:
    def body(self, media, **changes) -> dict:
        question = {"type": "score", "criteria": LEVELS}
        asset = {"data_base64": inline(media / "picture.png").split(",")[1]}
        return {"model": None, "state": "it", "questions": {"quality": question}, "assets": {"it": asset}, **changes}

    def ask(self, server, body: dict) -> tuple[int, dict]:
        body["model"] = json.load(urllib.request.urlopen(f"{server}/v1/models"))["data"][0]["id"]
        return post(f"{server}/v1/systemone", body)

    def test_they_are_the_scores_of_the_library_in_transformers_form(self, server, scorer, media):
        status, answer = self.ask(server, self.body(media))
        assert status == 200
        decision, result = answer["answers"]["quality"], scorer.score(media / "picture.png")
        assert decision["score"] / 4 == pytest.approx(result.score, abs=1e-5)
        assert decision["confidence"] == pytest.approx(result.confidence, abs=1e-5)
        assert decision["probabilities"]["4"] == pytest.approx(result.level_probabilities[0], abs=1e-5)
        assert decision["legend"]["4"] == "high"

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"questions": {"q": {"type": "noul"}}}, "has to be of type score, with 5 criteria from worst to best"),
            ({"questions": {"q": {"type": "score", "criteria": ["bad", "good"]}}}, "with 5 criteria"),
            ({"assets": {}}, "Expected one image"),
            ({"assets": {"it": {"data_base64": "/etc/hostname"}}}, "cannot be read"),
            ({"assets": {"it": {"data_base64": "http://127.0.0.1:9/a.png"}}}, "cannot be read"),
        ],
        ids=["another type", "two criteria", "no image", "a path", "an address"],
    )
    def test_another_question_is_refused(self, server, media, changes, message):
        status, answer = self.ask(server, self.body(media, **changes))
        assert status == 400 and message in answer["error"]


def test_no_route_loads_another_model(server):
    assert post(f"{server}/load_model", {"model": "other/model"})[0] == 404
    body = {"model": "other/model", "messages": [{"role": "user", "content": "hi"}]}
    status, answer = post(f"{server}/v1/chat/completions", body)
    assert status == 400 and "pinned" in answer["detail"]


def test_a_port_that_is_taken_is_one_message():
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(OutputError, match=f"127.0.0.1:{port} cannot be listened on: .* Pass another --port"):
            listen("127.0.0.1", port)


def test_a_probe_is_refused():
    class Probe:
        name, model = "probe", object()

    with pytest.raises(CheckpointError, match="probe is a probe and cannot answer in words"):
        build_app(Probe())
