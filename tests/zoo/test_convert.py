"""The authors' three kinds of checkpoint in our format."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from transformers_vital import VitalForQualityProbe, VitalScorer, VitalVisionEncoder
from transformers_vital.zoo.assemble import assemble
from transformers_vital.zoo.convert import convert
from transformers_vital.zoo.kinds import checkpoint_kind, weight_names


@pytest.fixture(scope="module")
def released_encoder(release_checkpoint, tmp_path_factory):
    """As the release makes it: the authors' checkpoint without its language model, its configuration unchanged."""
    folder = tmp_path_factory.mktemp("released_encoder")
    weights = load_file(release_checkpoint / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if not name.startswith("language_model.")}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    shutil.copy(release_checkpoint / "config.json", folder)
    return folder


def test_kinds_are_told_by_their_weights(release_checkpoint, released_encoder, goldens, tmp_path):
    assert checkpoint_kind(release_checkpoint) == "model"
    assert checkpoint_kind(released_encoder) == "encoder"
    assert checkpoint_kind(goldens / "probe_checkpoint") == "probe"
    assert checkpoint_kind(tmp_path) is None


def test_names_of_a_sharded_checkpoint_are_read_from_its_index(tmp_path):
    index = {"weight_map": {"language_model.lm_head.weight": "model-00001-of-00002.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    assert weight_names(tmp_path) == ["language_model.lm_head.weight"] and checkpoint_kind(tmp_path) == "model"


def test_a_whole_model(release_checkpoint, tmp_path):
    report = convert(release_checkpoint, output=tmp_path / "model")
    assert (report["kind"], report["format"], report["new"]) == ("model", "internvl_chat", [])
    assert checkpoint_kind(tmp_path / "model") == "model"


def test_an_encoder_keeps_its_weights_and_its_way_with_pictures(released_encoder, release_checkpoint, tmp_path):
    report = convert(released_encoder, output=tmp_path / "encoder")
    assert (report["kind"], report["format"], report["new"]) == ("encoder", "internvl_chat", [])
    assert json.loads((tmp_path / "encoder" / "config.json").read_text())["model_type"] == "vital_vision_encoder"
    converted = VitalVisionEncoder.from_pretrained(tmp_path / "encoder").state_dict()
    source = VitalVisionEncoder.from_pretrained(release_checkpoint).state_dict()
    assert converted.keys() == source.keys()
    assert all(torch.equal(tensor, source[name]) for name, tensor in converted.items())


def test_a_converted_encoder_before_its_own_decoder_scores_as_the_authors_model(
    released_encoder, release_checkpoint, goldens, tmp_path
):
    convert(released_encoder, output=tmp_path / "encoder")
    assemble(tmp_path / "encoder", decoder=release_checkpoint, output=tmp_path / "model")
    picture = goldens / "images" / "koniq_like_1024x768.png"  # tiles as only the release cuts them
    expected = json.loads((goldens / "forward" / "summary_images.json").read_text(encoding="utf-8"))
    levels = expected["score_image/koniq_like_1024x768"]["level_probs"]
    assert VitalScorer.from_pretrained(tmp_path / "model").score(picture).level_probabilities == pytest.approx(
        levels,
        abs=2e-3,  # Pillow's versions differ in tiles, official_release sec. 2.1
    )


def test_a_probe(goldens, tmp_path):
    report = convert(goldens / "probe_checkpoint", output=tmp_path / "probe")
    assert (report["kind"], report["new"]) == ("probe", [])
    converted = VitalForQualityProbe.from_pretrained(tmp_path / "probe")
    source = VitalForQualityProbe.from_pretrained(goldens / "probe_checkpoint")
    assert all(torch.equal(tensor, source.state_dict()[name]) for name, tensor in converted.state_dict().items())


def test_weights_without_a_place_stop_a_conversion(released_encoder, tmp_path):
    shutil.copytree(released_encoder, tmp_path / "odd")
    weights = load_file(tmp_path / "odd" / "model.safetensors") | {"extra.weight": torch.zeros(2)}
    save_file(weights, tmp_path / "odd" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"weights without a place here, such as \['extra.weight'\]"):
        convert(tmp_path / "odd", output=tmp_path / "out")
