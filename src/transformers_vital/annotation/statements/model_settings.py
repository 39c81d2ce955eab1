"""One model behind an address: which, where, for how much, and how it is shown a medium."""

import re
from dataclasses import dataclass, field
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from ...errors import AnnotationError
from ..setting_checks import check_number


VideoParts = Literal["frames", "video_url"]


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """
    One model behind an address that speaks OpenAI's chat completions: vLLM, `transformers serve`, TGI, a provider.

    Args:
        model (`str`): name by which the server knows it.
        base_url (`str`): such as `http://localhost:8000/v1`.
        api_key_env (`str`, *optional*): name of the environment variable that holds the key. The key itself is written
            nowhere.
        prompt_price_per_million, completion_price_per_million (`float`, *optional*): price of a million tokens, in
            the currency of `max_spend`; 0 for a model of one's own.
        frames (`int`, *optional*, defaults to 8): key frames of a video that are sent, evenly spaced.
        long_side_pixels (`int`, *optional*, defaults to 1024): larger pictures are made smaller.
        video_as (`str`, *optional*, defaults to `"frames"`): `"video_url"` sends the file of a video whole, for
            servers that take it.
        max_tokens (`int`, *optional*, defaults to 1024): of an answer; `None` leaves it to the server, or to
            `extra_body` where the server has another name for it.
        temperature (`float`, *optional*): the server's own when left out.
        timeout_seconds (`float`, *optional*, defaults to 120): for one answer, from the request to its end.
        extra_body (`dict`, *optional*): further fields of the request.

    Raises:
        [`AnnotationError`]: a value cannot be used.
    """

    model: str
    base_url: str
    api_key_env: str | None = None
    prompt_price_per_million: float | None = None
    completion_price_per_million: float | None = None
    frames: int = 8
    long_side_pixels: int = 1024
    video_as: VideoParts = "frames"
    max_tokens: int | None = 1024
    temperature: float | None = None
    timeout_seconds: float = 120.0
    extra_body: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        if not isinstance(self.model, str) or not self.model.strip():
            raise AnnotationError(f"model is {self.model!r}; expected the name by which the server knows it.")
        _check_address(self.base_url)
        # A key put here by mistake must not reach a message.
        if self.api_key_env is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(self.api_key_env)):
            raise AnnotationError(
                "api_key_env is no name of an environment variable. Put the key into one and name that, such as "
                "OPENAI_API_KEY."
            )
        for name in ("prompt_price_per_million", "completion_price_per_million", "temperature"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), at_least=0)
        for name in ("frames", "long_side_pixels"):
            check_number(name, getattr(self, name), at_least=1, whole=True)
        if self.max_tokens is not None:
            check_number("max_tokens", self.max_tokens, at_least=1, whole=True)
        check_number("timeout_seconds", self.timeout_seconds, at_least=0.001)
        if self.video_as not in get_args(VideoParts):
            raise AnnotationError(f"video_as is {self.video_as!r}; expected {' or '.join(get_args(VideoParts))}.")
        if not isinstance(self.extra_body, dict):
            raise AnnotationError(f"extra_body is {self.extra_body!r}; expected a mapping of fields of the request.")

    @property
    def has_prices(self) -> bool:
        """Whether both prices are stated."""
        return self.prompt_price_per_million is not None and self.completion_price_per_million is not None

    def cost(self, *, prompt_tokens: int, completion_tokens: int) -> float:
        """
        Price of an answer; a price that is not stated counts as 0.

        Example:

        ```python
        >>> from transformers_vital.annotation.statements.model_settings import ModelSettings
        >>> judge = ModelSettings(model="judge", base_url="http://localhost:8000/v1", prompt_price_per_million=2.0,
        ...     completion_price_per_million=8.0)
        >>> judge.cost(prompt_tokens=500_000, completion_tokens=250_000)  # 1 + 2
        3.0

        ```
        """
        prompt, completion = self.prompt_price_per_million or 0.0, self.completion_price_per_million or 0.0
        return (prompt * prompt_tokens + completion * completion_tokens) / 1e6


def _check_address(address: Any) -> None:
    parts = urlsplit(address) if isinstance(address, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise AnnotationError(f"base_url is {address!r}; expected an address such as http://localhost:8000/v1.")
    if parts.username or parts.password or parts.query:
        raise AnnotationError(
            f"base_url for {parts.hostname} holds a name, a password or a query, which would be shown in messages. "
            "Leave them out and name a key with api_key_env."
        )
