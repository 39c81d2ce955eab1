"""The page as a parser reads it: everything escaped, nothing outside itself, nothing that runs."""

import base64
import io
from html.parser import HTMLParser

import pytest
from PIL import Image

from transformers_vital.reporting.html import html_report
from transformers_vital.reporting.plots import report_plots


EVIL_NAME = "<img src=x onerror=alert(1)>.png"
EVIL_TEXT = '<script>alert("2")</script> Edges are soft.'
VOID = {"meta", "img", "br", "link", "input"}


class Page(HTMLParser):
    """Elements with their attributes, and the text, of a page whose tags are all closed in order."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.open, self.text = [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def encoded(form):
    content = io.BytesIO()
    Image.new("RGB", (8, 6), "red").save(content, form)
    return content.getvalue()


@pytest.fixture(scope="module")
def report(statistics):
    stage = {"stage": EVIL_NAME, "rows": 2, "kept": 1, "rejected": 1, "reasons": {EVIL_TEXT: 1}}
    counts = {"items": 1, "hashed": 0, "same_name": 1, "same_stem": 0, "same_look": 0, "name_and_look": 0}
    offender = {"name": EVIL_NAME, "test_set": EVIL_NAME, "by_name": EVIL_NAME, "by_look": None, "distance": None}
    agreement = {"image": statistics["agreement"]["image"] | {"annotators": [EVIL_NAME, "b", "c", "d"]}}
    return {
        "title": EVIL_NAME,
        "built": "2026-01-02",
        "package": "transformers_vital 0.1.0",
        "records": {EVIL_NAME: 120_000},
        "stages": [stage],
        "recipe": {EVIL_NAME: EVIL_TEXT},
        "statistics": statistics | {"words": {EVIL_NAME: 3}, "agreement": agreement},
        "overlap": {"media": 2, "max_distance": 4, "test_sets": {EVIL_NAME: counts}, "offenders": [offender]},
        "licence": EVIL_TEXT,
    }


@pytest.fixture(scope="module")
def samples():
    facts = {"text": EVIL_TEXT, EVIL_NAME: 0.123456, "std": None}
    return [{"name": EVIL_NAME, "thumbnail": encoded("JPEG"), "facts": facts}, {"name": "none", "facts": {}}]


@pytest.fixture(scope="module")
def page(report, samples):
    return html_report(report, plots=report_plots(report["statistics"]), samples=samples)


def test_text_from_media_and_models_stays_text(page):
    parsed = Page(page)
    assert not parsed.of("script")
    assert all("onerror" not in attributes for _, attributes in parsed.elements)
    assert "".join(parsed.text).count(EVIL_NAME) >= 10
    assert "".join(parsed.text).count(EVIL_TEXT) >= 4


def test_the_page_refers_to_nothing_outside_itself(page):
    parsed = Page(page)
    pictures = parsed.of("img")
    assert len(pictures) == 7 + 1
    assert all(attributes["src"].startswith("data:image/") for attributes in pictures)
    referring = {"href", "src", "srcset", "action", "style", "data", "poster"}
    assert all(not referring & attributes.keys() for tag, attributes in parsed.elements if tag != "img")
    assert "url(" not in page and "@import" not in page


def test_scripts_and_connections_are_forbidden_to_the_browser_too(page):
    (policy,) = [given["content"] for given in Page(page).of("meta") if given.get("http-equiv")]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy


def test_the_page_fits_a_phone(page):
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in Page(page).of("meta")
    assert page.startswith("<!doctype html>")


def test_pictures_are_embedded_as_they_are(page, samples, report):
    sources = [attributes["src"] for attributes in Page(page).of("img")]
    assert f"data:image/jpeg;base64,{base64.b64encode(samples[0]['thumbnail']).decode()}" == sources[-1]
    assert base64.b64decode(sources[0].removeprefix("data:image/png;base64,")).startswith(b"\x89PNG")


def test_numbers_are_shown_with_the_digits_that_matter(page):
    text = "".join(Page(page).text)
    assert "120,000" in text
    assert "0.1235" in text and "0.123456" not in text
    assert "–" in text


def test_what_there_is_nothing_to_say_about_is_left_out():
    parsed = Page(html_report({"title": "Empty"}))
    assert [tag for tag, _ in parsed.elements if tag in ("h1", "h2", "table", "img", "pre")] == ["h1"]


def test_a_report_without_plots_has_its_numbers(report):
    parsed = Page(html_report(report))
    assert not parsed.of("img") and len(parsed.of("table")) > 10


@pytest.mark.parametrize("content", [b"<svg onload=alert(1)>", b"GIF89a", b""])
def test_pictures_of_other_kinds_are_refused(content):
    with pytest.raises(ValueError, match="begins with .*; expected a PNG or JPEG. Encode it so."):
        html_report({"title": "x", "statistics": {"words": {"blur": 1}}}, plots={"words": content})
