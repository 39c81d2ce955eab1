"""A new model of the zoo: the vision encoder of one checkpoint before the decoder of another (paper, Sec. 3.3)."""

from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import nn
from transformers.models.internvl.modeling_internvl import InternVLMultiModalProjector

from ..errors import CheckpointError, VitalError
from ..models.vital.configuration_vital import VitalConfig
from ..models.vital.modeling_vital import VitalForConditionalGeneration, VitalMotionProjector
from ..models.vital.modeling_vital_encoder import VitalVisionEncoder
from ..models.vital.processing_vital import LEVEL_WORDS, VitalProcessor
from ..scoring.scorer import VitalScorer
from .decoder import Decoder, read_decoder, read_tokenizer
from .download import checkpoint_folder
from .encoder import is_release, processor_for
from .new_folder import new_folder


SEED = 0  # of new projectors
KEPT = "the decoder's"
NEW = "new"


@dataclass(frozen=True)
class Assembly:
    """
    What was put together.

    Args:
        config ([`VitalConfig`]): of the new model.
        parameters (`int`): in all.
        encoder_tensors (`int`): of the vision encoder, each read back from disk and found bit-identical.
        new_encoder_tensors (`int`): that its checkpoint does not hold, as InternVL3 has no motion extractor.
        image_projector, motion_projector (`str`): where they are from, or that they are new and why.
        level_tokens (`dict[str, int]`): ids of the level words in the new vocabulary.
        smoke_score (`float`): of a drawn picture; it shows that the model runs and nothing else.
    """

    config: VitalConfig
    parameters: int
    encoder_tensors: int
    new_encoder_tensors: int
    image_projector: str
    motion_projector: str
    level_tokens: dict[str, int]
    smoke_score: float

    @property
    def needs_warm_up(self) -> bool:
        """Whether pictures reach the decoder through weights that nobody has trained."""
        return self.image_projector != KEPT


def assemble(encoder: str | Path, *, decoder: str | Path, output: str | Path, allow_pickle: bool = False) -> Assembly:
    """
    Put a decoder behind a vision encoder: the paper's "Zero" where the decoder has an image projector, as InternVL3's.

    The weights keep their types, or get the narrowest that holds both exactly.

    Args:
        encoder (`str` or `Path`): folder, name of the zoo or of the Hub; a vision encoder, or a model that has one.
        decoder (`str` or `Path`): likewise; an InternVL3 or VITAL checkpoint, whose projectors are kept where they fit
            the encoder, or a causal language model, which gets new ones.
        output (`str` or `Path`): folder to write, new; it appears when it is whole.
        allow_pickle (`bool`, *optional*, defaults to `False`): also read `pytorch_model.bin`, as weights only.

    Returns:
        [`Assembly`]

    Raises:
        [`CheckpointError`]: a checkpoint cannot be had or used, or a level word is not one token of the decoder's.
    """
    encoder_folder = checkpoint_folder(encoder, allow_pickle=allow_pickle)
    decoder_folder = checkpoint_folder(decoder, allow_pickle=allow_pickle)
    try:
        tower, new = _read_encoder(encoder_folder, allow_pickle=allow_pickle)
        tokenizer, chat_template = read_tokenizer(decoder_folder)
        seen = read_decoder(decoder_folder, num_tokens=len(tokenizer), allow_pickle=allow_pickle)
        processor = processor_for(
            tokenizer,
            encoder=encoder_folder,
            image_seq_length=_tokens_per_tile(tower.config, seen.downsample_ratio),
            chat_template=chat_template,
        )
        level_tokens = dict(zip(LEVEL_WORDS, processor.level_token_ids, strict=True))
        model, sources = _join(tower, seen, processor)
    except VitalError:
        raise
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{encoder} and {decoder} cannot be put together: {error}") from error
    with new_folder(output) as built:
        model.save_pretrained(built)
        processor.save_pretrained(built)
        parameters = sum(parameter.numel() for parameter in model.parameters())
        del model, seen, tower
        scorer = VitalScorer.from_pretrained(built, device="cpu", dtype="auto")
        source = _read_encoder(encoder_folder, allow_pickle=allow_pickle, dtype=scorer.model.dtype)[0].state_dict()
        written = scorer.model.get_vision_encoder().state_dict()
        taken = [name for name in written if name not in new]
        if changed := [name for name in taken if not torch.equal(source[name], written[name])]:
            raise CheckpointError(
                f"{len(changed)} weights of the encoder, such as {changed[0]}, are not what {encoder} holds once they "
                "are written. Nothing is kept; please report it with the two names."
            )
        smoke = scorer.score(Image.effect_mandelbrot((256, 256), (-3, -2.5, 2, 2.5), 100).convert("RGB"))
    return Assembly(
        config=scorer.model.config,
        parameters=parameters,
        encoder_tensors=len(taken),
        new_encoder_tensors=len(new),
        image_projector=sources["multi_modal_projector"],
        motion_projector=sources["motion_projector"],
        level_tokens=level_tokens,
        smoke_score=smoke.score,
    )


