"""The figure of an experiment: a panel for each metric, bars of runs or lines over the share of the training."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..reporting.plots import literal, new_figure, png_of
from .estimates import Estimate
from .recipe import Recipe
from .results import AVERAGE, HEADS, RATED, RunResult, metrics_of


# Okabe and Ito's, which the colour-blind tell apart.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
# Of bars: each colour plain, then each with a hatch, then with another.
_LOOKS = tuple((colour, hatch) for hatch in (None, "////", "....") for colour in _COLOURS)
_PAPER = "the paper"
_APART = 0.012  # lines of several series, so that their whiskers are seen


def experiment_figure(recipe: Recipe, results: Sequence[RunResult]) -> bytes:
    """
    Plot the results, with bootstrap intervals; the paper's values are hollow diamonds.

    Args:
        recipe ([`~experiments.recipe.Recipe`]): `figure` says what is drawn.
        results (`Sequence[RunResult]`): in its order.

    Returns:
        `bytes`: PNG.

    Raises:
        [`MissingExtraError`]: matplotlib is not installed.
    """
    metrics = [name for name in metrics_of(results) if _has_values(results, name)] or metrics_of(results)[:1]
    lines = recipe.figure == "lines"
    height = 3.6 if lines else 1.4 + 0.26 * max(len(_groups(results, name)) * (len(results) + 1) for name in metrics)
    figure = new_figure(4.4 * len(metrics), height)
    all_axes = figure.subplots(1, len(metrics), squeeze=False)[0]
    for axes, name in zip(all_axes, metrics, strict=True):
        (_lines if lines else _bars)(axes, results, name)
    handles = {}
    for axes in all_axes:
        handles |= {label: handle for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    if _PAPER in handles:
        handles[_PAPER] = handles.pop(_PAPER)  # after the runs
    if handles:
        figure.legend(
            handles.values(),
            handles,
            loc="outside lower center",
            ncols=min(4, len(handles)),
            frameon=False,
            fontsize=8,
        )
    figure.suptitle(literal(recipe.title), fontsize=11)
    return png_of(figure)


def _has_values(results: Sequence[RunResult], metric: str) -> bool:
    found = [each.metrics[metric].value for result in results for each in result.measured if metric in each.metrics]
    return bool(np.isfinite(found).any())


def _groups(results: Sequence[RunResult], metric: str) -> list[str]:
    """What bars of a metric stand together on: the sets, and the average of several."""
    sets = list(dict.fromkeys(each.id for result in results for each in result.measured if metric in each.metrics))
    return [*sets, AVERAGE] if metric in RATED and len(sets) > 1 else sets


def _on(result: RunResult, group: str, metric: str) -> Estimate | None:
    if group == AVERAGE:
        return result.averages.get(metric)
    found = [each.metrics for each in result.measured if each.id == group and metric in each.metrics]
    return found[0][metric] if found else None


def _bars(axes: Any, results: Sequence[RunResult], metric: str) -> None:
    groups = _groups(results, metric)
    for place, result in enumerate(results):
        colour, hatch = _LOOKS[place % len(_LOOKS)]
        heights = np.arange(len(groups)) * (len(results) + 1.0) + place
        found = [_on(result, group, metric) for group in groups]
        shown = [(at, each) for at, each in zip(heights, found, strict=True) if each and np.isfinite(each.value)]
        axes.barh(
            [at for at, _ in shown],
            [each.value for _, each in shown],
            xerr=_whiskers([each for _, each in shown]) if shown else None,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0,
            error_kw={"linewidth": 1, "capsize": 2},
            label=literal(result.run.name),
        )
        paper = {group: result.paper.get((group, metric)) for group in groups}
        paper |= {AVERAGE: result.paper_averages().get(metric)} if AVERAGE in groups else {}
        beside = [(at, paper[group]) for at, group in zip(heights, groups, strict=True) if paper[group] is not None]
        if beside:
            values, heights = [value for _, value in beside], [at for at, _ in beside]
            axes.plot(values, heights, "kD", fillstyle="none", markersize=5, label=_PAPER)
    axes.set_yticks(np.arange(len(groups)) * (len(results) + 1.0) + (len(results) - 1) / 2, list(map(literal, groups)))
    axes.margins(y=0.02)
    axes.invert_yaxis()
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel(HEADS[metric])


def _lines(axes: Any, results: Sequence[RunResult], metric: str) -> None:
    series = list(dict.fromkeys(result.run.series for result in results))
    groups = _groups(results, metric)
    for place, name in enumerate(series):
        points = [
            (result.run.share, found)
            for result in results
            if result.run.series == name and (found := _on(result, groups[-1], metric)) and np.isfinite(found.value)
        ]
        points.sort(key=lambda point: point[0])
        if points:
            axes.errorbar(
                [share + _APART * (place - (len(series) - 1) / 2) for share, _ in points],
                [found.value for _, found in points],
                yerr=_whiskers([found for _, found in points]),
                color=_COLOURS[place % len(_COLOURS)],
                marker="o",
                markersize=4,
                capsize=2,
                elinewidth=1,
                label=literal(name) if name else None,
            )
    axes.set(xlabel="share of the training", ylabel=f"{HEADS[metric]}, {literal(groups[-1])}")


def _whiskers(found: Sequence[Estimate]) -> np.ndarray:
    """How far the bounds are from the values; none where there is no interval."""
    bounds = np.array([each.interval for each in found])
    values = np.array([each.value for each in found])
    return np.nan_to_num(np.maximum([values - bounds[:, 0], bounds[:, 1] - values], 0))
