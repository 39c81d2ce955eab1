"""What an experiment found: each run on each measure, out of what is on disk, as one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ExperimentError
from ..evaluation.answers import Answers
from ..evaluation.judgements import Judgement
from ..evaluation.paper import Column
from ..evaluation.predictions import Predictions
from ..reporting.tables import NO_VALUE, Table, number
from .estimates import Estimate, average, correlation, mean
from .recipe import Recipe, Run


RATED = ("srcc", "plcc")  # the metrics of the paper
ANSWERED = ("accuracy", "words")
HEADS = {"srcc": "SRCC", "plcc": "PLCC", "accuracy": "accuracy", "words": "words"}
AVERAGE = "AVG."
_TUNABLE = ("tunable", "parameters")  # column of Table 6


@dataclass(frozen=True)
class Measured:
    """
    A run on one measure.

    Args:
        id (`str`): of the measure.
        title (`str`): for people.
        listed, scored (`int`): items, and those with a score, or an answer, with every seed.
        metrics (`Mapping[str, Estimate]`): `srcc` and `plcc` of ratings; of questions `accuracy`, the mean credit of
            what was judged, and `words`, the mean length of an answer.
        judged (`int`, *optional*): of questions, answers that somebody said the worth of with every seed.
    """

    id: str
    title: str
    listed: int
    scored: int
    metrics: Mapping[str, Estimate]
    judged: int | None = None


@dataclass(frozen=True)
class RunResult:
    """
    All that was found of a run.

    Args:
        run ([`~experiments.recipe.Run`]): which.
        facts (`Mapping`): of its training, see [`~experiments.trained_run.train_run`].
        measured (`tuple[Measured, ...]`): in the order of the measures.
        paper (`Mapping`): the paper's values of the run's row.
    """

    run: Run
    facts: Mapping[str, Any]
    measured: tuple[Measured, ...]
    paper: Mapping[Column, float]

    @property
    def averages(self) -> dict[str, Estimate]:
        """Each metric of ratings, averaged over the sets."""
        rated = [each.metrics for each in self.measured if RATED[0] in each.metrics]
        return {name: average([metrics[name] for metrics in rated]) for name in RATED if rated}

    def paper_averages(self) -> dict[str, float]:
        """The same of the paper: over its datasets that were measured, over all of the row where none was."""
        datasets = list(dict.fromkeys(dataset for dataset, metric in self.paper if metric == RATED[0]))
        ran = [each.id for each in self.measured if each.id in datasets] or datasets
        return {name: sum(self.paper[dataset, name] for dataset in ran) / len(ran) for name in RATED if ran}


def measured_ratings(predictions: Sequence[Predictions]) -> Measured:
    """
    Metrics of a run on a rated set.

    Args:
        predictions (`Sequence[Predictions]`): one for each seed.

    Raises:
        [`ExperimentError`]: they are of different ratings.
    """
    first = predictions[0]
    lists = [{row["name"]: row["mos"] for row in each.rows} for each in predictions]
    if any(each != lists[0] for each in lists):
        raise _changed(first.benchmark["id"])
    names = [name for name in lists[0] if all(name in each.scored for each in predictions)]
    scores = np.array([[each.scored[name][0] for name in names] for each in predictions])
    rated = np.array([lists[0][name] for name in names])
    metrics = {name: correlation(scores, rated=rated, metric=name) for name in RATED}
    return Measured(first.benchmark["id"], first.benchmark["title"], len(lists[0]), len(names), metrics)


def measured_answers(answers: Sequence[tuple[Answers, Sequence[Judgement]]]) -> Measured:
    """
    Accuracy and length of a run's answers (Fig. 4 c, d).

    Args:
        answers (`Sequence[tuple]`): for each seed answers, and what they are worth.

    Raises:
        [`ExperimentError`]: they are to different questions.
    """
    first = answers[0][0]
    if any(each.questions != first.questions for each, _ in answers):
        raise _changed(first.id)
    said = [{row["index"]: row["answer"] for row in each.rows if row["error"] is None} for each, _ in answers]
    credits = [{one.index: one.credit for one in judged if one.credit is not None} for _, judged in answers]
    worth = _common(credits)
    metrics = {
        "accuracy": mean(worth),
        "words": mean(_common([{index: len(text.split()) for index, text in each.items()} for each in said])),
    }
    scored = len(set.intersection(*(set(each) for each in said)))
    return Measured(first.id, first.id, len(first.rows), scored, metrics, worth.shape[1])


def results_table(recipe: Recipe, results: Sequence[RunResult]) -> Table:
    """
    A row for each run and measure, and one for its average over rated sets, beside the paper's values.

    Args:
        recipe ([`~experiments.recipe.Recipe`]): of the experiment.
        results (`Sequence[RunResult]`): in its order.
    """
    metrics = metrics_of(results)
    spread, paper = len(recipe.seeds) > 1, any(result.paper for result in results)
    tunable = any(_TUNABLE in result.paper for result in results)
    columns = ["run", "measured on", "scored", "listed", *(["judged"] if "accuracy" in metrics else [])]
    columns += [*(["paper's parameters"] if tunable else []), "trained parameters", "steps"]
    for name in metrics:
        columns += [HEADS[name], f"{HEADS[name]} 95 %", *([f"{HEADS[name]} spread"] if spread else [])]
    shown = [name for name in RATED if name in metrics] if paper else []
    columns += [f"paper {HEADS[name]}" for name in shown]
    rows = []
    for result in results:
        training = [_millions(result.facts.get("trained_parameters")), str(result.facts.get("steps", NO_VALUE))]
        training = [*([_millions(result.paper.get(_TUNABLE))] if tunable else []), *training]
        for each in result.measured:
            beside = [number(result.paper.get((each.id, name), float("nan"))) for name in shown]
            counts = _counts(each, judged="accuracy" in metrics)
            cells = [result.run.name, each.title, *counts, *training]
            rows.append((*cells, *_cells(each.metrics, metrics, spread=spread), *beside))
        num_rated = sum(RATED[0] in each.metrics for each in result.measured)
        if num_rated > 1 or (num_rated and result.paper):
            beside = [number(result.paper_averages().get(name, float("nan"))) for name in shown]
            cells = [result.run.name, AVERAGE, *[""] * len(_counts(result.measured[0], judged="accuracy" in metrics))]
            cells += training
            rows.append((*cells, *_cells(result.averages, metrics, spread=spread), *beside))
    return Table(recipe.title, tuple(columns), tuple(rows), tuple(_notes(recipe, results)))


def to_dict(recipe: Recipe, results: Sequence[RunResult]) -> dict[str, Any]:
    """Every value in full precision, as JSON types; `None` where it is not defined."""
    return {
        "title": recipe.title,
        "seeds": list(recipe.seeds),
        "runs": [
            {
                "run": result.run.name,
                "share": result.run.share,
                **result.facts,
                "measures": [
                    {
                        "id": each.id,
                        "listed": each.listed,
                        "scored": each.scored,
                        "judged": each.judged,
                        **_values(each.metrics),
                    }
                    for each in result.measured
                ],
                "average": _values(result.averages),
            }
            for result in results
        ],
    }


def metrics_of(results: Sequence[RunResult]) -> list[str]:
    """Names of the metrics that there are, in the order of the table."""
    found = {name for result in results for each in result.measured for name in each.metrics}
    return [name for name in (*RATED, *ANSWERED) if name in found]


def _notes(recipe: Recipe, results: Sequence[RunResult]) -> list[str]:
    notes = ["95 % are percentile bootstrap intervals over the items."]
    if len(recipe.seeds) > 1:
        seeds = ", ".join(map(str, recipe.seeds))
        notes.append(
            f"Values are means over the seeds {seeds}, and so are intervals; spread is the deviation over them."
        )
    if any(sum(RATED[0] in each.metrics for each in result.measured) > 1 for result in results):
        notes.append("AVG. is the mean over the rated sets.")
    if any(result.paper for result in results):
        tables = " and ".join(map(str, recipe.tables))
        ran = {each.id for result in results for each in result.measured} & {
            dataset for result in results for dataset, _ in result.paper
        }
        which = (
            "those of its datasets that were measured" if ran else "all its datasets, of which none was measured here"
        )
        plural = "s" if len(recipe.tables) > 1 else ""
        notes.append(f"The paper's values are of Table{plural} {tables}; its AVG. is over {which}.")
    if "accuracy" in metrics_of(results):
        notes.append("Accuracy is of the judged answers, words are of all.")
    return notes


def _counts(measured: Measured, *, judged: bool) -> list[str]:
    known = [NO_VALUE if measured.judged is None else str(measured.judged)] if judged else []
    return [str(measured.scored), str(measured.listed), *known]


def _cells(values: Mapping[str, Estimate], metrics: Sequence[str], *, spread: bool) -> list[str]:
    cells = []
    for name in metrics:
        found = values.get(name)
        low, high = map(number, found.interval) if found else (NO_VALUE, NO_VALUE)
        cells += [
            number(found.value) if found else NO_VALUE,
            NO_VALUE if NO_VALUE in (low, high) else f"{low} to {high}",
        ]
        cells += [number(found.spread) if found else NO_VALUE] if spread else []
    return cells


def _values(metrics: Mapping[str, Estimate]) -> dict[str, Any]:
    def defined(value: float) -> float | None:
        return value if np.isfinite(value) else None

    return {
        name: {
            "value": defined(found.value),
            "low": defined(found.interval[0]),
            "high": defined(found.interval[1]),
            "spread": defined(found.spread),
            "seeds": [defined(value) for value in found.values],
        }
        for name, found in metrics.items()
    }


def _millions(count: float | None) -> str:
    return NO_VALUE if count is None else f"{count / 1e6:.2f}M"


def _common(values: Sequence[Mapping[int, float]]) -> np.ndarray:
    """Values of the items that all have, of shape (seeds, n)."""
    shared = [index for index in values[0] if all(index in each for each in values)]
    return np.array([[each[index] for index in shared] for each in values], dtype=np.float64)


def _changed(id: str) -> ExperimentError:
    return ExperimentError(
        f"The runs were measured on different lists of {id}. Delete the predictions of the older ones."
    )
