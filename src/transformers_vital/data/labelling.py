"""Records of opinions, mean opinion scores and preferences."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..distributions import opinion_moments, pmod_from_moments, preference
from .records import check_record


# σ of a MOS that comes without one: half the width of a level, the rating noise within one level. With no spread at
# all a mean between two centres would be shared by two levels only, and one at a centre would be a single level.
MOS_STD = 0.1


def distribution_from_opinions(
    media: Mapping[str, Any], *, opinions: Sequence[float], annotators: Sequence[str], arithmetic: str = "stable"
) -> dict[str, Any]:
    """
    A `distribution` record of machine opinions (Sec. 3.2).

    Args:
        media (`Mapping`): see [`~data.records.features`].
        opinions (`Sequence[float]` of length n): on [0, 1].
        annotators (`Sequence[str]` of length n, or empty): whose opinions they are.
        arithmetic (`str`, *optional*, defaults to `"stable"`): see [`~distributions.pmod_from_moments`].

    Returns:
        `dict`: the record.

    Raises:
        `ValueError`: there are no opinions, or one is not finite; as [`RecordError`], the record is not usable.

    Example:

    ```python
    >>> from transformers_vital.data.labelling import distribution_from_opinions
    >>> media = {"kind": "image", "path": "a.png", "bytes": None}
    >>> record = distribution_from_opinions(media, opinions=[0.65, 0.65], annotators=["niqe", "brisque"])
    >>> [round(probability, 6) for probability in record["level_probs"]]  # no spread: between good and fair
    [0.0, 0.75, 0.25, 0.0, 0.0]

    ```
    """
    mean, std = opinion_moments(opinions)
    return _distribution(media, mean=mean, std=std, opinions=opinions, annotators=annotators, arithmetic=arithmetic)


def distribution_from_mos(
    media: Mapping[str, Any], *, mos: float, std: float | None = None, scale: tuple[float, float]
) -> dict[str, Any]:
    """
    A `distribution` record of a mean opinion score, whose single opinions are not known.

    Args:
        media (`Mapping`): see [`~data.records.features`].
        mos (`float`): higher is better; negate a DMOS first.
        std (`float`, *optional*, defaults to [`MOS_STD`] on [0, 1]): of the opinions, on the scale of the MOS.
        scale (`tuple[float, float]`): the ends of that scale, which become 0 and 1.

    Returns:
        `dict`: the record, without opinions and annotators.

    Raises:
        `ValueError`: the scale is empty, or std is negative; as [`RecordError`], the MOS is not on the scale.

    Example:

    ```python
    >>> from transformers_vital.data.labelling import distribution_from_mos
    >>> media = {"kind": "video", "path": "a.mp4", "bytes": None}
    >>> record = distribution_from_mos(media, mos=4, std=0.6, scale=(1, 5))
    >>> record["mean"], record["std"]
    (0.75, 0.15)

    ```
    """
    mean, _ = opinion_moments([mos], scale=scale)
    std = MOS_STD if std is None else std / (scale[1] - scale[0])
    return _distribution(media, mean=mean, std=std, opinions=[], annotators=[], arithmetic="stable")


def pair_from_distributions(a: Mapping[str, Any], *, b: Mapping[str, Any]) -> dict[str, Any]:
    """
    A `pair` record of two `distribution` records; which is better says [`~distributions.preference`] (Eq. 3).

    Args:
        a, b (`Mapping`): `distribution` records.

    Returns:
        `dict`: the record.

    Example:

    ```python
    >>> from transformers_vital.data.labelling import distribution_from_mos, pair_from_distributions
    >>> media = {"kind": "image", "path": "a.png", "bytes": None}
    >>> better, worse = (distribution_from_mos(media, mos=mos, scale=(0, 100)) for mos in (70, 55))
    >>> pair_from_distributions(better, b=worse)["preference"]  # 0.15 > sqrt(0.1² + 0.1²)
    1.0

    ```
    """
    return {
        "media_a": a["media"],
        "media_b": b["media"],
        "preference": float(preference(a["mean"], mean_b=b["mean"], std_a=a["std"], std_b=b["std"])),
        "mean_a": a["mean"],
        "std_a": a["std"],
        "mean_b": b["mean"],
        "std_b": b["std"],
    }


def _distribution(
    media: Mapping[str, Any], *, mean: Any, std: Any, opinions: Sequence, annotators: Sequence, arithmetic: str
) -> dict[str, Any]:
    record = {
        "media": media,
        "level_probs": pmod_from_moments(mean, std=std, arithmetic=arithmetic).tolist(),
        "mean": float(mean),
        "std": float(std),
        "opinions": [float(opinion) for opinion in opinions],
        "annotators": list(annotators),
    }
    check_record(record, record_type="distribution")
    return record
