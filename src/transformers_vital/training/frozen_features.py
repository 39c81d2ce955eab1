"""What frozen encoders make of a medium, computed once and kept on disk for later epochs and later trainings."""

import hashlib
import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers.modeling_outputs import BaseModelOutputWithPooling

from ..errors import TrainingError


def keep_frozen_features(model: nn.Module, folder: str | Path) -> list[str]:
    """
    Let the encoders of a model that are not trained read their outputs from a folder, and write there what is new.

    A file belongs to the weights of its encoder and the pixels of its tile or clip, so that trainings of other models
    with the same encoder share it, and no other output is ever read. The vision tower's take
    `(patches + 1) · hidden size` numbers a tile: 0.4 MB of float32 for ViT-S/14 at 224 pixels.

    Args:
        model (`nn.Module`): with frozen parts, see [`~training.freezing.freeze`]; changed in place, its weights and
            what is saved of it are not.
        folder (`str` or `Path`): made where it is missing. It can be deleted between trainings.

    Returns:
        `list[str]`: names of the encoders that do so.

    Raises:
        [`TrainingError`]: every encoder is trained, or another layer than the last is read.

    Example:

    ```python
    >>> import tempfile, torch
    >>> from transformers_vital import VitalForConditionalGeneration
    >>> from transformers_vital.scoring.default_model import default_model_folder
    >>> from transformers_vital.training.freezing import freeze
    >>> from transformers_vital.training.frozen_features import keep_frozen_features
    >>> model = VitalForConditionalGeneration.from_pretrained(default_model_folder(), dtype=torch.float32)
    >>> _ = freeze(model, "decoder")
    >>> keep_frozen_features(model, tempfile.mkdtemp())
    ['vision_tower', 'motion_tower']

    ```
    """
    if model.config.vision_feature_layer != -1:
        raise TrainingError(
            f"The model reads layer {model.config.vision_feature_layer} of its vision tower, and only the last is "
            "kept. Leave feature_cache out."
        )
    kept = []
    for path, tower in model.named_modules():
        name = path.rpartition(".")[2]
        if name in _FORWARD and not any(parameter.requires_grad for parameter in tower.parameters()):
            place = Path(folder) / f"{name}-{_digest(*tower.state_dict().values())}"
            place.mkdir(parents=True, exist_ok=True)
            tower.forward = partial(_FORWARD[name], tower.forward, place)
            kept.append(name)
    if not kept:
        raise TrainingError("Every encoder is trained, so that no feature stays as it is. Leave feature_cache out.")
    return kept


def _vision_forward(
    compute: Callable, place: Path, pixel_values: torch.Tensor, **kwargs
) -> BaseModelOutputWithPooling:
    files = [place / f"{_digest(tile)}.safetensors" for tile in pixel_values]
    if missing := [index for index, file in enumerate(files) if not file.is_file()]:
        with torch.no_grad():
            states = compute(pixel_values[missing], **kwargs).last_hidden_state
        for index, state in zip(missing, states, strict=True):
            _write(files[index], state)
    states = torch.stack([_read(file, device=pixel_values.device) for file in files])
    return BaseModelOutputWithPooling(last_hidden_state=states)


def _motion_forward(compute: Callable, place: Path, pixels: torch.Tensor | Iterable[torch.Tensor]) -> torch.Tensor:
    chunks = [pixels] if isinstance(pixels, torch.Tensor) else list(pixels)
    file = place / f"{_digest(*chunks)}.safetensors"
    if not file.is_file():
        with torch.no_grad():
            _write(file, compute(iter(chunks)))
    return _read(file, device=chunks[0].device)


_FORWARD = {"vision_tower": _vision_forward, "motion_tower": _motion_forward}


def _digest(*tensors: torch.Tensor) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for tensor in tensors:
        digest.update(str((tensor.dtype, *tensor.shape)).encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def _write(file: Path, features: torch.Tensor) -> None:
    unfinished = file.with_suffix(f".{os.getpid()}")  # of one process, since several may compute the same
    save_file({"features": features.detach().cpu().contiguous()}, unfinished)
    os.replace(unfinished, file)


def _read(file: Path, *, device: torch.device) -> torch.Tensor:
    return load_file(file, device=str(device))["features"]
