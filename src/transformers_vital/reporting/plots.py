"""Plots of a built dataset's statistics, each a PNG."""

import io
from collections.abc import Callable, Mapping, Sequence
from textwrap import fill
from typing import Any

import numpy as np

from ..annotation.attributes.attributes import ATTRIBUTES
from ..errors import MissingExtraError
from ..levels import LEVELS


_DPI = 110
# Okabe and Ito's colours, which the colour-blind tell apart.
_KINDS = {"image": "#0072B2", "video": "#E69F00"}
_VOTES = {"two": ("2 points", "#009E73"), "one": ("1 point", "#F0E442"), "zero": ("0 points", "#D55E00")}
_OWN_ANSWERS = {"yes": ("yes", "#56B4E9"), "no": ("no", "#CC79A7"), "failed": ("failed", "#999999")}
_WORDS = ("#0072B2", "#D55E00", "#00735A", "#8F4A75", "#000000")  # dark enough on white
_SEVERITY_COLOURS = "cividis"
_CORRELATION_COLOURS = "RdBu"


def report_plots(statistics: Mapping[str, Any]) -> dict[str, bytes]:
    """
    A plot of every statistic that there is one for.

    Args:
        statistics (`Mapping`): by name: `attributes`, `sentence_lengths`, `words`, `distortions`, `levels`,
            `agreement` and `acceptance`, of [`~annotation.statistics`], [`~annotation.opinions.agreement`] (kind →
            agreement) and [`~annotation.statements.acceptance`]. Absent and empty ones have no plot.

    Returns:
        `dict[str, bytes]`: PNGs by the names of the statistics.

    Raises:
        [`MissingExtraError`]: matplotlib or wordcloud is not installed.
    """
    return {name: _PLOTS[name](given) for name, given in statistics.items() if given and name in _PLOTS}


def attribute_plot(distributions: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> bytes:
    """Histograms of the nine attributes, shares of the images and of the videos (Fig. 9)."""
    figure = new_figure(10, 9)
    for axes, (name, what) in zip(figure.subplots(3, 3).ravel(), ATTRIBUTES.items(), strict=True):
        for kind, attributes in distributions.items():
            if name in attributes:
                shares = np.asarray(attributes[name]["counts"]) / attributes[name]["count"]
                axes.stairs(shares, attributes[name]["edges"], fill=True, color=_KINDS[kind], alpha=0.6, label=kind)
        axes.set_title(name.replace("_", " "))
        axes.set_xlabel(fill(what, 38), fontsize=8)
        _share_axis(axes.yaxis)
        if axes.patches:
            axes.legend(frameon=False, fontsize=8)
    return png_of(figure)


def length_plot(lengths: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Words a statement, with the median (Fig. 8)."""
    figure = new_figure(8, 2.8 * len(lengths))
    for axes, (kind, found) in zip(_column_of_axes(figure, len(lengths)), lengths.items(), strict=True):
        axes.bar(found["words"], found["statements"], width=0.9, color=_KINDS[kind])
        axes.axvline(found["median"], color="black", linestyle="--", linewidth=1)
        axes.set_title(f"{kind}: {found['count']:,} statements, median {found['median']:g} words")
        axes.set(xlabel="words", ylabel="statements")
        _whole_axis(axes.xaxis)
        _whole_axis(axes.yaxis)
    return png_of(figure)


def distortion_plot(shares: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> bytes:
    """Share of each distortion, parted by severity (Fig. 7)."""
    rows = [max(len(distortions), 3) for distortions in shares.values()]
    figure = new_figure(8, 0.24 * sum(rows) + 1.4 * len(rows))
    all_axes = _column_of_axes(figure, len(rows), heights=rows)
    for axes, (kind, distortions) in zip(all_axes, shares.items(), strict=True):
        names = sorted(distortions, key=lambda name: distortions[name]["count"])
        total = sum(found["count"] for found in distortions.values())
        most = max(len(found["severities"]) for found in distortions.values())
        colours = _colour_map(_SEVERITY_COLOURS)(np.linspace(1, 0, most))
        left = np.zeros(len(names))
        for severity in range(most):
            counts = [distortions[name]["severities"][severity : severity + 1] or [0] for name in names]
            widths = np.ravel(counts) / total
            axes.barh([literal(name.replace("_", " ")) for name in names], widths, left=left, color=colours[severity])
            left += widths
        axes.set_title(f"{kind}: {total:,} records")
        _share_axis(axes.xaxis)
        axes.margins(y=0.01)
        _legend_of_severities(axes, colours)
    return png_of(figure)


def word_cloud(frequencies: Mapping[str, int]) -> bytes:
    """The words of statements, sized by how many statements hold them; always the same picture (Fig. 6)."""
    try:
        from wordcloud import WordCloud
    except ImportError as error:
        raise MissingExtraError("wordcloud", extra="report", purpose="a word cloud") from error
    from matplotlib.colors import ListedColormap

    cloud = WordCloud(
        width=1000,
        height=500,
        background_color="white",
        colormap=ListedColormap(_WORDS),
        random_state=0,
        prefer_horizontal=1,
    )
    file = io.BytesIO()
    cloud.generate_from_frequencies(dict(frequencies)).to_image().save(file, "PNG")
    return file.getvalue()


def level_plot(levels: Mapping[str, Mapping[str, Mapping[str, float]]]) -> bytes:
    """Share of the records whose mean lies in each level, and the mean probability of the level."""
    figure = new_figure(8, 3.2)
    axes = figure.subplots()
    width = 0.8 / len(levels)
    for index, (kind, found) in enumerate(levels.items()):
        place = np.arange(len(LEVELS)) + (index - (len(levels) - 1) / 2) * width
        items = np.array([found["items"][level] for level in LEVELS])
        axes.bar(place, items / items.sum(), width=0.94 * width, color=_KINDS[kind], label=f"{kind} ({items.sum():,})")
        mass = [found["mass"][level] for level in LEVELS]
        axes.plot(place, mass, "kD", markersize=5, label=None if index else "mean label probability")
    axes.set_xticks(np.arange(len(LEVELS)), LEVELS)
    _share_axis(axes.yaxis)
    axes.legend(frameon=False, fontsize=9)
    return png_of(figure)


def agreement_plot(agreements: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Rank correlation of every two annotators, and of each with the mean of the others, in the last row."""
    rows = [len(found["annotators"]) + 4 for found in agreements.values()]
    figure = new_figure(min(0.62 * max(rows) + 1.5, 14), 0.45 * sum(rows))
    all_axes = _column_of_axes(figure, len(rows), heights=rows)
    for axes, (kind, found) in zip(all_axes, agreements.items(), strict=True):
        table = [*found["pairwise"], found["leave_one_out"]]
        values = np.array([[np.nan if value is None else value for value in row] for row in table])
        image = axes.imshow(values, cmap=_CORRELATION_COLOURS, vmin=-1, vmax=1, aspect="auto")
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                colour = "white" if abs(value) > 0.6 else "black"
                axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=8, color=colour)
        axes.axhline(len(values) - 1.5, color="black", linewidth=1)
        names = [literal(name) for name in found["annotators"]]
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize=8)
        axes.set_yticks(range(len(values)), [*names, "mean of the others"], fontsize=8)
        concordance = "not defined" if found["kendalls_w"] is None else f"{found['kendalls_w']:.3f}"
        axes.set_title(f"{kind}: {found['items']:,} items, Kendall's W {concordance}", fontsize=10)
        figure.colorbar(image, ax=axes, label="SRCC")
    return png_of(figure)


