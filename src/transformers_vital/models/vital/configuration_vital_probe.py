"""Configuration of the linear probe; whole models, vision encoders and the authors' release are read as one."""

from huggingface_hub.dataclasses import strict

from .configuration_vital import InternVLChatConfig, VitalConfig, VitalVisionEncoderConfig, as_vital_config_dict


PROBE_LAYERS = {"paper": (6, 12, 18), "release": (7, 13, 19)}  # the release counts 6, 12, 18 from 0


@strict
class VitalProbeConfig(VitalVisionEncoderConfig):
    r"""
    The linear probe of Table 6 and Sec. 8.2: the vision encoder and a linear read-out, no decoder.

    Args:
        reading (`str`, *optional*, defaults to `"paper"`): how the features become level logits, see
            [`VitalForQualityProbe`]. `"paper"` is Sec. 8.2, `"release"` the authors' code; their weights need it.
        layers (`list[int]`, *optional*): encoder layers that are read, counted from 1, ascending. The 6th, 12th and
            18th with `"paper"`, the 7th, 13th and 19th with `"release"`.
        projection_dim (`int`, *optional*, defaults to 3584): size of a projected token, with `"paper"`.
        projector_hidden_act (`str`, *optional*, defaults to `"gelu"`): of both projectors, with `"paper"`.
        downsample_ratio (`float`, *optional*, defaults to 0.5): of the pixel shuffle.

    `from_pretrained` also reads the configuration of a VITAL model, of a vision encoder, of an InternVL `-hf`
    checkpoint (`"paper"`), and of the authors' release (`"release"`); `reading` and `layers` overrule.

    Example:

    ```python
    >>> from transformers_vital import VitalProbeConfig
    >>> VitalProbeConfig().layers, VitalProbeConfig(reading="release").layers
    ((6, 12, 18), (7, 13, 19))

    ```
    """

    model_type = "vital_probe"

    reading: str = "paper"
    layers: list[int] | tuple[int, ...] | None = None
    projection_dim: int = 3584
    projector_hidden_act: str = "gelu"
    downsample_ratio: float = 0.5

    def __post_init__(self, **kwargs):
        if self.reading not in PROBE_LAYERS:
            raise ValueError(
                f"reading is {self.reading!r}; expected 'paper' (Sec. 8.2) or 'release' (the authors' weights)."
            )
        if self.layers is None:
            self.layers = PROBE_LAYERS[self.reading]
        super().__post_init__(**kwargs)
        depth = self.vision_config.num_hidden_layers
        if not self.layers or list(self.layers) != sorted(set(self.layers) & set(range(1, depth + 1))):
            raise ValueError(
                f"layers is {list(self.layers)}; expected ascending numbers from 1 to {depth}, the depth of the image "
                "encoder. Pass layers=[…]."
            )

    @classmethod
    def from_dict(cls, config_dict, **kwargs):
        chosen = {name: kwargs.pop(name) for name in ("reading", "layers") if name in kwargs}
        return super().from_dict({**config_dict, **chosen}, **kwargs)

    @classmethod
    def _taken_from(cls, source: dict) -> dict:
        taken, whole = super()._taken_from(source), as_vital_config_dict(source)
        if whole.get("model_type") != VitalConfig.model_type:
            return taken
        whole = VitalConfig.from_dict(whole)
        return taken | {
            "reading": "release" if source["model_type"] == InternVLChatConfig.model_type else "paper",
            "projection_dim": whole.text_config.hidden_size,
            "projector_hidden_act": whole.projector_hidden_act,
            "downsample_ratio": whole.downsample_ratio,
        }


__all__ = ["VitalProbeConfig"]
