"""The values of the paper's tables, and how far one's own are from them."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from ..scoring.default_model import hub_configs_folder
from .unknown_names import unknown_name


AVERAGE = ("average", "mean")  # the column "AVG."
ANSWER_TABLES = (4, 11)  # of Q-Bench-Video
RESULTS = ("srcc", "plcc", "accuracy")
_LABELS = ("group", "model", "venue")

Column = tuple[str, str]


@dataclass(frozen=True)
class PaperRow:
    """
    One model in one table.

    Args:
        group (`str`): heading above the model; empty in tables without.
        model, venue (`str`): as printed; where it was published, empty where the table does not say.
        values (`Mapping`): by dataset and metric. Shares and accuracies are in [0, 1].
    """

    group: str
    model: str
    venue: str
    values: Mapping[Column, float]


@dataclass(frozen=True)
class PaperTable:
    """
    One table.

    Args:
        number (`int`): in the paper.
        title (`str`): what it is about.
        rows (`tuple[PaperRow, ...]`): in the order of the table.
        aliases (`Mapping[str, str]`): further names of models, and the printed ones.
        errata (`tuple[str, ...]`): known errors of the table.
    """

    number: int
    title: str
    rows: tuple[PaperRow, ...]
    aliases: Mapping[str, str]
    errata: tuple[str, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """Datasets with metrics, in the order of the table."""
        return tuple(self.rows[0].values)

    @property
    def datasets(self) -> tuple[str, ...]:
        """Those of the columns with results, each once."""
        return tuple(dict.fromkeys(dataset for dataset, metric in self.columns if metric in RESULTS))

    def row(self, model: str) -> PaperRow:
        """
        The row of a model; case does not matter.

        Raises:
            [`EvaluationError`]: there is none.
        """
        printed = {name.casefold(): target for name, target in self.aliases.items()}.get(model.casefold(), model)
        for row in self.rows:
            if row.model.casefold() == printed.casefold():
                return row
        known = [row.model for row in self.rows] + list(self.aliases)
        raise unknown_name(model, what=f"row of Table {self.number}", known=known)


@dataclass(frozen=True)
class PaperDifference:
    """
    A value beside that of the paper.

    Args:
        ours, paper (`float`): the two values.
        table (`int`): where the paper prints its own.
    """

    ours: float
    paper: float
    table: int

    @property
    def difference(self) -> float:
        """Positive where ours is larger."""
        return self.ours - self.paper

    def __str__(self) -> str:
        return f"{self.ours:.3f}, Table {self.table}: {self.paper:.3f}, difference {self.difference:+.3f}"


def paper_table(number: int) -> PaperTable:
    """
    A table of the paper.

    Args:
        number (`int`): 2 to 7, 9, 10 or 11.

    Returns:
        [`PaperTable`].

    Raises:
        [`EvaluationError`]: there is no such table, or it holds no results.

    Example:

    ```python
    >>> from transformers_vital.evaluation.paper import paper_table
    >>> table = paper_table(6)
    >>> table.title, table.datasets[-1], [row.model for row in table.rows]
    ('Linear probe', 'yt-gaming', ['LINEAR-PROBE', 'FULL', 'SIMPLE-VQA'])

    ```
    """
    facts = _tables()
    if number not in facts:
        raise unknown_name(str(number), what="table of results", known=map(str, facts))
    return _read_table(number)


def paper_value(table: int, *, model: str, dataset: str, metric: str) -> float:
    """
    A number of a table.

    Args:
        table (`int`): see [`paper_table`].
        model (`str`): as printed, or one of the table's aliases: `VITAL-BASE-8B` is found in Tables 2 to 5, 7, 9, 10.
        dataset (`str`): id of a benchmark, a column of Tables 4 and 11, `"average"`, or in Table 6 `"tunable"`.
        metric (`str`): `"srcc"`, `"plcc"`, `"accuracy"`, `"mean"` of the average, or `"parameters"`.

    Returns:
        `float`: on the scale of [`~evaluation.metrics`]; accuracies in [0, 1], parameters as a count.

    Raises:
        [`EvaluationError`]: there is no such table, row or column.

    Example:

    ```python
    >>> from transformers_vital.evaluation.paper import paper_value
    >>> paper_value(2, model="VITAL-BASE-8B", dataset="cgvds", metric="plcc")
    0.834
    >>> paper_value(9, model="VITAL-BASE-8B", dataset="cgvds", metric="plcc")
    0.854
    >>> paper_value(4, model="VITAL-ASSISTANT-8B", dataset="overall", metric="accuracy")
    0.6311

    ```
    """
    row = paper_table(table).row(model)
    if (dataset, metric) not in row.values:
        known = [" ".join(column) for column in row.values]
        raise unknown_name(f"{dataset} {metric}", what=f"column of Table {table}", known=known)
    return row.values[dataset, metric]


def check_paper_model(name: str) -> None:
    """
    Find out whether a table that evaluations stand beside has a model: 2, 3, 9 and 10 of ratings, 4 and 11 of answers.

    Raises:
        [`EvaluationError`]: none has; the message has the closest names.
    """
    tables = [paper_table(number) for number in (2, 3, 9, 10, *ANSWER_TABLES)]
    known = dict.fromkeys(known for table in tables for known in (*(row.model for row in table.rows), *table.aliases))
    if name.casefold() not in {model.casefold() for model in known}:
        raise unknown_name(name, what="model in Tables 2, 3, 4, 9, 10 and 11", known=known)


def difference(value: float, *, table: int, model: str, dataset: str, metric: str) -> PaperDifference:
    """
    A value of one's own beside that of the paper.

    Args:
        value (`float`): one's own.
        table, model, dataset, metric: see [`paper_value`].

    Returns:
        [`PaperDifference`].

    Raises:
        [`EvaluationError`]: see [`paper_value`].

    Example:

    ```python
    >>> from transformers_vital.evaluation.paper import difference
    >>> print(difference(0.925, table=3, model="VITAL-BASE-8B", dataset="koniq", metric="srcc"))
    0.925, Table 3: 0.931, difference -0.006

    ```
    """
    return PaperDifference(value, paper_value(table, model=model, dataset=dataset, metric=metric), table)


def average(values: Mapping[Column, float]) -> float:
    """
    The column "AVG." of Tables 2, 3, 9 and 10: the plain mean of the SRCC and PLCC of all datasets.

    A dataset counts the same whatever its size. In nine rows of these tables the paper prints another value than the
    mean of the row.

    Args:
        values (`Mapping`): by dataset and metric; other metrics and the average itself do not count.

    Returns:
        `float`: NaN without such values.

    Example:

    ```python
    >>> from transformers_vital.evaluation.paper import average
    >>> average({("koniq", "srcc"): 0.75, ("koniq", "plcc"): 0.25, ("koniq", "krcc"): 0.1})
    0.5

    ```
    """
    counted = [value for (_, metric), value in values.items() if metric in ("srcc", "plcc")]
    return sum(counted) / len(counted) if counted else float("nan")


@cache
def _tables() -> dict[int, dict]:
    return yaml.safe_load((_folder() / "tables.yaml").read_text(encoding="utf-8"))


@cache
def _read_table(number: int) -> PaperTable:
    with (_folder() / f"table_{number}.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    rows = tuple(PaperRow(line["group"], line["model"], line["venue"], _values(line)) for line in lines)
    facts = _tables()[number]
    return PaperTable(number, facts["title"], rows, facts.get("aliases", {}), tuple(facts.get("errata", ())))


def _values(line: Mapping[str, str]) -> dict[Column, float]:
    values = {}
    for name, text in line.items():
        if name not in _LABELS:
            dataset, metric = name.rsplit(" ", maxsplit=1)
            values[dataset, metric] = _number(text, metric=metric)
    return values


def _number(text: str, *, metric: str) -> float:
    if metric == "parameters":
        return round(float(text.removesuffix("M")) * 1e6)
    return round(float(text) / 100, 6) if metric == "accuracy" else float(text)


def _folder() -> Path:
    return hub_configs_folder() / "paper"
