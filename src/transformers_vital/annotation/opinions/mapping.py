"""Raw scores of annotators to opinions on [0, 1], higher is better (Sec. 8.5)."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ...calibration import Calibration, fit_calibration
from ...errors import AnnotationError, CalibrationError
from ...media.formats import Kind
from .annotators import Direction


SCHEMA_VERSION = 1
METHODS = ("rank", "min-max", "logistic")
QUANTILES = 256  # knots of a rank mapping
PERCENTILES = (1.0, 99.0)  # that become 0 and 1 in a min-max mapping, so that single strange scores do not stretch it


@dataclass(frozen=True)
class OpinionMapping:
    """
    How the scores of one annotator become opinions.

    Formula of `"logistic"` (Eq. 6): `γ3 · Sigmoid(γ1 Q + γ2) + γ4`, where γ maps to the scale of the reference MOS
    moved to [0, 1]. `"rank"` is the share of the fitted scores that are worse, ties half; `"min-max"` the straight
    line from the 1st to the 99th percentile. All are clipped to [0, 1].

    Args:
        annotator (`str`): its name.
        kind (`str`): `"image"` or `"video"`.
        method (`str`): one of [`METHODS`].
        parameters (`tuple[float, ...]`): of `"logistic"` γ1 to γ4; of `"min-max"` the scores that become 0 and 1; of
            `"rank"` scores, ascending, and after them their opinions.
        rmse (`float`, *optional*): of the opinions against reference MOS on [0, 1]; `None` where there are none.
        n (`int`): number of fitted scores.

    Example:

    ```python
    >>> from transformers_vital.annotation.opinions.mapping import OpinionMapping
    >>> OpinionMapping("niqe", "image", "min-max", (20.0, 4.0), None, 100).apply([8, 30]).tolist()  # lower is better
    [0.75, 0.0]

    ```
    """

    annotator: str
    kind: Kind
    method: Literal["rank", "min-max", "logistic"]
    parameters: tuple[float, ...]
    rmse: float | None
    n: int

    def apply(self, scores: Any) -> np.ndarray:
        """
        Opinions of raw scores.

        Args:
            scores (array of shape `[...]`): NaN stays NaN.

        Returns:
            `np.ndarray` of shape `[...]`, in [0, 1].
        """
        scores = np.asarray(scores, dtype=np.float64)
        if self.method == "logistic":
            opinions = Calibration(self.annotator, self.parameters, (0.0, 1.0), self.rmse, self.n).apply(scores)
        elif self.method == "min-max":
            worst, best = self.parameters
            opinions = (scores - worst) / (best - worst)
        else:
            knots, shares = np.split(np.asarray(self.parameters), 2)
            opinions = np.where(np.isnan(scores), np.nan, np.interp(scores, knots, shares))
        return np.clip(opinions, 0, 1)


def fit_mapping(
    scores: Any,
    *,
    annotator: str,
    kind: Kind,
    direction: Direction,
    method: str = "rank",
    mos: Any = None,
    mos_range: tuple[float, float] | None = None,
) -> OpinionMapping:
    """
    Fit the mapping of one annotator.

    With reference MOS the method is `"logistic"`, the robust fit of [`~calibration.fit_calibration`]. The MOS may be
    of other media than those to be labelled, as in the paper; test sets are no reference.

    Args:
        scores (array of shape `[n]`): raw; those that are not finite are left out.
        annotator (`str`): its name.
        kind (`str`): `"image"` or `"video"`.
        direction (`str`): `"higher"` or `"lower"`: which scores are better.
        method (`str`, *optional*, defaults to `"rank"`): `"rank"` or `"min-max"`; `"logistic"` needs MOS.
        mos (array of shape `[n]`, *optional*): higher is better.
        mos_range (`tuple[float, float]`, *optional*): the ends of its scale, which become 0 and 1; needed with MOS.

    Raises:
        [`AnnotationError`]: method and MOS do not fit each other, scores cannot be told apart, or MOS go the other way
            than the direction says.

    Example:

    ```python
    >>> from transformers_vital.annotation.opinions.mapping import fit_mapping
    >>> mapping = fit_mapping([10, 20, 30, 40, 50], annotator="niqe", kind="image", direction="lower")
    >>> mapping.apply([10, 30, 35]).round(3).tolist()  # four of five are worse and one is equal; two and one; between
    [0.9, 0.5, 0.4]

    ```
    """
    scores = np.array(scores, dtype=np.float64).ravel()  # None becomes NaN
    if method not in METHODS or (method == "logistic" and mos is None):
        raise AnnotationError(f"method is {method!r}; expected rank or min-max, or logistic with MOS to fit to.")
    if mos is not None:
        fit = _fit_logistic(scores, mos, annotator=annotator, direction=direction, mos_range=mos_range)
        return OpinionMapping(annotator, kind, "logistic", fit.parameters, fit.rmse, fit.n)
    scores = scores[np.isfinite(scores)]
    if len(scores) < 2 or np.ptp(scores) == 0:
        raise AnnotationError(
            f"Annotator {annotator} tells no {kind}s apart: {len(scores)} scores, "
            f"{len(np.unique(scores))} different. Label more media, or leave it out."
        )
    parameters = (_ranks if method == "rank" else _ends)(scores, direction=direction)
    return OpinionMapping(annotator, kind, method, parameters, None, len(scores))


def save_mappings(mappings: Sequence[OpinionMapping], path: str | Path) -> Path:
    """Write mappings as JSON, so that a later run maps new media alike, and return the path."""
    path = Path(path)
    content = {"schema_version": SCHEMA_VERSION, "mappings": [asdict(mapping) for mapping in mappings]}
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return path


def load_mappings(path: str | Path) -> list[OpinionMapping]:
    """
    Read mappings that [`save_mappings`] wrote.

    Raises:
        [`AnnotationError`]: the file cannot be read, or has another form.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        if content["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"schema version {content['schema_version']}, expected {SCHEMA_VERSION}")
        return [_checked(OpinionMapping(**entry)) for entry in content["mappings"]]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise AnnotationError(
            f"The mappings {path} cannot be read ({type(error).__name__}: {error}). Name a file of save_mappings."
        ) from error


def _fit_logistic(
    scores: np.ndarray, mos: Any, *, annotator: str, direction: Direction, mos_range: tuple[float, float] | None
) -> Calibration:
    mos = np.asarray(mos, dtype=np.float64).ravel()
    if mos_range is None or not mos_range[1] > mos_range[0]:
        raise AnnotationError(f"mos_range is {mos_range}; expected (lowest, highest) of the scale of the MOS.")
    if len(mos) != len(scores):
        raise AnnotationError(f"There are {len(scores)} scores and {len(mos)} MOS; expected one MOS per score.")
    lowest, highest = mos_range
    kept = np.isfinite(scores) & np.isfinite(mos)
    try:
        fit = fit_calibration(
            scores[kept], (mos[kept] - lowest) / (highest - lowest), name=annotator, mos_range=(0.0, 1.0)
        )
    except CalibrationError as error:
        raise AnnotationError(f"Annotator {annotator}: {error}") from error
    if (fit.parameters[0] > 0) != (direction == "higher"):
        raise AnnotationError(
            f"The scores of {annotator} are better where they are {direction}, but the MOS go the "
            "other way. Check that scores and MOS are of the same media, and that the MOS is not a DMOS."
        )
    return fit


def _ranks(scores: np.ndarray, *, direction: Direction) -> tuple[float, ...]:
    """Knots and their mid-ranks in (0, 1)."""
    ordered = np.sort(scores)
    knots = np.unique(np.quantile(ordered, np.linspace(0, 1, QUANTILES), method="nearest"))
    below, up_to = (np.searchsorted(ordered, knots, side=side) for side in ("left", "right"))
    shares = (below + up_to) / 2 / len(ordered)
    return (*knots.tolist(), *(shares if direction == "higher" else 1 - shares).tolist())


def _ends(scores: np.ndarray, *, direction: Direction) -> tuple[float, float]:
    low, high = np.percentile(scores, PERCENTILES).tolist()
    if not high > low:  # all but a few scores are equal
        low, high = float(scores.min()), float(scores.max())
    return (low, high) if direction == "higher" else (high, low)


def _checked(mapping: OpinionMapping) -> OpinionMapping:
    parameters = tuple(float(value) for value in mapping.parameters)
    sizes = {"logistic": len(parameters) == 4, "min-max": len(parameters) == 2 and parameters[0] != parameters[1]}
    sizes["rank"] = len(parameters) >= 4 and len(parameters) % 2 == 0
    if mapping.method not in METHODS or not sizes[mapping.method] or not np.isfinite(parameters).all():
        raise ValueError(
            f"the mapping of {mapping.annotator} has method {mapping.method!r} and {len(parameters)} parameters"
        )
    return OpinionMapping(
        str(mapping.annotator), mapping.kind, mapping.method, parameters, mapping.rmse, int(mapping.n)
    )
