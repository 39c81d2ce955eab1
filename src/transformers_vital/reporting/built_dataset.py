"""What a built dataset shows to people: its card, a page, and the numbers behind both."""

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..annotation.opinions.annotators import describe_annotator
from ..annotation.opinions.opinions import default_names
from ..data.tables import GROUPS, iterate_rows, table_files
from ..distortions.registry import DISTORTIONS
from ..hub.card_file import write_card
from ..hub.dataset_card import dataset_card
from .html import html_report
from .plots import report_plots
from .thumbnails import thumbnail


if TYPE_CHECKING:
    from ..annotation.build import Build

SAMPLES = 3  # records of each subset that the page shows


def write_reports(build: "Build", report: Mapping[str, Any]) -> Path:
    """
    Write `report.json`, `report.html` and the card into the folder of a dataset.

    Args:
        build ([`~annotation.build.Build`]): a finished one.
        report (`Mapping`): of [`~annotation.build.Build.run`].

    Returns:
        `Path`: the card; see [`~hub.card_file.write_card`] for where it goes when a person changed the one there.

    Raises:
        [`MissingExtraError`]: matplotlib or wordcloud is not installed.
    """
    title = f"A VITAL dataset: {build.folder.resolve().name}"
    report = {"title": title, "package": f"transformers_vital {__version__}", **report}
    (build.folder / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    page = html_report(report, plots=report_plots(report["statistics"]), samples=list(_samples(build)))
    (build.folder / "report.html").write_text(page, encoding="utf-8")
    card = dataset_card(
        build.folder,
        license=build.recipe.license,
        title=title,
        annotators=[asdict(describe_annotator(name)) for name in _annotators(build)],
        recipe=build.recipe.to_dict(),
        distortions=[distortion.text for distortion in DISTORTIONS.values()] if build.recipe.copies else [],
        statements=_statements(build),
        overlap=_overlap(report),
    )
    return write_card(build.folder, card)


def _annotators(build: "Build") -> list[str]:
    if not build.recipe.scored:
        return []
    kinds = {subset.split("_")[0] for subset in table_files(build.folder / "records")}
    named = (build.recipe.annotators.get(kind) or default_names(kind) for kind in sorted(kinds))
    return list(dict.fromkeys(itertools.chain.from_iterable(named)))


def _statements(build: "Build") -> str:
    statements = build.recipe.statements
    if statements is None:
        return "none"
    if statements == "rules":
        return "rules over measured attributes, and over the distortion of a copy"
    judges = ", ".join(judge.model for judge in statements.judges) or "nobody"
    return f"{statements.annotator.model}, refined by {statements.refiner.model}, judged by {judges}"


def _overlap(report: Mapping[str, Any]) -> dict[str, int] | None:
    if "overlap" not in report:
        return None
    offenders = report["overlap"]["offenders"]
    return {
        name: sum(offender["test_set"] == name for offender in offenders) for name in report["overlap"]["test_sets"]
    }


def _samples(build: "Build") -> Iterator[dict[str, Any]]:
    for subset, paths in table_files(build.folder / "records").items():
        group = subset.split("_", 1)[1]
        rows = itertools.chain.from_iterable(map(iterate_rows, paths))
        for row in itertools.islice(rows, SAMPLES):
            shown = row["media_a"] if GROUPS[group] == "pair" else row["media"]
            facts = {name: value for name, value in row.items() if not name.startswith("media")}
            yield {
                "name": f"{subset.replace('_', ' ')}: {shown['path']}",
                "thumbnail": thumbnail(shown, root=build.media),
                "facts": {name: _fact(value) for name, value in facts.items()},
            }


def _fact(value: Any) -> Any:
    if isinstance(value, list):
        return ", ".join(f"{part:.3f}" if isinstance(part, float) else str(part) for part in value)
    return value
