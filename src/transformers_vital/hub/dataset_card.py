"""Dataset cards: what a folder holds, how it was made, and the configurations by which it loads."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from huggingface_hub import DatasetCard, DatasetCardData

from ..annotation.shards import count_rows, shard_files, webdataset_features
from ..data.tables import CONFIGURATIONS
from ..scoring.default_model import hub_configs_folder
from .card_file import check_license, one_line, plain
from .citation import CITATION, PAPER, TAGS


# The Hub's names; each stands for one digit more than the one before.
SIZES = "n<1K 1K<n<10K 10K<n<100K 100K<n<1M 1M<n<10M 10M<n<100M 100M<n<1B 1B<n<10B".split()


def dataset_card(
    folder: str | Path,
    *,
    license: str,
    title: str = "A VITAL dataset",
    annotators: Sequence[Mapping[str, Any]] = (),
    recipe: Mapping[str, Any] | None = None,
    distortions: Sequence[str] = (),
    statements: str = "not stated",
    overlap: Mapping[str, int] | None = None,
) -> DatasetCard:
    """
    The card of a built or published dataset.

    Its metadata names a configuration for each subset that the folder has, and for each group, so that
    `load_dataset(folder, "image_pair")` and `load_dataset(folder, "pair")` read these and no other files. All other
    text is shown as text, whatever it holds.

    Args:
        folder (`str` or `Path`): holds `records/<subset>/*.parquet`, or `.tar`.
        license (`str`): identifier of the Hub, such as `"cc-by-4.0"`, or `"other"`.
        title (`str`, *optional*): heading.
        annotators (`Sequence[Mapping]`, *optional*): each with `name`, `licence` and `citation`.
        recipe (`Mapping`, *optional*): settings of the build.
        distortions (`Sequence[str]`, *optional*): that were applied, such as `"Gaussian blur"`.
        statements (`str`, *optional*): where descriptions come from, such as a model or templates.
        overlap (`Mapping[str, int]`, *optional*): test set → how many media were found in it; `None` where that was
            not checked.

    Returns:
        `huggingface_hub.DatasetCard`

    Raises:
        [`RecordError`]: the folder holds no such shards, or one is torn.
        [`OutputError`]: the licence is no identifier.
    """
    check_license(license)
    shards = shard_files(folder)
    records = {subset: sum(map(count_rows, files)) for subset, files in shards.items()}
    is_webdataset = next(iter(shards.values()))[0].suffix == ".tar"
    configurations = {
        name: found for name, subsets in CONFIGURATIONS.items() if (found := [s for s in subsets if s in shards])
    }
    kinds = sorted({subset.split("_")[0] for subset in shards})
    data = DatasetCardData(
        pretty_name=one_line(title),
        license=license,
        language="en",
        annotations_creators="machine-generated",
        task_categories=[f"{kind}-text-to-text" for kind in kinds],
        tags=list(TAGS),
        size_categories=SIZES[max(len(str(sum(records.values()))) - 3, 0)],
        configs=[_config(name, found, shards=shards) for name, found in configurations.items()],
        **({"dataset_info": [_info(*item) for item in configurations.items()]} if is_webdataset else {}),
    )
    return DatasetCard.from_template(
        data,
        template_path=str(hub_configs_folder() / "datasets" / "vital" / "card.md"),
        title=plain(title),
        paper=PAPER,
        citation=CITATION,
        num_records=f"{sum(records.values()):,}",
        example=next(iter(configurations)),
        form="webdataset" if is_webdataset else "built" if (Path(folder) / "media").is_dir() else "parquet",
        configurations=[_row(name, found, shards=shards, records=records) for name, found in configurations.items()],
        annotators=[{key: plain(one.get(key, "")) for key in ("name", "licence", "citation")} for one in annotators],
        recipe={plain(name): plain(value) for name, value in (recipe or {}).items()},
        distortions=[plain(name) for name in distortions],
        statements=plain(statements),
        overlap=None if overlap is None else {plain(name): f"{found:,}" for name, found in overlap.items()},
    )


def shown_bytes(num_bytes: int) -> str:
    """
    A size as a person reads it.

    Example:

    ```python
    >>> from transformers_vital.hub.dataset_card import shown_bytes
    >>> shown_bytes(999), shown_bytes(12_345), shown_bytes(7_000_000_000)
    ('999 B', '12.3 kB', '7.0 GB')

    ```
    """
    size, units = float(num_bytes), iter(("B", "kB", "MB", "GB"))
    unit = next(units)
    for larger in units:
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{num_bytes} B" if unit == "B" else f"{size:,.1f} {unit}"


def _config(name: str, subsets: Sequence[str], *, shards: Mapping[str, Sequence[Path]]) -> dict[str, Any]:
    """Where a configuration's files are, by pattern, so that the card stays true when shards are added."""
    patterns = [f"records/{subset}/*{shards[subset][0].suffix}" for subset in subsets]
    return {"config_name": name, "data_files": [{"split": "train", "path": patterns}]}


def _info(name: str, subsets: Sequence[str]) -> dict[str, Any]:
    columns = webdataset_features(name, kinds=[subset.split("_")[0] for subset in subsets])
    return {"config_name": name, "features": columns._to_yaml_list()}


def _row(name: str, subsets: Sequence[str], *, shards: Mapping, records: Mapping[str, int]) -> dict[str, str]:
    files = [path for subset in subsets for path in shards[subset]]
    return {
        "name": name,
        "what": " and ".join(f"{subset.split('_')[0]}s" for subset in subsets),
        "records": f"{sum(records[subset] for subset in subsets):,}",
        "shards": f"{len(files):,}",
        "size": shown_bytes(sum(path.stat().st_size for path in files)),
    }
