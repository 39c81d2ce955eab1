"""What there is to know about a model of the zoo, without its weights."""

from dataclasses import asdict
from typing import Any

import torch
from transformers import AutoConfig, AutoModel

from ..models.vital.configuration_vital import VitalConfig
from .cost import STAGES, estimate, model_size
from .registry import ZooModel


def describe(model: ZooModel, *, num_gpus: int = 8) -> dict[str, Any]:
    """
    Facts of a model; its size and the cost of training it where its configuration is here.

    Args:
        model ([`~zoo.registry.ZooModel`]): which.
        num_gpus (`int`, *optional*, defaults to 8): that training is shared out to.

    Returns:
        `dict`: the fields of the model; `files`; `parameters` by part; `training`, a [`~zoo.cost.Cost`] by stage.

    Example:

    ```python
    >>> from transformers_vital.zoo.description import describe
    >>> from transformers_vital.zoo.registry import zoo_models
    >>> describe(zoo_models()["vital-vision-encoder-300m"])["parameters"]
    {'vision_tower': 304012288, 'motion_tower': 514152}

    ```
    """
    facts = {**asdict(model), "files": model.files and str(model.files)}
    if model.files is None:
        return facts
    config = AutoConfig.from_pretrained(model.files)
    if isinstance(config, VitalConfig):
        size = model_size(config)
        costs = {stage.name: asdict(estimate(size, stage, num_gpus=num_gpus)) for stage in STAGES}
        return {**facts, "parameters": size.parameters, "training": costs}
    with torch.device("meta"):
        parts = AutoModel.from_config(config).named_children()
    return {**facts, "parameters": {name: sum(p.numel() for p in part.parameters()) for name, part in parts}}
