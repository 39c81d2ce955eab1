"""
The page, by Gradio's client and in a real browser: run with `pip install gradio playwright`.

With VITAL_SCREENSHOT=docs/images/demo.png and VITAL_SCREENSHOT_MODEL=vital-tiny the browser shows that model and keeps
what it sees; the picture in docs/sharing.md is made so.
"""

import os
import shutil
import socket
from pathlib import Path

import pytest
from drawing import draw, encode
from PIL import Image

from transformers_vital import VitalScorer
from transformers_vital.demo.app import build_demo, launch_demo
from transformers_vital.demo.score_panel import EMPTY
from transformers_vital.errors import OutputError


pytest.importorskip("gradio", reason="gradio and the Pillow of the goldens cannot be installed together")
from gradio_client import Client, handle_file  # noqa: E402
from gradio_client.exceptions import AppError  # noqa: E402


EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "media" / "dogs.jpg"


@pytest.fixture(scope="module")
def scorer(tiny_folder):
    return VitalScorer.from_pretrained(os.environ.get("VITAL_SCREENSHOT_MODEL", tiny_folder))


@pytest.fixture(scope="module")
def address(scorer, tmp_path_factory):
    os.environ["GRADIO_TEMP_DIR"] = str(tmp_path_factory.mktemp("gradio"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    page = build_demo(scorer, max_new_tokens=6)
    yield launch_demo(page, host="127.0.0.1", port=port, wait=False)
    page.close(verbose=False)


@pytest.fixture(scope="module")
def client(address):
    return Client(address, verbose=False)


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    Image.fromarray(draw(3, (160, 96))).save(folder / "picture.jpg", quality=60)
    encode(folder / "clip.mp4", count=8, size=(64, 48), rate=8)
    (folder / "torn.png").write_bytes(b"<b>no picture</b>")
    return folder


@pytest.mark.parametrize("name", ["picture.jpg", "clip.mp4"])
def test_a_file_has_the_score_that_the_library_gives_it(client, scorer, media, name):
    panel = client.predict(handle_file(str(media / name)), api_name="/score")
    shares = [f'class="share">{share:.1%}<' for share in scorer.score(media / name).level_probabilities]
    assert all(share in panel for share in shares)


def test_a_file_that_cannot_be_read_says_why(client, media):
    panel = client.predict(handle_file(str(media / "torn.png")), api_name="/score")
    assert "torn.png is not an image that Pillow can read" in panel and "vital-error" in panel


def test_without_a_file_there_is_no_score(client):
    assert client.predict(None, api_name="/score") == EMPTY


def test_a_conversation_goes_on_and_is_escaped(address, media):
    client = Client(address, verbose=False)
    files = [handle_file(str(media / name)) for name in ("picture.jpg", "clip.mp4")]
    client.predict({"text": "Which is <b>sharper</b>?", "files": files}, api_name="/chat")
    turns, emptied = client.predict({"text": "Why?", "files": []}, api_name="/chat")
    texts = [block["text"] for turn in turns for block in turn["content"] if block["type"] == "text"]
    assert [turn["role"] for turn in turns] == ["user"] * 3 + ["assistant", "user", "assistant"]
    assert (texts[0], texts[2]) == ("Which is &lt;b&gt;sharper&lt;/b&gt;?", "Why?")
    assert emptied == {"text": "", "files": []}


def test_a_question_that_cannot_be_answered_says_why_and_is_forgotten(address):
    client = Client(address, verbose=False)
    with pytest.raises(AppError, match="&lt;IMG_CONTEXT&gt;"):
        client.predict({"text": "<IMG_CONTEXT>", "files": []}, api_name="/chat")
    with pytest.raises(AppError, match="Write a question, or add a file"):
        client.predict({"text": "", "files": []}, api_name="/chat")
    turns, _ = client.predict({"text": "Hello", "files": []}, api_name="/chat")
    assert len(turns) == 2


def test_a_port_that_is_taken_is_one_message(address, scorer):
    port = int(address.strip("/").rsplit(":", 1)[1])
    with pytest.raises(OutputError, match=f"127.0.0.1:{port} cannot be listened on. Pass another --port or --host."):
        launch_demo(build_demo(scorer), host="127.0.0.1", port=port)


@pytest.fixture
def browser_page(address):
    """The page in a headless Chromium, with the addresses that it asked for as `browser_page.asked`."""
    sync_api = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1180, "height": 860})
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(address)
        yield page
        browser.close()


def test_a_person_scores_a_photograph_and_asks_about_it(browser_page, scorer, address, media):
    page = browser_page
    page.set_input_files("input[type=file] >> nth=0", EXAMPLE)
    page.wait_for_selector("img[src*=dogs]")
    page.get_by_role("button", name="Score", exact=True).click()
    page.wait_for_selector(".vital-score .number")
    assert page.inner_text(".vital-score .number") == f"{scorer.score(EXAMPLE).score:.2f}"
    widths = page.eval_on_selector_all(
        ".vital-score .bar", "bars => bars.map(bar => bar.getBoundingClientRect().width)"
    )
    assert len(widths) == 5 and max(widths) > 20
    if target := os.environ.get("VITAL_SCREENSHOT"):
        page.mouse.move(0, 0)
        page.wait_for_timeout(1000)
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=target)
    page.get_by_role("tab", name="Chat").click()
    page.get_by_placeholder("Ask about photographs or clips").fill("<img src=x onerror=alert(1)> sharp?")
    page.get_by_placeholder("Ask about photographs or clips").press("Enter")
    page.wait_for_selector("[data-testid=bot]")
    assert "<img src=x onerror=alert(1)> sharp?" in page.inner_text("[data-testid=user]")  # as text
    assert page.query_selector("img[src=x]") is None
    assert [asked for asked in page.asked if not asked.startswith((address, "data:", "blob:"))] == []
