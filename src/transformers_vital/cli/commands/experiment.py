"""`transformers-vital experiment`: models trained in several ways and measured alike, as one table and one figure."""

import argparse
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import MissingExtraError
from ..experiment_measures import check_measures, measure_model, read_measured
from ..output import Output
from ..parsing import settings_from
from ..processes import Processes


if TYPE_CHECKING:
    from ...experiments.recipe import Recipe, Run
    from ...experiments.results import RunResult

SOME_FAILED = 3
EXAMPLES = """\
recipes: ablations, data_scaling, linear_probe, opinion_unaware, post_training_scaling, text_losses, transfer

settings of the training that all runs share can be changed at the end of the line, by the names that recipes use;
what a run sets itself stays.

examples:
  transformers-vital experiment ablations -o build/ablations
  transformers-vital experiment my_recipe.yaml -o build/mine --max_steps 3 --seeds 0 1 2
"""


def register(subparsers) -> None:
    """Declare the command and its arguments."""
    summary = "repeat an experiment of the paper, or one of your own, at any size"
    description = f"{summary.capitalize()}. The same command goes on where an earlier one was stopped."
    parser = subparsers.add_parser(
        "experiment", takes_settings=True, help=summary, description=description, epilog=EXAMPLES
    )
    parser.add_argument("recipe", metavar="RECIPE", help="name of a recipe, or a YAML file")
    parser.add_argument("-o", "--output", metavar="FOLDER", type=Path, required=True, help="of models and results")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--quiet", action="store_true", help="print results and errors only")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train what is not trained, measure what is not measured, and write the results; returns the exit code."""
    output = Output(as_json=args.json, quiet=args.quiet)  # before anything imports transformers, whose bars it stops
    from ...experiments.recipe import Recipe
    from ...experiments.trained_run import check_settings

    recipe = Recipe.read(args.recipe).changed(settings_from(args.settings))
    check_settings(recipe)
    check_measures(recipe)
    processes = Processes(on_cpu=bool(recipe.settings.get("use_cpu")))
    if not processes.is_first:
        output = Output(quiet=True)
    trainings = sum(len(recipe.seeds_of(run)) for run in recipe.runs if run.training != "none")
    output.remark(f"{recipe.title}: {trainings} trainings, each model measured on {', '.join(recipe.measure_ids)}")
    try:
        found = [_result(recipe, run, args=args, processes=processes, output=output) for run in recipe.runs]
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"what is finished is in {args.output}. Run the same command to go on.") from None
    processes.close()
    if not processes.is_first:
        return 0
    results = [result for result in found if result is not None]
    _write(recipe, results, folder=args.output, output=output)
    return SOME_FAILED if any(each.scored < each.listed for result in results for each in result.measured) else 0


def _result(
    recipe: "Recipe", run: "Run", *, args: argparse.Namespace, processes: Processes, output: Output
) -> "RunResult | None":
    from ...evaluation.results import model_label
    from ...experiments.results import RunResult
    from ...experiments.trained_run import finished_facts, model_of, train_run
    from ...scoring.default_model import DEFAULT_MODEL

    models, predictions = args.output / "models", args.output / "predictions"
    facts, names = {}, []
    for seed in recipe.seeds_of(run):
        if run.annotator is not None:
            who, name = [f"--annotator={run.annotator}"], model_label(run.annotator)
        else:
            model = model_of(recipe, run, seed=seed, models=models) or DEFAULT_MODEL
            who, name = [f"--model={model}"], model_label(model)
            if finished_facts(recipe, run, seed=seed, models=models) is None:
                if run.training != "none" and processes.is_first:  # what was measured of another model of that name
                    shutil.rmtree(predictions / name, ignore_errors=True)
            processes.wait()
            settings = {"remark": output.remark, "shows_progress": output.shows_progress}
            facts = train_run(recipe, run, seed=seed, models=models, **settings)
            processes.wait()
        if run.measured:
            shared = {"folder": predictions, "processes": processes, "output": output}
            name = measure_model(recipe, who=who, name=name, **shared)
        names.append(name)
    if not run.measured:
        return None
    processes.wait()
    measured = read_measured(recipe, names=names, folder=predictions)
    return RunResult(run, facts, measured, recipe.paper_values(run))


def _write(recipe: "Recipe", results: "list[RunResult]", *, folder: Path, output: Output) -> None:
    from ...experiments.figure import experiment_figure
    from ...experiments.results import results_table, to_dict
    from ...reporting.evaluation_files import write_file, write_tables
    from ...reporting.tables import to_markdown

    table, values = results_table(recipe, results), to_dict(recipe, results)
    write_tables([table], values=values, folder=folder, name="results")
    written = "results.json, .md, .csv, .html, .tex"
    try:
        write_file(folder / "figure.png", experiment_figure(recipe, results))
        written += ", figure.png"
    except MissingExtraError as error:
        output.remark(f"note: there is no figure. {error}")
    output.text(json.dumps(values, indent=2) if output.as_json else to_markdown(table))
    output.remark(f"wrote {folder}: {written}")
