"""The released linear probe against data made by running the authors' code; tolerances are those of its README."""

import hashlib
import json

import numpy as np
import PIL
import pytest
import torch
from safetensors.torch import load_file, save_file

from transformers_vital import VitalForQualityProbe, VitalVideoProcessor
from transformers_vital.levels import LEVELS, level_of, score_from_official, score_from_probabilities
from transformers_vital.models.vital.modeling_vital_encoder import normalize_pixels
from transformers_vital.models.vital.video_processing_vital import RELEASE_VIDEO_SETTINGS


@pytest.fixture(scope="module")
def model(goldens):
    return VitalForQualityProbe.from_pretrained(goldens / "probe_checkpoint").eval()


@pytest.fixture(scope="module")
def cases(goldens):
    """Name → summary of each video that the authors' code can score; the shortest first."""
    summary = json.loads((goldens / "probe" / "summary.json").read_text())
    cases = [
        (key.removeprefix("probe_video/"), golden)
        for key, golden in summary.items()
        if key.startswith("probe_video/") and "official_error" not in golden
    ]
    assert len(cases) >= 4
    return dict(sorted(cases, key=lambda case: case[1]["T"]))


@pytest.fixture(scope="module")
def videos(goldens, cases):
    """Name → the frames of each."""
    processor = VitalVideoProcessor(**RELEASE_VIDEO_SETTINGS)
    return {name: processor.sample(goldens / "videos" / f"{name}.mp4") for name in cases}


@pytest.fixture(scope="module")
def score(model):
    """Output of the model for sampled videos."""
    processor = VitalVideoProcessor()

    @torch.no_grad()
    def run(*sampled, labels=None):
        labels = None if labels is None else torch.tensor(labels)
        return model(**processor(list(sampled), return_tensors="pt"), labels=labels)

    return run


@pytest.fixture(scope="module")
def outputs(score, videos, cases):
    """Name → output for the file, with the official class turned best first."""
    return {name: score(videos[name], labels=[4 - golden["class_index"]]) for name, golden in cases.items()}


def test_logits_equal_the_official_ones_in_our_order(goldens, outputs):
    for name, output in outputs.items():
        official = np.load(goldens / "probe" / f"{name}.npz")["logits"]
        np.testing.assert_allclose(output.level_logits, official[:, ::-1], atol=2e-4, err_msg=name)


def test_embeddings_equal_the_official_ones(goldens, outputs):
    for name, output in outputs.items():
        official = np.load(goldens / "probe" / f"{name}.npz")["embedding"]
        np.testing.assert_allclose(output.embeddings, official, atol=1e-4, err_msg=name)


def test_scores_and_losses_equal_the_official_ones(outputs, cases):
    for name, golden in cases.items():
        score = score_from_probabilities(outputs[name].level_logits[0].double().softmax(-1).numpy())
        assert score == pytest.approx(score_from_official(golden["score_official"]), abs=1e-5), name
        assert outputs[name].loss.item() == pytest.approx(golden["ce_loss"], abs=1e-4), name


def test_hidden_states_and_motion_features_equal_the_official_ones(goldens, model, videos):
    for name in list(videos)[:2]:
        arrays = np.load(goldens / "probe" / f"{name}.npz")
        with torch.no_grad():
            states = torch.cat(model._hidden_states(videos[name].key_frames), dim=-1)[:, ::64]
            motion = model.motion_tower(normalize_pixels(videos[name].motion_frames, model.config))
        np.testing.assert_allclose(states, arrays["hidden_cat_every64"], atol=1e-4, err_msg=name)
        np.testing.assert_allclose(motion.T, arrays["motion_raw"], rtol=1e-4, atol=1e-4, err_msg=name)


def test_frames_equal_the_official_choice_and_pixels(model, videos, cases):
    for name, golden in cases.items():
        video = videos[name]
        assert len(video.motion_frames) == golden["T"], name
        flagged = [index for index, flag in enumerate(golden["image_flags"]) if flag]
        assert video.metadata.frames_indices == flagged, name
        if PIL.__version__ == "13.0.0":  # of the golden hash
            pixels = normalize_pixels(video.motion_frames, model.config).numpy()
            assert hashlib.sha256(pixels.tobytes()).hexdigest() == golden["sha256_pixel_values"], name


def test_a_batch_of_videos_scores_each_as_alone(score, videos, outputs):
    """The authors' code joins the clips of a batch into one and gives every row the same logits."""
    names = list(videos)[:2]
    batch = score(*(videos[name] for name in names)).level_logits
    alone = torch.cat([outputs[name].level_logits for name in names])
    torch.testing.assert_close(batch, alone, atol=1e-5, rtol=0)
    assert (batch[0] - batch[1]).abs().max() > 0.01


def test_the_official_class_is_the_level_of_the_mos(cases):
    for golden in cases.values():
        assert LEVELS.index(level_of(golden["mos"] / 100)) == 4 - golden["class_index"]


def test_the_best_opinion_has_a_level(score, videos, outputs):
    """A MOS of 100 is class 5 in the authors' code, which fails."""
    name = next(iter(videos))
    loss = score(videos[name], labels=[LEVELS.index(level_of(100 / 100))]).loss
    assert loss.item() == pytest.approx(-outputs[name].level_logits[0].log_softmax(-1)[0].item(), abs=1e-5)


def test_every_weight_has_its_place_and_the_slow_pathway_is_dropped_without_a_word(goldens, tmp_path):
    folder = goldens / "probe_checkpoint"
    keys = json.loads((folder / "state_dict_keys.json").read_text())
    slow = keys["omitted_slow_pathway_and_fusion_keys"]
    official = load_file(folder / "model.safetensors")
    save_file(official | {name: torch.zeros(1) for name in slow}, tmp_path / "model.safetensors", {"format": "pt"})
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    model, info = VitalForQualityProbe.from_pretrained(tmp_path, output_loading_info=True)
    assert len(slow) == 342 and not any(info.values()) and model.new_parts == ()
    assert torch.equal(model.head[0].weight, official["quality.0.weight"])
    assert torch.equal(model.head[1].weight, official["quality.1.weight"].flip(0))
    assert torch.equal(model.head[1].bias, official["quality.1.bias"].flip(0))
