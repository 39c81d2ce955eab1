"""What the models of an experiment are measured on: `evaluate` with the options that the recipe gives."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .benchmark_scoring import score_benchmarks
from .commands import evaluate
from .output import Output
from .parsing import Parser, UsageError
from .processes import Processes
from .question_answering import ANSWERS, JUDGEMENTS, answer_questions, judge_answers_in, judged_in


if TYPE_CHECKING:
    from ..experiments.recipe import Recipe
    from ..experiments.results import Measured

_FILES = ("csv", "questions", "data_root", "judge")  # options of evaluate that name what is there


def evaluate_arguments(measure: Mapping[str, Any], *, who: Sequence[str], folder: Path) -> argparse.Namespace:
    """
    The arguments of `evaluate` for a measure.

    Args:
        measure (`Mapping`): options by name; truth values are given as `--option` or `--no-option`.
        who (`Sequence[str]`): further arguments: the model or annotator.
        folder (`Path`): of all predictions.

    Raises:
        [`UsageError`]: one is no option of `evaluate`, or has another value.
    """
    parser = Parser(prog="transformers-vital")
    evaluate.register(parser.add_subparsers())
    given = []
    for name, value in measure.items():
        option = str(name).replace("_", "-")
        given += [f"--{option}" if value else f"--no-{option}"] if isinstance(value, bool) else [f"--{option}={value}"]
    return parser.parse_command(["evaluate", *given, *who, f"--output={folder}"])


def check_measures(recipe: "Recipe") -> None:
    """
    Find out before any training whether the measures can be read.

    Raises:
        [`UsageError`]: one has another option or value than `evaluate` takes, or names a file that is not there.
    """
    for ids, args in _measures(recipe, who=(), folder=Path()):
        for name in _FILES:
            path = getattr(args, name)
            if path is not None and not path.exists():
                raise UsageError(
                    f"{name} of the measure {ids[0]} is {path}, which does not exist. Make it, or name another."
                )


def measure_model(
    recipe: "Recipe", *, who: Sequence[str], name: str, folder: Path, processes: Processes, output: Output
) -> str:
    """
    Leave predictions and judged answers of a model in its folder, those that are not there yet.

    Args:
        recipe ([`~experiments.recipe.Recipe`]): has the measures.
        who (`Sequence[str]`): see [`evaluate_arguments`].
        name (`str`): of that folder; `evaluate` has another one for a model of the zoo.
        folder (`Path`): of all predictions; made when absent.
        processes, output: of the command.

    Returns:
        `str`: name of the folder that `evaluate` has used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for ids, args in _measures(recipe, who=who, folder=folder):
        if args.questions is None:
            if not all((folder / name / f"{id}.parquet").is_file() for id in ids):
                name = score_benchmarks(args, processes=processes, output=output)[0].name
            continue
        if not (folder / name / ids[0] / ANSWERS).is_file():
            name = answer_questions(args, processes=processes, output=output).name
        answered = folder / name / ids[0]
        if args.judge and processes.is_first and not (answered / JUDGEMENTS).is_file():
            _judge(answered, args=args, output=output)
    return name


def read_measured(recipe: "Recipe", *, names: Sequence[str], folder: Path) -> "tuple[Measured, ...]":
    """
    What is on disk of a run, as metrics.

    Args:
        recipe ([`~experiments.recipe.Recipe`]): has the measures.
        names (`Sequence[str]`): of the folders of its models, one for each seed.
        folder (`Path`): of all predictions.
    """
    from ..evaluation.predictions import read_predictions
    from ..experiments.results import measured_answers, measured_ratings

    found = []
    for ids, args in _measures(recipe, who=(), folder=folder):
        for id in ids:
            if args.questions is None:
                predictions = [read_predictions(folder / name / f"{id}.parquet") for name in names]
                found.append(measured_ratings(predictions))
            else:
                found.append(measured_answers([judged_in(folder / name / id)[:2] for name in names]))
    return tuple(found)


def _measures(
    recipe: "Recipe", *, who: Sequence[str], folder: Path
) -> list[tuple[tuple[str, ...], argparse.Namespace]]:
    return [
        (recipe.ids_of(measure), evaluate_arguments(measure, who=who, folder=folder)) for measure in recipe.measures
    ]


def _judge(answered: Path, *, args: argparse.Namespace, output: Output) -> None:
    from ..evaluation.judge_file import read_judge

    judge, settings = read_judge(args.judge)
    judge_answers_in([answered], judge=judge, settings=settings, device=args.device, output=output)
