"""Four-parameter logistic from model scores to the MOS scale of one dataset: fit, apply, save, load."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .errors import CalibrationError


SCHEMA_VERSION = 1
MINIMUM_ITEMS = 5  # one more than the curve has parameters


@dataclass(frozen=True)
class Calibration:
    """
    A fitted map from scores to a named MOS scale.

    Formula (Eq. 6): `Q' = γ3 · Sigmoid(γ1 Q + γ2) + γ4`.

    Args:
        name (`str`): of the MOS scale, for example the dataset.
        parameters (`tuple[float, float, float, float]`): γ1 to γ4. γ3 is positive, so γ1 is negative where a lower
            score means better quality.
        mos_range (`tuple[float, float]`): lowest and highest value of the MOS scale.
        rmse (`float`): root mean squared error on the fitted items, in units of the MOS.
        n (`int`): number of fitted items.

    Example:

    ```python
    >>> from transformers_vital.calibration import Calibration
    >>> calibration = Calibration("five stars", (4.0, -2.0, 4.0, 1.0), (1.0, 5.0), 0.1, 100)
    >>> calibration.apply(0.5)  # 4 · Sigmoid(0) + 1
    3.0

    ```
    """

    name: str
    parameters: tuple[float, float, float, float]
    mos_range: tuple[float, float]
    rmse: float
    n: int

    def apply(self, scores: Any) -> Any:
        """
        MOS of scores.

        Args:
            scores (`float` or array): model scores.

        Returns:
            `float`, or `np.ndarray` of the same shape.
        """
        mos = _logistic(np.asarray(scores, dtype=np.float64), self.parameters)
        return float(mos) if mos.ndim == 0 else mos

    def to_dict(self) -> dict[str, Any]:
        """As JSON types, with the version of the schema."""
        return {"schema_version": SCHEMA_VERSION, **asdict(self)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Calibration":
        """
        The inverse of [`to_dict`].

        Raises:
            [`CalibrationError`]: another schema version, or a field is missing, unknown or not numeric.
        """
        if not isinstance(values, dict) or values.get("schema_version") != SCHEMA_VERSION:
            found = values.get("schema_version") if isinstance(values, dict) else values
            raise CalibrationError(
                f"The calibration has schema version {found!r}; this version of the library reads {SCHEMA_VERSION}. "
                "Fit it again with fit_calibration."
            )
        expected = {field.name for field in fields(cls)}
        found = set(values) - {"schema_version"}
        if found != expected:
            raise CalibrationError(
                f"The calibration has fields {sorted(found)}; expected {sorted(expected)}. Fit it again."
            )
        try:
            parameters = tuple(float(value) for value in values["parameters"])
            lowest, highest = (float(value) for value in values["mos_range"])
            rmse, n = float(values["rmse"]), int(values["n"])
        except (TypeError, ValueError) as error:
            raise CalibrationError(f"The calibration {values!r} has a value of the wrong type: {error}.") from error
        if len(parameters) != 4 or not np.isfinite(parameters).all():
            raise CalibrationError(f"The calibration has parameters {parameters}; expected four finite numbers.")
        return cls(str(values["name"]), parameters, (lowest, highest), rmse, n)

    def save(self, path: str | Path) -> Path:
        """Write the calibration as JSON and return the path."""
        path = Path(path)
        path.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: str | Path) -> "Calibration":
        """
        Read a calibration that [`save`] wrote.

        Raises:
            [`CalibrationError`]: the file is missing, is no JSON, or see [`from_dict`].
        """
        try:
            values = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CalibrationError(
                f"{path} cannot be read as a calibration: {error}. Pass a file that Calibration.save wrote."
            ) from error
        return cls.from_dict(values)


def fit_calibration(
    scores: Any,
    mos: Any,
    *,
    name: str,
    mos_range: tuple[float, float] | None = None,
    loss: Literal["soft_l1", "linear"] = "soft_l1",
) -> Calibration:
    """
    Fit the logistic of Eq. 6 to scores and their MOS.

    Formula: `min_γ Σ_j ρ(γ3 · Sigmoid(γ1 Q_j + γ2) + γ4 - MOS_j)`.

    Args:
        scores (array of shape `[n]`): model scores, on any scale, rising or falling with the MOS.
        mos (array of shape `[n]`): mean opinion scores.
        name (`str`): of the MOS scale, for example the dataset.
        mos_range (`tuple[float, float]`, *optional*): lowest and highest value of the MOS scale; those observed when
            left out.
        loss (`str`, *optional*, defaults to `"soft_l1"`): ρ. `"soft_l1"` turns linear beyond a tenth of the observed
            MOS range, so that a few wrong items do not bend the curve; `"linear"` is plain least squares.

    Returns:
        [`Calibration`].

    Raises:
        [`CalibrationError`]: the lengths differ, there are fewer than five items, a value is not finite, or all scores
            or all MOS are equal.

    Example:

    ```python
    >>> from transformers_vital.calibration import fit_calibration
    >>> scores = [0.0, 0.25, 0.5, 0.75, 1.0]
    >>> mos = [1.4768, 2.0758, 3.0, 3.9242, 4.5232]  # 4 · Sigmoid(4 Q - 2) + 1
    >>> fit = fit_calibration(scores, mos, name="five stars")
    >>> [round(value, 1) for value in fit.parameters]
    [4.0, -2.0, 4.0, 1.0]

    ```
    """
    scores, mos = _checked(scores, mos)
    from scipy.optimize import least_squares

    centre, spread = scores.mean(), scores.std()
    lowest, highest = mos.min(), mos.max()
    inputs, targets = (scores - centre) / spread, (mos - lowest) / (highest - lowest)
    direction = 1.0 if np.corrcoef(inputs, targets)[0, 1] >= 0 else -1.0
    # On this scale a straight line is a slope near 0 and a step a slope of hundreds; the bounds keep both finite.
    fits = [
        least_squares(
            lambda parameters: _logistic(inputs, parameters) - targets,
            x0=(direction * slope, 0.0, 1.0, 0.0),
            bounds=((-200.0, -200.0, 0.01, -50.0), (200.0, 200.0, 100.0, 50.0)),
            loss=loss,
            f_scale=0.1,
            xtol=1e-12,
            ftol=1e-12,
            gtol=1e-12,
            max_nfev=2000,
        )
        for slope in (1.0, 4.0)
    ]
    slope, offset, height, base = min(fits, key=lambda fit: fit.cost).x
    parameters = (
        float(slope / spread),
        float(offset - slope * centre / spread),
        float(height * (highest - lowest)),
        float(lowest + base * (highest - lowest)),
    )
    rmse = float(np.sqrt(np.mean((_logistic(scores, parameters) - mos) ** 2)))
    low, high = mos_range or (lowest, highest)
    return Calibration(name, parameters, (float(low), float(high)), rmse, len(scores))


def _logistic(scores: np.ndarray, parameters: Any) -> np.ndarray:
    from scipy.special import expit

    slope, offset, height, base = parameters
    return height * expit(slope * scores + offset) + base


def _checked(scores: Any, mos: Any) -> tuple[np.ndarray, np.ndarray]:
    scores, mos = np.asarray(scores, dtype=np.float64).ravel(), np.asarray(mos, dtype=np.float64).ravel()
    if len(scores) != len(mos):
        raise CalibrationError(f"There are {len(scores)} scores and {len(mos)} MOS; expected one MOS per score.")
    if len(scores) < MINIMUM_ITEMS:
        raise CalibrationError(
            f"There are {len(scores)} items; a four-parameter curve needs at least {MINIMUM_ITEMS}. Rate more items."
        )
    for values, what in ((scores, "scores"), (mos, "MOS")):
        unusable = int((~np.isfinite(values)).sum())
        if unusable:
            raise CalibrationError(f"{unusable} of {len(values)} {what} are NaN or infinite. Leave failed items out.")
        if np.ptp(values) == 0:
            raise CalibrationError(
                f"All {len(values)} {what} are {values[0]}; expected different values to fit a curve."
            )
    return scores, mos
