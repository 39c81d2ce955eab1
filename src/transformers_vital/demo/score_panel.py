"""A quality score as HTML: the number, its level, and the probability of each level as a bar."""

import html

from ..levels import LEVELS
from ..results import QualityScore


# From the best level to the worst; they read on white and on black.
COLOURS = ("#1a9850", "#66a61e", "#d9a400", "#e6762e", "#c9302c")
STYLE = """
.vital-score { display: flex; gap: 2rem; align-items: center; flex-wrap: wrap; padding: 1rem 0; }
.vital-score .number { font-size: 3.5rem; font-weight: 700; line-height: 1; }
.vital-score .level { font-size: 1.4rem; font-weight: 600; }
.vital-score .bars { flex: 1 1 20rem; display: grid; grid-template-columns: auto 1fr auto; gap: .45rem .8rem; }
.vital-score .bar { align-self: center; height: 1.1rem; border-radius: .3rem; min-width: 2px; }
.vital-score .share { text-align: right; font-variant-numeric: tabular-nums; }
.vital-facts { display: grid; grid-template-columns: auto 1fr; gap: .2rem 1.2rem; font-size: .95rem; }
.vital-error { border-left: 4px solid #c9302c; padding: .6rem 1rem; }
"""
EMPTY = "<p>Choose a photograph or a clip, then press Score.</p>"


def score_panel(result: QualityScore) -> str:
    """
    The panel of a result; text in it is escaped.

    Args:
        result ([`QualityScore`]): of one medium; of one that failed the reason is shown.

    Example:

    ```python
    >>> from transformers_vital.demo.score_panel import score_panel
    >>> from transformers_vital.results import Fingerprint, QualityScore
    >>> fingerprint = Fingerprint("<b>", None, None, "float32", "time", "0", "0.1.0")
    >>> failed = QualityScore.failed("<i>.png is torn", fingerprint=fingerprint, seconds=0.1)
    >>> score_panel(failed)
    '<div class="vital-error">&lt;i&gt;.png is torn</div>'

    ```
    """
    if result.error is not None:
        return f'<div class="vital-error">{html.escape(result.error)}</div>'
    colour = COLOURS[LEVELS.index(result.level)]
    bars = "".join(
        f'<span>{level}</span><span class="bar" style="width: {share:.2%}; background: {bar}"></span>'
        f'<span class="share">{share:.1%}</span>'
        for level, share, bar in zip(LEVELS, result.level_probabilities, COLOURS, strict=True)
    )
    facts = {
        "standard deviation": f"{result.std:.3f}",
        "confidence": f"{result.confidence:.2f}",
        "mean opinion score, 1 to 5": f"{result.mos_1_5:.2f}",
        "model": f"{result.fingerprint.model}, {result.fingerprint.dtype}, {result.seconds:.1f} s",
    }
    rows = "".join(f"<span>{name}</span><span>{html.escape(value)}</span>" for name, value in facts.items())
    return (
        f'<div class="vital-score"><div><div class="number" style="color: {colour}">{result.score:.2f}</div>'
        f'<div class="level">{result.level}</div><div>of 0 to 1, higher is better</div></div>'
        f'<div class="bars">{bars}</div></div><div class="vital-facts">{rows}</div>'
    )
