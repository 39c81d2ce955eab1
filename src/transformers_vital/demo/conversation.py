"""A conversation about media: what a person adds to it, what the model says next, and how a page shows it."""

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..media.inputs import expand_media


if TYPE_CHECKING:
    from ..scoring.scorer import VitalScorer


def user_turn(message: Mapping[str, Any]) -> dict[str, Any]:
    """
    What a person sends as a turn of a chat template, media before the text.

    Args:
        message (`Mapping`): `text`, and the paths of its `files`.

    Example:

    ```python
    >>> from transformers_vital.demo.conversation import user_turn
    >>> user_turn({"text": "How sharp is it?", "files": ["cat.png"]})["content"]
    [{'type': 'image', 'path': 'cat.png'}, {'type': 'text', 'text': 'How sharp is it?'}]

    ```
    """
    media = [{"type": item.kind, "path": str(item.source)} for item in expand_media(list(message["files"]))]
    return {"role": "user", "content": [*media, {"type": "text", "text": message["text"] or ""}]}


def assistant_turn(
    scorer: "VitalScorer", conversation: list[dict[str, Any]], *, max_new_tokens: int
) -> dict[str, Any]:
    """
    What the model says next.

    Args:
        scorer ([`~scoring.scorer.VitalScorer`]): with the model and its processor.
        conversation (`list[dict]`): turns, the last of a person.
        max_new_tokens (`int`): of the answer.

    Raises:
        `ValueError`: a medium cannot be read, or the text holds a placeholder of the model.
    """
    inputs = scorer.processor.apply_chat_template(
        conversation, tokenize=True, return_dict=True, return_tensors="pt", add_generation_prompt=True
    ).to(scorer.model.device)
    tokens = scorer.model.generate(**inputs, max_new_tokens=max_new_tokens, do_sample=False)
    text = scorer.processor.decode(tokens[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    return {"role": "assistant", "content": [{"type": "text", "text": text.strip()}]}


def shown_turns(conversation: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """
    The messages by which Gradio shows a conversation; it takes text for HTML, so all of it is escaped.

    Args:
        conversation (`Sequence[Mapping]`): of [`user_turn`] and [`assistant_turn`].

    Example:

    ```python
    >>> from transformers_vital.demo.conversation import shown_turns, user_turn
    >>> shown_turns([user_turn({"text": "Is <b> sharp?", "files": ["cat.png"]})])
    [{'role': 'user', 'content': {'path': 'cat.png'}}, {'role': 'user', 'content': 'Is &lt;b&gt; sharp?'}]

    ```
    """
    blocks = [(turn["role"], block) for turn in conversation for block in turn["content"]]
    return [
        {"role": role, "content": html.escape(block["text"]) if block["type"] == "text" else {"path": block["path"]}}
        for role, block in blocks
        if block.get("text") != ""
    ]
