"""Scorers by any name: a folder, a model of the zoo, a repository on the Hub; with a decoder or a probe."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CheckpointError
from ..scoring.default_model import DEFAULT_MODEL
from .kinds import checkpoint_kind
from .registry import weights_repository, zoo_models


if TYPE_CHECKING:
    from ..scoring.scorer import VitalScorer


def load_scorer(name: str | None = None, *, allow_pickle: bool = False, **settings: Any) -> "VitalScorer":
    """
    A scorer of a model of the zoo, or of anything that [`~scoring.scorer.VitalScorer`] loads.

    Args:
        name (`str`, *optional*): `vital-tiny` when left out. A name of the zoo stands for its repository on the Hub,
            which the fingerprint names; a folder of that name comes first.
        allow_pickle (`bool`, *optional*, defaults to `False`): also read `pytorch_model.bin`, as weights only.
        **settings: of `from_pretrained`, such as `device` and `dtype`.

    Returns:
        [`~scoring.scorer.VitalScorer`], of a probe [`~scoring.probe.VitalProbeScorer`].

    Raises:
        [`CheckpointError`]: the model cannot be had, or cannot score.

    Example:

    ```python
    >>> from transformers_vital.zoo.loading import load_scorer
    >>> load_scorer("vital-tiny").fingerprint.model
    'vital-tiny'

    ```
    """
    from ..scoring.scorer import VitalScorer

    here = name is not None and Path(name).is_dir()
    model = None if here else zoo_models().get(name)
    kind = checkpoint_kind(name) if here else model and model.kind
    if kind == "encoder":
        raise CheckpointError(
            f"{name} is a vision encoder and has nothing to score with. Put a decoder behind it: transformers-vital "
            f"zoo assemble --encoder {name} --decoder D -o FOLDER"
        )
    scorer_class = VitalScorer
    if kind == "probe":
        from ..scoring.probe import VitalProbeScorer as scorer_class
    if model is None or name == DEFAULT_MODEL:
        return scorer_class.from_pretrained(name, allow_pickle=allow_pickle, **settings)
    from .download import checkpoint_folder

    scorer = scorer_class.from_pretrained(
        checkpoint_folder(name, allow_pickle=allow_pickle), allow_pickle=allow_pickle, **settings
    )
    scorer.name = weights_repository(name)
    return scorer
