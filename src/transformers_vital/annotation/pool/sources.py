"""Where a dataset's media come from: folders, tar shards, lists of addresses, and what `datasets` reads."""

import os
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...errors import AnnotationError, MediaNotFoundError
from ...media.formats import HEAD_BYTES, kind_of_bytes, kind_of_suffix
from ...media.source import is_url
from .candidates import Candidate
from .dataset_source import dataset_candidates
from .lists import SUFFIXES as LIST_SUFFIXES
from .lists import read_list


_TABLE_SUFFIXES = (".tar", ".parquet")
_ADDRESS_COLUMNS = ("url", "address", "link", "image_url", "video_url")
_HUB = "hf://datasets/"


def candidates(source: Any, *, allow_network: bool = False) -> Iterator[Candidate]:
    """
    List what a source holds, lazily and always in the same order.

    | source | candidates |
    |---|---|
    | folder | its media files, and what its `.tar` and `.parquet` files hold; hidden and other files are skipped |
    | `.tar` file | its media, read in place: nothing is unpacked and names are only names (WebDataset) |
    | `.parquet` file | the images and videos of its rows |
    | `.txt`, `.csv`, `.tsv` file | addresses: one a line, or the column url, address or link; with `allow_network` |
    | http(s) address | itself, with `allow_network` |
    | `hf://datasets/OWNER/NAME` | the images and videos of its split `train`, streamed; with `allow_network` |
    | `{"dataset": NAME or folder, ...}` | other keys: [`~annotation.pool.dataset_source.dataset_candidates`] |
    | any other file | itself |
    | list or tuple of these | all of them |

    Args:
        source: one of the above.
        allow_network (`bool`, *optional*, defaults to `False`): accept addresses and names on the Hub.

    Returns:
        Iterator of [`Candidate`]; what cannot be opened says so when it is opened.

    Raises:
        [`MediaNotFoundError`]: a path does not exist.
        [`AnnotationError`]: a source is of no known form, needs the network, or cannot be listed.

    Example:

    ```python
    >>> import tempfile
    >>> from pathlib import Path
    >>> from transformers_vital.annotation.pool.sources import candidates
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.jpg", "a.png", "notes.md"):
    ...         _ = (Path(folder) / name).write_bytes(b"...")
    ...     print([candidate.name for candidate in candidates(folder)])
    ['a.png', 'b.jpg']

    ```
    """
    if isinstance(source, list | tuple):
        return (found for part in source for found in candidates(part, allow_network=allow_network))
    if isinstance(source, Mapping):
        return _of_dataset(source, allow_network)
    if not isinstance(source, str | Path):
        raise AnnotationError(
            f"A source is a {type(source).__name__}; expected a path, an address, a mapping with dataset, or a list "
            "of these."
        )
    if is_url(source):
        _check_network(source, allow_network)
        return iter([Candidate(source, place=source)])
    if str(source).startswith(_HUB):
        return _of_dataset({"dataset": str(source).removeprefix(_HUB)}, allow_network)
    path = Path(source).expanduser()
    if path.is_dir():
        return _in_folder(path)
    if not path.exists():
        raise MediaNotFoundError(f"{source} does not exist. Check the path.")
    if path.suffix.lower() in LIST_SUFFIXES:
        _check_network(path, allow_network)
        return _in_list(path)
    return _in_file(path, path.name)


def _of_dataset(source: Mapping[str, Any], allow_network: bool) -> Iterator[Candidate]:
    known = ("dataset", "config", "split", "columns")
    if "dataset" not in source or not set(source) <= set(known):
        given = ", ".join(map(str, source)) or "nothing"
        raise AnnotationError(f"A source has the keys {given}; expected dataset, and none but {', '.join(known)}.")
    return dataset_candidates(**source, allow_network=allow_network)


def _in_folder(root: Path) -> Iterator[Candidate]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))  # `walk` descends into these
        for name in sorted(name for name in files if not name.startswith(".")):
            path = Path(folder) / name
            if path.suffix.lower() in _TABLE_SUFFIXES or _is_media(path):
                yield from _in_file_of_many(path, path.relative_to(root).as_posix())


def _in_file_of_many(path: Path, name: str) -> Iterator[Candidate]:
    try:
        yield from _in_file(path, name)
    except AnnotationError as error:  # of one table
        yield Candidate(name, problem=str(error))


def _is_media(path: Path) -> bool:
    if kind_of_suffix(path.suffix):
        return True
    try:
        with path.open("rb") as file:
            return kind_of_bytes(file.read(HEAD_BYTES)) is not None
    except OSError:
        return False


def _in_file(path: Path, name: str) -> Iterator[Candidate]:
    if path.suffix.lower() == ".tar":
        return _in_tar(path)
    if path.suffix.lower() == ".parquet":
        return dataset_candidates(str(path))
    return iter([Candidate(name, place=str(path))])


def _in_tar(path: Path) -> Iterator[Candidate]:
    try:
        # "r:" takes plain archives only: the members of a compressed one cannot be read in place.
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                archive.members = []  # it keeps them all, and a shard may hold a million
                if member.isreg() and not member.issparse() and _may_be_media(member.name):
                    yield Candidate(member.name, place=str(path), start=member.offset_data, size=member.size)
    except (tarfile.TarError, OSError, EOFError) as error:
        yield Candidate(path.name, problem=f"{path} cannot be read on as an uncompressed tar archive ({error}).")


def _may_be_media(name: str) -> bool:
    """Labels and captions lie beside the media of a WebDataset; what has no suffix is looked at later."""
    suffix = Path(name).suffix
    return not suffix or kind_of_suffix(suffix) is not None


def _in_list(path: Path) -> Iterator[Candidate]:
    for line, address in read_list(path, columns=_ADDRESS_COLUMNS):
        if is_url(address):
            yield Candidate(address, place=address)
        else:
            yield Candidate(f"{path.name}:{line}", problem=f"{address!r} is no http(s) address. Correct the line.")


def _check_network(source: Any, allow_network: bool) -> None:
    if not allow_network:
        raise AnnotationError(
            f"{source} needs the network, which is not allowed. Pass allow_network=True, or local files."
        )
