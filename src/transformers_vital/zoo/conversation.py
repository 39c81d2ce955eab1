"""The tokenizer and the chat template of a language model, made to speak of images and videos."""

from ..models.vital.conversation_vital import CHAT_TEMPLATE


PLACEHOLDERS = ("<img>", "</img>", "<IMG_CONTEXT>", "<|video_pad|>")
CHAT_TOKENS = ("<|im_start|>", "<|im_end|>")  # of `CHAT_TEMPLATE`

# Before a template that expects texts: each message's blocks become one text, with a placeholder for each medium.
FLATTEN_MESSAGES = (
    "{%- set flat = namespace(messages=[]) -%}"
    "{%- for message in messages -%}"
    "{%- if message['content'] is string -%}{%- set flat.messages = flat.messages + [message] -%}{%- else -%}"
    "{%- set text = namespace(value='') -%}"
    "{%- for block in message['content'] -%}"
    "{%- if block['type'] == 'image' -%}{%- set text.value = text.value + image_placeholder + '\n' -%}"
    "{%- elif block['type'] == 'video' -%}{%- set text.value = text.value + video_placeholder + '\n' -%}"
    "{%- elif block['type'] == 'text' -%}{%- set text.value = text.value + block['text'] -%}{%- endif -%}"
    "{%- endfor -%}"
    "{%- set flat.messages = flat.messages + [dict(message, content=text.value)] -%}{%- endif -%}"
    "{%- endfor -%}"
    "{%- set messages = flat.messages -%}"
)
WITHOUT_SECOND_BOS = "{%- set bos_token = '' -%}"


def add_placeholders(tokenizer, *, and_chat: bool = False) -> None:
    """Give a tokenizer those of the tokens for media, and of VITAL's chat template, that it lacks; at its end."""
    tokens = PLACEHOLDERS + (CHAT_TOKENS if and_chat else ())
    vocabulary = tokenizer.get_vocab()
    tokenizer.add_tokens([token for token in tokens if token not in vocabulary], special_tokens=True)


def prepare_tokenizer(tokenizer) -> str:
    """
    Add the tokens that media need to the tokenizer of a language model, and take out its chat template.

    Its own template is kept, with each message's blocks made one text before it; a model without one, as base models
    are, gets VITAL's and its tokens.

    Args:
        tokenizer: changed in place.

    Returns:
        `str`: the chat template for [`~models.vital.processing_vital.VitalProcessor`].
    """
    template = tokenizer.chat_template
    if isinstance(template, dict):
        template = template.get("default")
    add_placeholders(tokenizer, and_chat=not template)
    if not template:
        tokenizer.eos_token = CHAT_TOKENS[1]
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "left"
    tokenizer.chat_template = None
    if not template:
        return CHAT_TEMPLATE
    adds_bos = tokenizer.bos_token_id is not None and tokenizer.encode("a")[:1] == [tokenizer.bos_token_id]
    return FLATTEN_MESSAGES + (WITHOUT_SECOND_BOS if adds_bos else "") + template
