"""Encoders before other decoders: what is kept bit for bit, what is new, what is refused."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from small_parts import bpe_tokenizer, llama
from transformers import AutoModelForImageTextToText, AutoProcessor

from transformers_vital import VitalForConditionalGeneration, VitalScorer, VitalVisionEncoder
from transformers_vital.errors import CheckpointError
from transformers_vital.levels import score_from_probabilities
from transformers_vital.zoo.assemble import assemble


@pytest.fixture(scope="module")
def zero(encoder_folder, internvl_folder, tmp_path_factory):
    """The paper's Zero: an encoder alone before the decoder and the image projector of an InternVL checkpoint."""
    folder = tmp_path_factory.mktemp("zero") / "model"
    return folder, assemble(encoder_folder, decoder=internvl_folder, output=folder)


@pytest.fixture(scope="module")
def with_llm(encoder_folder, llm_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("with_llm") / "model"
    return folder, assemble(encoder_folder, decoder=llm_folder, output=folder)


def test_the_encoder_is_bit_identical_on_disk(zero, with_llm, encoder_folder):
    source = load_file(encoder_folder / "model.safetensors")
    for folder, made in (zero, with_llm):
        written = load_file(folder / "model.safetensors")
        assert made.encoder_tensors == len(source) > 100 and made.new_encoder_tensors == 0
        for name, tensor in source.items():
            copy = written[f"model.{name}"]
            assert copy.dtype == tensor.dtype and copy.numpy().tobytes() == tensor.numpy().tobytes(), name


def test_an_internvl_checkpoint_gives_its_decoder_and_its_image_projector(zero, internvl_folder):
    folder, made = zero
    assert made.image_projector == "the decoder's" and made.motion_projector == "new" and not made.needs_warm_up
    source, written = load_file(internvl_folder / "model.safetensors"), load_file(folder / "model.safetensors")
    ours = {"language_model.model.": "model.language_model.", "language_model.lm_head.": "lm_head."}
    ours["multi_modal_projector."] = "model.multi_modal_projector."  # as the Hub's -hf files name them
    kept = {name: target for name in source for begin, target in ours.items() if name.startswith(begin)}
    assert len(kept) == len([name for name in source if "vision_tower" not in name]) > 20
    for name, target in kept.items():
        begin = next(begin for begin in ours if name.startswith(begin))
        assert torch.equal(written[target + name.removeprefix(begin)], source[name])


def test_a_bare_language_model_gets_new_projectors_and_needs_a_warm_up(with_llm):
    folder, made = with_llm
    assert made.image_projector == made.motion_projector == "new" and made.needs_warm_up
    written = load_file(folder / "model.safetensors")
    assert written["model.multi_modal_projector.linear_1.weight"].shape == (24, 4 * 32)
    assert written["model.multi_modal_projector.linear_1.weight"].std() == pytest.approx(
        0.2, rel=0.1
    )  # its initializer_range


def test_its_decoder_says_about_texts_what_it_said_before(with_llm, llm_folder):
    from transformers import AutoModelForCausalLM

    folder, _ = with_llm
    ids = torch.tensor([[5, 9, 2, 40, 7]])
    before = AutoModelForCausalLM.from_pretrained(llm_folder)(input_ids=ids).logits
    after = VitalForConditionalGeneration.from_pretrained(folder)(input_ids=ids).logits
    assert torch.allclose(after[..., : before.shape[-1]], before, atol=1e-6)


def test_level_words_are_those_of_the_new_vocabulary(with_llm, zero):
    tokenizer = bpe_tokenizer()
    expected = {word: tokenizer.convert_tokens_to_ids(f"Ġ{word}") for word in ("high", "good", "fair", "poor", "low")}
    folder, made = with_llm
    assert made.level_tokens == expected
    assert json.loads((folder / "config.json").read_text())["level_token_ids"] == list(expected.values())
    assert list(zero[1].level_tokens.values()) == [1550, 1661, 6624, 7852, 3347]  # Qwen's, official_release


def test_a_level_word_of_several_tokens_is_refused(encoder_folder, tmp_path):
    tokenizer = bpe_tokenizer(text="The quality of the image is high good poor low. The quality of the video is high.")
    tokenizer.save_pretrained(tmp_path / "llm")
    llama(len(tokenizer)).save_pretrained(tmp_path / "llm")
    with pytest.raises(CheckpointError, match=r"The tokenizer splits the level word\(s\) fair into several tokens"):
        assemble(encoder_folder, decoder=tmp_path / "llm", output=tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["llm"]


def test_encoder_and_decoder_of_the_authors_checkpoint_give_the_authors_score(release_checkpoint, goldens, tmp_path):
    made = assemble(release_checkpoint, decoder=release_checkpoint, output=tmp_path / "model")
    assert made.image_projector == made.motion_projector == "the decoder's"
    scorer = VitalScorer.from_pretrained(tmp_path / "model")
    assert scorer.model.config.motion_readout == "reshaped"
    summary = json.loads((goldens / "forward" / "summary_images.json").read_text(encoding="utf-8"))
    expected = summary["score_image/square_448"]["level_probs"]
    result = scorer.score(goldens / "images" / "square_448.png")
    assert result.level_probabilities == pytest.approx(expected, abs=1e-4)
    assert result.score == pytest.approx(float(score_from_probabilities(expected)), abs=1e-4)


def test_pictures_are_prepared_as_the_encoder_saw_them(with_llm, tiny_folder):
    made, source = (AutoProcessor.from_pretrained(folder) for folder in (with_llm[0], tiny_folder))
    assert made.image_processor.to_dict() == source.image_processor.to_dict()
    assert made.video_processor.to_dict() == source.video_processor.to_dict()
    assert made.image_seq_length == source.image_seq_length == 4


def test_the_new_model_scores_and_chats(with_llm):
    folder, made = with_llm
    assert 0 <= made.smoke_score <= 1
    model, processor = AutoModelForImageTextToText.from_pretrained(folder), AutoProcessor.from_pretrained(folder)
    content = [{"type": "image", "path": "examples/media/cat.png"}, {"type": "text", "text": "What is it?"}]
    inputs = processor.apply_chat_template(
        [{"role": "user", "content": content}],
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
        add_generation_prompt=True,
    )
    text = processor.decode(inputs.input_ids[0])
    assert text.startswith("<s>[user] <img><IMG_CONTEXT>") and text.count("<s>") == 1
    assert text.endswith("</img>\nWhat is it?</s>[assistant] ")
    assert model.generate(**inputs, max_new_tokens=3).shape[1] > inputs.input_ids.shape[1]
    assert model.generation_config.eos_token_id == 1


def test_the_same_parts_give_the_same_file(with_llm, encoder_folder, llm_folder, tmp_path):
    assemble(encoder_folder, decoder=llm_folder, output=tmp_path / "again")
    first, second = ((folder / "model.safetensors").read_bytes() for folder in (with_llm[0], tmp_path / "again"))
    assert first == second


def test_types_are_joined_without_loss(encoder_folder, llm_folder, tmp_path):
    encoder = VitalVisionEncoder.from_pretrained(encoder_folder, dtype=torch.bfloat16)
    encoder.save_pretrained(tmp_path / "half")
    made = assemble(tmp_path / "half", decoder=llm_folder, output=tmp_path / "model")
    written = load_file(tmp_path / "model" / "model.safetensors")
    name = "vision_tower.encoder.layer.0.mlp.fc1.weight"
    assert written[f"model.{name}"].dtype == torch.float32
    assert torch.equal(written[f"model.{name}"], load_file(tmp_path / "half" / "model.safetensors")[name].float())
    assert made.encoder_tensors > 100


def test_a_projector_for_another_encoder_is_not_kept(internvl_folder, tiny_folder, tmp_path):
    from transformers_vital import VitalVisionEncoderConfig

    config = VitalVisionEncoderConfig.from_pretrained(tiny_folder)
    config.vision_config.hidden_size = 40
    VitalVisionEncoder(config).save_pretrained(tmp_path / "wide")
    made = assemble(tmp_path / "wide", decoder=internvl_folder, output=tmp_path / "model")
    assert made.image_projector == "new, as the decoder's reads 128 features and not 160" and made.needs_warm_up


def test_an_encoder_without_a_motion_extractor_gets_a_new_one_and_says_so(internvl_folder, llm_folder, tmp_path):
    made = assemble(internvl_folder, decoder=llm_folder, output=tmp_path / "model")
    assert made.new_encoder_tensors > 50 and made.encoder_tensors > 20


def test_a_language_model_is_no_encoder(llm_folder, tmp_path):
    with pytest.raises(CheckpointError, match="has no vision encoder of this kind"):
        assemble(llm_folder, decoder=llm_folder, output=tmp_path / "model")


def test_nothing_is_left_where_an_encoder_lost_a_weight(encoder_folder, llm_folder, tmp_path):
    (tmp_path / "broken").mkdir()
    for path in encoder_folder.glob("*.json"):
        (tmp_path / "broken" / path.name).write_bytes(path.read_bytes())
    weights = load_file(encoder_folder / "model.safetensors")
    del weights["vision_tower.encoder.layer.0.mlp.fc1.weight"]
    save_file(weights, tmp_path / "broken" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"1 weights are missing, such as vision_tower.encoder.layer.0.mlp.fc1"):
        assemble(tmp_path / "broken", decoder=llm_folder, output=tmp_path / "model")
    assert not (tmp_path / "model").exists()
