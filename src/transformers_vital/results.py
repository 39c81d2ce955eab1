"""What scoring returns: one frozen record per medium, with what the numbers depend on."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from .calibration import Calibration
from .errors import OutputError
from .levels import (
    LEVELS,
    confidence_from_probabilities,
    level_probabilities,
    mos_1_5,
    most_probable_level,
    score_from_probabilities,
    std_from_probabilities,
)


SCHEMA_VERSION = 1
_PROBABILITY_COLUMNS = tuple(f"level_probability_{level}" for level in LEVELS)


@dataclass(frozen=True)
class Fingerprint:
    """
    What the numbers depend on; equal fingerprints, equal scores.

    Args:
        model (`str`): name on the Hub or folder.
        revision (`str`, *optional*): commit on the Hub.
        weight_hash (`str`, *optional*): of a local checkpoint.
        dtype (`str`): type of the weights while scoring.
        sampling (`str`): frame sampling policy.
        processor (`str`): hash of the processor's settings.
        package_version (`str`): of this library.

    Example:

    ```python
    >>> from transformers_vital.results import Fingerprint
    >>> print(Fingerprint("vital-tiny", None, "0a1b2c3d4e5f6071", "float32", "clean", "8f14e45fceea167a", "0.1.0"))
    vital-tiny (weights 0a1b2c3d), float32, sampling clean, processor 8f14e45f, transformers-vital 0.1.0

    ```
    """

    model: str
    revision: str | None
    weight_hash: str | None
    dtype: str
    sampling: str
    processor: str
    package_version: str

    def __str__(self) -> str:
        revision = f" (revision {self.revision[:8]})" if self.revision else ""
        weights = f" (weights {self.weight_hash[:8]})" if self.weight_hash and not self.revision else ""
        return (
            f"{self.model}{revision}{weights}, {self.dtype}, sampling {self.sampling}, "
            f"processor {self.processor[:8]}, transformers-vital {self.package_version}"
        )


@dataclass(frozen=True)
class QualityScore:
    """
    Quality of one image or video, or why there is none.

    Of a failed item `error` is set and every number is `None`, except `seconds`.

    Args:
        score (`float`, *optional*): in [0, 1], higher is better (Sec. 8.1).
        level (`str`, *optional*): the most probable level word, which the model would answer.
        level_probabilities (`tuple[float, ...]`, *optional*): of high, good, fair, poor and low; sum to 1.
        std (`float`, *optional*): standard deviation of the score under the level probabilities, in [0, 0.5].
        confidence (`float`, *optional*): in [0, 1], see [`~transformers_vital.levels.confidence_from_probabilities`].
        level_mass (`float`, *optional*): share of the next-token probability that falls on the five level words;
            `None` where not computed.
        mos_1_5 (`float`, *optional*): `1 + 4 · score`.
        calibrated_mos (`float`, *optional*): on the scale of the calibration; `None` without one.
        fingerprint ([`Fingerprint`]): what the numbers depend on.
        seconds (`float`): wall time of this item.
        error (`str`, *optional*): why the item has no score.

    Example:

    ```python
    >>> import math
    >>> from transformers_vital.results import Fingerprint, QualityScore
    >>> fingerprint = Fingerprint("vital-tiny", None, None, "float32", "clean", "8f14e45f", "0.1.0")
    >>> logits = [math.log(2), math.log(7), math.log(1), -math.inf, -math.inf]
    >>> print(QualityScore.from_level_logits(logits, fingerprint=fingerprint, seconds=0.5))
    score 0.775 (good, std 0.135, confidence 0.75)

    ```
    """

    score: float | None
    level: str | None
    level_probabilities: tuple[float, ...] | None
    std: float | None
    confidence: float | None
    level_mass: float | None
    mos_1_5: float | None
    calibrated_mos: float | None
    fingerprint: Fingerprint
    seconds: float
    error: str | None = None

    @classmethod
    def from_level_logits(
        cls,
        level_logits: Sequence[float],
        *,
        fingerprint: Fingerprint,
        seconds: float,
        level_mass: float | None = None,
        calibration: Calibration | None = None,
    ) -> "QualityScore":
        """
        Result of the five level logits, computed in float64.

        Args:
            level_logits (sequence of 5 `float`): of high, good, fair, poor and low. Where they give no probabilities
                (NaN or +∞, as an overflow in half precision leaves them) the result is a failed one.
            fingerprint ([`Fingerprint`]): see the class.
            seconds (`float`): see the class.
            level_mass (`float`, *optional*): see the class.
            calibration ([`Calibration`], *optional*): gives `calibrated_mos`.

        Raises:
            `ValueError`: there are not five logits.
        """
        logits = [float(logit) for logit in level_logits]
        if any(math.isnan(logit) or logit == math.inf for logit in logits) or max(logits, default=0.0) == -math.inf:
            error = f"The model's level logits are {logits}; expected finite numbers. Score in float32 or bfloat16."
            return cls.failed(error, fingerprint=fingerprint, seconds=seconds)
        probabilities = level_probabilities(logits)
        score = float(score_from_probabilities(probabilities))
        return cls(
            score=score,
            level=most_probable_level(probabilities),
            level_probabilities=tuple(probabilities.tolist()),
            std=float(std_from_probabilities(probabilities)),
            confidence=float(confidence_from_probabilities(probabilities)),
            level_mass=None if level_mass is None else float(level_mass),
            mos_1_5=mos_1_5(score),
            calibrated_mos=None if calibration is None else calibration.apply(score),
            fingerprint=fingerprint,
            seconds=float(seconds),
        )

    @classmethod
    def failed(cls, error: str, *, fingerprint: Fingerprint, seconds: float) -> "QualityScore":
        """Result of an item that could not be scored, with the reason."""
        return cls(*[None] * 8, fingerprint=fingerprint, seconds=float(seconds), error=str(error))

    def to_dict(self) -> dict[str, Any]:
        """As JSON types, following [`json_schema`]."""
        values = asdict(self)
        if self.level_probabilities is not None:
            values["level_probabilities"] = list(self.level_probabilities)
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "QualityScore":
        """
        The inverse of [`to_dict`].

        Raises:
            [`OutputError`]: a field is missing or unknown.
        """
        _check_names(values, expected=_names(cls), what="result")
        fingerprint, probabilities = values["fingerprint"], values["level_probabilities"]
        _check_names(fingerprint, expected=_names(Fingerprint), what="fingerprint")
        return cls(
            **{
                **values,
                "fingerprint": Fingerprint(**fingerprint),
                "level_probabilities": None if probabilities is None else tuple(probabilities),
            }
        )

    def to_row(self) -> dict[str, Any]:
        """As one flat row for CSV or parquet: a column per level probability, the fingerprint as a JSON string."""
        row = {}
        for name, value in self.to_dict().items():
            if name == "level_probabilities":
                row.update(zip(_PROBABILITY_COLUMNS, value or [None] * len(LEVELS), strict=True))
            else:
                row[name] = json.dumps(value, sort_keys=True) if name == "fingerprint" else value
        return row

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "QualityScore":
        """
        The inverse of [`to_row`]; NaN and the empty string, which tables keep for a missing value, become `None`.

        Raises:
            [`OutputError`]: a column is missing or unknown, or a value is not of its type.
        """
        columns = tuple(name for name in _names(cls) if name != "level_probabilities") + _PROBABILITY_COLUMNS
        _check_names(row, expected=columns, what="row")
        texts = ("level", "error", "fingerprint")
        try:
            values = {name: _read(value, as_text=name in texts) for name, value in row.items()}
            fingerprint = json.loads(values["fingerprint"])
        except (TypeError, ValueError) as error:
            raise OutputError(f"The row {row!r} is not one that to_row wrote: {error}.") from error
        probabilities = [values.pop(column) for column in _PROBABILITY_COLUMNS]
        values["level_probabilities"] = None if None in probabilities else probabilities
        return cls.from_dict({**values, "fingerprint": fingerprint})

    def __str__(self) -> str:
        if self.error is not None:
            return f"failed: {self.error}"
        calibrated = "" if self.calibrated_mos is None else f", calibrated MOS {self.calibrated_mos:.2f}"
        return (
            f"score {self.score:.3f} ({self.level}, std {self.std:.3f}, confidence {self.confidence:.2f}){calibrated}"
        )


def json_schema() -> dict[str, Any]:
    """
    JSON Schema (2020-12) of [`QualityScore.to_dict`]; its version changes when a field does.

    Example:

    ```python
    >>> from transformers_vital.results import json_schema
    >>> json_schema()["$id"]
    'urn:transformers-vital:quality-score:1'

    ```
    """
    unit = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
    text = {"type": "string"}
    optional_text = {"type": ["string", "null"]}
    fingerprint = {
        name: optional_text if name in ("revision", "weight_hash") else text for name in _names(Fingerprint)
    }
    properties = {
        "score": unit,
        "level": {"enum": [*LEVELS, None]},
        "level_probabilities": {"type": ["array", "null"], "items": unit, "minItems": 5, "maxItems": 5},
        "std": {"type": ["number", "null"], "minimum": 0, "maximum": 0.5},
        "confidence": unit,
        "level_mass": unit,
        "mos_1_5": {"type": ["number", "null"], "minimum": 1, "maximum": 5},
        "calibrated_mos": {"type": ["number", "null"]},
        "fingerprint": {
            "type": "object",
            "properties": fingerprint,
            "required": list(fingerprint),
            "additionalProperties": False,
        },
        "seconds": {"type": "number", "minimum": 0},
        "error": optional_text,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:transformers-vital:quality-score:{SCHEMA_VERSION}",
        "title": "QualityScore",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _names(record: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(record))


def _check_names(values: Any, *, expected: Sequence[str], what: str) -> None:
    if not isinstance(values, dict):
        raise OutputError(f"The {what} is a {type(values).__name__}; expected an object with {', '.join(expected)}.")
    missing, unknown = (
        [name for name in expected if name not in values],
        [name for name in values if name not in expected],
    )
    if missing or unknown:
        raise OutputError(
            f"The {what} lacks {missing} and has unknown {unknown}. It was written by another version; score again."
        )


def _read(value: Any, *, as_text: bool) -> str | float | None:
    if value is None or value == "" or value != value:  # NaN alone differs from itself
        return None
    return str(value) if as_text else float(value)
