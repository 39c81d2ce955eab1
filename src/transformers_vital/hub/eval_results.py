"""Results on benchmarks as the metadata of a model card."""

import math

from huggingface_hub import EvalResult

from ..evaluation.results import COMPARED, EvaluationResults


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
        `list[EvalResult]`: without values that are not defined; `metric_args` has the counts.

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
    for result in results.benchmarks:
        task, task_name = _TASKS[result.benchmark["modality"]]
        for name in COMPARED:
            if not math.isfinite(result.metrics[name]):
                continue
            metric, shown = _METRICS[name]
            entries.append(
                EvalResult(
                    task_type=task,
                    task_name=task_name,
                    dataset_type=result.benchmark["id"],
                    dataset_name=result.benchmark["title"],
                    metric_type=metric,
                    metric_name=shown,
                    metric_value=result.metrics[name],
                    metric_args={"scored": result.scored, "listed": result.listed},
                )
            )
    return entries
