"""The answers of transformers' server where media come in or a quality score goes out."""

import base64
import copy
from typing import TYPE_CHECKING, Any

from transformers.cli.serving.chat_completion import ChatCompletionHandler
from transformers.cli.serving.model_manager import ModelManager
from transformers.cli.serving.response import ResponseHandler
from transformers.cli.serving.systemone import SystemOneHandler
from transformers.cli.serving.utils import BaseHandler, GenerationState, Modality
from transformers.decision import DecisionConfig

from ..errors import MediaInputError, PromptError
from ..levels import LEVELS
from ..media.inputs import MediaItem
from .media_addresses import MediaAddresses


if TYPE_CHECKING:
    from ..models.vital.processing_vital import VitalProcessor
    from ..scoring.scorer import VitalScorer

KINDS = {"image_url": "image", "video_url": "video"}


class OneModel(ModelManager):
    """
    A manager of a model that is loaded already, and of no other.

    Args:
        scorer ([`~scoring.scorer.VitalScorer`]): with the model and its processor.
    """

    def __init__(self, scorer: "VitalScorer"):
        self.scorer = scorer
        super().__init__(force_model=scorer.name)

    def _load_processor(self, *args, **kwargs) -> "VitalProcessor":
        return self.scorer.processor

    def _load_model(self, *args, **kwargs):
        return self.scorer.model

    @staticmethod
    def get_model_modality(model, processor=None) -> Modality:
        """Images and videos; transformers looks classes up in a list of its own."""
        return Modality.VLM


class OwnMedia:
    """Media of a conversation as [`MediaAddresses`] allows; mixed into transformers' handlers."""

    addresses: MediaAddresses

    def get_processor_inputs_from_messages(self, messages: list[dict], modality: Modality) -> list[dict]:
        """transformers' reading of messages, with each medium opened."""
        parsed = BaseHandler.get_processor_inputs_from_messages(messages, modality)
        for message in parsed:
            message["content"] = [self._opened(block) for block in message["content"]]
        return parsed

    def _opened(self, block: dict) -> dict:
        if block["type"] not in KINDS.values():
            return block
        medium = self.addresses.open(block["url"])
        if block["type"] == "image" and hasattr(medium, "read"):
            medium = medium.read()
        return {"type": block["type"], block["type"]: medium}


class VitalChat(OwnMedia, ChatCompletionHandler):
    """`/v1/chat/completions`."""


class VitalResponses(OwnMedia, ResponseHandler):
    """`/v1/responses`."""


class VitalDecisions(SystemOneHandler):
    """
    `/v1/systemone`: a question of type `score` about one image, answered by the level that the model reads.

    Its five criteria go from the worst to the best, so that the answer's `score` is four times that of
    [`~results.QualityScore`], with the same probabilities and the same confidence.
    """

    def __init__(self, manager: OneModel, state: GenerationState):
        # transformers adds tokens of its own to the tokenizer of a decision
        self.processor = copy.deepcopy(manager.scorer.processor)
        super().__init__(manager, state, decision_config=_level_decision(self.processor))

    def _validate_request(self, body: dict):
        request = super()._validate_request(body)
        questions = request.questions.values()
        if any(question["type"] != "score" or len(question["criteria"]) != len(LEVELS) for question in questions):
            raise PromptError(f"A question has to be of type score, with {len(LEVELS)} criteria from worst to best.")
        if len(request.assets) != 1 or request.state != next(iter(request.assets)):
            raise MediaInputError('Expected one image, such as {"state": "image", "assets": {"image": {…}}}.')
        for name, asset in request.assets.items():
            request.assets[name] = {"data_base64": _as_data(asset.get("data_base64"))}
        return request

    def _resolve_model(self, body: dict):
        model_id, model, _ = super()._resolve_model(body)
        return model_id, model, self.processor


class ScoreHandler(BaseHandler):
    """
    `/v1/score`: a [`~results.QualityScore`] for each medium of a request.

    Args:
        manager ([`OneModel`]): with the scorer.
        state (`GenerationState`): whose thread runs the model.
        addresses ([`MediaAddresses`]): what may be read.
    """

    def __init__(self, manager: OneModel, state: GenerationState, addresses: MediaAddresses):
        super().__init__(manager, state)
        self.addresses = addresses

    async def handle_request(self, body: dict) -> dict[str, Any]:
        """The answer to `{"media": [{"type": "image_url", "image_url": {"url": …}}, …]}`, as JSON types."""
        media = body.get("media")
        if not isinstance(media, list) or not media:
            raise MediaInputError('Expected {"media": [{"type": "image_url", "image_url": {"url": "data:…"}}, …]}.')
        model_id, _, _ = self._resolve_model(body)
        items = [self._item(block, place) for place, block in enumerate(media)]
        scores = await self.generation_state.get_manager(model_id).async_submit(self._score, items)
        return {"object": "list", "model": self.model_manager.scorer.name, "data": scores}

    def _item(self, block: Any, place: int) -> MediaItem:
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in KINDS:
            raise MediaInputError(f"media[{place}] is of type {kind!r}; expected {' or '.join(KINDS)}.")
        named = block.get(kind)
        address = named.get("url") if isinstance(named, dict) else named
        return MediaItem(KINDS[kind], self.addresses.open(address), f"media[{place}]")

    def _score(self, items: list[MediaItem]) -> list[dict[str, Any]]:
        return [result.to_dict() for result in self.model_manager.scorer.iter_scores(items)]


def _level_decision(processor: "VitalProcessor") -> DecisionConfig:
    """The prompt by which the library scores an image, as a template of transformers' typed decisions."""
    before, after = processor.scoring_text("image").split(processor.image_token)
    image = "{% for block in state if block is mapping and block.type == 'image' %}" + processor.image_token
    template = f"{{% raw %}}{before}{{% endraw %}}{image}{{% endfor %}}{{% raw %}}{after}{{% endraw %}}"
    return DecisionConfig(labels={"score": [f" {level}" for level in reversed(LEVELS)]}, chat_template=template)


def _as_data(content: Any) -> str:
    """Base64 in a form that transformers takes neither for a path nor for an address."""
    address = (
        content if isinstance(content, str) and content.startswith("data:") else f"data:image/png;base64,{content}"
    )
    return f"data:image/png;base64,{base64.b64encode(MediaAddresses().open(address)).decode()}"
