"""Which benchmarks `evaluate` is asked for, and their scoring."""

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import OutputError
from .output import Output
from .parsing import UsageError, check_device
from .scored_parts import Processes, score_benchmark


if TYPE_CHECKING:
    from ..evaluation.benchmarks import Benchmark
    from ..evaluation.rated_items import RatedItem


def score_benchmarks(args: argparse.Namespace, *, processes: Processes, output: Output) -> Path:
    """Score the benchmarks that the arguments of `evaluate` name; returns the folder of the model's results."""
    from ..evaluation.predictions import read_predictions
    from ..evaluation.rated_items import coverage
    from ..evaluation.results import model_label
    from ..scoring.scorer import VitalScorer

    chosen = [(benchmark, _items(args, benchmark)) for benchmark in _benchmarks(args)]
    for place, (benchmark, items) in enumerate(chosen):
        if benchmark.annotation_file is not None:
            chosen[place] = (benchmark, items) = _of_one_kind(benchmark, items)
        output.remark(f"{benchmark.title}: {coverage(items, expected=benchmark.num_items)}")
    if processes.count > 1:
        output.remark(f"scoring in {processes.count} processes")
    device = args.device or processes.device
    if device:
        check_device(device)
    dtype = None if args.dtype == "auto" else args.dtype
    scorer = VitalScorer.from_pretrained(args.model, device=device, dtype=dtype, allow_pickle=args.allow_pickle)
    if scorer.notice:
        output.remark(f"note: {scorer.notice}")
    folder = args.output / model_label(scorer.fingerprint.model)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {error.strerror}. Name another folder with -o.") from error
    again = {f"{benchmark.id}.parquet" for benchmark, _ in chosen if args.overwrite}
    for path in sorted(folder.glob("*.parquet")):
        if path.name not in again:
            read_predictions(path).check(benchmark=path.stem, fingerprint=asdict(scorer.fingerprint), path=path)
    settings = {"batch_size": args.batch_size, "overwrite": args.overwrite, "processes": processes, "output": output}
    try:
        for benchmark, items in chosen:
            score_benchmark(scorer, benchmark, items=items, folder=folder, **settings)
    except KeyboardInterrupt:
        change = " without --overwrite" if args.overwrite else ""
        raise KeyboardInterrupt(f"the scores so far are kept. Run the same command{change} to go on.") from None
    except RuntimeError as error:
        import torch

        if not isinstance(error, torch.OutOfMemoryError):
            raise
        raise UsageError("The device ran out of memory with one item. Pass --dtype bfloat16.") from error
    return folder


def _benchmarks(args: argparse.Namespace) -> "list[Benchmark]":
    from ..evaluation.benchmarks import Benchmark, load_benchmark

    names = list(dict.fromkeys(name.strip() for name in (args.benchmark or "").split(",") if name.strip()))
    if names:
        if args.data_root is None:
            raise UsageError("Where is the data? Name its folder with --data-root.")
        if args.csv and len(names) > 1:
            raise UsageError(f"--csv is the list of one benchmark; {len(names)} are named. Name one.")
        return [load_benchmark(name) for name in names]
    if args.csv is None:
        raise UsageError("--benchmark names none. Pass one, such as koniq.")
    falls = args.lower_is_better
    return [
        Benchmark.from_csv(
            args.csv,
            modality="image",
            media_root=args.data_root,
            name_column=args.name_column,
            mos_column=args.mos_column,
            higher_is_better=None if falls is None else not falls,
        )
    ]


def _items(args: argparse.Namespace, benchmark: "Benchmark") -> "list[RatedItem]":
    own_list = args.csv if benchmark.annotation_file is None else None
    return benchmark.items(args.data_root, annotation_file=own_list)


def _of_one_kind(benchmark: "Benchmark", items: "list[RatedItem]") -> "tuple[Benchmark, list[RatedItem]]":
    """A list of one's own as the names in it say: of images or of videos."""
    from ..media.formats import kind_of_suffix

    kinds = {kind_of_suffix(Path(item["name"]).suffix) or "image" for item in items}
    if len(kinds) > 1:
        raise UsageError(f"{benchmark.annotation_file} lists images and videos. Make a list of each.")
    (kind,) = kinds or {"image"}
    return replace(benchmark, modality=kind), [{**item, "kind": kind} for item in items]
