"""Who describes, refines and judges: the part `statements` of the recipe of a dataset."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ...errors import AnnotationError
from ..setting_checks import check_keys, check_number, made
from .model_settings import ModelSettings


_RUNNING = frozenset(
    "base_url api_key_env prompt_price_per_million completion_price_per_million timeout_seconds max_spend concurrency "
    "retries backoff_seconds".split()
)
# The client keeps at most this many connections.
_MOST_IN_FLIGHT = 100


@dataclass(frozen=True, kw_only=True)
class StatementSettings:
    """
    How statements are made and checked (Sec. 3.1, Fig. 3).

    Args:
        annotator (`ModelSettings`): describes each medium, and judges its own statements at the end.
        refiner (`ModelSettings`): refines a description and splits it into statements; sees no medium.
        judges (`tuple[ModelSettings, ...]`): vote on each statement; three in the paper, none to leave it out.
        rounds (`int`, *optional*, defaults to 3): how often each judge votes.
        self_judge_rounds (`int`, *optional*, defaults to 3): how often the annotator is asked; 0 leaves it out.
        stop_early (`bool`, *optional*, defaults to `True`): ask no more once a statement is lost. With `False` every
            vote is taken, for statistics of the judges.
        max_spend (`float`, *optional*): stop before the answers of this build cost more, those of earlier runs
            included.
        concurrency (`int`, *optional*, defaults to 8): questions in flight, over all models, in one process.
        retries (`int`, *optional*, defaults to 5): further tries after a time-out, a broken connection, 429 or 5xx.
        backoff_seconds (`float`, *optional*, defaults to 1.0): wait before the first of them; doubles each time.
        repeats (`int`, *optional*, defaults to 2): how often a question is put again whose answer cannot be read.
        max_statement_characters (`int`, *optional*, defaults to 300): longer statements are dropped.
        seed (`int`, *optional*, defaults to 0): which media get which instruction.

    Raises:
        [`AnnotationError`]: a value cannot be used.
    """

    annotator: ModelSettings
    refiner: ModelSettings
    judges: tuple[ModelSettings, ...] = ()
    rounds: int = 3
    self_judge_rounds: int = 3
    stop_early: bool = True
    max_spend: float | None = None
    concurrency: int = 8
    retries: int = 5
    backoff_seconds: float = 1.0
    repeats: int = 2
    max_statement_characters: int = 300
    seed: int = 0

    def __post_init__(self):
        for name, at_least in (("rounds", 1), ("max_statement_characters", 1), ("concurrency", 1)):
            check_number(name, getattr(self, name), at_least=at_least, whole=True)
        for name in ("self_judge_rounds", "retries", "repeats"):
            check_number(name, getattr(self, name), at_least=0, whole=True)
        check_number("seed", self.seed, at_least=-math.inf, whole=True)
        check_number("backoff_seconds", self.backoff_seconds, at_least=0)
        if not isinstance(self.stop_early, bool):
            raise AnnotationError(f"stop_early is {self.stop_early!r}; expected true or false.")
        if self.concurrency > _MOST_IN_FLIGHT:
            raise AnnotationError(f"concurrency is {self.concurrency}; expected at most {_MOST_IN_FLIGHT}.")
        if self.max_spend is not None:
            check_number("max_spend", self.max_spend, at_least=0)
            if unpriced := [model.model for model in self.models if not model.has_prices]:
                raise AnnotationError(
                    f"max_spend is {self.max_spend}, but {', '.join(unpriced)} has no price. State "
                    "prompt_price_per_million and completion_price_per_million, 0 for a model of your own."
                )

    @property
    def models(self) -> tuple[ModelSettings, ...]:
        """All models, annotator and refiner first."""
        return (self.annotator, self.refiner, *self.judges)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "StatementSettings":
        """
        Settings from the part `statements` of a recipe.

        What a model does not state itself, such as `base_url` or `temperature`, may stand beside the models for all.

        Args:
            values (`Mapping`): as read from YAML.

        Raises:
            [`AnnotationError`]: a key is unknown or missing, or a value cannot be used; the message names the part.

        Example:

        ```python
        >>> from transformers_vital.annotation.statements.statement_settings import StatementSettings
        >>> model = {"model": "vqa2-assistant", "frames": 4}
        >>> own = {"annotator": model, "refiner": model, "base_url": "http://localhost:8000/v1"}
        >>> StatementSettings.from_dict(own).annotator.base_url
        'http://localhost:8000/v1'
        >>> try:
        ...     StatementSettings.from_dict({"annotater": model, **own})
        ... except ValueError as error:
        ...     print(error)
        statements: unknown key annotater (did you mean annotator?).

        ```
        """
        shared = {entry.name for entry in fields(ModelSettings)} - {"model"}
        check_keys(cls, values, where="statements", further=shared)
        common = {name: value for name, value in values.items() if name in shared}
        own = {name: value for name, value in values.items() if name not in shared}
        judges = own.pop("judges", None) or []
        if not isinstance(judges, list | tuple):
            raise AnnotationError(f"statements.judges is {judges!r}; expected a list of models.")
        for name in ("annotator", "refiner"):
            own[name] = _model(own[name], common=common, where=f"statements.{name}")
        own["judges"] = tuple(
            _model(judge, common=common, where=f"statements.judges[{index}]") for index, judge in enumerate(judges)
        )
        return made(cls, own, where="statements")


def divide(part: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """
    What decides on the statements, and what only says where, how fast and for how much they are made.

    A build refuses to go on with other settings. The second part may change all the same: addresses, keys, prices, the
    cap, time-outs and retries. [`join`] puts both together again.

    Args:
        part (`Mapping`): the part `statements` of a recipe.

    Example:

    ```python
    >>> from transformers_vital.annotation.statements.statement_settings import divide, join
    >>> part = {"annotator": {"model": "a", "base_url": "http://x/v1"}, "judges": [{"model": "b"}], "max_spend": 5}
    >>> deciding, running = divide(part)
    >>> deciding
    {'annotator': {'model': 'a'}, 'judges': [{'model': 'b'}]}
    >>> running
    {'annotator': {'base_url': 'http://x/v1'}, 'judges': [{}], 'max_spend': 5}
    >>> join(deciding, running=running) == part
    True

    ```
    """
    deciding, running = {}, {}
    for name, value in part.items():
        if isinstance(value, Mapping) and name != "extra_body":
            deciding[name], running[name] = divide(value)
        elif name == "judges" and isinstance(value, list | tuple) and all(isinstance(v, Mapping) for v in value):
            both = [divide(judge) for judge in value]
            deciding[name], running[name] = [first for first, _ in both], [second for _, second in both]
        else:
            (running if name in _RUNNING else deciding)[name] = value
    return deciding, running


def join(deciding: Mapping[str, Any], *, running: Mapping[str, Any]) -> dict[str, Any]:
    """The whole that [`divide`] divided."""
    whole = {**deciding, **running}
    for name in deciding.keys() & running.keys():
        if isinstance(deciding[name], Mapping):
            whole[name] = join(deciding[name], running=running[name])
        else:
            pairs = zip(deciding[name], running[name], strict=True)
            whole[name] = [join(first, running=second) for first, second in pairs]
    return whole


def _model(values: Any, *, common: Mapping[str, Any], where: str) -> ModelSettings:
    values = {**common, **values} if isinstance(values, Mapping) else values
    check_keys(ModelSettings, values, where=where)
    return made(ModelSettings, values, where=where)
