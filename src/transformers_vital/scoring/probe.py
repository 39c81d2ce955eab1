"""Scores media with a linear probe: the path of [`VitalScorer`] without a tokenizer and a decoder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers.configuration_utils import PreTrainedConfig
from transformers.feature_extraction_utils import BatchFeature

from ..errors import CheckpointError, MediaInputError
from ..media.inputs import MediaItem
from ..models.vital.configuration_vital import InternVLChatConfig
from ..models.vital.configuration_vital_probe import VitalProbeConfig
from ..models.vital.image_processing_vital import VitalImageProcessor
from ..models.vital.modeling_vital_probe import VitalForQualityProbe, VitalProbeOutput
from ..models.vital.video_processing_vital import RELEASE_VIDEO_SETTINGS, VitalVideoProcessor
from .scorer import PreparedItem, VitalScorer


@dataclass
class ProbeProcessors:
    """
    What makes the inputs of a probe: there is no text, so an image and a video processor are all.

    Args:
        image_processor ([`VitalImageProcessor`]): cuts images into tiles.
        video_processor ([`VitalVideoProcessor`]): samples key frames and motion frames.

    Example:

    ```python
    >>> from PIL import Image
    >>> from transformers_vital import VitalImageProcessor, VitalVideoProcessor
    >>> from transformers_vital.scoring.probe import ProbeProcessors
    >>> processors = ProbeProcessors(VitalImageProcessor(), VitalVideoProcessor())
    >>> processors.prepare_scoring(images=[Image.new("RGB", (448, 448))]).pixel_values.shape
    torch.Size([1, 3, 448, 448])

    ```
    """

    image_processor: VitalImageProcessor
    video_processor: VitalVideoProcessor

    @classmethod
    def from_pretrained(cls, name: str | Path, **kwargs: Any) -> "ProbeProcessors":
        """
        Load what lies beside a checkpoint. The authors' has none: its probe gets their frames, with stride 1.

        Args:
            name (`str` or `Path`): folder or Hub name.
            **kwargs: `revision`, `token`, `cache_dir`, `local_files_only`.
        """
        if PreTrainedConfig.get_config_dict(name, **kwargs)[0].get("model_type") != InternVLChatConfig.model_type:
            image_processor = VitalImageProcessor.from_pretrained(name, **kwargs)
            return cls(image_processor, VitalVideoProcessor.from_pretrained(name, **kwargs))
        height, width = VitalProbeConfig.from_pretrained(name, **kwargs).vision_config.image_size
        size = {"height": height, "width": width}
        return cls(VitalImageProcessor(size=size), VitalVideoProcessor(size=size, **RELEASE_VIDEO_SETTINGS))

    def save_pretrained(self, folder: str | Path) -> None:
        """Write both beside a model."""
        self.image_processor.save_pretrained(folder)
        self.video_processor.save_pretrained(folder)

    def to_dict(self) -> dict[str, Any]:
        return {"image_processor": self.image_processor.to_dict(), "video_processor": self.video_processor.to_dict()}

    def prepare_scoring(self, images: list | None = None, videos: list | None = None) -> BatchFeature:
        """Inputs of the probe for images or for videos, one row each."""
        if images is not None:
            return self.image_processor(images, return_tensors="pt")
        return self.video_processor(videos, return_tensors="pt")


class VitalProbeScorer(VitalScorer):
    """
    Scores clips, and photographs too with the paper's reading, by a linear probe.

    Results and behaviour are those of [`VitalScorer`]; a probe has no vocabulary, so `level_mass` is always `None`.

    Args:
        model ([`VitalForQualityProbe`]): on its device, in its type.
        processor ([`ProbeProcessors`]): decides on tiles and frames.
        name (`str`, *optional*): of the model, for the fingerprint.
        calibration ([`Calibration`], *optional*): fills `calibrated_mos` of the results.

    Example:

    ```python
    >>> from transformers_vital import VitalForQualityProbe, VitalProbeScorer
    >>> from transformers_vital.scoring.default_model import default_model_folder
    >>> from transformers_vital.scoring.probe import ProbeProcessors
    >>> encoder = default_model_folder()  # its twelve layers read in thirds; a trained probe needs no `layers`
    >>> model = VitalForQualityProbe.from_pretrained(encoder, layers=[3, 6, 9])
    >>> scorer = VitalProbeScorer(model, ProbeProcessors.from_pretrained(encoder))
    >>> 0 <= scorer.score("examples/media/cat.png").score <= 1
    True

    ```
    """

    model_class = VitalForQualityProbe
    processor_class = ProbeProcessors

    @classmethod
    def from_pretrained(cls, model: str | Path, **kwargs: Any) -> "VitalProbeScorer":
        """
        Load a trained probe, ours or the authors'.

        Args:
            model (`str` or `Path`): Hub name or folder.
            **kwargs: see [`VitalScorer.from_pretrained`].

        Raises:
            [`CheckpointError`]: there is no checkpoint of that name, or it has no trained probe.
        """
        scorer = super().from_pretrained(model, **kwargs)
        if scorer.model.new_parts:
            raise CheckpointError(
                f"{model} has no trained {', '.join(scorer.model.new_parts)}; expected a checkpoint of a linear "
                "probe. Train one with VitalForQualityProbe, or score with VitalScorer."
            )
        return scorer

    @staticmethod
    def _check_pair(model: VitalForQualityProbe, processor: ProbeProcessors) -> None:
        expected = list(model.config.vision_config.image_size)
        for part in (processor.image_processor, processor.video_processor):
            given = [part.size["height"], part.size["width"]]
            if given != expected:
                raise CheckpointError(
                    f"{type(part).__name__} makes pictures of {given} pixels, the model reads {expected}. Load model "
                    "and processors from one checkpoint."
                )

    def _prepare(self, item: MediaItem) -> PreparedItem:
        if item.kind == "image" and self.model.config.reading == "release":
            error = f"{item.name} is an image; a probe with reading='release' reads videos only. Use VitalScorer."
            return PreparedItem(item.kind, None, 0.0, MediaInputError(error))
        return super()._prepare(item)

    @torch.no_grad()
    def _level_logits(self, inputs: BatchFeature, *, level_mass: bool) -> VitalProbeOutput:
        if level_mass:
            raise CheckpointError("A probe has no vocabulary and so no level_mass. Leave level_mass=False.")
        return self.model(**inputs)
