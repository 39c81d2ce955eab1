"""Other formats as ours: whole models, and the authors' vision encoder and probe."""

from pathlib import Path
from typing import Any

from .download import checkpoint_folder
from .kinds import checkpoint_kind
from .new_folder import new_folder


def convert(source: str | Path, *, output: str | Path, allow_pickle: bool = False) -> dict[str, Any]:
    """
    Write a checkpoint of the authors' release or of InternVL as ours, with what makes its inputs.

    Args:
        source (`str` or `Path`): a folder, a name of the zoo, or one on the Hub.
        output (`str` or `Path`): folder to write, new; it appears when it is whole.
        allow_pickle (`bool`, *optional*, defaults to `False`): accept `pytorch_model.bin`.

    Returns:
        `dict`: `kind` and `format`, `parameters`; lists `new` (weights that were not there and are drawn at random)
        and `dropped` (weights that nothing reads).

    Raises:
        [`CheckpointError`]: there is no checkpoint of that name.
        `ValueError`: weights that our model has no place for.
    """
    folder = checkpoint_folder(source, allow_pickle=allow_pickle)
    kind = checkpoint_kind(folder) or "model"
    with new_folder(output) as built:
        if kind != "model":
            return {"kind": kind, **_convert_encoder(folder, built, kind=kind)}
        from ..models.vital.convert_vital import convert_checkpoint

        return {"kind": kind, **convert_checkpoint(folder, built, allow_pickle=allow_pickle)}


def _convert_encoder(folder: Path, output: str | Path, *, kind: str) -> dict[str, Any]:
    """An encoder alone or with the read-out of a probe, which have no tokenizer."""
    import re

    from transformers.configuration_utils import PreTrainedConfig

    from ..models.vital.convert_vital import SLOW_PATHWAY
    from ..models.vital.modeling_vital_encoder import VitalVisionEncoder
    from ..models.vital.modeling_vital_probe import VitalForQualityProbe
    from ..scoring.probe import ProbeProcessors
    from .encoder import encoder_processors
    from .kinds import weight_names

    model_class = VitalForQualityProbe if kind == "probe" else VitalVisionEncoder
    model, info = model_class.from_pretrained(folder, dtype="auto", use_safetensors=True, output_loading_info=True)
    if info["unexpected_keys"]:
        raise ValueError(f"it holds weights without a place here, such as {sorted(info['unexpected_keys'])[:3]}.")
    processors = ProbeProcessors.from_pretrained(folder) if kind == "probe" else encoder_processors(folder)
    model.save_pretrained(output)
    processors.save_pretrained(output)
    return {
        "format": PreTrainedConfig.get_config_dict(folder)[0].get("model_type"),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "new": sorted(info["missing_keys"]) + list(getattr(model, "new_parts", ())),
        "dropped": [name for name in weight_names(folder) if re.search(SLOW_PATHWAY, name)],
    }
