"""A score as HTML."""

import math
import re

import pytest

from transformers_vital.demo.score_panel import COLOURS, score_panel
from transformers_vital.results import Fingerprint, QualityScore


FINGERPRINT = Fingerprint("<b>model</b>", None, None, "float32", "time", "0", "0.1.0")
# probabilities .2 .7 .1 0 0: score .2 + .7 · .75 + .1 · .5 = .775
LOGITS = (math.log(2), math.log(7), 0.0, -math.inf, -math.inf)


def shown() -> str:
    return score_panel(QualityScore.from_level_logits(LOGITS, fingerprint=FINGERPRINT, seconds=0.5))


def test_the_score_its_level_and_its_scale_are_shown():
    text = re.sub(r"<[^>]+>", " ", shown())
    assert "0.78" in text and "good" in text and "mean opinion score, 1 to 5  4.10" in text  # 1 + 4 · .775


def test_each_level_has_a_bar_as_long_as_its_probability():
    assert re.findall(r"width: ([\d.]+)%; background: (#\w+)", shown()) == list(
        zip(["20.00", "70.00", "10.00", "0.00", "0.00"], COLOURS, strict=True)
    )


def test_names_are_escaped():
    assert "&lt;b&gt;model&lt;/b&gt;" in shown() and "<b>" not in shown()


@pytest.mark.parametrize("error", ["<script>alert(1)</script>", '"a" & b'])
def test_a_reason_is_escaped(error):
    panel = score_panel(QualityScore.failed(error, fingerprint=FINGERPRINT, seconds=0.1))
    assert "<script>" not in panel and "vital-error" in panel
