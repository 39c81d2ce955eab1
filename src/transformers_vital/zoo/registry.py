"""The models of this library by name, from `hub_configs/models/zoo.yaml`."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from ..errors import CheckpointError
from ..scoring.default_model import DEFAULT_MODEL, hub_configs_folder


KINDS = ("model", "encoder", "probe")


@dataclass(frozen=True)
class ZooModel:
    """
    A model of the zoo.

    Args:
        name (`str`): the folder of its configuration in `hub_configs/models`, where it has one.
        kind (`str`): `"model"` (encoder, projectors, decoder), `"encoder"`, or `"probe"` (encoder, linear read-out).
        weights (`str`, *optional*): repository on the Hub with the authors' weights.
        encoder (`str`, *optional*): name of the model that the vision encoder is taken from when this one is
            assembled.
        decoder (`str`, *optional*): repository on the Hub that the decoder is from.
        note (`str`, *optional*): what else to know.
    """

    name: str
    kind: str
    weights: str | None = None
    encoder: str | None = None
    decoder: str | None = None
    note: str | None = None

    @property
    def files(self) -> Path | None:
        """Folder with the configuration, or `None`."""
        folder = hub_configs_folder() / "models" / self.name
        return folder if folder.is_dir() else None

    @property
    def source(self) -> str:
        """Where the weights are from, or what makes them, in a few words or as a command."""
        if self.weights is not None or self.decoder is None:
            return self.weights or self.note or ""
        return f"transformers-vital zoo assemble --encoder {self.encoder} --decoder {self.decoder} -o {self.name}"


@cache
def zoo_models() -> dict[str, ZooModel]:
    """
    All models by name, in the order of the file.

    Example:

    ```python
    >>> from transformers_vital.zoo.registry import zoo_models
    >>> zoo_models()["vital-base-8b"].weights
    'JZHWS/VITAL-Base-8B'

    ```
    """
    path = hub_configs_folder() / "models" / "zoo.yaml"
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: ZooModel(name=name, **fields) for name, fields in entries.items()}


def weights_repository(name: str) -> str:
    """
    Where the Hub has the weights of a model.

    Args:
        name (`str`): of the zoo.

    Returns:
        `str`: the repository, such as `"JZHWS/VITAL-Base-8B"`.

    Raises:
        [`CheckpointError`]: no weights of it are published.

    Example:

    ```python
    >>> from transformers_vital.zoo.registry import weights_repository
    >>> weights_repository("vital-warm-up-1b")
    'JZHWS/VITAL-Warm-up-1B'

    ```
    """
    model = zoo_models()[name]
    if name == DEFAULT_MODEL:
        raise CheckpointError(f"{name} is {model.source} and on this machine already. There is nothing to download.")
    if model.weights is None:
        raise CheckpointError(f"No weights of {name} are published. Make them: {model.source}")
    return model.weights
