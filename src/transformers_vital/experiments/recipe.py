"""What an experiment is made of: the recipe that `transformers-vital experiment` reads."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from ..annotation.setting_checks import check_keys, check_number
from ..errors import ExperimentError
from ..evaluation.paper import Column, paper_table
from ..evaluation.unknown_names import unknown_name
from ..scoring.default_model import hub_configs_folder


TRAININGS = ("mixture", "post-training", "linear-probe", "none")
FIGURES = ("bars", "lines")
REFERENCE = "run:"  # before the name of an earlier run, in place of a model
_MODELS = ("model", "vision_encoder")
_MEASURES = ("benchmark", "csv", "questions")


@dataclass(frozen=True, kw_only=True)
class Run:
    """
    One model of an experiment.

    Args:
        name (`str`): in the table.
        training (`str`, *optional*, defaults to `"mixture"`): `"mixture"` for [`~training.trainer.VitalTrainer`]
            (pre-training, warm-up), `"post-training"`, `"linear-probe"`, or `"none"` for a model as it is, with the
            `vision_encoder` put into it where one is named.
        share (`float`, *optional*, defaults to 1.0): of the training steps; the horizontal axis of a figure of lines.
        series (`str`, *optional*): line of the figure that it is a point of.
        paper (`str`, *optional*): the paper's row that it stands beside.
        annotator (`str`, *optional*): a machine annotator in place of a model.
        measured (`bool`, *optional*, defaults to `True`): else it is only there for later runs, and in no table.
        settings (`dict`): of the training; every other key of the recipe.

    Raises:
        [`ExperimentError`]: a value cannot be used.
    """

    name: str
    training: str = "mixture"
    share: float = 1.0
    series: str | None = None
    paper: str | None = None
    annotator: str | None = None
    measured: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        if self.annotator is not None:
            object.__setattr__(self, "training", "none")
        if self.training not in TRAININGS:
            raise ExperimentError(f"training of {self.name} is {self.training!r}; expected {', '.join(TRAININGS)}.")
        check_number(f"share of {self.name}", self.share, at_least=0)
        if self.share == 0 and self.training != "none":
            raise ExperimentError(f"share of {self.name} is 0. Say training: none, or give it a share.")
        if not _plain(self.name):
            raise ExperimentError(f"A run is called {self.name!r}; expected a name with a letter or digit in it.")

    @property
    def earlier(self) -> dict[str, str]:
        """Names of the runs whose models it takes, by setting."""
        named = {key: str(self.settings[key]) for key in _MODELS if key in self.settings}
        return {key: text.removeprefix(REFERENCE) for key, text in named.items() if text.startswith(REFERENCE)}

    def label(self, seed: int) -> str:
        """Name of the run's folders."""
        return f"{_plain(self.name)}-seed-{seed}"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """
    An experiment.

    Args:
        title (`str`): above the table.
        runs (`tuple[Run, ...]`): in the order of the table; one may take the model of an earlier one.
        measures (`tuple[Mapping, ...]`): what each model is measured on: options of `transformers-vital evaluate` with
            `benchmark`, `csv` or `questions` among them.
        settings (`Mapping`): of the training of all runs, by the names of
            [`~training.run.RunArguments`] and [`~training.arguments.VitalTrainingArguments`].
        seeds (`tuple[int, ...]`, *optional*, defaults to `(0,)`): each run is trained once with each.
        tables (`tuple[int, ...]`, *optional*): of the paper, with the rows that runs name.
        figure (`str`, *optional*, defaults to `"bars"`): or `"lines"`, over the runs' shares.

    Raises:
        [`ExperimentError`]: a value cannot be used.
    """

    title: str
    runs: tuple[Run, ...]
    measures: tuple[Mapping[str, Any], ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0,)
    tables: tuple[int, ...] = ()
    figure: str = "bars"

    def __post_init__(self):
        if self.figure not in FIGURES:
            raise ExperimentError(f"figure is {self.figure!r}; expected {' or '.join(FIGURES)}.")
        for seed in self.seeds:
            check_number("seeds", seed, at_least=0, whole=True)
        _once("seeds", self.seeds)
        _once("names of runs", [_plain(run.name) for run in self.runs])
        _once("measures", self.measure_ids)
        before: list[str] = []
        for run in self.runs:
            for setting, name in run.earlier.items():
                if name not in before:
                    raise ExperimentError(
                        f"{setting} of {run.name} is {REFERENCE}{name}, and no run before it has that name. Before it "
                        f"are: {', '.join(before) or 'none'}."
                    )
            before.append(run.name)
            self.paper_values(run)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Recipe":
        """
        A recipe from what YAML gives.

        Raises:
            [`ExperimentError`] or [`AnnotationError`]: a key is unknown or missing, or a value cannot be used.

        Example:

        ```python
        >>> from transformers_vital.experiments.recipe import Recipe
        >>> recipe = Recipe.from_dict({"title": "Pairs", "settings": {"max_steps": 4},
        ...     "runs": {"all": {}, "w/o pairs": {"leave_out": ["pair"]}}, "measures": [{"csv": "photos.csv"}]})
        >>> [run.label(0) for run in recipe.runs], recipe.runs[1].settings, recipe.measure_ids
        (['all-seed-0', 'w-o-pairs-seed-0'], {'leave_out': ['pair']}, ('photos',))

        ```
        """
        check_keys(cls, values, where="recipe")
        runs, measures = values["runs"], values["measures"]
        if (
            not isinstance(runs, Mapping)
            or not runs
            or not all(isinstance(run or {}, Mapping) for run in runs.values())
        ):
            raise ExperimentError("runs of the recipe is no mapping of names to settings. Name at least one run.")
        if not isinstance(measures, list) or not all(isinstance(measure, Mapping) for measure in measures):
            raise ExperimentError("measures of the recipe is no list of mappings, such as - csv: ratings.csv.")
        own = {name: tuple(values[name]) for name in ("seeds", "tables") if name in values}
        own |= {"runs": tuple(_run(str(name), run or {}) for name, run in runs.items())}
        own |= {"measures": tuple(measures), "settings": _numbers(values.get("settings") or {})}
        return cls(**{**values, **own})

    @classmethod
    def read(cls, name: str | Path) -> "Recipe":
        """
        A recipe of `hub_configs/experiments` by its name, or of a YAML file.

        Raises:
            [`ExperimentError`]: there is none, or it cannot be read; see [`from_dict`].
        """
        import yaml

        known = {path.stem: path for path in sorted((hub_configs_folder() / "experiments").glob("*.yaml"))}
        path = known.get(str(name), Path(name))
        if path.suffix not in (".yaml", ".yml"):
            raise ExperimentError(f"{unknown_name(str(name), what='recipe', known=known)} A file ends in .yaml.")
        try:
            values = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise ExperimentError(f"The recipe {name} cannot be read ({error}). Name a YAML file.") from error
        return cls.from_dict(values)

    @property
    def measure_ids(self) -> tuple[str, ...]:
        """Those of all measures, see [`ids_of`]."""
        return tuple(id for measure in self.measures for id in self.ids_of(measure))

    @staticmethod
    def ids_of(measure: Mapping[str, Any]) -> tuple[str, ...]:
        """
        Names of the results of a measure, as `evaluate` gives them: of the benchmarks, or of the file.

        Raises:
            [`ExperimentError`]: it names nothing to measure on, or both ratings and questions.
        """
        named = [name for name in _MEASURES if name in measure]
        if not named or "questions" in named[1:]:
            raise ExperimentError(
                f"A measure has the keys {', '.join(measure) or '(none)'}; expected one of {', '.join(_MEASURES)}."
            )
        text = str(measure[named[0]])
        return tuple(text.replace(" ", "").split(",")) if named[0] == "benchmark" else (Path(text).stem,)

    def changed(self, overrides: Mapping[str, Any]) -> "Recipe":
        """
        The recipe with other shared settings, or other `seeds`. What a run sets itself stays: it is what the
        experiment is about.

        Raises:
            [`ExperimentError`]: every run sets such a setting itself.
        """
        overrides = dict(_numbers(overrides))
        seeds = overrides.pop("seeds", self.seeds)
        for name in overrides:
            if all(name in run.settings for run in self.runs):
                raise ExperimentError(f"Every run sets {name} itself. Change it in a copy of the recipe.")
        seeds = tuple(seeds) if isinstance(seeds, Sequence) else (seeds,)
        return replace(self, settings={**self.settings, **overrides}, seeds=seeds)

    def settings_of(self, run: Run) -> dict[str, Any]:
        """Settings of a run, with those that it shares."""
        return {**self.settings, **run.settings}

    def seeds_of(self, run: Run) -> tuple[int, ...]:
        """One for a model as it is, which no seed changes."""
        by_name = {other.name: other for other in self.runs}
        trained = run.training != "none" or any(len(self.seeds_of(by_name[name])) > 1 for name in run.earlier.values())
        return self.seeds if trained else self.seeds[:1]

    def paper_values(self, run: Run) -> dict[Column, float]:
        """
        The paper's values beside a run, out of all tables that have its row.

        Raises:
            [`ExperimentError`]: none has.
        """
        if run.paper is None:
            return {}
        values: dict[Column, float] = {}
        tables = [paper_table(number) for number in self.tables]
        for table in tables:
            if run.paper in (*(row.model for row in table.rows), *table.aliases):
                values |= table.row(run.paper).values
        if not values:
            known = [row.model for table in tables for row in table.rows]
            what = f"row of Table {' or '.join(map(str, self.tables)) or '(the recipe names no tables)'}"
            raise ExperimentError(str(unknown_name(run.paper, what=what, known=known)))
        return values


def _run(name: str, values: Mapping[str, Any]) -> Run:
    own = {entry.name for entry in fields(Run)} - {"name", "settings"}
    settings = {key: value for key, value in values.items() if key not in own}
    return Run(name=name, settings=_numbers(settings), **{key: values[key] for key in own if key in values})


def _numbers(settings: Mapping[str, Any]) -> dict[str, Any]:
    """With numbers such as 2e-5, which YAML takes for text without a dot."""
    scientific = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")
    return {
        name: float(value) if isinstance(value, str) and scientific.fullmatch(value) else value
        for name, value in settings.items()
    }


def _plain(name: str) -> str:
    return re.sub(r"[^\w.]+", "-", name).strip("-.")


def _once(what: str, values: Sequence[Any]) -> None:
    if not values or len(set(values)) < len(values):
        listed = ", ".join(map(str, values)) or "none"
        raise ExperimentError(f"The {what} of the recipe are {listed}; expected at least one, and none twice.")
