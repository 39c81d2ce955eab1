"""The rows of a benchmark: rated images or videos on disk, those included that are missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from ..media.formats import Kind
from .annotation_files import Annotation
from .media_folder import MediaFolder


class RatedItem(TypedDict):
    """
    One row, which [`~media.inputs.expand_media`] and [`~training.trainer.VitalTrainer`] take as it is.

    Keys:
        name (`str`): as the annotation file has it.
        path (`str`): of the file; where it is missing, where it was expected.
        kind (`str`): `"image"` or `"video"`.
        mos (`float`): higher is better.
        error (`str`, *optional*): why there is no file.
    """

    name: str
    path: str
    kind: Kind
    mos: float
    error: str | None


@dataclass(frozen=True)
class Coverage:
    """
    How much of a benchmark is there.

    Args:
        listed, found, missing (`int`): items of the annotation file, those with a file, and those without.
        expected (`int`, *optional*): items in the paper.
    """

    listed: int
    found: int
    missing: int
    expected: int | None = None

    def __str__(self) -> str:
        of = "" if self.expected in (None, self.listed) else f" (the paper has {self.expected})"
        return f"{self.listed} listed{of}, {self.found} found, {self.missing} missing"


def rated_item(annotation: Annotation, *, folder: MediaFolder, kind: Kind) -> RatedItem:
    """
    The row of a rating.

    Args:
        annotation ([`Annotation`]): name and rating.
        folder ([`MediaFolder`]): where the file is looked for.
        kind (`str`): `"image"` or `"video"`.

    Returns:
        [`RatedItem`]: with an `error` where there is no such file, or several that the name can mean.
    """
    path, error = folder.locate(annotation.name)
    return RatedItem(name=annotation.name, path=str(path), kind=kind, mos=annotation.mos, error=error)


def coverage(items: Sequence[RatedItem], *, expected: int | None = None) -> Coverage:
    """
    Counts of listed, found and missing items.

    Args:
        items (`Sequence[RatedItem]`): of one benchmark.
        expected (`int`, *optional*): how many the paper tests on.

    Example:

    ```python
    >>> from transformers_vital.evaluation.rated_items import RatedItem, coverage
    >>> items = [RatedItem(name="a.png", path="a.png", kind="image", mos=3.0, error=None)]
    >>> print(coverage(items, expected=2010))
    1 listed (the paper has 2010), 1 found, 0 missing

    ```
    """
    missing = sum(item["error"] is not None for item in items)
    return Coverage(len(items), len(items) - missing, missing, expected)
