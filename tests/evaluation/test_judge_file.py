"""Judges out of YAML files, and one that is a language model on this machine."""

import pytest

from transformers_vital.annotation.statements.model_settings import ModelSettings
from transformers_vital.errors import AnnotationError, EvaluationError
from transformers_vital.evaluation.answer_judge import JudgeSettings
from transformers_vital.evaluation.judge_file import LocalJudgeSettings, local_judge, read_judge


@pytest.fixture
def judge_file(tmp_path):
    """`judge_file(text)`: a file of that content."""

    def write(text):
        (tmp_path / "judge.yaml").write_text(text, encoding="utf-8")
        return tmp_path / "judge.yaml"

    return write


def test_a_judge_behind_an_address_has_the_settings_of_the_file(judge_file):
    judge, settings = read_judge(
        judge_file(
            "model: gpt-5-nano\nbase_url: https://api.openai.com/v1\napi_key_env: OPENAI_API_KEY\n"
            "max_tokens: null\nextra_body: {max_completion_tokens: 2048}\nconcurrency: 2\n"
        )
    )
    assert judge == ModelSettings(
        model="gpt-5-nano",
        base_url="https://api.openai.com/v1",
        api_key_env="OPENAI_API_KEY",
        max_tokens=None,
        extra_body={"max_completion_tokens": 2048},
    )
    assert settings == JudgeSettings(concurrency=2) and settings.rounds == 5


def test_a_judge_without_an_address_is_on_this_machine(judge_file):
    judge, settings = read_judge(judge_file("model: some/model\nrounds: 3\n"))
    assert judge == LocalJudgeSettings(model="some/model") and settings.rounds == 3


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        pytest.param("model: m\nround: 5\n", AnnotationError, "unknown key round .did you mean rounds", id="unknown"),
        pytest.param("rounds: 5\n", AnnotationError, "judge.yaml lacks model", id="no-model"),
        pytest.param("model: m\nrounds: 0\n", AnnotationError, "judge.yaml: rounds is 0", id="no-round"),
        pytest.param("model: ''\n", AnnotationError, "expected a folder or a name on the Hub", id="empty"),
        pytest.param("- m\n", AnnotationError, "judge.yaml is a list; expected a mapping", id="list"),
        pytest.param("model: [", EvaluationError, "judge.yaml cannot be read", id="no-yaml"),
        pytest.param(
            "model: m\nbase_url: http://localhost/v1\nmax_spend: 3\n",
            EvaluationError,
            "max_spend is 3, but m has no price",
            id="spend-without-prices",
        ),
    ],
)
def test_a_file_that_describes_no_judge_is_refused(judge_file, text, error, message):
    with pytest.raises(error, match=message):
        read_judge(judge_file(text))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(EvaluationError, match="The judge .*none.yaml cannot be read"):
        read_judge(tmp_path / "none.yaml")


@pytest.fixture(scope="module")
def language_model(tmp_path_factory):
    """A small decoder with random weights, which answers nonsense."""
    import torch
    from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

    from transformers_vital.scoring.default_model import default_model_folder

    folder = tmp_path_factory.mktemp("judge")
    tokenizer = AutoTokenizer.from_pretrained(default_model_folder())
    tokenizer.chat_template = "{% for turn in messages %}{{ turn['role'] }}: {{ turn['content'] }}\n{% endfor %}"
    tokenizer.save_pretrained(folder)
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    config = Qwen2Config(vocab_size=len(tokenizer), num_attention_heads=2, num_key_value_heads=2, **sizes)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        Qwen2ForCausalLM(config).save_pretrained(folder)
    return folder


def test_a_judge_on_this_machine_draws_another_answer_in_each_round(language_model):
    judge = local_judge(LocalJudgeSettings(model=str(language_model), max_tokens=6), device="cpu")
    answers = [judge.answer("Score this.", seed) for seed in (1, 2, 1)]
    assert answers[0] == answers[2] != answers[1]
    assert judge.name == str(language_model)


def test_a_judge_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(
        EvaluationError, match="nowhere cannot be loaded .* Name a folder with a language model, or state"
    ):
        local_judge(LocalJudgeSettings(model=str(tmp_path / "nowhere")))
