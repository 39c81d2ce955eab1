"""A vision encoder to put before a decoder, with the processors that it was trained with."""

from pathlib import Path
from typing import TYPE_CHECKING

from transformers.configuration_utils import PreTrainedConfig

from ..models.vital.configuration_vital import VitalVisionEncoderConfig
from ..models.vital.image_processing_vital import CLEAN_IMAGE_SETTINGS, RELEASE_IMAGE_SETTINGS, VitalImageProcessor
from ..models.vital.video_processing_vital import CLEAN_VIDEO_SETTINGS, RELEASE_VIDEO_SETTINGS, VitalVideoProcessor
from ..scoring.probe import ProbeProcessors


if TYPE_CHECKING:
    from ..models.vital.processing_vital import VitalProcessor

OUR_PROCESSORS = ("processor_config.json", "preprocessor_config.json")


def encoder_processors(folder: str | Path) -> ProbeProcessors:
    """
    What makes tiles and frames as an encoder saw them in training.

    Args:
        folder (`str` or `Path`): its checkpoint. The authors' gets the `release` settings, one of ours those that lie
            beside it, others the `clean` ones.

    Returns:
        [`~scoring.probe.ProbeProcessors`]

    Example:

    ```python
    >>> from transformers_vital.scoring.default_model import default_model_folder
    >>> from transformers_vital.zoo.encoder import encoder_processors
    >>> encoder_processors(default_model_folder()).image_processor.tile_grid
    'nearest'

    ```
    """
    folder = Path(folder)
    model_type = PreTrainedConfig.get_config_dict(folder)[0].get("model_type")
    is_ours = str(model_type).startswith("vital")
    if is_ours and any((folder / name).is_file() for name in OUR_PROCESSORS):
        return ProbeProcessors.from_pretrained(folder)
    released = model_type == "internvl_chat"
    height, width = VitalVisionEncoderConfig.from_pretrained(folder).vision_config.image_size
    size = {"height": height, "width": width}
    return ProbeProcessors(
        VitalImageProcessor(size=size, **(RELEASE_IMAGE_SETTINGS if released else CLEAN_IMAGE_SETTINGS)),
        VitalVideoProcessor(size=size, **(RELEASE_VIDEO_SETTINGS if released else CLEAN_VIDEO_SETTINGS)),
    )


def processor_for(tokenizer, *, encoder: str | Path, image_seq_length: int, chat_template: str) -> "VitalProcessor":
    """
    A processor with the pictures of an encoder and the words of a tokenizer.

    Args:
        tokenizer: with the placeholders, see [`~models.vital.processing_vital.VitalProcessor`].
        encoder (`str` or `Path`): folder of the encoder's checkpoint.
        image_seq_length (`int`): tokens per tile.
        chat_template (`str`): of conversations.
    """
    from ..models.vital.conversation_vital import CLEAN_PROMPT_SETTINGS, RELEASE_PROMPT_SETTINGS
    from ..models.vital.processing_vital import VitalProcessor

    made = encoder_processors(encoder)
    return VitalProcessor(
        image_processor=made.image_processor,
        tokenizer=tokenizer,
        video_processor=made.video_processor,
        image_seq_length=image_seq_length,
        chat_template=chat_template,
        **(RELEASE_PROMPT_SETTINGS if is_release(made) else CLEAN_PROMPT_SETTINGS),
    )


def is_release(processors: "ProbeProcessors | VitalProcessor") -> bool:
    """Whether frames are chosen, and so motion is read out, as in the authors' release."""
    return processors.video_processor.frame_sampling == RELEASE_VIDEO_SETTINGS["frame_sampling"]
