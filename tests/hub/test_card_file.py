"""The file of a card: it is written anew while it is the library's own, and never over a person's words."""

import pytest
from huggingface_hub import ModelCard
from markdown_it import MarkdownIt

from transformers_vital.errors import OutputError
from transformers_vital.hub.card_file import check_license, is_unchanged, plain, write_card


def card(title: str = "Small") -> ModelCard:
    return ModelCard(f"---\nlicense: mit\n---\n\n# {title}\n")


def test_an_unchanged_card_is_replaced(tmp_path):
    assert write_card(tmp_path, card("First")) == write_card(tmp_path, card("Second")) == tmp_path / "README.md"
    assert "# Second" in (tmp_path / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert is_unchanged(tmp_path / "README.md")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("Small", "My own words"),
        lambda text: text + "More.\n",
        lambda text: text.rsplit("<!--", 1)[0],
        lambda text: "",
    ],
    ids=["other words", "added", "no hash", "empty"],
)
def test_a_card_that_a_person_changed_stays(change, tmp_path):
    path = write_card(tmp_path, card())
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    changed = path.read_bytes()
    assert write_card(tmp_path, card()) == write_card(tmp_path, card()) == tmp_path / "README.new.md"
    assert path.read_bytes() == changed and not is_unchanged(path)
    assert ModelCard.load(tmp_path / "README.new.md").data.license == "mit"


@pytest.mark.parametrize(
    "text",
    ["a_b_c", "_a_ b", "a__b", "_a", "a_ b", "*a* `b`", "<b>a</b> &amp;", "[a](b)", "# a", "$a$ ~~b~~", "a \\_ b"],
)
def test_any_text_is_shown_as_it_reads(text):
    shown = MarkdownIt("gfm-like", {"linkify": False}).render(plain(text))
    import html

    assert html.unescape(shown) == f"<p>{text}</p>\n"


@pytest.mark.parametrize("license", ["", "MIT", "my licence", "a\nb", "-x"])
def test_a_licence_that_is_no_identifier_is_refused(license):
    with pytest.raises(OutputError, match="expected an identifier of the Hub such as cc-by-4.0, or other"):
        check_license(license)
