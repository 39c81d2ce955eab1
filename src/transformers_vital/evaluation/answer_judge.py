"""Asks a judge what answers are worth, in several rounds (Sec. 8.1)."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..annotation.setting_checks import check_number
from ..annotation.statements.answer_cache import Answer, AnswerCache, Usage
from ..annotation.statements.concurrently import each
from ..annotation.statements.endpoint import Endpoint, Question, UnansweredError, ask_until_read
from ..annotation.statements.model_settings import ModelSettings
from ..annotation.statements.spending import Spending
from ..errors import EvaluationError
from .judge_questions import highest_score, judge_question
from .judge_votes import read_score
from .judgements import Judgement, by_votes, decide, without_judge
from .qbench_prompts import Reading
from .qbench_questions import QualityQuestion


@dataclass(frozen=True, kw_only=True)
class JudgeSettings:
    """
    How a judge is asked.

    Args:
        rounds (`int`, *optional*, defaults to 5): how often about each answer; the paper's number.
        repeats (`int`, *optional*, defaults to 2): how often a round is put again whose answer has no score.
        concurrency (`int`, *optional*, defaults to 8): questions in flight; 1 for a local judge that takes one.
        retries (`int`, *optional*, defaults to 5): further tries after a time-out, a broken connection, 429 or 5xx.
        backoff_seconds (`float`, *optional*, defaults to 1.0): wait before the first of them; doubles each time.
        max_spend (`float`, *optional*): stop before the answers in the cache cost more.

    Raises:
        [`AnnotationError`]: a value cannot be used.
    """

    rounds: int = 5
    repeats: int = 2
    concurrency: int = 8
    retries: int = 5
    backoff_seconds: float = 1.0
    max_spend: float | None = None

    def __post_init__(self):
        for name, at_least in (("rounds", 1), ("concurrency", 1), ("repeats", 0), ("retries", 0)):
            check_number(name, getattr(self, name), at_least=at_least, whole=True)
        check_number("backoff_seconds", self.backoff_seconds, at_least=0)
        if self.max_spend is not None:
            check_number("max_spend", self.max_spend, at_least=0)


@dataclass(frozen=True)
class LocalJudge:
    """
    A judge that is a function.

    Args:
        name (`str`): under which its answers are kept.
        answer (`Callable`): takes a question and a seed, which is another one in each round, and returns the answer;
            called from other threads, `concurrency` at a time. Without any chance in it all rounds say the same.
    """

    name: str
    answer: Callable[[str, int], str]


def check_prices(judge: Any, settings: JudgeSettings) -> None:
    """
    Refuse a cap on what answers may cost where nobody said what they cost.

    Raises:
        [`EvaluationError`]: there is one.
    """
    if isinstance(judge, ModelSettings) and settings.max_spend is not None and not judge.has_prices:
        raise EvaluationError(
            f"max_spend is {settings.max_spend}, but {judge.model} has no price. State prompt_price_per_million and "
            "completion_price_per_million, 0 for a model of your own."
        )


async def judge_answers(
    questions: Sequence[QualityQuestion],
    *,
    rows: Sequence[Mapping[str, Any]],
    judge: ModelSettings | LocalJudge,
    cache: str | Path,
    settings: JudgeSettings | None = None,
    reading: Reading = "clean",
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Judgement]:
    """
    What answers are worth: the option that they choose, and else the score that a judge gives most often.

    Every answer of the judge is in the cache before anything is made of it, so that the same can be run again after an
    interruption and nothing is asked twice. The judge sees no medium, only question, answer and correct answer.

    Args:
        questions (`Sequence[QualityQuestion]`): with their correct answers.
        rows (`Sequence[Mapping]`): of [`~evaluation.answers.Answers`], one for each question.
        judge ([`ModelSettings`] or [`LocalJudge`]): the paper's is GPT-5-nano.
        cache (`str` or `Path`): file of an [`AnswerCache`], made when absent.
        settings ([`JudgeSettings`], *optional*): see there.
        reading (`str`, *optional*, defaults to `"clean"`): see [`~evaluation.answer_matching.chosen_option`].
        progress (`Callable`, *optional*): told after each answer how many are judged, and of how many.

    Returns:
        `list[Judgement]`, in the order of the questions.

    Raises:
        [`EvaluationError`]: see [`~evaluation.judgements.without_judge`]; or a cap on spending without prices.
        [`EndpointError`]: the judge cannot be used at all, or the cap on spending is reached. Its answers are kept.

    Example:

    ```python
    >>> import asyncio, tempfile
    >>> from transformers_vital.evaluation.answer_judge import LocalJudge, judge_answers
    >>> from transformers_vital.evaluation.qbench_questions import QualityQuestion
    >>> question = QualityQuestion(0, "video", "1.mp4", "Which flaw?", "open-ended", ("technical",), reference="Noise")
    >>> rows = [{"index": 0, "answer": "Some blur.", "error": None}]
    >>> strict = LocalJudge("strict", lambda question, seed: "Score: 0")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     judging = judge_answers([question], rows=rows, judge=strict, cache=f"{folder}/judge.sqlite")
    ...     (judgement,) = asyncio.run(judging)
    >>> judgement.credit, judgement.votes
    (0.0, (0, 0, 0, 0, 0))

    ```
    """
    settings = settings or JudgeSettings()
    check_prices(judge, settings)
    pairs = zip(questions, rows, strict=True)
    asked = [pair for pair in pairs if without_judge(pair[0], row=pair[1], reading=reading) is None]
    if not asked:
        return decide(questions, rows=rows, judged={}, reading=reading)
    made: dict[int, Judgement] = {}
    async with AsyncExitStack() as stack:
        opened = stack.enter_context(AnswerCache(cache))
        endpoint = await stack.enter_async_context(_endpoint(judge, cache=opened, settings=settings))

        async def judged(pair: tuple[QualityQuestion, Mapping[str, Any]]) -> None:
            question, row = pair
            made[question.index] = await _judged(question, row["answer"], endpoint=endpoint, rounds=settings.rounds)
            progress(len(made), len(asked))

        await each(asked, judged, at_once=settings.concurrency)
    return decide(questions, rows=rows, judged=made, reading=reading)


class _LocalEndpoint:
    """A [`LocalJudge`] that is asked, and whose answers are kept, as those of an [`Endpoint`]."""

    def __init__(self, judge: LocalJudge, *, cache: AnswerCache, slots: asyncio.Semaphore, repeats: int):
        self._judge, self._cache, self._slots, self._repeats = judge, cache, slots, repeats

    async def __aenter__(self) -> "_LocalEndpoint":
        return self

    async def __aexit__(self, *_):
        return None

    async def ask(self, question: Question, *, read: Callable[[Answer], int | None]) -> int:
        return await ask_until_read(
            lambda attempt: self._answer(question, attempt=attempt),
            read=read,
            repeats=self._repeats,
            name=self._judge.name,
        )

    async def _answer(self, question: Question, *, attempt: int) -> Answer:
        asked = json.dumps([self._judge.name, question.text, question.round, attempt])
        key = hashlib.sha256(asked.encode()).hexdigest()
        if (known := self._cache.get(key)) is not None:
            return known
        async with self._slots:
            answer = Answer(await asyncio.to_thread(self._judge.answer, question.text, int(key[:8], 16)))
            self._cache.put(key, answer, model=self._judge.name, usage=Usage(1))
        return answer


def _endpoint(
    judge: ModelSettings | LocalJudge, *, cache: AnswerCache, settings: JudgeSettings
) -> Endpoint | _LocalEndpoint:
    shared = {"cache": cache, "slots": asyncio.Semaphore(settings.concurrency), "repeats": settings.repeats}
    if isinstance(judge, LocalJudge):
        return _LocalEndpoint(judge, **shared)
    spending = Spending(cache, cap=settings.max_spend)
    return Endpoint(
        judge, spending=spending, retries=settings.retries, backoff_seconds=settings.backoff_seconds, **shared
    )


async def _judged(
    question: QualityQuestion, answer: str, *, endpoint: Endpoint | _LocalEndpoint, rounds: int
) -> Judgement:
    score, votes, reason = _ScoreReader(highest_score(question)), [], None
    text = judge_question(question, answer=answer)
    for round in range(1, rounds + 1):
        try:
            votes.append(await endpoint.ask(Question(text, round=round), read=score))
        except UnansweredError as error:
            votes.append(None)
            reason = str(error)
    return by_votes(question, votes=votes, malformed=score.malformed, reason=reason)


class _ScoreReader:
    """Reads scores, and counts the answers without one."""

    def __init__(self, most: int):
        self.most, self.malformed = most, 0

    def __call__(self, answer: Answer) -> int | None:
        score = read_score(answer.text, most=self.most)
        self.malformed += score is None
        return score
