"""One request to a server of OpenAI's chat completions, and what went wrong with it."""

import asyncio
import os
import re
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from ...errors import AnnotationError
from .answer_cache import Answer, Usage
from .model_settings import ModelSettings
from .sentences import plain_text


if TYPE_CHECKING:
    from huggingface_hub import AsyncInferenceClient

_TRANSIENT = frozenset({408, 409, 425, 429})  # and all from 500
_HOPELESS = frozenset({401, 402, 404, 405})  # the key, the account or the address: no other question fares better
_SHOWN_CHARACTERS = 200


class Refusal(Exception):
    """
    Why one request failed.

    Args:
        reason (`str`): in words, without the key.
        transient (`bool`): the same request may do better later.
        hopeless (`bool`): no request does better.
        wait (`float`): seconds that the server asks to wait.
    """

    def __init__(self, reason: str, *, transient: bool = False, hopeless: bool = False, wait: float = 0.0):
        super().__init__(reason)
        self.transient, self.hopeless, self.wait = transient, hopeless, wait


class ChatClient:
    """
    Sends requests to one model, with the key that the environment holds; used as an async context manager.

    Args:
        model (`ModelSettings`): which model, where.

    Raises:
        [`AnnotationError`]: the environment variable of the key is not set.
    """

    def __init__(self, model: ModelSettings):
        self.model = model
        self._key = _key_from_environment(model)
        self._client: AsyncInferenceClient | None = None

    async def __aenter__(self) -> "ChatClient":
        from huggingface_hub import AsyncInferenceClient

        # Without a key of ours the client would send the one that the user has saved for the Hub.
        key = self._key or "none"
        timeout = self.model.timeout_seconds
        self._client = AsyncInferenceClient(base_url=self.model.base_url, api_key=key, timeout=timeout)
        return self

    async def __aexit__(self, *_):
        await self._client.close()

    async def send(self, messages: list[dict]) -> tuple[Answer, Usage]:
        """
        The model's answer to messages, and what it took; an answer without text is an empty one.

        Raises:
            [`Refusal`]: there was no reply in time, or none that is one.
        """
        # The base of all errors of transport: httpx's under huggingface-hub 1, httpx2's under 2.
        from huggingface_hub.errors import HfHubHTTPError, HTTPError, OfflineModeIsEnabled

        model = self.model
        try:
            async with asyncio.timeout(model.timeout_seconds):
                reply = await self._client.chat_completion(
                    messages,
                    model=model.model,
                    max_tokens=model.max_tokens,
                    temperature=model.temperature,
                    extra_body=model.extra_body,
                )
        except OfflineModeIsEnabled as error:
            raise Refusal(f"HF_HUB_OFFLINE is set, which also forbids {model.base_url}", hopeless=True) from error
        except HfHubHTTPError as error:
            raise self._refusal(error.response) from error
        except TimeoutError as error:  # ours, and the client's own
            raise Refusal(f"no answer in {model.timeout_seconds:g} s", transient=True) from error
        except HTTPError as error:
            unreachable = "Connect" in type(error).__name__
            reason = f"{type(error).__name__}: {self._without_key(str(error))}"
            raise Refusal(reason, transient=True, hopeless=unreachable) from error
        except ValueError as error:
            raise Refusal(f"a reply that is no JSON object ({type(error).__name__})", transient=True) from error
        return _read_reply(reply, model)

    def _refusal(self, response: Any) -> Refusal:
        status = response.status_code
        try:
            said = response.text
        except RuntimeError:  # a long reply of unknown length, which the client does not read
            said = ""
        reason = f"status {status}: {shortened(self._without_key(said)) or response.reason_phrase}"
        transient = status in _TRANSIENT or status >= 500
        wait = _asked_wait(response.headers.get("Retry-After")) if transient else 0.0
        return Refusal(reason, transient=transient, hopeless=status in _HOPELESS, wait=wait)

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "***") if self._key else text


def shortened(text: str) -> str:
    """The beginning of a text on one line, for a message."""
    text = " ".join(plain_text(text).split())
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _key_from_environment(model: ModelSettings) -> str | None:
    if model.api_key_env is None:
        return None
    if not (key := os.environ.get(model.api_key_env, "").strip()):
        raise AnnotationError(
            f"The environment variable {model.api_key_env} of {model.model} is not set. Put the key into it."
        )
    return key


def _read_reply(reply: Any, model: ModelSettings) -> tuple[Answer, Usage]:
    """Answer and usage of a reply of any shape; without a choice the answer is empty."""
    usage = reply.get("usage") if isinstance(reply.get("usage"), dict) else {}
    counts = {name: _count(usage.get(name)) for name in ("prompt_tokens", "completion_tokens")}
    choices = reply.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    message = choice.get("message") if isinstance(choice.get("message"), dict) else {}
    content = message.get("content")
    if isinstance(content, list):  # parts, as some servers answer
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    text = without_reasoning(content) if isinstance(content, str) else ""
    answer = Answer(text, truncated=choice.get("finish_reason") == "length")
    return answer, Usage(1, **counts, cost=model.cost(**counts))


def without_reasoning(text: str) -> str:
    """
    An answer without what a model thought before it, and without signs that no text has.

    ```python
    >>> without_reasoning("<think>Noise, so 2.</think> Score: 2")
    'Score: 2'

    ```
    """
    return plain_text(re.sub(r"<think>.*?(?:</think>|$)", "", text, flags=re.DOTALL)).strip()


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _asked_wait(header: str | None) -> float:
    """
    Seconds of a `Retry-After` header (RFC 9110, Sec. 10.2.3): a number of seconds, or a date.

    ```python
    >>> _asked_wait("1.5"), _asked_wait("Wed, 21 Oct 2015 07:28:00 GMT"), _asked_wait("soon"), _asked_wait(None)
    (1.5, 0.0, 0.0, 0.0)

    ```
    """
    if not header:
        return 0.0
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time.time()
        except (ValueError, OverflowError):
            return 0.0
    return seconds if seconds > 0 else 0.0  # not a number is no wait
