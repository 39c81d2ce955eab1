"""What a checkpoint is by its weights: the authors' models, encoders and probes have one kind of `config.json`."""

import json
from pathlib import Path


READ_OUTS = {"model": "language_model.", "probe": ("quality.", "head.")}
ENCODER = ("vision_model.", "vision_tower.")


def checkpoint_kind(folder: str | Path) -> str | None:
    """
    Tell a whole model from a vision encoder alone and from a linear probe.

    Args:
        folder (`str` or `Path`): a checkpoint in our format, the authors' or InternVL's.

    Returns:
        `str`, one of [`~zoo.registry.KINDS`], or `None` where no safetensors file tells.

    Example:

    ```python
    >>> from transformers_vital.scoring.default_model import default_model_folder
    >>> from transformers_vital.zoo.kinds import checkpoint_kind
    >>> checkpoint_kind(default_model_folder())
    'model'

    ```
    """
    names = [name.removeprefix("model.") for name in weight_names(folder)]
    for kind, beginnings in READ_OUTS.items():
        if any(name.startswith(beginnings) for name in names):
            return kind
    return "encoder" if any(name.startswith(ENCODER) for name in names) else None


def weight_names(folder: str | Path) -> list[str]:
    """Names of the tensors in the safetensors files of a folder."""
    from safetensors import safe_open

    index = Path(folder) / "model.safetensors.index.json"
    if index.is_file():
        return list(json.loads(index.read_text(encoding="utf-8"))["weight_map"])
    names = []
    for path in sorted(Path(folder).glob("*.safetensors")):
        with safe_open(path, framework="numpy") as file:
            names += file.keys()
    return names
