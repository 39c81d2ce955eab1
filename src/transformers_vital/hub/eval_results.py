"""Results on benchmarks as the Hub reads them: in the metadata of a model card, and in files of `.eval_results`."""

import math
from collections.abc import Iterator, Mapping

import yaml
from huggingface_hub import EvalResult, EvalResultEntry, eval_result_entries_to_yaml

from ..errors import OutputError
from ..evaluation.results import COMPARED, BenchmarkResult, EvaluationResults
from .card_file import one_line
from .training_record import can_be_on_hub


FOLDER = ".eval_results"
_TASKS = {
    "image": ("image-text-to-text", "Image quality assessment"),
    "video": ("video-text-to-text", "Video quality assessment"),
}
_METRICS = {"srcc": ("spearmanr", "SRCC"), "plcc": ("pearsonr", "PLCC")}  # types are the Hub's


def model_index(results: EvaluationResults) -> list[EvalResult]:
    """
    SRCC and PLCC of every benchmark, for `ModelCardData(model_name=..., eval_results=...)`.

    Args:
        results ([`~evaluation.results.EvaluationResults`]): of one model.

    Returns:
        `list[EvalResult]`: without values that are not defined; `metric_args` has the counts and the 95 % interval.

    Example:

    ```python
    >>> from transformers_vital.evaluation.predictions import Predictions
    >>> from transformers_vital.evaluation.results import evaluate_predictions
    >>> from transformers_vital.hub.eval_results import model_index
    >>> facts = {"id": "mine", "title": "mine", "modality": "image", "num_items": None, "table": None}
    >>> rows = [{"name": str(n), "score": n / 4, "mos": n, "error": None} for n in range(4)]
    >>> results = evaluate_predictions([Predictions(facts, {"model": "m"}, tuple(rows))], resamples=10)
    >>> [(entry.metric_name, entry.metric_value) for entry in model_index(results)]
    [('SRCC', 1.0), ('PLCC', 1.0)]

    ```
    """
    entries = []
    for result, name in _defined(results):
        task, task_name = _TASKS[result.benchmark["modality"]]
        metric, shown = _METRICS[name]
        entries.append(
            EvalResult(
                task_type=task,
                task_name=task_name,
                dataset_type=one_line(result.benchmark["id"]),
                dataset_name=one_line(result.benchmark["title"]),
                metric_type=metric,
                metric_name=shown,
                metric_value=result.metrics[name],
                metric_args=_counts(result, name),
            )
        )
    return entries


def eval_result_files(results: EvaluationResults, *, hub_datasets: Mapping[str, str]) -> dict[str, str]:
    """
    The files by which the Hub shows results on the page of a benchmark; it has to be a dataset there.

    Args:
        results ([`~evaluation.results.EvaluationResults`]): of one model.
        hub_datasets (`Mapping[str, str]`): benchmark → name of its dataset on the Hub.

    Returns:
        `dict[str, str]`: name of the file below the model's folder → YAML.

    Raises:
        [`OutputError`]: there are no results on such a benchmark, or the name is none of the Hub's.
    """
    known = [result.benchmark["id"] for result in results.benchmarks]
    for benchmark, dataset in hub_datasets.items():
        if benchmark not in known:
            raise OutputError(f"There are no results on {benchmark}; there are some on {', '.join(known)}.")
        if "/" not in dataset or not can_be_on_hub(dataset):
            raise OutputError(f"{dataset!r} is no dataset of the Hub; expected a name such as owner/{benchmark}.")
    entries: dict[str, list[EvalResultEntry]] = {}
    for result, name in _defined(results):
        benchmark = result.benchmark["id"]
        if benchmark in hub_datasets:
            notes = ", ".join(f"{key} {value}" for key, value in _counts(result, name).items())
            value = result.metrics[name]
            entry = EvalResultEntry(hub_datasets[benchmark], task_id=_METRICS[name][0], value=value, notes=notes)
            entries.setdefault(benchmark, []).append(entry)
    return {
        f"{FOLDER}/{benchmark}.yaml": yaml.safe_dump(eval_result_entries_to_yaml(found), sort_keys=False)
        for benchmark, found in entries.items()
    }


def _defined(results: EvaluationResults) -> Iterator[tuple[BenchmarkResult, str]]:
    for result in results.benchmarks:
        yield from ((result, name) for name in COMPARED if math.isfinite(result.metrics[name]))


def _counts(result: BenchmarkResult, name: str) -> dict[str, object]:
    interval = result.intervals[name]
    bounds = [round(bound, 4) for bound in (interval.low, interval.high)]
    return {"scored": result.scored, "listed": result.listed, "interval_95": bounds}
