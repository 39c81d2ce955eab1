"""`transformers-vital card`: the card of a model, from what was run."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..output import Output
from ..parsing import UsageError


if TYPE_CHECKING:
    from ...evaluation.results import EvaluationResults

EXAMPLES = """\
examples:
  transformers-vital card build/pretrained --license apache-2.0 --dataset dataset/
  transformers-vital card build/pretrained --license apache-2.0 --results results/pretrained --title "My VITAL"
"""


def register(subparsers) -> None:
    """Declare the command and its arguments."""
    summary = "write the card of a model: training, data, evaluation, limits, licence, citation"
    description = f"{summary[0].upper()}{summary[1:]}. A README.md that a person wrote or changed stays."
    parser = subparsers.add_parser("card", help=summary, description=description, epilog=EXAMPLES)
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="of the model")
    parser.add_argument("--license", metavar="NAME", required=True, help="identifier of the Hub, such as apache-2.0")
    parser.add_argument("--results", metavar="FOLDER", type=Path, help="of this model, that evaluate -o has written")
    parser.add_argument("--paper-model", metavar="NAME", help="beside --results the paper's, as of VITAL-BASE-8B")
    parser.add_argument(
        "--dataset", metavar="NAME", action="append", default=[], help="trained on: a built folder, or a Hub name"
    )
    parser.add_argument(
        "--hub-dataset",
        metavar="BENCHMARK=NAME",
        action="append",
        default=[],
        help="a benchmark of --results that is a dataset on the Hub: write .eval_results for its page",
    )
    parser.add_argument("--title", metavar="TEXT", help="heading (default: the folder's name)")
    parser.add_argument("--quiet", action="store_true", help="print results and errors only")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write; returns the exit code."""
    output = Output(quiet=args.quiet)
    if args.results is None and (args.paper_model or args.hub_dataset):
        raise UsageError("--paper-model and --hub-dataset are about results. Name them with --results.")
    if unreadable := [pair for pair in args.hub_dataset if "=" not in pair]:
        raise UsageError(f"--hub-dataset {unreadable[0]} is no pair such as koniq=owner/name.")
    from ...hub.card_file import CARD, write_card
    from ...hub.eval_results import eval_result_files
    from ...hub.model_card import TrainingData, model_card
    from ...hub.published_files import published_files
    from ...hub.training_record import read_stages

    names, _ = published_files(args.folder, repo_type="model")
    results = _results(args) if args.results else None
    files = (
        eval_result_files(results, hub_datasets=dict(pair.split("=", 1) for pair in args.hub_dataset))
        if results
        else {}
    )
    card = model_card(
        read_stages(args.folder),
        license=args.license,
        title=args.title or args.folder.resolve().name,
        results=results,
        datasets=[TrainingData.of(name) for name in args.dataset],
        has_code="modeling_vital.py" in names,
        library_name="peft" if "adapter_config.json" in names else "transformers",
    )
    path = write_card(args.folder, card)
    for name, text in files.items():
        (args.folder / name).parent.mkdir(exist_ok=True)
        (args.folder / name).write_text(text, encoding="utf-8")
    if path.name != CARD:
        output.remark(f"note: {CARD} was written or changed by a person and stays; the new card is {path}.")
    output.text("\n".join(["wrote " + str(path), *(f"wrote {args.folder / name}" for name in files)]))
    return 0


def _results(args: argparse.Namespace) -> "EvaluationResults":
    """The results of this model's weights; those of others are refused."""
    from ...evaluation.results import evaluate_predictions
    from ...reporting.evaluation_files import predictions_in
    from ...scoring.scorer import weight_hash

    found = predictions_in(args.results)
    if not found:
        raise UsageError(
            f"--results {args.results} has no predictions in it. Name a folder that evaluate has written."
        )
    results = evaluate_predictions(list(found.values()), paper_model=args.paper_model)
    evaluated, weights = results.fingerprint["weight_hash"], weight_hash(args.folder)
    if evaluated != weights:
        raise UsageError(
            f"--results {args.results} are of weights {evaluated}, those of {args.folder} are {weights}. Evaluate "
            f"these: transformers-vital evaluate --model {args.folder} …"
        )
    return results
