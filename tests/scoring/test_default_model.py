"""`vital-tiny`, the model without a download."""

import json

import pytest
from safetensors import safe_open
from transformers import AutoTokenizer

from transformers_vital import VitalProcessor, VitalScorer
from transformers_vital.scoring import default_model
from transformers_vital.scoring.default_model import build_untrained, default_model_files, default_model_folder


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(default_model, "HF_HOME", str(tmp_path))
    return tmp_path


def weights_of(folder) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path):
    first, second, other = (build_untrained(tmp_path / str(index), seed=index // 2) for index in range(3))
    assert weights_of(first) == weights_of(second) != weights_of(other)


def test_it_is_built_once_in_the_cache(cache):
    folder = default_model_folder()
    assert folder.is_relative_to(cache)
    built = (folder / "model.safetensors").stat().st_mtime_ns
    assert default_model_folder() == folder and (folder / "model.safetensors").stat().st_mtime_ns == built


def test_a_half_built_folder_is_built_again(cache):
    folder = default_model_folder()
    (folder / "model.safetensors").unlink()
    assert (default_model_folder() / "model.safetensors").is_file()


def test_weights_beside_its_files_are_used_as_they_are(cache, tmp_path, monkeypatch):
    trained = build_untrained(tmp_path / "trained")
    monkeypatch.setattr(default_model, "default_model_files", lambda: trained)
    assert default_model_folder() == trained


def test_it_is_small_and_has_the_whole_architecture(cache):
    with safe_open(default_model_folder() / "model.safetensors", framework="pt") as weights:
        names = set(weights.keys())
        total = sum(weights.get_tensor(name).numel() for name in names)
    assert total < 40e6
    parts = {".".join(name.split(".")[:2]) for name in names}
    assert parts == {
        f"model.{part}"
        for part in "vision_tower multi_modal_projector motion_tower motion_projector language_model".split()
    }  # the head is tied to the embeddings


def test_the_scorer_says_that_its_numbers_mean_nothing_yet(cache):
    scorer = VitalScorer.from_pretrained(device="cpu")
    assert scorer.name == "vital-tiny"
    assert "random weights" in scorer.notice and "numbers mean nothing yet" in scorer.notice


def test_a_named_checkpoint_has_no_notice(scorer):
    assert scorer.notice is None


def test_nearly_all_of_its_prompt_is_the_medium():
    prompt = VitalProcessor.from_pretrained(default_model_files()).training_prompt("image")
    assert prompt == "<|im_start|>user\n<IMG_CONTEXT>\n<|im_end|>\n<|im_start|>assistant\n"


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(default_model_files())


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
