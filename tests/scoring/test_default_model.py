"""`vital-tiny`, the model without a download."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from transformers import AutoTokenizer

from transformers_vital import VitalProcessor, VitalScorer
from transformers_vital.distortions.apply import distort_image
from transformers_vital.hub.training_record import read_stages
from transformers_vital.media.image import load_image
from transformers_vital.scoring.default_model import default_model_folder


EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "media"


def test_it_is_small_and_has_the_whole_architecture():
    file = default_model_folder() / "model.safetensors"
    assert file.stat().st_size <= 60e6
    with safe_open(file, framework="pt") as weights:
        parts = {".".join(name.split(".")[:2]) for name in weights.keys()}
    assert parts == {
        f"model.{part}"
        for part in "vision_tower multi_modal_projector motion_tower motion_projector language_model".split()
    }  # the head is tied to the embeddings


@pytest.fixture(scope="module")
def default_scorer():
    return VitalScorer.from_pretrained(device="cpu")


def test_it_is_the_model_that_is_used_when_none_is_named(default_scorer):
    assert default_scorer.name == "vital-tiny"


def test_it_says_how_it_was_trained():
    stages = read_stages(str(default_model_folder()))
    assert [stage["arguments"]["policy"] for stage in stages] == ["decoder", "vision-encoder"]


@pytest.mark.parametrize("name", ["cat.png", "dogs.jpg", "window.jpg"])
def test_it_sees_damage(default_scorer, name):
    photo = load_image(EXAMPLES / name)
    photo.thumbnail((320, 320))
    copies = [
        distort_image(np.asarray(photo), distortion=distortion, severity=5, seed=0)
        for distortion in ("gaussian_blur", "white_noise", "jpeg_compression")
    ]
    whole, *spoilt = (result.score for result in default_scorer.score([photo, *copies]))
    assert max(spoilt) < whole - 0.1


def test_nearly_all_of_its_prompt_is_the_medium():
    prompt = VitalProcessor.from_pretrained(default_model_folder()).training_prompt("image")
    assert prompt == "<|im_start|>user\n<IMG_CONTEXT>\n<|im_end|>\n<|im_start|>assistant\n"


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(default_model_folder())


class TestTokenizer:
    def test_the_level_words_have_the_ids_of_the_paper(self, tokenizer):
        words = [" high", " good", " fair", " poor", " low"]
        assert [tokenizer.encode(word) for word in words] == [[1550], [1661], [6624], [7852], [3347]]

    def test_any_text_survives(self, tokenizer):
        text = "Ünïcode 日本語 👩‍👩‍👧 \r\n\t <img>x</img> 3.14"
        assert tokenizer.decode(tokenizer.encode(text)) == text

    def test_it_is_the_cut_tokenizer_of_the_goldens(self, tokenizer, goldens):
        reference = AutoTokenizer.from_pretrained(goldens / "tokenizer")
        assert tokenizer.get_vocab() == reference.get_vocab()
        texts = [path.read_text(encoding="utf-8") for path in sorted(goldens.parent.glob("*.md"))]
        texts += [json.dumps(json.loads(path.read_text())) for path in sorted((goldens / "prompts").glob("*.json"))]
        assert sum(map(len, texts)) > 10_000
        assert [tokenizer.encode(text) for text in texts] == [reference.encode(text) for text in texts]
