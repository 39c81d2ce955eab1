"""On a GPU, where there is one: the scores, answers and losses of the CPU."""

from pathlib import Path

import pytest
import torch
from datasets import Dataset

from transformers_vital import VitalForConditionalGeneration, VitalProcessor, VitalScorer
from transformers_vital.data.encoding import RecordEncoder
from transformers_vital.data.labelling import distribution_from_mos, pair_from_distributions
from transformers_vital.data.mixture import Mixture
from transformers_vital.scoring.default_model import default_model_folder
from transformers_vital.training.arguments import VitalTrainingArguments
from transformers_vital.training.trainer import VitalTrainer


pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
MEDIA = [EXAMPLES / "media" / name for name in ("cat.png", "stream.jpg", "bunny.mp4")]
KINDS = ("image", "image", "video")


@pytest.fixture(scope="module", autouse=True)
def no_tensor_float():
    """cuDNN rounds the inputs of convolutions to 10 bits otherwise, also in float32."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cudnn.allow_tf32 = before


@pytest.fixture(scope="module")
def expected():
    scorer = VitalScorer.from_pretrained(device="cpu", dtype="float32")
    return [scorer.score(medium) for medium in MEDIA]


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-3), ("bfloat16", 0.03), ("float16", 0.01)])
def test_scores_are_those_of_the_cpu(expected, attention, dtype, tolerance):
    scorer = VitalScorer.from_pretrained(device="cuda", dtype=dtype, attn_implementation=attention)
    for medium, result in zip(MEDIA, expected, strict=True):
        found = scorer.score(medium)
        assert found.score == pytest.approx(result.score, abs=tolerance)
        assert sum(found.level_probabilities) == pytest.approx(1, abs=1e-6)


def test_a_gpu_is_taken_where_there_is_one_and_batches_change_nothing(expected):
    scorer = VitalScorer.from_pretrained(dtype="float32")
    assert scorer.model.device.type == "cuda"
    for found, result in zip(scorer.score(MEDIA, batch_size=3), expected, strict=True):
        assert found.score == pytest.approx(result.score, abs=1e-3)


def test_answers_are_those_of_the_cpu():
    processor = VitalProcessor.from_pretrained(default_model_folder())
    content = [
        {"type": "image", "url": str(MEDIA[1])},
        {"type": "text", "text": "What are the distortions of the image?"},
    ]
    inputs = processor.apply_chat_template(
        [{"role": "user", "content": content}],
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
    )
    answers = []
    for device in ("cpu", "cuda"):
        model = VitalForConditionalGeneration.from_pretrained(default_model_folder(), dtype=torch.float32).to(device)
        answers.append(model.generate(**inputs.to(device), max_new_tokens=8, do_sample=False).cpu())
    assert torch.equal(*answers)


@pytest.fixture
def tables():
    items = [{"kind": kind, "path": path.name, "bytes": None} for kind, path in zip(KINDS, MEDIA, strict=True)]
    scored = [
        distribution_from_mos(item, mos=mos, scale=(0, 1)) for item, mos in zip(items, (0.2, 0.9, 0.5), strict=True)
    ]
    described = [{"media": item, "text": "The picture is sharp.", "task": "description"} for item in items]
    return {
        "image_distribution": Dataset.from_list(scored[:2]),
        "image_pair": Dataset.from_list([pair_from_distributions(scored[0], b=scored[1])]),
        "image_description": Dataset.from_list(described[:2]),
        "video_distribution": Dataset.from_list(scored[2:]),
        "video_description": Dataset.from_list(described[2:]),
    }


@pytest.mark.parametrize(("policy", "cached"), [("vision-encoder", False), ("decoder", False), ("decoder", True)])
def test_training_goes_as_on_the_cpu(tmp_path, policy, cached, tables):
    def losses(name: str, **settings) -> list[float]:
        processor = VitalProcessor.from_pretrained(default_model_folder())
        args = VitalTrainingArguments(
            str(tmp_path / name), policy=policy, max_steps=3, logging_steps=1, learning_rate=1e-4, warmup_steps=0,
            gradient_accumulation_steps=1, save_strategy="no", report_to="none", disable_tqdm=True,
            feature_cache=str(tmp_path / f"{name}-features") if cached else None, **settings,
        )  # fmt: skip
        trainer = VitalTrainer(
            VitalForConditionalGeneration.from_pretrained(default_model_folder(), dtype=torch.float32),
            args,
            processor=processor,
            train_dataset=Mixture(tables, RecordEncoder(processor, root=EXAMPLES / "media")),
        )
        trainer.train()
        assert next(trainer.model.parameters()).device.type == ("cpu" if settings.get("use_cpu") else "cuda")
        return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]

    on_the_cpu = losses("cpu", use_cpu=True, bf16=False)
    assert losses("gpu", bf16=False) == pytest.approx(on_the_cpu, rel=5e-3)
    assert losses("half", bf16=True) == pytest.approx(on_the_cpu, rel=0.1)
