"""Checkpoints of a few thousand weights to put together: an encoder alone, an InternVL one, a language model."""

from pathlib import Path

import pytest
from small_parts import bpe_tokenizer, llama


@pytest.fixture(scope="session")
def llm_folder(tmp_path_factory) -> Path:
    """A causal language model with a chat template of its own, tied embeddings, no token for media."""
    folder = tmp_path_factory.mktemp("llm")
    tokenizer = bpe_tokenizer()
    tokenizer.save_pretrained(folder)
    llama(len(tokenizer), tie_word_embeddings=True, bos_token_id=0, eos_token_id=1).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def internvl_folder(tiny_folder, tmp_path_factory) -> Path:
    """An InternVL `-hf` checkpoint with another decoder than the encoder's own: wider, other weights."""
    import torch
    from transformers import AutoTokenizer, InternVLConfig, InternVLForConditionalGeneration

    from transformers_vital import VitalConfig

    tiny = VitalConfig.from_pretrained(tiny_folder)
    text = tiny.text_config.to_dict() | {"hidden_size": 48, "tie_word_embeddings": False}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        model = InternVLForConditionalGeneration(
            InternVLConfig(
                vision_config=tiny.vision_config.to_dict(),
                text_config=text,
                image_token_id=tiny.image_token_id,
                image_seq_length=tiny.image_seq_length,
                tie_word_embeddings=False,
            )
        )
    folder = tmp_path_factory.mktemp("internvl")
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_folder).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def encoder_folder(tiny_folder, tmp_path_factory) -> Path:
    """The vision encoder of the tiny checkpoint alone, with its processors."""
    from transformers_vital import VitalVisionEncoder
    from transformers_vital.zoo.encoder import encoder_processors

    folder = tmp_path_factory.mktemp("encoder")
    VitalVisionEncoder.from_pretrained(tiny_folder).save_pretrained(folder)
    encoder_processors(tiny_folder).save_pretrained(folder)
    return folder
