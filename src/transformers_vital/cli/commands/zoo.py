"""`transformers-vital zoo`: models by name, their weights, new ones of an encoder and a decoder, other formats."""

import argparse
import sys
from contextlib import redirect_stdout
from pathlib import Path

from ..output import Output
from ..parsing import UsageError, closest, positive_int
from ..zoo_facts import assembly_facts, model_facts
from . import convert


EXAMPLES = """\
examples:
  transformers-vital zoo list
  transformers-vital zoo assemble --encoder vital-tiny --decoder llm/ -o vital-new
"""


def register(subparsers) -> None:
    """Declare the command, its actions and their arguments."""
    summary = "list, download, assemble and convert models"
    description = f"{summary.capitalize()}: the model zoo."
    parser = subparsers.add_parser("zoo", help=summary, description=description, epilog=EXAMPLES)
    actions = parser.add_subparsers(metavar="ACTION", title="actions")
    _add(actions, "list", _list, "list the models by name", "zoo list\n  transformers-vital zoo list --json")

    show = _add(
        actions,
        "show",
        _show,
        "say what a model is, how large, and what training it costs",
        "zoo show vital-base-8b\n  transformers-vital zoo show vital-zero-14b --gpus 4",
    )
    show.add_argument("name", metavar="NAME", help="of the zoo")
    show.add_argument("--gpus", metavar="N", type=positive_int, default=8, help="for training (default: 8)")

    download = _add(
        actions,
        "download",
        _download,
        "fetch weights from the Hub",
        "zoo download vital-base-8b\n  transformers-vital zoo download vital-warm-up-1b -o weights/",
    )
    download.add_argument("name", metavar="NAME", help="of the zoo, or of a repository on the Hub")
    download.add_argument("-o", "--output", metavar="FOLDER", type=Path, help="where to (default: the Hub's cache)")
    download.add_argument("--revision", help="branch, tag or commit (default: the newest)")
    download.add_argument("--allow-pickle", action="store_true", help="also fetch pytorch_model.bin")

    assemble = _add(
        actions,
        "assemble",
        _assemble,
        "put a decoder behind a vision encoder",
        "zoo assemble --encoder vital-vision-encoder-300m --decoder OpenGVLab/InternVL3-1B-hf -o vital-zero-1b\n"
        "  transformers-vital zoo assemble --encoder vital-tiny --decoder llm/ -o vital-new",
    )
    assemble.add_argument("--encoder", metavar="E", required=True, help="folder, name of the zoo or of the Hub")
    assemble.add_argument("--decoder", metavar="D", required=True, help="likewise: InternVL3, VITAL, or a causal LM")
    assemble.add_argument("-o", "--output", metavar="FOLDER", type=Path, required=True, help="folder to write")
    assemble.add_argument("--allow-pickle", action="store_true", help="also read pytorch_model.bin, as weights only")
    assemble.add_argument("--gpus", metavar="N", type=positive_int, default=8, help="for a warm-up (default: 8)")

    convert.register(actions)


def _add(actions, name: str, run, summary: str, examples: str) -> argparse.ArgumentParser:
    epilog = f"examples:\n  transformers-vital {examples}\n"
    description = f"{summary[0].upper()}{summary[1:]}."
    parser = actions.add_parser(name, help=summary, description=description, epilog=epilog)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--quiet", action="store_true", help="print results and errors only")
    parser.set_defaults(run=run)
    return parser


def _list(args: argparse.Namespace) -> int:
    output = Output(as_json=args.json, quiet=args.quiet)
    from ...zoo.registry import zoo_models

    models = zoo_models()
    if args.json:
        output.facts({name: {"kind": model.kind, "source": model.source} for name, model in models.items()})
        return 0
    width = max(map(len, models))
    output.text("\n".join(f"{name:<{width}}  {model.kind:<7}  {model.source}" for name, model in models.items()))
    return 0


def _show(args: argparse.Namespace) -> int:
    output = Output(as_json=args.json, quiet=args.quiet)
    from ...zoo.registry import zoo_models

    if args.name not in zoo_models():
        known = zoo_models()
        raise UsageError(f"{args.name} is not in the zoo{closest(args.name, known)}. See: transformers-vital zoo list")
    model = zoo_models()[args.name]
    from ...zoo.description import describe

    facts = describe(model, num_gpus=args.gpus)
    output.facts(facts if args.json else model_facts(facts, num_gpus=args.gpus))
    return 0


def _download(args: argparse.Namespace) -> int:
    output = Output(as_json=args.json, quiet=args.quiet)
    from ...zoo.download import checkpoint_folder

    folder = checkpoint_folder(args.name, output=args.output, revision=args.revision, allow_pickle=args.allow_pickle)
    output.facts({"folder": str(folder)})
    return 0


def _assemble(args: argparse.Namespace) -> int:
    output = Output(as_json=args.json, quiet=args.quiet)
    convert.check_new_folder(args.output)
    output.remark(f"putting {args.decoder} behind {args.encoder}")
    from ...zoo.assemble import assemble
    from ...zoo.cost import WARM_UP, estimate, model_size

    with redirect_stdout(sys.stderr):  # DeepSpeed, where it is installed, logs to stdout
        made = assemble(args.encoder, decoder=args.decoder, output=args.output, allow_pickle=args.allow_pickle)
    warm_up = estimate(model_size(made.config), WARM_UP, num_gpus=args.gpus)
    output.facts(assembly_facts(made, warm_up, num_gpus=args.gpus, as_json=args.json))
    if made.needs_warm_up:
        output.remark(
            "note: the image projector is new, so that scores and answers about media mean nothing before a warm-up: "
            f"examples/pretrain.py --config hub_configs/recipes/warm_up_4000.yaml --model {args.output}"
        )
    output.remark(f"wrote {args.output}; score with it: transformers-vital score INPUT --model {args.output}")
    return 0
