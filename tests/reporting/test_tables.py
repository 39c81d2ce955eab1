"""Tables in four forms, read back by other software, and hostile names in each."""

import csv
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from markdown_it import MarkdownIt

from transformers_vital.evaluation.benchmarks import load_benchmark
from transformers_vital.evaluation.predictions import Predictions
from transformers_vital.evaluation.results import compare_predictions, evaluate_predictions
from transformers_vital.reporting.tables import (
    Table,
    comparison_table,
    results_table,
    to_csv,
    to_html,
    to_latex,
    to_markdown,
)


HOSTILE = r'<script>alert("1")</script>|*_a_* `b` \input{x} 5 % & $c$ #d ~e ^f [g](h)'


def predictions_on(name: str, *, seed: int = 0, failed: int = 0) -> Predictions:
    rng = np.random.default_rng(seed)
    mos = rng.normal(size=30)
    scores = mos + rng.normal(size=30)
    benchmark = load_benchmark(name)
    facts = {key: getattr(benchmark, key) for key in ("id", "title", "modality", "num_items", "table")}
    rows = [{"name": str(n), "score": scores[n], "mos": mos[n], "error": None} for n in range(30)]
    rows += [{"name": f"bad {n}", "score": None, "mos": 1.0, "error": "torn"} for n in range(failed)]
    return Predictions(facts, {"model": "m"}, tuple(rows))


class Cells(HTMLParser):
    """The texts of the cells of a page, and all its tags."""

    def __init__(self, page: str):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag in ("td", "th"):
            self.texts.append("")

    def handle_data(self, data):
        if self.tags and self.tags[-1] in ("td", "th") and data.strip():
            self.texts[-1] += data


@pytest.fixture
def hostile():
    return Table(HOSTILE, ("name", "SRCC"), ((HOSTILE, "0.9"),), (HOSTILE,))


def test_markdown_shows_a_hostile_name_as_it_is(hostile):
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(to_markdown(hostile))
    inline = [token for token in tokens if token.type == "inline"]
    assert [token.content for token in inline].count("0.9") == 1
    shown = ["".join(child.content for child in token.children) for token in inline]
    assert shown == [HOSTILE, "name", "SRCC", HOSTILE, "0.9", HOSTILE]
    assert {child.type for token in inline for child in token.children} <= {"text", "text_special"}


def test_csv_gives_a_hostile_name_back(hostile):
    assert list(csv.reader(io.StringIO(to_csv(hostile)))) == [["name", "SRCC"], [HOSTILE, "0.9"]]


def test_html_shows_a_hostile_name_as_it_is(hostile):
    page = Cells(to_html(hostile))
    assert page.texts == ["name", "SRCC", HOSTILE, "0.9"]
    assert "script" not in page.tags


def test_latex_has_no_sign_that_means_something(hostile):
    row = next(line for line in to_latex(hostile).splitlines() if "alert" in line)
    name = row.removesuffix(r" & 0.9 \\")
    plain = re.sub(r"\\(textbackslash|textasciitilde|textasciicircum)\{\}|\\[&%$#_{}]", "", name)
    assert name != row and not set(plain) & set("\\&%$#_{}~^")


def test_results_have_counts_of_ours_and_of_the_paper():
    table = results_table(evaluate_predictions([predictions_on("koniq", failed=2)], resamples=20))
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert (row["scored"], row["listed"], row["failed"], row["paper's count"]) == ("30", "32", "2", "2010")
    assert row["SRCC 95 %"].count(" to ") == 1


def test_the_average_says_over_what_it_is():
    table = results_table(evaluate_predictions([predictions_on("koniq")], resamples=20))
    assert table.rows[1][0] == "AVG. of Table 3 (1 of 7 datasets)"
    assert any("what was run, 1 of 7 datasets: koniq" in note for note in table.notes)


def test_differences_from_the_paper_are_signed():
    results = evaluate_predictions([predictions_on("koniq")], paper_model="VITAL-BASE-8B", resamples=20)
    table = results_table(results)
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert row["paper SRCC"] == "0.931"
    assert row["difference of SRCC"] == f"{results.benchmarks[0].metrics['srcc'] - 0.931:+.3f}"
    assert len({len(cells) for cells in (table.columns, *table.rows)}) == 1


def test_a_comparison_names_both_models():
    compared = compare_predictions(predictions_on("koniq"), other=predictions_on("koniq"), resamples=20)
    table = comparison_table([compared], model="a", other="b")
    assert "First is a, second b" in table.notes[0]
    assert dict(zip(table.columns, table.rows[0], strict=True))["SRCC difference"] == "+0.000"
