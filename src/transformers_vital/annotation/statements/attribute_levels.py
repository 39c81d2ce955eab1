"""From the number of an attribute to one of five levels that can be put in words."""

import json
import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import AnnotationError


SCHEMA_VERSION = 1
LEVEL_COUNT = 5
# Where a level ends and the next begins. Colourfulness: halfway between the words of Hasler and Süsstrunk (not 0,
# slightly 15, moderately 33, averagely 45, quite 59, highly 82, extremely 109). The others are set by hand after
# measuring photographs and copies of them: with a Gaussian blur of σ = 1.5 nine in ten have a blur below 0.05, JPEG of
# quality 40 brings blockiness to 1.4 and of quality 15 to 1.8, and white noise of σ = 16 brings noise above 10, as
# does fine texture in one photograph of ten.
DEFAULT_CUTS = {
    "blockiness": (1.1, 1.25, 1.45, 1.9),
    "blur": (0.05, 0.25, 0.6, 0.8),
    "contrast": (20.0, 35.0, 65.0, 85.0),
    "noise": (1.2, 4.0, 10.0, 18.0),
    "flickering": (0.001, 0.02, 0.1, 0.3),
    "colourfulness": (7.5, 24.0, 52.0, 95.5),
    "luminance": (40.0, 75.0, 150.0, 190.0),
    "spatial_information": (20.0, 45.0, 90.0, 130.0),
    "temporal_information": (3.0, 10.0, 25.0, 45.0),
}
# What is low or high only beside others. The rest name a defect, which a picture has or has not.
RELATIVE = ("contrast", "colourfulness", "luminance", "spatial_information", "temporal_information")
QUANTILES = (0.1, 0.3, 0.7, 0.9)
MINIMUM_ITEMS = 100  # below, a quantile of a tenth rests on a handful of media


@dataclass(frozen=True)
class AttributeLevels:
    """
    Cut points of each attribute.

    Args:
        cuts (`Mapping[str, tuple[float, ...]]`): for each attribute four ascending numbers.

    Raises:
        [`AnnotationError`]: they are of another form.

    Example:

    ```python
    >>> from transformers_vital.annotation.statements.attribute_levels import AttributeLevels, DEFAULT_CUTS
    >>> levels = AttributeLevels(DEFAULT_CUTS)
    >>> [levels.level("luminance", value) for value in (12, 110, 150, 250)]  # a cut point begins a level
    [0, 2, 3, 4]

    ```
    """

    cuts: Mapping[str, tuple[float, ...]]

    def __post_init__(self):
        if not isinstance(self.cuts, Mapping) or set(self.cuts) != set(DEFAULT_CUTS):
            given = sorted(self.cuts) if isinstance(self.cuts, Mapping) else type(self.cuts).__name__
            raise AnnotationError(f"The cut points are for {given}; expected those of {sorted(DEFAULT_CUTS)}.")
        for name, cuts in self.cuts.items():
            listed = list(cuts) if isinstance(cuts, list | tuple) else []
            finite = all(isinstance(cut, int | float) and math.isfinite(cut) for cut in listed)
            if not finite or len(listed) != LEVEL_COUNT - 1 or listed != sorted(listed):
                raise AnnotationError(
                    f"The cut points of {name} are {cuts!r}; expected {LEVEL_COUNT - 1} ascending numbers. Fit anew."
                )

    def level(self, attribute: str, value: float) -> int:
        """Level of a value, from 0 for the lowest numbers to 4; which way is better differs."""
        return bisect_right(self.cuts[attribute], value)

    def to_dict(self) -> dict[str, Any]:
        """As JSON types, with the version of the schema."""
        return {"schema_version": SCHEMA_VERSION, "cuts": {name: list(cuts) for name, cuts in self.cuts.items()}}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "AttributeLevels":
        """
        The inverse of [`to_dict`].

        Raises:
            [`AnnotationError`]: another schema version, or cut points of another form.
        """
        if not isinstance(values, Mapping) or values.get("schema_version") != SCHEMA_VERSION:
            raise AnnotationError(
                f"The levels are {values!r}; expected a mapping with schema_version {SCHEMA_VERSION}. Fit them anew."
            )
        return cls(values.get("cuts"))

    def save(self, path: str | Path) -> Path:
        """Write the cut points as JSON and return the path."""
        path = Path(path)
        path.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: str | Path) -> "AttributeLevels":
        """
        Read cut points that [`save`] wrote.

        Raises:
            [`AnnotationError`]: the file is missing, is no JSON, or see [`from_dict`].
        """
        try:
            values = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise AnnotationError(
                f"{path} cannot be read as levels: {error}. Pass a file that AttributeLevels.save wrote."
            ) from error
        return cls.from_dict(values)


def fit_attribute_levels(rows: Iterable[Mapping[str, Any]]) -> AttributeLevels:
    """
    Cut points at quantiles of a pool, for the attributes that are low or high only beside others.

    Formula: the cut points of contrast, colourfulness, luminance, spatial and temporal information are the quantiles
    0.1, 0.3, 0.7 and 0.9, each kept between the middles to its default neighbours, so that a pool of night shots does
    not make a dim picture a bright one. Blockiness, blur, noise and flickering keep the defaults: the worst of a clean
    pool is still clean. So does what fewer than 100 rows have.

    Args:
        rows (iterable of `Mapping`): with the attributes of [`~annotation.attributes.attributes.ATTRIBUTES`]; of
            images or of videos. `None` is left out.

    Returns:
        [`AttributeLevels`]

    Example:

    ```python
    >>> from transformers_vital.annotation.statements.attribute_levels import fit_attribute_levels
    >>> fit_attribute_levels({"contrast": 30 + 0.5 * i} for i in range(101)).cuts["contrast"]  # 35, 45, 65 and 75
    (27.5, 45.0, 65.0, 75.0)

    ```
    """
    values: dict[str, list[float]] = {name: [] for name in RELATIVE}
    for row in rows:
        for name in RELATIVE:
            if row.get(name) is not None:
                values[name].append(row[name])
    fitted = {name: _fitted(name, found) for name, found in values.items() if len(found) >= MINIMUM_ITEMS}
    return AttributeLevels(DEFAULT_CUTS | fitted)


def _fitted(name: str, values: list[float]) -> tuple[float, ...]:
    default = np.asarray(DEFAULT_CUTS[name])
    middles = (default[1:] + default[:-1]) / 2
    lowest, highest = np.append(default[0] / 2, middles), np.append(middles, default[-1] * 1.5)
    return tuple(np.quantile(values, QUANTILES).clip(lowest, highest).tolist())
