"""A judge as a YAML file says: a model behind an address, or one on this machine."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from ..annotation.setting_checks import check_keys, check_number, made
from ..annotation.statements.chat_client import without_reasoning
from ..annotation.statements.model_settings import ModelSettings
from ..errors import AnnotationError, EvaluationError
from .answer_judge import JudgeSettings, LocalJudge, check_prices


@dataclass(frozen=True, kw_only=True)
class LocalJudgeSettings:
    """
    A judge on this machine.

    Args:
        model (`str`): a folder, or a name on the Hub, of a language model with a chat template, in safetensors. Its
            own code is not run.
        max_tokens (`int`, *optional*, defaults to 1024): of an answer.

    Raises:
        [`AnnotationError`]: a value cannot be used.
    """

    model: str
    max_tokens: int = 1024

    def __post_init__(self):
        if not isinstance(self.model, str) or not self.model.strip():
            raise AnnotationError(f"model is {self.model!r}; expected a folder or a name on the Hub.")
        check_number("max_tokens", self.max_tokens, at_least=1, whole=True)


def read_judge(path: str | Path) -> tuple[ModelSettings | LocalJudgeSettings, JudgeSettings]:
    """
    Read the settings of a judge.

    The file has those of [`~annotation.statements.model_settings.ModelSettings`], or only those of
    [`LocalJudgeSettings`], and beside them those of [`~evaluation.answer_judge.JudgeSettings`].

    Args:
        path (`str` or `Path`): a YAML file.

    Returns:
        `tuple`: which judge, and how it is asked.

    Raises:
        [`EvaluationError`]: the file cannot be read, or caps spending without prices.
        [`AnnotationError`]: a key is unknown or missing, or a value cannot be used.

    Example:

    ```python
    >>> import tempfile
    >>> from transformers_vital.evaluation.judge_file import read_judge
    >>> with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
    ...     _ = file.write("model: gpt-5-nano\\nbase_url: https://api.openai.com/v1\\nrounds: 3\\n")
    ...     file.flush()
    ...     judge, settings = read_judge(file.name)
    >>> judge.model, judge.max_tokens, settings.rounds
    ('gpt-5-nano', 1024, 3)

    ```
    """
    where = f"judge {path}"
    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise EvaluationError(f"The judge {path} cannot be read ({error}). Name a YAML file.") from error
    asking = {field.name for field in fields(JudgeSettings)}
    local = asking | {field.name for field in fields(LocalJudgeSettings)}
    kind = LocalJudgeSettings if not isinstance(values, Mapping) or set(values) <= local else ModelSettings
    check_keys(kind, values, where=where, further=asking)
    model = made(kind, {name: value for name, value in values.items() if name not in asking}, where=where)
    settings = made(JudgeSettings, {name: value for name, value in values.items() if name in asking}, where=where)
    check_prices(model, settings)
    return model, settings


def local_judge(settings: LocalJudgeSettings, *, device: str | None = None) -> LocalJudge:
    """
    Load a judge on this machine. It draws its answers, since rounds would be the same otherwise.

    Args:
        settings ([`LocalJudgeSettings`]): which.
        device (`str`, *optional*): such as `cuda:1`; transformers' choice when left out.

    Returns:
        [`~evaluation.answer_judge.LocalJudge`]: answers one question at a time.

    Raises:
        [`EvaluationError`]: there is no such model, or it cannot be used.
    """
    from transformers import pipeline, set_seed

    try:
        generate = pipeline(
            "text-generation", settings.model, device=device, dtype="auto", model_kwargs={"use_safetensors": True}
        )
    except (OSError, ValueError, KeyError) as error:
        raise EvaluationError(
            f"The judge {settings.model} cannot be loaded ({str(error).splitlines()[0]}). Name a folder with a "
            "language model, or state a base_url where it is behind an address."
        ) from error
    if generate.tokenizer.chat_template is None:
        raise EvaluationError(
            f"The judge {settings.model} has no chat template. Name a model that follows instructions."
        )
    one_at_a_time = threading.Lock()

    def answer(question: str, seed: int) -> str:
        chat: list[dict[str, Any]] = [{"role": "user", "content": question}]
        with one_at_a_time:
            set_seed(seed)
            (found,) = generate(chat, max_new_tokens=settings.max_tokens, do_sample=True, return_full_text=False)
        return without_reasoning(found["generated_text"])

    return LocalJudge(settings.model, answer)
