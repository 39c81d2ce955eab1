"""One self-contained page about a built dataset: nothing on it is fetched, and nothing on it runs."""

import base64
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from .sections import report_sections


_PICTURES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg"}


def html_report(
    report: Mapping[str, Any], *, plots: Mapping[str, bytes] | None = None, samples: Sequence[Mapping[str, Any]] = ()
) -> str:
    """
    The report of a build as one HTML page, pictures included.

    Every text is escaped, since the names of media, statements and the names of models can be anyone's. The page holds
    no script and forbids any, and it refers to nothing outside itself.

    Args:
        report (`Mapping`): `title` (`str`); and where there is something to say: `built` (`str`, when), `package`
            (`str`, name and version), `records` (subset → how many), `stages` (list, of
            [`~annotation.statistics.stage_counts`]), `recipe` (`Mapping`), `statistics` (as for
            [`~reporting.plots.report_plots`], and `preferences`), `overlap` (of [`~annotation.pool.overlap.overlap`])
                and
            `licence` (`str`).
        plots (`Mapping[str, bytes]`, *optional*): of [`~reporting.plots.report_plots`].
        samples (`Sequence[Mapping]`, *optional*): records to show: `name` (`str`), `thumbnail` (`bytes` of a PNG or
            JPEG, or `None`) and `facts` (`Mapping[str, Any]`, what is known of it).

    Returns:
        `str`: the page.

    Raises:
        `ValueError`: a picture is neither PNG nor JPEG.

    Example:

    ```python
    >>> from transformers_vital.reporting.html import html_report
    >>> page = html_report({"title": "<b>Holidays</b>"})
    >>> "<h1>&lt;b&gt;Holidays&lt;/b&gt;</h1>" in page, "<script" in page
    (True, False)

    ```
    """
    environment = Environment(
        loader=PackageLoader(__package__, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"shown": _shown, "picture": _data_url}
    return environment.get_template("report.html.jinja").render(
        report=report, sections=report_sections(report), plots=plots or {}, samples=samples
    )


def _shown(value: Any) -> str:
    """A number with the digits that matter; other values as they are."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, Real):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _data_url(content: bytes) -> str:
    kind = next((name for magic, name in _PICTURES.items() if content.startswith(magic)), None)
    if kind is None:
        raise ValueError(f"A picture of the report begins with {content[:8]!r}; expected a PNG or JPEG. Encode it so.")
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