def acceptance_plot(acceptance: Mapping[str, Any]) -> bytes:
    """Votes of each judge and answers of the annotator itself, by round."""
    votes = {f"{literal(row['judge'])}, round {row['round']}": row for row in acceptance["judges"]}
    own = {f"itself, round {row['round']}": row for row in acceptance["self_judge"]}
    figure = new_figure(8, 1.6 + 0.3 * len(votes | own))
    axes = figure.subplots()
    _stacked(axes, votes, _VOTES | {"failed": (None if own else "failed", _OWN_ANSWERS["failed"][1])})
    _stacked(axes, own, _OWN_ANSWERS)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.1)
    _share_axis(axes.xaxis)
    figure.legend(frameon=False, fontsize=8, ncols=6, loc="outside lower center")
    return png_of(figure)


def _stacked(axes: Any, rows: Mapping[str, Mapping[str, int]], choices: Mapping[str, tuple[str | None, str]]) -> None:
    """Bars of the shares of each choice, with how many chose at the end."""
    totals = np.array([sum(row[choice] for choice in choices) for row in rows.values()])
    left = np.zeros(len(rows))
    for choice, (label, colour) in choices.items() if rows else ():
        widths = np.array([row[choice] for row in rows.values()]) / np.maximum(totals, 1)
        axes.barh(list(rows), widths, left=left, color=colour, edgecolor="white", label=label)
        left += widths
    for name, total in zip(rows, totals, strict=True):
        axes.text(1.01, name, f"{total:,}", va="center", fontsize=8)


def new_figure(width: float, height: float) -> Any:
    """A figure of its own, which no global state of matplotlib knows; inches."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", extra="report", purpose="a plot") from error
    figure = Figure(figsize=(width, height), dpi=_DPI, layout="constrained")
    figure.get_layout_engine().set(h_pad=0.08, w_pad=0.06)
    return figure


def png_of(figure: Any) -> bytes:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def literal(name: str) -> str:
    """A name from a recipe or a model, in which dollars are not to begin a formula."""
    return name.replace("$", r"\$")


def _column_of_axes(figure: Any, count: int, heights: Sequence[float] | None = None) -> np.ndarray:
    return figure.subplots(count, 1, squeeze=False, height_ratios=heights).ravel()


def _colour_map(name: str) -> Any:
    from matplotlib import colormaps

    return colormaps[name]


def _share_axis(axis: Any) -> None:
    from matplotlib.ticker import PercentFormatter

    axis.set_major_formatter(PercentFormatter(xmax=1, decimals=None))
    axis.set_tick_params(labelsize=8)


def _whole_axis(axis: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True))


def _legend_of_severities(axes: Any, colours: np.ndarray) -> None:
    from matplotlib.patches import Patch

    patches = [Patch(color=colour, label=str(severity)) for severity, colour in enumerate(colours, start=1)]
    axes.legend(
        handles=patches,
        title="severity",
        frameon=False,
        fontsize=8,
        title_fontsize=8,
        loc="upper left",
        bbox_to_anchor=(1, 1),
    )


_PLOTS: dict[str, Callable[[Any], bytes]] = {
    "words": word_cloud,
    "distortions": distortion_plot,
    "sentence_lengths": length_plot,
    "attributes": attribute_plot,
    "levels": level_plot,
    "agreement": agreement_plot,
    "acceptance": acceptance_plot,
}
