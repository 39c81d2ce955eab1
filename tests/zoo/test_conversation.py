"""Chat templates and tokens of language models that know nothing of media."""

import pytest
from small_parts import bpe_tokenizer

from transformers_vital.zoo.conversation import PLACEHOLDERS, prepare_tokenizer


BLOCKS = [
    {"type": "image", "path": "a.png"},
    {"type": "video", "path": "b.mp4"},
    {"type": "text", "text": "Which is sharper?"},
]


def rendered(template: str, messages: list[dict], tokenizer) -> str:
    return tokenizer.apply_chat_template(
        messages,
        chat_template=template,
        tokenize=False,
        add_generation_prompt=True,
        image_placeholder="<I>",
        video_placeholder="<V>",
    )


def test_a_template_of_texts_learns_of_media():
    tokenizer = bpe_tokenizer()
    messages = [
        {"role": "user", "content": BLOCKS},
        {"role": "assistant", "content": "The first."},
        {"role": "user", "content": "Why?"},
    ]
    expected = "[user] <I>\n<V>\nWhich is sharper?</s>[assistant] The first.</s>[user] Why?</s>[assistant] "
    assert rendered(prepare_tokenizer(tokenizer), messages, tokenizer) == expected  # <s> is the tokenizer's to add


def test_a_start_that_only_the_template_writes_stays():
    from tokenizers import processors

    tokenizer = bpe_tokenizer()
    tokenizer.backend_tokenizer.post_processor = processors.ByteLevel()
    text = rendered(prepare_tokenizer(tokenizer), [{"role": "user", "content": "Hi"}], tokenizer)
    assert text == "<s>[user] Hi</s>[assistant] "


def test_a_model_without_a_template_gets_vitals_with_its_tokens():
    tokenizer = bpe_tokenizer(chat_template=None)
    template = prepare_tokenizer(tokenizer)
    assert rendered(template, [{"role": "user", "content": BLOCKS}], tokenizer).endswith(
        "<|im_start|>user\n<I>\n<V>\nWhich is sharper?<|im_end|>\n<|im_start|>assistant\n"
    )
    assert tokenizer.eos_token == tokenizer.pad_token == "<|im_end|>"
    assert len(tokenizer.encode("<|im_start|>", add_special_tokens=False)) == 1


@pytest.mark.parametrize("token", PLACEHOLDERS)
def test_a_placeholder_is_one_token_after_those_that_were_there(token):
    tokenizer = bpe_tokenizer()
    before = len(tokenizer)
    prepare_tokenizer(tokenizer)
    (identity,) = tokenizer.encode(token, add_special_tokens=False)
    assert before <= identity < len(tokenizer) == before + len(PLACEHOLDERS)


def test_tokens_that_are_there_are_not_added_again():
    tokenizer = bpe_tokenizer()
    prepare_tokenizer(tokenizer)
    before = len(tokenizer)
    tokenizer.chat_template = "{{ messages }}"
    prepare_tokenizer(tokenizer)
    assert len(tokenizer) == before


def test_level_words_are_read_behind_the_answer_as_sentencepiece_vocabularies_need():
    """Llama 2, Mistral and InternLM begin a text with a blank of their own, so " high" alone is two tokens."""
    from tokenizers import Tokenizer, models, normalizers
    from transformers import PreTrainedTokenizerFast

    from transformers_vital import VitalImageProcessor, VitalProcessor, VitalVideoProcessor

    words = "The quality of the image is high good fair poor low".split()
    vocabulary, merges = list(dict.fromkeys("\u2581" + "".join(words))), []
    for word in words:
        part = "\u2581"
        for letter in word:
            merges.append((part, letter))
            part += letter
            vocabulary.append(part)
    model = models.BPE(
        {token: place for place, token in enumerate(dict.fromkeys(vocabulary))}, list(dict.fromkeys(merges))
    )
    backend = Tokenizer(model)
    backend.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="</s>")
    prepare_tokenizer(tokenizer)
    assert len(tokenizer.encode(" high", add_special_tokens=False)) == 2
    processor = VitalProcessor(VitalImageProcessor(), tokenizer, VitalVideoProcessor())
    expected = [tokenizer.convert_tokens_to_ids(f"\u2581{word}") for word in words[-5:]]
    assert processor.level_token_ids == expected and len(set(expected)) == 5
