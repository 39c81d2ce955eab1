"""Model cards, from what was run: training, data and evaluation as the files beside the weights record them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard, ModelCardData, RepoCard

from ..errors import OutputError
from ..evaluation.results import COMPARED, BenchmarkResult, EvaluationResults
from ..scoring.default_model import hub_configs_folder
from .card_file import CARD, check_license, one_line, plain
from .citation import CITATION, PAPER, TAGS
from .eval_results import model_index
from .training_record import can_be_on_hub


MACHINE_MADE = "machine-generated"  # the Hub's word for labels that no human gave


@dataclass(frozen=True)
class TrainingData:
    """
    A dataset that a card names.

    Args:
        name (`str`): on the Hub, or the title of one that is in a folder.
        on_hub (`bool`): which of the two it is.
        license (`str`, *optional*): of its card.
        labels (`str`, *optional*): who made its labels, in the Hub's words, as its card says.
    """

    name: str
    on_hub: bool
    license: str | None = None
    labels: str | None = None

    @classmethod
    def of(cls, dataset: str) -> "TrainingData":
        """
        The facts of a dataset.

        Args:
            dataset (`str`): a folder with a card, or a name on the Hub, of which nothing is read.

        Raises:
            [`OutputError`]: it is neither.
        """
        card = Path(dataset) / CARD
        if card.is_file():
            data = RepoCard.load(card).data.to_dict()
            labels = data.get("annotations_creators")
            title = data.get("pretty_name") or Path(dataset).resolve().name
            return cls(
                title, False, data.get("license"), ", ".join([labels] if isinstance(labels, str) else labels or [])
            )
        if can_be_on_hub(dataset):
            return cls(dataset, True)
        raise OutputError(
            f"{dataset} is no folder with a {CARD}, and no name of the Hub. Name a dataset that was built."
        )


def model_card(
    stages: Sequence[Mapping[str, Any]],
    *,
    license: str | None = None,
    title: str = "A VITAL model",
    results: EvaluationResults | None = None,
    datasets: Sequence[TrainingData] = (),
    has_code: bool = False,
    library_name: str = "transformers",
) -> ModelCard:
    """
    The card of a model. Whatever is not known, it says so; all text is shown as text.

    Args:
        stages (`Sequence[Mapping]`): of training, see [`~hub.training_record.training_stage`].
        license (`str`, *optional*): identifier of the Hub, such as `"apache-2.0"`, or `"other"`.
        title (`str`, *optional*): heading, and the name of the model in the metadata.
        results ([`~evaluation.results.EvaluationResults`], *optional*): of these weights.
        datasets (`Sequence[TrainingData]`, *optional*): that it was trained on.
        has_code (`bool`, *optional*, defaults to `False`): whether the folder was written by
            [`~hub.remote_code.export_remote_code`].
        library_name (`str`, *optional*, defaults to `"transformers"`): `"peft"` for adapters.

    Returns:
        `huggingface_hub.ModelCard`

    Raises:
        [`OutputError`]: the licence is no identifier.

    Example:

    ```python
    >>> from transformers_vital.hub.model_card import model_card
    >>> from transformers_vital.hub.training_record import training_stage
    >>> stage = training_stage(
    ...     base_model="vital-tiny", arguments={"policy": "decoder"}, log_history=[{"loss": 0.5}], num_steps=1
    ... )
    >>> card = model_card([stage], license="mit")
    >>> card.data.pipeline_tag, "| policy | decoder |" in card.text, "| loss | 0.5 |" in card.text
    ('image-text-to-text', True, True)

    ```
    """
    if license is not None:
        check_license(license)
    entries = model_index(results) if results else []
    last = stages[-1] if stages else {"on_hub": False}
    data = ModelCardData(
        license=license,
        language="en",
        library_name=library_name,
        pipeline_tag="image-text-to-text",
        tags=list(TAGS),
        base_model=last["base_model"] if last["on_hub"] else None,
        datasets=[dataset.name for dataset in datasets if dataset.on_hub] or None,
        **({"model_name": one_line(title), "eval_results": entries} if entries else {}),
    )
    benchmarks = results.benchmarks if results else ()
    return ModelCard.from_template(
        data,
        template_path=str(hub_configs_folder() / "models" / "card.md"),
        title=plain(title),
        paper=PAPER,
        citation=CITATION,
        has_code=has_code,
        license=license,
        stages=[_shown_stage(stage) for stage in stages],
        datasets=[_shown_dataset(dataset) for dataset in datasets],
        benchmarks=[_shown_benchmark(result) for result in benchmarks],
        resamples=next((f"{i.resamples:,}" for result in benchmarks for i in result.intervals.values()), "no"),
        paper_model=plain(results.paper_model) if results and results.paper_model else None,
        limits=_limits(benchmarks, datasets=datasets),
    )


def _shown_stage(stage: Mapping[str, Any]) -> dict[str, Any]:
    tables = ("arguments", "logged", "losses", "records")
    shown = {table: {plain(name): _value(value) for name, value in stage[table].items()} for table in tables}
    counts = {name: f"{stage[name]:,}" for name in ("trained_parameters", "parameters") if stage[name] is not None}
    base = plain(stage["base_model"])
    return {**shown, **counts, "base_model": base or "random weights", "num_steps": f"{stage['num_steps']:,}"}


def _value(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return plain(f"{value:.4g}" if isinstance(value, float) else str(value))


def _shown_dataset(dataset: TrainingData) -> dict[str, str]:
    name = plain(dataset.name)
    shown = f"[{name}](https://huggingface.co/datasets/{dataset.name})" if dataset.on_hub else name
    return {
        "shown": shown,
        "license": plain(dataset.license or "see there"),
        "labels": plain(dataset.labels or "see there"),
    }


def _shown_benchmark(result: BenchmarkResult) -> dict[str, str]:
    intervals = {name: str(result.intervals[name]) if name in result.intervals else "too few" for name in COMPARED}
    paper = " and ".join(f"{result.paper[name].paper:.3f}" for name in COMPARED if name in result.paper)
    return {
        "title": plain(result.benchmark["title"]),
        "modality": plain(result.benchmark["modality"]),
        "scored": f"{result.scored:,}",
        "listed": f"{result.listed:,}",
        "paper": paper or "none",
        **intervals,
    }


def _limits(benchmarks: Sequence[BenchmarkResult], *, datasets: Sequence[TrainingData]) -> list[str]:
    of_people = [result.benchmark["modality"] for result in benchmarks if result.benchmark["table"] is not None]
    limits = [
        f"How well its scores of {kind}s agree with people is not known to this card."
        for kind in ("image", "video")
        if kind not in of_people
    ]
    for result in benchmarks:
        if result.benchmark["table"] is None:
            limits.append(f"Who or what rated {plain(result.benchmark['title'])} is not known to this card.")
    if benchmarks:
        limits.append("Media unlike those above, such as of other cameras, codecs or contents, were not measured.")
    if failed := sum(result.failed for result in benchmarks):
        limits.append(f"Items of the evaluation that have no score and do not count in it: {failed:,}.")
    if any(MACHINE_MADE in (dataset.labels or "") for dataset in datasets):
        limits.append("Machines made the labels it was trained on; where they are wrong together, so is the model.")
    return [*limits, "A score is an estimate of technical quality and says nothing of the content."]
