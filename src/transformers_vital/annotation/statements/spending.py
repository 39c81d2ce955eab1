"""A cap on what answers may cost, kept before a question is sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ...errors import EndpointError
from .answer_cache import AnswerCache
from .model_settings import ModelSettings


class SpendingCapError(EndpointError):
    """The next question could cost more than is left; what was answered is kept."""


class Spending:
    """
    Lets a question pass while the answers paid for, those on their way and this one stay below the cap.

    A question is expected to cost as much as the dearest one to its model so far, and before the first answer as much
    as `max_tokens` of completion. So the cap can be passed by no more than the growth of one answer over the dearest
    before it, for each question in flight. Other processes on the same cache count with what they have paid, not with
    what they have in flight.

    Args:
        cache (`AnswerCache`): where what was paid is counted, over all runs of a build.
        cap (`float`, *optional*): none when left out.
    """

    def __init__(self, cache: AnswerCache, *, cap: float | None):
        self.cache, self.cap = cache, cap
        self._dearest: dict[str, float] = {}
        self._reserved: list[float] = []
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def reserved(self, model: ModelSettings) -> AsyncIterator[None]:
        """
        Hold the price of a question until its answer is paid for; waits while only questions in flight are in the way.

        Raises:
            [`SpendingCapError`]: what is left is not enough.
        """
        async with self._changed:
            while self._is_too_much(expected := self._expected(model)):
                if not self._reserved:
                    raise SpendingCapError(
                        f"{self._paid():.4g} of {self.cap:g} are spent, and a question to {model.model} may cost "
                        f"{expected:.2g}. Raise max_spend and run again; what was answered is kept."
                    )
                await self._changed.wait()
            self._reserved.append(expected)
        try:
            yield
        finally:
            async with self._changed:
                self._reserved.remove(expected)
                self._changed.notify_all()

    def paid(self, model: ModelSettings, *, cost: float) -> None:
        """Remember the dearest answer of a model."""
        self._dearest[model.model] = max(cost, self._dearest.get(model.model, 0.0))

    def _expected(self, model: ModelSettings) -> float:
        first = model.cost(prompt_tokens=0, completion_tokens=model.max_tokens or 0)
        return self._dearest.get(model.model, first)

    def _is_too_much(self, expected: float) -> bool:
        if self.cap is None:
            return False
        left = self.cap - self._paid() - sum(self._reserved)
        return left < expected or left < 0

    def _paid(self) -> float:
        return sum(usage.cost for usage in self.cache.usage().values())