def _read_encoder(
    folder: Path, *, allow_pickle: bool, dtype: torch.dtype | str = "auto"
) -> tuple[VitalVisionEncoder, set[str]]:
    """The encoder, and the names of weights that its checkpoint does not hold."""
    encoder, info = VitalVisionEncoder.from_pretrained(
        folder, dtype=dtype, use_safetensors=None if allow_pickle else True, output_loading_info=True
    )
    missing = set(info["missing_keys"])
    if absent := sorted(name for name in missing if name.startswith("vision_tower.")):
        raise CheckpointError(
            f"{folder} has no vision encoder of this kind: {len(absent)} weights are missing, such as {absent[0]}. "
            "Name one of VITAL's, or an InternVL3 checkpoint, with --encoder."
        )
    return encoder, missing


def _tokens_per_tile(config, downsample_ratio: float) -> int:
    sides = zip(config.vision_config.image_size, config.vision_config.patch_size, strict=True)
    height, width = (int(pixels // patch * downsample_ratio) for pixels, patch in sides)
    return height * width


def _join(
    encoder: VitalVisionEncoder, decoder: Decoder, processor: VitalProcessor
) -> tuple[VitalForConditionalGeneration, dict[str, str]]:
    """The model, made of the parts themselves, and where each projector is from."""
    dtype = torch.promote_types(encoder.dtype, decoder.language_model.dtype)
    embeddings = decoder.language_model.get_input_embeddings()
    config = VitalConfig(
        vision_config=encoder.config.vision_config,
        motion_config=encoder.config.motion_config,
        text_config=decoder.language_model.config,
        downsample_ratio=decoder.downsample_ratio,
        projector_hidden_act=decoder.projector_hidden_act,
        image_seq_length=processor.image_seq_length,
        image_token_id=processor.image_token_id,
        video_token_id=processor.video_token_id,
        level_token_ids=processor.level_token_ids,
        motion_readout="reshaped" if is_release(processor) else "transposed",
        image_mean=encoder.config.image_mean,
        image_std=encoder.config.image_std,
        tie_word_embeddings=decoder.head.weight is embeddings.weight,
        architectures=[VitalForConditionalGeneration.__name__],
        dtype=dtype,
    )
    config.text_config.tie_word_embeddings = config.tie_word_embeddings
    config.text_config.vocab_size = embeddings.num_embeddings
    with torch.device("meta"):
        model = VitalForConditionalGeneration(config)
    model.model.vision_tower, model.model.motion_tower = encoder.vision_tower, encoder.motion_tower
    model.model.language_model, model.lm_head = decoder.language_model, decoder.head
    model.generation_config = decoder.generation_config
    sources = {}
    for name, projector_class, given in (
        ("multi_modal_projector", InternVLMultiModalProjector, decoder.image_projector),
        ("motion_projector", VitalMotionProjector, decoder.motion_projector),
    ):
        needed = getattr(model.model, name).linear_1.in_features
        if given is not None and given.linear_1.in_features == needed:
            part, sources[name] = given, KEPT
        else:
            part, sources[name] = _new_projector(projector_class, model), NEW
            if given is not None:
                sources[name] += f", as the decoder's reads {given.linear_1.in_features} features and not {needed}"
        setattr(model.model, name, part)
    return model.to(dtype), sources


def _new_projector(projector_class: type[nn.Module], model: VitalForConditionalGeneration) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        projector = projector_class(model.config)
        projector.apply(model._init_weights)
    return projector
