"""What a report of a built dataset says, as texts and tables; how it looks is the template's business."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from ..annotation.attributes.attributes import ATTRIBUTES
from ..levels import LEVELS


OFFENDERS_SHOWN = 50
_SUMMARY = ("count", "missing", "mean", "std", "min", "p5", "median", "p95", "max")


@dataclass(frozen=True)
class Table:
    """
    Rows under names.

    Args:
        heads (`list[str]`): names of the columns.
        rows (`list[list]`): cells; numbers are set to the right, `None` is a dash.
        folded (`str`, *optional*): what to click on to see it; it is long.
    """

    heads: list[str]
    rows: list[list[Any]]
    folded: str | None = None


@dataclass(frozen=True)
class Section:
    """
    A part of the page.

    Args:
        title (`str`): its heading.
        text (`str`): what its numbers are.
        plot (`str`, *optional*): name of the plot that goes with it.
        tables (`tuple[Table, ...]`, *optional*): below the plot.
        code (`str`, *optional*): shown as it is.
    """

    title: str
    text: str
    plot: str | None = None
    tables: tuple[Table, ...] = ()
    code: str | None = None


def report_sections(report: Mapping[str, Any]) -> list[Section]:
    """
    The sections of a report, of what there is to say.

    Args:
        report (`Mapping`): see [`~reporting.html.html_report`].

    Returns:
        `list[Section]`

    Example:

    ```python
    >>> from transformers_vital.reporting.sections import report_sections
    >>> [section.title for section in report_sections({"title": "Photographs", "records": {"image_pair": 3}})]
    ['What was built']

    ```
    """
    statistics = report.get("statistics") or {}
    return [
        make(source[name])
        for source, makers in ((report, _FIRST), (statistics, _STATISTICS), (report, _LAST))
        for name, make in makers.items()
        if source.get(name)
    ]


def _records(records: Mapping[str, int]) -> Section:
    rows = [[subset, count] for subset, count in records.items()]
    return Section("What was built", "Records of each subset.", tables=(Table(["subset", "records"], rows),))


def _stages(stages: Iterable[Mapping[str, Any]]) -> Section:
    rows = [
        [*(stage[name] for name in ("stage", "rows", "kept", "rejected")), _counted(stage["reasons"])]
        for stage in stages
    ]
    text = "What each stage was given, what it passed on, and why it held the rest back."
    return Section("Stages", text, tables=(Table(["stage", "rows", "kept", "rejected", "reasons"], rows),))


def _recipe(recipe: Mapping[str, Any]) -> Section:
    code = yaml.safe_dump(dict(recipe), sort_keys=False, allow_unicode=True)
    return Section("Recipe", "The settings that make the same dataset of the same media.", code=code)


def _attributes(found: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Section:
    rows = [
        [kind, name.replace("_", " "), *(described[number] for number in _SUMMARY), ATTRIBUTES[name]]
        for kind, attributes in found.items()
        for name, described in attributes.items()
    ]
    table = Table(["kind", "attribute", *_SUMMARY, "what it is"], rows, folded="numbers")
    text = "Where the media lie in nine simple measures of quality and content, one number for each medium."
    return Section("Low-level attributes", text, plot="attributes", tables=(table,))


def _levels(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Section:
    rows = [
        [kind, what, *(of_kind[what][level] for level in LEVELS)]
        for kind, of_kind in found.items()
        for what in of_kind
    ]
    text = "Records whose mean lies in the interval of a level (items), and the mean probability of the level (mass)."
    return Section("Levels", text, plot="levels", tables=(Table(["kind", "", *LEVELS], rows),))


def _agreement(found: Mapping[str, Mapping[str, Any]]) -> Section:
    concordance = [[kind, of["listed"], of["items"], of["kendalls_w"]] for kind, of in found.items()]
    single = [
        [kind, *row]
        for kind, of in found.items()
        for row in zip(of["annotators"], of["missing"], of["leave_one_out"], strict=True)
    ]
    text = (
        "Kendall's W over the items that all annotators scored, Spearman's correlation of every two of them, and of "
        "each with the mean of the others."
    )
    tables = (
        Table(["kind", "items", "scored by all", "Kendall's W"], concordance),
        Table(["kind", "annotator", "without score", "SRCC with the mean of the others"], single),
    )
    return Section("Agreement of the annotators", text, plot="agreement", tables=tables)


def _preferences(found: Mapping[str, Mapping[str, float]]) -> Section:
    names = ("pairs", "a better", "b better", "tie")
    rows = [[kind, *(shares[name] for name in names)] for kind, shares in found.items()]
    return Section("Pairs", "Shares of the preferences.", tables=(Table(["kind", *names], rows),))


def _distortions(found: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Section:
    most = max(len(of["severities"]) for distortions in found.values() for of in distortions.values())
    rows = [
        [kind, name.replace("_", " "), of["count"], of["share"], *(of["severities"] + [None] * most)[:most]]
        for kind, distortions in found.items()
        for name, of in distortions.items()
    ]
    heads = ["kind", "distortion", "records", "share", *(f"severity {number}" for number in range(1, most + 1))]
    text = "Share of each distortion among the records of its kind, by severity."
    return Section("Distortions", text, plot="distortions", tables=(Table(heads, rows, folded="numbers"),))


def _sentence_lengths(found: Mapping[str, Mapping[str, Any]]) -> Section:
    numbers = [number for number in _SUMMARY if number != "missing"]
    rows = [[kind, *(of[number] for number in numbers)] for kind, of in found.items()]
    table = Table(["kind", *numbers], rows)
    return Section("Length of the statements", "In words.", plot="sentence_lengths", tables=(table,))


def _words(found: Mapping[str, int]) -> Section:
    rows = [[word, count] for word, count in found.items()]
    table = Table(["word", "statements"], rows, folded=f"the {len(rows)} most frequent words")
    return Section("Words of the statements", "Sized by how many statements hold them.", plot="words", tables=(table,))


def _acceptance(found: Mapping[str, Any]) -> Section:
    outcomes = [[outcome, count] for outcome, count in found["outcomes"].items()]
    tables = [Table(["outcome", "rows"], outcomes)]
    if found["reasons"]:
        tables.append(Table(["what went wrong", "rows"], [list(reason) for reason in found["reasons"].items()]))
    text = (
        f"{found['statements']:,} statements were drafted. Each judge gives 2, 1 or 0 points in each round, and the "
        "annotator itself answers yes or no; at the right is how many were asked for."
    )
    return Section("Acceptance of the statements", text, plot="acceptance", tables=tuple(tables))


def _overlap(found: Mapping[str, Any]) -> Section:
    names = ("items", "hashed", "same_name", "same_stem", "same_look", "name_and_look")
    rows = [[test_set, *(of[name] for name in names)] for test_set, of in found["test_sets"].items()]
    tables = [Table(["test set", *(name.replace("_", " ") for name in names)], rows)]
    offenders = found["offenders"]
    if offenders:
        columns = ("name", "test_set", "by_name", "by_look", "distance")
        shown = [[offender[column] for column in columns] for offender in offenders[:OFFENDERS_SHOWN]]
        title = f"{len(offenders):,} offenders" + (
            f", the first {OFFENDERS_SHOWN}" if len(offenders) > len(shown) else ""
        )
        tables.append(Table([column.replace("_", " ") for column in columns], shown, folded=title))
    text = (
        f"Which of {found['media']:,} media are also in a test set: by file name, by file name without suffix, and by "
        f"perceptual hash, up to {found['max_distance']} of 64 bits apart."
    )
    return Section("Overlap with test sets", text, tables=tuple(tables))


def _counted(reasons: Mapping[str, int]) -> str:
    return "; ".join(f"{reason}: {count:,}" for reason, count in reasons.items())


_FIRST = {"records": _records, "stages": _stages, "recipe": _recipe}
_LAST = {"overlap": _overlap}
_STATISTICS = {
    "attributes": _attributes,
    "levels": _levels,
    "agreement": _agreement,
    "preferences": _preferences,
    "distortions": _distortions,
    "sentence_lengths": _sentence_lengths,
    "words": _words,
    "acceptance": _acceptance,
}
