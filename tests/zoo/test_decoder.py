"""Language models of other families: which serve as decoders, and which are refused."""

import pytest
import torch
from safetensors.torch import load_file
from small_parts import bpe_tokenizer

from transformers_vital import VitalForConditionalGeneration
from transformers_vital.errors import CheckpointError
from transformers_vital.zoo.assemble import assemble
from transformers_vital.zoo.decoder import read_decoder


def save(model, folder):
    bpe_tokenizer().save_pretrained(folder)
    model.save_pretrained(folder)
    return folder


def test_tied_embeddings_of_another_name_become_a_head_of_their_own(encoder_folder, tmp_path):
    """GPT-2 calls them wte."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=len(bpe_tokenizer()), n_embd=24, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=1
    )
    decoder = save(GPT2LMHeadModel(config), tmp_path / "gpt2")
    assemble(encoder_folder, decoder=decoder, output=tmp_path / "model")
    written = load_file(tmp_path / "model" / "model.safetensors")
    assert torch.equal(written["lm_head.weight"], written["model.language_model.wte.weight"])
    ids = torch.tensor([[5, 9, 2]])
    model = VitalForConditionalGeneration.from_pretrained(tmp_path / "model").eval()
    expected = GPT2LMHeadModel.from_pretrained(decoder).eval()(ids).logits
    assert torch.allclose(model(input_ids=ids).logits[..., : expected.shape[-1]], expected, atol=1e-5)


def test_a_head_that_scales_its_logits_is_refused(tmp_path):
    from transformers import CohereConfig, CohereForCausalLM

    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    model = CohereForCausalLM(CohereConfig(vocab_size=300, logit_scale=0.1, **sizes))
    with pytest.raises(CheckpointError, match="is a CohereForCausalLM, whose logits are more than one linear layer"):
        read_decoder(save(model, tmp_path), num_tokens=300)


def test_rows_are_added_only_where_the_vocabulary_is_too_small(llm_folder):
    rows = [
        read_decoder(llm_folder, num_tokens=count).language_model.get_input_embeddings().num_embeddings
        for count in (10, 600)
    ]
    assert rows == [len(bpe_tokenizer()), 600]


def test_the_rows_that_were_there_stay(llm_folder):
    read = [read_decoder(llm_folder, num_tokens=count).head.weight for count in (10, 600)]
    assert torch.equal(read[1][: len(read[0])], read[0])
