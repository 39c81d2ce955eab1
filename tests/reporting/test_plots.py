"""Plots are pictures of the right things, the same each time, and made without matplotlib's global state."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from transformers_vital.errors import MissingExtraError
from transformers_vital.reporting.plots import report_plots


@pytest.fixture(scope="module")
def plots(statistics):
    return report_plots(statistics)


def opened(content):
    return Image.open(io.BytesIO(content))


def test_every_statistic_with_a_plot_has_one(plots, statistics):
    assert set(plots) == set(statistics) - {"preferences"}
    for name, content in plots.items():
        picture = opened(content)
        assert picture.format == "PNG" and min(picture.size) > 250, name
        assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 10, name


def test_nothing_is_cut_off_at_the_border(plots):
    """A frame of one pixel is white all around, so no text leaves the picture."""
    for name in set(plots) - {"words"}:
        pixels = np.asarray(opened(plots[name]).convert("L"))
        border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        assert (border == 255).all(), name


def test_the_same_statistics_give_the_same_plots(plots, statistics):
    again = report_plots({name: statistics[name] for name in ("words", "levels", "agreement")})
    assert all(again[name] == plots[name] for name in again)


def test_empty_and_unknown_statistics_have_no_plot():
    assert report_plots({"attributes": {}, "words": {}, "preferences": {"image": {}}, "else": 1}) == {}


def test_one_kind_alone_is_plotted(statistics):
    kinds = ("attributes", "levels", "agreement", "distortions", "sentence_lengths")
    alone = {name: {"video": statistics[name]["video"]} for name in kinds}
    assert set(report_plots(alone)) == set(kinds)


def test_rounds_of_judges_alone_or_of_the_annotator_alone_are_plotted(statistics):
    for absent in ("judges", "self_judge"):
        assert report_plots({"acceptance": statistics["acceptance"] | {absent: []}})["acceptance"]


def test_correlations_that_are_not_defined_are_left_blank(statistics):
    found = statistics["agreement"]["image"]
    blank = found | {"kendalls_w": None, "leave_one_out": [None] * 4, "pairwise": [[None] * 4] * 4}
    assert report_plots({"agreement": {"image": blank}})["agreement"]


def test_names_are_no_formulas(statistics):
    """`$x_{$` would be read as one, and a broken one stops matplotlib."""
    found = statistics["agreement"]["image"] | {"annotators": ["$x_{$", "a$b", "$", "_"]}
    votes = {"judges": [{"judge": "$x_{$", "round": 1, "two": 1, "one": 0, "zero": 0, "failed": 0}], "self_judge": []}
    shares = {"image": {"$x_{$": {"count": 1, "share": 1.0, "severities": [1]}}}
    given = {"agreement": {"image": found}, "acceptance": votes, "distortions": shares}
    assert set(report_plots(given)) == set(given)


def test_pyplot_is_not_loaded(statistics):
    code = (
        "import sys\nfrom transformers_vital.reporting.plots import report_plots\n"
        "assert 'matplotlib' not in sys.modules\n"
        "levels = dict.fromkeys(('high', 'good', 'fair', 'poor', 'low'), 1)\n"
        "report_plots({'levels': {'image': {'items': levels, 'mass': levels}}})\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(("name", "package"), [("levels", "matplotlib.figure"), ("words", "wordcloud")])
def test_a_missing_package_is_named_with_its_extra(name, package, statistics, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=r'not installed. Run: pip install "transformers-vital\[report\]"'):
        report_plots({name: statistics[name]})
