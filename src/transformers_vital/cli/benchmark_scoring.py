"""Which benchmarks `evaluate` is asked for, and their scoring by a model or by annotators."""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .model_folder import model_folder
from .model_options import load_model
from .output import Output
from .parsing import UsageError, names_in
from .part_files import make_in_parts
from .processes import Processes


if TYPE_CHECKING:
    from ..evaluation.benchmarks import Benchmark
    from ..evaluation.rated_items import RatedItem
    from ..media.inputs import MediaItem

    Chosen = list[tuple[Benchmark, list[RatedItem]]]
    Score = Callable[[list[MediaItem]], Iterator[dict[str, Any]]]


def score_benchmarks(args: argparse.Namespace, *, processes: Processes, output: Output) -> list[Path]:
    """Score the benchmarks that the arguments of `evaluate` name; returns the folders of the results."""
    from ..evaluation.rated_items import coverage

    chosen = [(benchmark, _items(args, benchmark)) for benchmark in _benchmarks(args)]
    for place, (benchmark, items) in enumerate(chosen):
        if benchmark.annotation_file is not None:
            chosen[place] = (benchmark, items) = _of_one_kind(benchmark, items)
        output.remark(f"{benchmark.title}: {coverage(items, expected=benchmark.num_items)}")
    if args.annotator:
        return _by_annotators(args, chosen, processes=processes, output=output)
    from ..evaluation.predictions import score_items

    scorer = load_model(args, device=processes.device)

    def score(media: "list[MediaItem]") -> Iterator[dict[str, Any]]:
        for item, result in score_items(scorer, media, batch_size=args.batch_size):
            yield {"name": item.name, **result.to_row()}

    shared = {"score": score, "fingerprint": asdict(scorer.fingerprint), "processes": processes, "output": output}
    return [_score_all(args, chosen, **shared)]


def _by_annotators(args: argparse.Namespace, chosen: "Chosen", *, processes: Processes, output: Output) -> list[Path]:
    from ..annotation.opinions.annotators import Permissions, describe_annotator, load_annotator
    from ..evaluation.annotator_predictions import annotator_fingerprint, annotator_rows, check_kind

    names = names_in(args.annotator)
    described = {name: describe_annotator(name) for name in names}
    for descriptor in described.values():
        for benchmark, _ in chosen:
            check_kind(descriptor, kind=benchmark.modality, benchmark=benchmark.title)
        if descriptor.download and not args.allow_network:
            raise UsageError(
                f"Annotator {descriptor.name} fetches {descriptor.download} when it is first used. Pass "
                "--allow-network, or leave it out of --annotator."
            )
    if not described:
        raise UsageError("--annotator names none. Pass one, such as brisque.")
    device = args.device or processes.device
    permissions = Permissions(args.allow_network, args.trust_remote_code, device)
    folders = []
    for name in names:
        annotator = load_annotator(name, permissions=permissions)

        def score(media: "list[MediaItem]", annotator=annotator) -> Iterator[dict[str, Any]]:
            return annotator_rows(annotator, media, batch_size=args.batch_size)

        shared = {"fingerprint": annotator_fingerprint(annotator), "processes": processes, "output": output}
        folders.append(_score_all(args, chosen, score=score, **shared))
    return folders


def _score_all(
    args: argparse.Namespace,
    chosen: "Chosen",
    *,
    score: "Score",
    fingerprint: dict[str, Any],
    processes: Processes,
    output: Output,
) -> Path:
    """Leave the predictions of one model, or annotator, in its folder."""
    from ..evaluation.predictions import read_predictions

    folder = model_folder(args, fingerprint["model"])
    again = {f"{benchmark.id}.parquet" for benchmark, _ in chosen if args.overwrite}
    for path in sorted(folder.glob("*.parquet")):
        if path.name not in again:
            read_predictions(path).check(benchmark=path.stem, fingerprint=fingerprint, path=path)
    for benchmark, items in chosen:
        _score_benchmark(
            folder / f"{benchmark.id}.parquet",
            benchmark,
            items=items,
            score=lambda media: output.progress(score(media), total=len(media)),
            fingerprint=fingerprint,
            processes=processes,
            overwrite=args.overwrite,
        )
    return folder


def _score_benchmark(
    path: Path,
    benchmark: "Benchmark",
    *,
    items: "list[RatedItem]",
    score: "Score",
    fingerprint: dict[str, Any],
    processes: Processes,
    overwrite: bool,
) -> None:
    from ..evaluation.predictions import join_predictions, read_predictions, write_predictions
    from ..media.inputs import MediaItem

    found = {item["name"]: item for item in items if item["error"] is None}

    def before() -> dict[str, Any]:
        rows = read_predictions(path).rows if path.exists() else ()
        return {row["name"]: row for row in rows if row["error"] is None}

    def make(names: list[str]) -> Iterator[dict[str, Any]]:
        return score([MediaItem(found[name]["kind"], Path(found[name]["path"]), name) for name in names])

    def finish(rows: dict[str, Any]) -> None:
        joined = join_predictions(items, scored=rows, benchmark=benchmark, fingerprint=fingerprint)
        write_predictions(joined, path=path)

    make_in_parts(
        path,
        names=list(found),
        before=before,
        make=make,
        finish=finish,
        fingerprint=fingerprint,
        processes=processes,
        overwrite=overwrite,
    )


def _benchmarks(args: argparse.Namespace) -> "list[Benchmark]":
    from ..evaluation.benchmarks import Benchmark, load_benchmark

    names = names_in(args.benchmark or "")
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
