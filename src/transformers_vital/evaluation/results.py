"""Results of a model out of its predictions: metrics, intervals, the paper's values, and two models compared."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import EvaluationError
from .metrics import rating_metrics
from .paper import PaperDifference, average, check_paper_model, paper_table
from .predictions import Predictions
from .row_files import differing
from .significance import (
    Comparison,
    Interval,
    WilliamsTest,
    bootstrap_interval,
    compare_models,
    williams_test,
)


METRICS = ("srcc", "plcc", "plcc_logistic", "krcc", "rmse_logistic")
COMPARED = ("srcc", "plcc")  # those of the paper
_MORE_MODELS = {2: 9, 3: 10}  # tables of the same datasets with further models
_FEWEST = 3  # items that a correlation needs
_FEWEST_COMPARED = 4  # that Williams' test needs


@dataclass(frozen=True)
class BenchmarkResult:
    """
    A model on one benchmark.

    Args:
        benchmark (`Mapping`): see [`~evaluation.predictions.Predictions`]; its `num_items` is the paper's count.
        listed, scored, failed (`int`): items of the benchmark, those that the metrics are of, and the others.
        metrics (`Mapping[str, float]`): srcc, plcc of the raw scores, plcc_logistic, krcc, rmse_logistic; NaN where
            there are too few items, or all scores or ratings are equal.
        intervals (`Mapping[str, Interval]`): 95 % bootstrap intervals of srcc and plcc; none with too few items.
        paper (`Mapping[str, PaperDifference]`): srcc and plcc beside the paper's, where it has any.
    """

    benchmark: Mapping[str, Any]
    listed: int
    scored: int
    failed: int
    metrics: Mapping[str, float]
    intervals: Mapping[str, Interval]
    paper: Mapping[str, PaperDifference]


@dataclass(frozen=True)
class TableAverage:
    """
    The column AVG. of a table of the paper, over those of its datasets that were run.

    Args:
        table (`int`): 2 or 3.
        datasets (`tuple[str, ...]`): those that count.
        of (`int`): datasets of the table.
        value (`float`): mean of their SRCC and PLCC.
        paper (`float`, *optional*): the same mean of the paper's values, over the same datasets.
    """

    table: int
    datasets: tuple[str, ...]
    of: int
    value: float
    paper: float | None


@dataclass(frozen=True)
class EvaluationResults:
    """
    A model on several benchmarks.

    Args:
        model (`str`): its name; of a folder the last part.
        fingerprint (`Mapping`): what the scores depend on.
        paper_model (`str`, *optional*): the paper's model it stands beside.
        benchmarks (`tuple[BenchmarkResult, ...]`): in the order given.
        averages (`tuple[TableAverage, ...]`): of the tables with one of these benchmarks.
    """

    model: str
    fingerprint: Mapping[str, Any]
    paper_model: str | None
    benchmarks: tuple[BenchmarkResult, ...]
    averages: tuple[TableAverage, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON types; a value that is not defined is `None`."""
        values = asdict(self)
        for result, record in zip(self.benchmarks, values["benchmarks"], strict=True):
            for metric, beside in result.paper.items():
                record["paper"][metric]["difference"] = beside.difference
        return json_types(values)


