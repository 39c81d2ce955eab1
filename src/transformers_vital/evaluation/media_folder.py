"""Finds the files of a dataset below a folder, whatever the folders between are called."""

import os
from pathlib import Path, PurePosixPath

from ..errors import EvaluationError


class MediaFolder:
    """
    A folder with datasets, or one dataset.

    A file is taken where its relative path leads, from the folder or from one inside that has the name of the dataset.
    Else it is looked for by its own name at any depth, in the dataset's folder where there is one: case does not
    matter, and of several files that of which most folders agree is meant. Links are followed.

    Args:
        root (`str` or `Path`): the folder.
        names (`tuple[str, ...]`, *optional*): of the dataset; only letters and digits count, so that `KoNViD_1k` is
            `konvid-1k`.

    Raises:
        [`EvaluationError`]: there is no such folder.

    Example:

    ```python
    >>> from transformers_vital.evaluation.media_folder import MediaFolder
    >>> folder = MediaFolder("examples")
    >>> [path.name for path in folder.find("animals/CAT.png")], folder.find("absent.png")
    (['cat.png'], [])

    ```
    """

    def __init__(self, root: str | Path, *, names: tuple[str, ...] = ()):
        self.root = Path(root).expanduser()
        if not self.root.is_dir():
            raise EvaluationError(f"There is no folder {root}. Pass data_root, the folder with the media.")
        wanted = {_plain(name) for name in names}
        own = sorted(path for path in self.root.iterdir() if _plain(path.name) in wanted and path.is_dir())
        self.places = [*own, self.root]
        self._index: dict[str, list[Path]] | None = None

    def locate(self, name: str) -> tuple[Path, str | None]:
        """
        The file that a name means, or where it was expected and why there is none.

        Args:
            name (`str`): see [`find`].

        Returns:
            `tuple[Path, str]`: the error is `None` where there is one such file.
        """
        found = self.find(name)
        if len(found) == 1:
            return found[0], None
        if found:
            error = f"{name} can be {found[0]} or {found[1]}. Name a data root with one of them."
        else:
            error = f"{name} is not below {self.root}. Check the data root."
        return self.root / name, error

    def find(self, name: str) -> list[Path]:
        """
        The files that a name can mean: one where it is clear, none where there is none.

        Args:
            name (`str`): relative path, as an annotation file has it; it must not [`leads_out`].
        """
        for place in self.places:
            if os.path.isfile(place / name):  # which is false, and no error, of a name that no file can have
                return [place / name]
        if self._index is None:
            self._index = _index_of(self.places[:-1] or self.places)
        parts = _folded(name)
        found = self._index.get(parts[-1], [])
        agreeing = [_agreeing_parts(parts, _folded(path.as_posix())) for path in found]
        return [path for path, count in zip(found, agreeing, strict=True) if count == max(agreeing)]


def leads_out(name: str) -> bool:
    r"""
    Whether a name in a list, which can come from anyone, may mean a file outside the folder of the media.

    Example:

    ```python
    >>> from transformers_vital.evaluation.media_folder import leads_out
    >>> [leads_out(name) for name in ("a/b.png", "../b.png", "/b.png", "c:\\b.png")]
    [False, True, True, True]

    ```
    """
    parts = PurePosixPath(name.replace("\\", "/"))
    return parts.is_absolute() or ".." in parts.parts or ":" in (*parts.parts, "")[0] or "\0" in name


def _index_of(places: list[Path]) -> dict[str, list[Path]]:
    index: dict[str, list[Path]] = {}
    seen = set()
    for place in places:
        for folder, folders, files in os.walk(place, followlinks=True):
            if (real := os.path.realpath(folder)) in seen:  # a link that leads back up
                folders.clear()
                continue
            seen.add(real)
            for file in files:
                index.setdefault(file.casefold(), []).append(Path(folder, file))
    return {name: sorted(paths) for name, paths in index.items()}


def _folded(path: str) -> tuple[str, ...]:
    return PurePosixPath(path.casefold()).parts


def _agreeing_parts(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    count = 0
    for left, right in zip(reversed(one), reversed(other), strict=False):
        if left != right:
            break
        count += 1
    return count


def _plain(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())
