"""A decoder to put behind a vision encoder: of an InternVL3 or VITAL checkpoint with its projectors, or a bare one."""

import copy
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer
from transformers.configuration_utils import PreTrainedConfig
from transformers.generation import GenerationConfig

from ..errors import CheckpointError
from ..models.vital.conversation_vital import CHAT_TEMPLATE
from ..models.vital.modeling_vital import VitalForConditionalGeneration
from ..models.vital.processing_vital import VitalProcessor
from .conversation import add_placeholders, prepare_tokenizer


SEED = 0  # of the embeddings of new tokens
WITH_PROJECTORS = ("vital", "internvl", "internvl_chat")


@dataclass
class Decoder:
    """
    What a checkpoint has behind the vision encoder.

    Args:
        language_model (`nn.Module`): the decoder without its head.
        head (`nn.Linear`): to the vocabulary, without a bias.
        generation_config (`GenerationConfig`): with the tokens that end an answer.
        image_projector, motion_projector (`nn.Module`, *optional*): where the checkpoint has them.
        downsample_ratio (`float`, *optional*, defaults to 0.5): of the pixel shuffle before the image projector.
        projector_hidden_act (`str`, *optional*, defaults to `"gelu"`): of the projectors.
    """

    language_model: nn.Module
    head: nn.Linear
    generation_config: GenerationConfig
    image_projector: nn.Module | None = None
    motion_projector: nn.Module | None = None
    downsample_ratio: float = 0.5
    projector_hidden_act: str = "gelu"


def read_tokenizer(folder: str | Path):
    """
    The tokenizer of a decoder with the tokens that VITAL needs, and the chat template.

    Args:
        folder (`str` or `Path`): checkpoint of an InternVL or VITAL model, or of a language model.
    """
    model_type = _model_type(folder)
    if model_type == "vital":
        processor = VitalProcessor.from_pretrained(folder)
        return processor.tokenizer, processor.chat_template
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if model_type in WITH_PROJECTORS:
        add_placeholders(tokenizer)
        tokenizer.chat_template = None
        return tokenizer, CHAT_TEMPLATE
    return tokenizer, prepare_tokenizer(tokenizer)


def read_decoder(folder: str | Path, *, num_tokens: int, allow_pickle: bool = False) -> Decoder:
    """
    Load a decoder in the type of its checkpoint.

    Args:
        folder (`str` or `Path`): see [`read_tokenizer`].
        num_tokens (`int`): of the tokenizer; rows are added to the embeddings where it has more than they have.
        allow_pickle (`bool`, *optional*, defaults to `False`): also read `pytorch_model.bin`, as weights only.

    Raises:
        [`CheckpointError`]: a language model that computes its logits by more than a linear layer.
    """
    settings = {"dtype": "auto", "use_safetensors": None if allow_pickle else True}
    if _model_type(folder) in WITH_PROJECTORS:
        model = VitalForConditionalGeneration.from_pretrained(folder, **settings)
        _make_room(model, num_tokens)
        return Decoder(
            language_model=model.model.language_model,
            head=model.lm_head,
            generation_config=model.generation_config,
            image_projector=model.model.multi_modal_projector,
            motion_projector=None if model.has_new_motion_parts else model.model.motion_projector,
            downsample_ratio=model.config.downsample_ratio,
            projector_hidden_act=model.config.projector_hidden_act,
        )
    model = AutoModelForCausalLM.from_pretrained(folder, **settings).eval()
    _make_room(model, num_tokens)
    language_model, head = model.base_model, model.get_output_embeddings()
    _check_head(model, folder=folder)
    tied = head.weight is model.get_input_embeddings().weight
    if tied and not hasattr(language_model, "embed_tokens"):
        head = copy.deepcopy(head)  # VITAL ties its head to weights of that name only
    return Decoder(language_model=language_model, head=head, generation_config=model.generation_config)


def _model_type(folder: str | Path) -> str | None:
    return PreTrainedConfig.get_config_dict(folder)[0].get("model_type")


def _make_room(model, num_tokens: int) -> None:
    """Rows for new tokens, drawn like the others; the same ones every time."""
    if num_tokens > model.get_input_embeddings().num_embeddings:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(SEED)
            model.resize_token_embeddings(num_tokens)


@torch.no_grad()
def _check_head(model, *, folder: str | Path) -> None:
    """VITAL computes logits as head · hidden state; some models scale, cap or shift them."""
    language_model, head = model.base_model, model.get_output_embeddings()
    with torch.device("meta"):
        expected = type(AutoModel.from_config(language_model.config))
    ids = torch.arange(1, 6)[None]
    if type(language_model) is expected and isinstance(head, nn.Linear) and head.bias is None:
        plain = head(language_model(input_ids=ids).last_hidden_state)
        if torch.equal(plain, model(input_ids=ids).logits):
            return
    raise CheckpointError(
        f"{folder} is a {type(model).__name__}, whose logits are more than one linear layer on its decoder's last "
        "hidden states; VITAL reads the levels there. Name another --decoder, such as a Qwen or a Llama."
    )