@dataclass(frozen=True)
class BenchmarkComparison:
    """
    Two models on the items of a benchmark that both have scored.

    Args:
        benchmark (`Mapping`): see [`BenchmarkResult`].
        items (`int`): how many that are.
        comparisons (`Mapping[str, Comparison]`): srcc and plcc, by a paired bootstrap; none of fewer than four.
        williams (`WilliamsTest`, *optional*): of plcc.
    """

    benchmark: Mapping[str, Any]
    items: int
    comparisons: Mapping[str, Comparison]
    williams: WilliamsTest | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON types; a value that is not defined is `None`."""
        return json_types(asdict(self))


def model_label(name: str) -> str:
    """
    The name of a model as a folder's name.

    Args:
        name (`str`): on the Hub, or a folder.

    Example:

    ```python
    >>> from transformers_vital.evaluation.results import model_label
    >>> model_label("someone/vital-base-8b"), model_label("runs/first/checkpoint-500/")
    ('someone--vital-base-8b', 'checkpoint-500')

    ```
    """
    is_path = name.startswith(("/", ".", "~")) or name.rstrip("/").count("/") > 1 or Path(name).is_dir()
    label = Path(name).expanduser().resolve().name if is_path else name.replace("/", "--")
    return "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in label) or "model"


def evaluate_predictions(
    predictions: Sequence[Predictions],
    *,
    model: str | None = None,
    paper_model: str | None = None,
    resamples: int = 1000,
) -> EvaluationResults:
    """
    Results of one model on the benchmarks it has predictions of.

    Args:
        predictions (`Sequence[Predictions]`): at least one, all of one fingerprint.
        model (`str`, *optional*): its name in the results; [`model_label`] of the fingerprint's when left out.
        paper_model (`str`, *optional*): a model of the paper's tables to stand beside.
        resamples (`int`, *optional*, defaults to 1000): drawings of the bootstrap.

    Returns:
        [`EvaluationResults`].

    Raises:
        [`EvaluationError`]: there are none, they are of several models, or the paper has no such model.

    Example:

    ```python
    >>> from transformers_vital.evaluation.predictions import Predictions
    >>> from transformers_vital.evaluation.results import evaluate_predictions
    >>> facts = {"id": "mine", "title": "mine", "modality": "image", "num_items": None, "table": None}
    >>> rows = [{"name": str(n), "score": n / 4, "mos": n, "error": None} for n in range(4)]
    >>> results = evaluate_predictions([Predictions(facts, {"model": "m"}, tuple(rows))], resamples=10)
    >>> results.benchmarks[0].scored, results.benchmarks[0].metrics["srcc"], results.averages
    (4, 1.0, ())

    ```
    """
    if not predictions:
        raise EvaluationError("There are no predictions. Name a benchmark to score, or a folder with predictions.")
    first = predictions[0].fingerprint
    for other in predictions:
        if differences := differing(first, other.fingerprint):
            raise EvaluationError(
                f"The predictions on {predictions[0].benchmark['id']} and {other.benchmark['id']} were made "
                f"differently: {differences}. Evaluate them apart."
            )
    if paper_model is not None:
        check_paper_model(paper_model)
    results = tuple(_result(given, paper_model=paper_model, resamples=resamples) for given in predictions)
    return EvaluationResults(model or model_label(first["model"]), first, paper_model, results, _averages(results))


def compare_predictions(predictions: Predictions, *, other: Predictions, resamples: int = 1000) -> BenchmarkComparison:
    """
    Whether two models differ on the items of a benchmark that both have scored.

    Args:
        predictions, other ([`Predictions`]): of one benchmark.
        resamples (`int`, *optional*, defaults to 1000): drawings of the bootstrap.

    Returns:
        [`BenchmarkComparison`].

    Raises:
        [`EvaluationError`]: they are of different benchmarks, or an item has another rating.
    """
    ours, theirs = predictions.scored, other.scored
    names = [name for name in ours if name in theirs]
    benchmark = predictions.benchmark["id"]
    if benchmark != other.benchmark["id"]:
        raise EvaluationError(
            f"The predictions are on {benchmark} and {other.benchmark['id']}. Compare on one benchmark."
        )
    changed = [name for name in names if ours[name][1] != theirs[name][1]]
    if changed:
        raise EvaluationError(
            f"{len(changed)} of {len(names)} items of {benchmark} have another rating in the other predictions, such "
            f"as {changed[0]}: {ours[changed[0]][1]} and {theirs[changed[0]][1]}. Score both on one list."
        )
    if len(names) < _FEWEST_COMPARED:
        return BenchmarkComparison(predictions.benchmark, len(names), {}, None)
    scores, others = [ours[name][0] for name in names], [theirs[name][0] for name in names]
    sides = {"other": others, "rated": [ours[name][1] for name in names]}
    comparisons = {metric: compare_models(scores, **sides, metric=metric, resamples=resamples) for metric in COMPARED}
    return BenchmarkComparison(predictions.benchmark, len(names), comparisons, williams_test(scores, **sides))


def _result(predictions: Predictions, *, paper_model: str | None, resamples: int) -> BenchmarkResult:
    scores, mos = predictions.arrays()
    metrics, intervals = dict.fromkeys(METRICS, math.nan), {}
    if len(scores) >= _FEWEST:
        found = rating_metrics(scores, rated=mos)
        metrics = {name: found[name] for name in METRICS}
        intervals = {
            name: bootstrap_interval(scores, rated=mos, metric=name, resamples=resamples) for name in COMPARED
        }
    return BenchmarkResult(
        benchmark=predictions.benchmark,
        listed=len(predictions.rows),
        scored=len(scores),
        failed=len(predictions.rows) - len(scores),
        metrics=metrics,
        intervals=intervals,
        paper=_beside_paper(predictions.benchmark, metrics=metrics, model=paper_model),
    )


def _beside_paper(
    benchmark: Mapping[str, Any], *, metrics: Mapping[str, float], model: str | None
) -> dict[str, PaperDifference]:
    if model is None or benchmark["table"] is None:
        return {}
    for number in (benchmark["table"], _MORE_MODELS[benchmark["table"]]):
        try:
            values = paper_table(number).row(model).values
        except EvaluationError:  # a model of images only, or of another table
            continue
        return {name: PaperDifference(metrics[name], values[benchmark["id"], name], number) for name in COMPARED}
    return {}


def _averages(results: Sequence[BenchmarkResult]) -> tuple[TableAverage, ...]:
    averages = []
    for number in _MORE_MODELS:
        run = [result for result in results if result.benchmark["table"] == number]
        run = [result for result in run if all(math.isfinite(result.metrics[name]) for name in COMPARED)]
        if not run:
            continue
        keys = [(result, name) for result in run for name in COMPARED]
        ours = average({(result.benchmark["id"], name): result.metrics[name] for result, name in keys})
        has_paper = all(result.paper for result in run)
        paper = {(result.benchmark["id"], name): result.paper[name].paper for result, name in keys if has_paper}
        datasets = tuple(result.benchmark["id"] for result in run)
        of = len(paper_table(number).datasets)
        averages.append(TableAverage(number, datasets, of, ours, average(paper) if has_paper else None))
    return tuple(averages)


def json_types(value: Any) -> Any:
    """
    A value made of mappings and sequences as JSON has it; a number that is not finite is `None`.

    Example:

    ```python
    >>> from transformers_vital.evaluation.results import json_types
    >>> json_types({"srcc": (1.0, float("nan"))})
    {'srcc': [1.0, None]}

    ```
    """
    if isinstance(value, Mapping):
        return {str(name): json_types(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_types(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
