"""Statements about the quality of media: described, refined, split, judged (Sec. 3.1, Fig. 3)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from ...errors import EndpointError, VitalError
from . import questions
from .answer_cache import Answer, AnswerCache
from .concurrently import each
from .endpoint import Endpoint, Question, UnansweredError
from .judge_answers import is_refusal
from .judges import SelfVote, Verdict, Vote, decide, decide_self, take_self_votes, take_votes
from .media_content import MediaContent
from .sentences import split_sentences
from .spending import Spending, SpendingCapError
from .statement_rows import ACCEPTED, statement_row
from .statement_settings import StatementSettings, join


Item, Made = TypeVar("Item"), TypeVar("Made")


@dataclass(frozen=True)
class StatementStage:
    """
    From rows of media to rows of statements, with models behind addresses.

    The annotator describes each medium, the refiner makes statements of the description, the judges vote on each, and
    the annotator judges those that are left. Every answer is kept in the cache, so that the same rows can be given
    again after an interruption, and nothing is paid twice. A stage is plain data: it can be sent to other processes.

    Args:
        settings (`StatementSettings`): who does what.
        root (`str` or `Path`): folder that holds the paths of the media.
        cache (`str` or `Path`): file of an [`AnswerCache`].
    """

    settings: StatementSettings
    root: str | Path
    cache: str | Path

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """
        Statements of media, those that are not accepted included.

        Args:
            rows (`Sequence[Mapping]`): each with `id` and `media`; what else it has is left out.

        Returns:
            `list[dict]`: rows with the columns of [`statement_features`], in the order of the media. A medium without
            statements has one row with an empty text that says why. `outcome` is `"passed"` or `"revised"` for what
            is accepted, `"discarded"` for what was judged wrong, `"failed"` where a model or file gave nothing usable,
            and `"not done"` once the cap on spending is reached; run those again with a higher one.

        Raises:
            [`EndpointError`]: a model cannot be used at all. All answers until then are in the cache.
            [`AnnotationError`]: the key of a model is not in the environment, or the cache cannot be used.
        """
        return _run(lambda: self._make(rows))

    async def _make(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        settings = self.settings
        async with AsyncExitStack() as stack:
            cache = stack.enter_context(AnswerCache(self.cache))
            shared = {
                "cache": cache,
                "spending": Spending(cache, cap=settings.max_spend),
                "slots": asyncio.Semaphore(settings.concurrency),
                "retries": settings.retries,
                "backoff_seconds": settings.backoff_seconds,
                "repeats": settings.repeats,
            }
            endpoints = [await stack.enter_async_context(Endpoint(model, **shared)) for model in settings.models]
            writer = _Writer(settings, self.root, *endpoints[:2], tuple(endpoints[2:]))
            made = await each(rows, writer.statements, at_once=settings.concurrency)
        return [row for statements in made for row in statements]


def statement_stage(
    *, deciding: Mapping[str, Any], running: Mapping[str, Any], root: str, cache: str
) -> StatementStage:
    """
    A [`StatementStage`] from JSON values, as a stage of a build is constructed in each process.

    Args:
        deciding, running (`Mapping`): of [`~annotation.statements.statement_settings.divide`].
        root, cache (`str`): see [`StatementStage`].

    Raises:
        [`AnnotationError`]: see [`~annotation.statements.statement_settings.StatementSettings`].
    """
    return StatementStage(StatementSettings.from_dict(join(deciding, running=running)), root=root, cache=cache)


@dataclass(frozen=True)
class _Writer:
    """Makes the statements of one medium at a time."""

    settings: StatementSettings
    root: str | Path
    annotator: Endpoint
    refiner: Endpoint
    judges: tuple[Endpoint, ...]

    async def statements(self, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        try:
            content = MediaContent(row["media"], root=self.root)
            texts = await self._draft(content, medium=str(row["id"]))
            made = await each(texts, lambda text: self._judged(text, content), at_once=len(texts))
        except SpendingCapError as error:
            return [self._row(row, Verdict("not done", "", str(error)))]
        except UnansweredError as error:
            return [self._row(row, Verdict("failed", "", str(error)))]
        except EndpointError:
            raise
        except (VitalError, ValueError, OSError, MemoryError) as error:
            return [self._row(row, Verdict("failed", "", f"{type(error).__name__}: {error}"))]
        if not made:
            return [self._row(row, Verdict("discarded", "", "the refiner left no statement of the description"))]
        return [self._row(row, verdict, original, votes, own) for original, verdict, votes, own in made]

    async def _draft(self, content: MediaContent, *, medium: str) -> list[str]:
        """The statements of a medium before anyone has judged them."""
        instruction = questions.describe(content.kind, medium=medium, seed=self.settings.seed)
        described = await self.annotator.ask(Question(instruction, content), read=_read_text)
        refined = await self.refiner.ask(
            Question(questions.refine(described.text, kind=content.kind)), read=_read_text
        )
        longest = self.settings.max_statement_characters
        return split_sentences(refined.text, max_characters=longest, truncated=refined.truncated)

    async def _judged(self, text: str, content: MediaContent) -> tuple[str, Verdict, list[Vote], list[SelfVote]]:
        settings = self.settings
        votes = await take_votes(
            text,
            content=content,
            judges=self.judges,
            rounds=settings.rounds,
            stop_early=settings.stop_early,
            longest=settings.max_statement_characters,
        )
        verdict = decide(text, votes=votes)
        if verdict.outcome not in ACCEPTED:
            return text, verdict, votes, []
        own = await take_self_votes(
            verdict.text,
            content=content,
            annotator=self.annotator,
            rounds=settings.self_judge_rounds,
            stop_early=settings.stop_early,
        )
        return text, decide_self(verdict, votes=own), votes, own

    def _row(
        self,
        row: Mapping[str, Any],
        verdict: Verdict,
        original: str = "",
        votes: Sequence[Vote] = (),
        own: Sequence[SelfVote] = (),
    ) -> dict[str, Any]:
        return statement_row(
            row,
            text=verdict.text,
            outcome=verdict.outcome,
            reason=verdict.reason,
            original=original,
            annotator=self.annotator.model.model,
            refined_by=self.refiner.model.model,
            votes=[asdict(vote) for vote in votes],
            self_votes=[asdict(vote) for vote in own],
        )


def _read_text(answer: Answer) -> Answer | None:
    return answer if answer.text and not is_refusal(answer.text) else None


def _run(make: Callable[[], Awaitable[Made]]) -> Made:
    """The result of a coroutine, also where a loop runs already, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(make())
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(make())).result()
