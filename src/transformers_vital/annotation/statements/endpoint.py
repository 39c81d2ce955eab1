"""One model behind an address: ask, wait, try again, remember, and stop at the cap."""

import asyncio
import hashlib
import itertools
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from ...errors import EndpointError
from .answer_cache import Answer, AnswerCache, Usage
from .chat_client import ChatClient, Refusal, shortened
from .media_content import MediaContent
from .model_settings import ModelSettings
from .spending import Spending


Read = TypeVar("Read")

_LONGEST_WAIT_SECONDS = 60.0
_LONGEST_ASKED_WAIT_SECONDS = 600.0  # a server that asks for more has closed for the day
_FAILURES_IN_A_ROW = 10


class UnansweredError(EndpointError):
    """One question got no answer that can be used; the next may."""


@dataclass(frozen=True)
class Question:
    """
    What a model is asked.

    Args:
        text (`str`): after the medium.
        content (`MediaContent`, *optional*): what is shown.
        round (`int`, *optional*, defaults to 1): the same question in another round is another one.
    """

    text: str
    content: MediaContent | None = None
    round: int = 1


class Endpoint:
    """
    A model behind an address that speaks OpenAI's chat completions; used as an async context manager.

    Time-outs, broken connections, 408, 429 and 5xx are tried again after a wait that doubles, or as long as the server
    asks in `Retry-After`; the question keeps its slot meanwhile, so that a busy server is asked less. Other refusals
    are final. A wrong key, address or model, a server that cannot be reached, and ten questions in a row without an
    answer end the run.

    Args:
        model (`ModelSettings`): which.
        cache (`AnswerCache`): answers paid for.
        spending (`Spending`): what may be paid.
        slots (`asyncio.Semaphore`): bounds the questions in flight.
        retries, backoff_seconds, repeats: see [`~annotation.statements.statement_settings.StatementSettings`].

    Raises:
        [`AnnotationError`]: the environment variable of the key is not set.
    """

    def __init__(
        self,
        model: ModelSettings,
        *,
        cache: AnswerCache,
        spending: Spending,
        slots: asyncio.Semaphore,
        retries: int,
        backoff_seconds: float,
        repeats: int,
    ):
        self.model, self.repeats = model, repeats
        self._cache, self._spending, self._slots = cache, spending, slots
        self._retries, self._backoff_seconds = retries, backoff_seconds
        self._client = ChatClient(model)
        self._failures, self._broken = 0, ""

    async def __aenter__(self) -> "Endpoint":
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *error):
        await self._client.__aexit__(*error)

    async def ask(self, question: Question, *, read: Callable[[Answer], Read | None]) -> Read:
        """
        What can be read from the model's answer; the question is put again when nothing can.

        Args:
            question (`Question`): what to ask.
            read (`Callable`): makes something of an [`Answer`], or `None` where it cannot be used.

        Returns:
            What `read` returned.

        Raises:
            [`UnansweredError`]: no answer could be used; the message says why.
            [`SpendingCapError`]: the cap is reached.
            [`EndpointError`]: the endpoint cannot be used at all.
        """
        return await ask_until_read(
            lambda attempt: self._answer(question, attempt=attempt),
            read=read,
            repeats=self.repeats,
            name=self.model.model,
        )

    async def _answer(self, question: Question, *, attempt: int) -> Answer:
        key = await asyncio.to_thread(_cache_key, self.model, question, attempt)
        if (known := self._cache.get(key)) is not None:
            return known
        # A slot is taken first, so that no more is reserved than is in flight.
        async with self._slots, self._spending.reserved(self.model):
            if self._broken:
                raise EndpointError(self._broken)
            answer, usage = await self._send(await asyncio.to_thread(_messages, self.model, question))
            self._cache.put(key, answer, model=self.model.model, usage=usage)
            self._spending.paid(self.model, cost=usage.cost)
        return answer

    async def _send(self, messages: list[dict]) -> tuple[Answer, Usage]:
        """What the server replies, after as many tries as it takes and is allowed."""
        for attempt in itertools.count():
            try:
                reply = await self._client.send(messages)
            except Refusal as refusal:
                if not refusal.transient or attempt == self._retries or refusal.wait > _LONGEST_ASKED_WAIT_SECONDS:
                    raise self._failure(refusal) from None
                backoff = min(self._backoff_seconds * 2**attempt, _LONGEST_WAIT_SECONDS)
                await asyncio.sleep(max(refusal.wait, backoff * random.uniform(0.5, 1.0)))
            else:
                self._failures = 0
                return reply

    def _failure(self, refusal: Refusal) -> EndpointError:
        self._failures += 1
        said = f"{self.model.model} at {self.model.base_url} did not answer: {refusal}."
        if refusal.hopeless or self._failures >= _FAILURES_IN_A_ROW:
            count = "" if refusal.hopeless else f" So did the {self._failures - 1} questions before."
            self._broken = f"{said}{count} Check the address, the model and the key; answers so far are kept."
            return EndpointError(self._broken)
        return UnansweredError(said)


async def ask_until_read(
    answer: Callable[[int], Awaitable[Answer]], *, read: Callable[[Answer], Read | None], repeats: int, name: str
) -> Read:
    """
    What can be read from an answer, which is asked for again when nothing can.

    Args:
        answer (`Callable`): given the number of the attempt, from 0, asks.
        read (`Callable`): makes something of an [`Answer`], or `None` where it cannot be used.
        repeats (`int`): further attempts after the first.
        name (`str`): whose answers they are.

    Raises:
        [`UnansweredError`]: no answer could be used.
    """
    for attempt in range(repeats + 1):
        given = await answer(attempt)
        if (found := read(given)) is not None:
            return found
    raise UnansweredError(
        f"{name} gave no usable answer in {repeats + 1} attempts; the last: {shortened(given.text) or 'an empty text'}"
    )


def _cache_key(model: ModelSettings, question: Question, attempt: int) -> str:
    """A question to a model by its name, wherever it is served, so that moving a server loses nothing."""
    asked = {
        "model": model.model,
        "text": question.text,
        "media": question.content.key(model) if question.content else None,
        "round": question.round,
        "attempt": attempt,
        "sampling": [model.max_tokens, model.temperature, model.extra_body],
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()


def _messages(model: ModelSettings, question: Question) -> list[dict]:
    if question.content is None:
        return [{"role": "user", "content": question.text}]
    content = [*question.content.parts(model), {"type": "text", "text": question.text}]
    return [{"role": "user", "content": content}]
