"""The images and videos of a dataset that `datasets` reads, from the Hub or from disk, as candidates."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...data.records import resolve_media
from ...errors import AnnotationError, MediaInputError, MissingExtraError, VitalError
from .candidates import Candidate


def dataset_candidates(
    dataset: str,
    *,
    config: str | None = None,
    split: str = "train",
    columns: Sequence[str] | None = None,
    allow_network: bool = False,
) -> Iterator[Candidate]:
    """
    Every encoded file in the rows of a dataset; rows are streamed, nothing is decoded, and empty cells are left out.

    A table can come from anyone, so its paths are not trusted: of a local dataset those inside its folder are read, of
    one on the Hub those in its repository.

    Args:
        dataset (`str`): name on the Hub, `.parquet` file, or folder that `load_dataset` or `load_from_disk` reads.
        config (`str`, *optional*): its configuration.
        split (`str`, *optional*, defaults to `"train"`): its split.
        columns (`Sequence[str]`, *optional*): where the files are. Defaults to the columns of type Image or Video and
            those that hold bytes and a path.
        allow_network (`bool`, *optional*, defaults to `False`): accept a name on the Hub.

    Returns:
        Iterator of [`Candidate`], named by their paths.

    Raises:
        [`AnnotationError`]: there is no such dataset or column, or the network is not allowed.
        [`MissingExtraError`]: `datasets` is not installed.
    """
    path = Path(dataset).expanduser()
    if not path.exists() and not allow_network:
        raise AnnotationError(
            f"The dataset {dataset} is no path here, and the network is not allowed. Pass allow_network=True, or a "
            "folder."
        )
    table = _load(dataset, config, split)
    chosen = _checked_columns(table.features, columns, dataset)
    # Paths of a local dataset must not leave its folder; those of one on the Hub have no folder.
    root = None if not path.exists() else path if path.is_dir() else path.parent
    return (
        _candidate(row[column], name=f"{dataset}[{index}].{column}", dataset=dataset, root=root)
        for index, row in enumerate(table)
        for column in chosen
        if row[column] is not None
    )


def _load(dataset: str, config: str | None, split: str) -> Any:
    """The rows, with media as bytes and paths."""
    try:
        from datasets import load_dataset, load_from_disk
    except ImportError as error:
        raise MissingExtraError("datasets", extra="data", purpose="reading a dataset") from error
    path = Path(dataset).expanduser()
    try:
        if (path / "state.json").is_file() or (path / "dataset_dict.json").is_file():
            saved = load_from_disk(str(path))
            table = (saved[split] if isinstance(saved, dict) else saved).to_iterable_dataset()
        elif path.is_file():
            table = load_dataset("parquet", data_files=str(path), split="train", streaming=True)
        else:
            table = load_dataset(str(path) if path.exists() else dataset, config, split=split, streaming=True)
        return table.decode(False)
    except (OSError, ValueError, KeyError) as error:
        raise AnnotationError(
            f"The dataset {dataset} cannot be read (split {split}, config {config}): {error}. Check the names."
        ) from error


def _checked_columns(features: Mapping[str, Any] | None, columns: Sequence[str] | None, dataset: str) -> list[str]:
    named = dict(features or {})
    if missing := [column for column in columns or () if column not in named]:
        raise AnnotationError(f"{dataset} has no column {', '.join(missing)}; expected some of {', '.join(named)}.")
    chosen = list(columns or (name for name, feature in named.items() if _holds_files(feature)))
    if not chosen:
        raise AnnotationError(
            f"{dataset} has no column of images or videos; it has {', '.join(named) or 'none'}. Name them as columns."
        )
    return chosen


def _holds_files(feature: Any) -> bool:
    from datasets import Image, Video

    return isinstance(feature, Image | Video) or (isinstance(feature, dict) and {"bytes", "path"} <= feature.keys())


def _candidate(value: Any, *, name: str, dataset: str, root: Path | None) -> Candidate:
    file = {"bytes": value, "path": None} if isinstance(value, bytes) else value
    if not isinstance(file, Mapping) or not (file.get("bytes") or file.get("path")):
        return Candidate(name, problem=f"It is a {type(value).__name__} without bytes or path. Name other columns.")
    name = file.get("path") or name
    if file.get("bytes"):
        return Candidate(name, content=file["bytes"])
    try:
        return Candidate(name, place=_place(file["path"], dataset=dataset, root=root))
    except VitalError as error:
        return Candidate(name, problem=str(error))


def _place(path: str, *, dataset: str, root: Path | None) -> str:
    """The file of a row, in the folder of a local dataset or in the repository of one on the Hub."""
    if root is not None:
        # Whether it is an image or a video decides whoever reads it; here only the path counts.
        return resolve_media({"kind": "image", "path": path}, root=root)["path"]
    repository = path.rpartition("::")[2]  # in a zip archive the path is zip://a.png::hf://datasets/OWNER/NAME@...
    if not repository.startswith((f"hf://datasets/{dataset}@", f"hf://datasets/{dataset}/")):
        raise MediaInputError(f"{path} is no file of the dataset {dataset} on the Hub. Drop the row.")
    return path
