"""The door of the linear probe: its numbers, and the behaviour it shares with VitalScorer."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from transformers_vital import VitalForQualityProbe, VitalImageProcessor, VitalProbeScorer, VitalVideoProcessor
from transformers_vital.errors import CheckpointError, MediaDecodeError, MediaInputError
from transformers_vital.levels import score_from_official
from transformers_vital.media.inputs import expand_media
from transformers_vital.scoring.probe import ProbeProcessors


TOLERANCE = 1e-4  # what batch size and order may change


def scores(results) -> list[float]:
    return [result.score for result in results]


@pytest.fixture(scope="module")
def probe_folder(tiny_folder, tmp_path_factory):
    """A probe on the encoders of the tiny model, with a head whose scores differ from picture to picture."""
    folder = tmp_path_factory.mktemp("probe")
    model = VitalForQualityProbe.from_pretrained(tiny_folder, layers=[1, 2])
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        model.head.weight.copy_(0.1 * torch.randn(model.head.weight.shape, generator=generator))
    model.save_pretrained(folder)
    ProbeProcessors.from_pretrained(tiny_folder).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def probe(probe_folder):
    return VitalProbeScorer.from_pretrained(probe_folder, device="cpu")


@pytest.fixture(scope="module")
def one_by_one(probe, media_folder):
    """The six scores, each from a pass of its own; different enough that mixing them up would show."""
    results = probe.score(media_folder)
    assert len(results) == 6 and np.diff(sorted(scores(results))).min() > 10 * TOLERANCE
    return results


class TestNumbers:
    @pytest.mark.parametrize("name", ["b.png", "e.mp4"])
    def test_a_result_follows_from_the_models_logits(self, probe_folder, media_folder, one_by_one, name):
        model = VitalForQualityProbe.from_pretrained(probe_folder).eval()
        if name.endswith(".png"):
            inputs = VitalImageProcessor.from_pretrained(probe_folder)(
                [Image.open(media_folder / name)], return_tensors="pt"
            )
        else:
            inputs = VitalVideoProcessor.from_pretrained(probe_folder)([media_folder / name], return_tensors="pt")
        with torch.no_grad():
            probabilities = model(**inputs).level_logits[0].double().softmax(-1).numpy()
        weights = np.array([1, 0.75, 0.5, 0.25, 0])

        result = one_by_one[sorted(path.name for path in media_folder.iterdir()).index(name)]
        assert result.level_probabilities == pytest.approx(probabilities, abs=1e-5)
        assert result.score == pytest.approx(probabilities @ weights, abs=1e-5)
        assert result.level == "high good fair poor low".split()[probabilities.argmax()]
        assert result.level_mass is None

    @pytest.mark.parametrize("batch_size", [2, 6])
    def test_batch_size_changes_no_score(self, probe, media_folder, one_by_one, batch_size):
        batched = probe.score(media_folder, batch_size=batch_size)
        assert scores(batched) == pytest.approx(scores(one_by_one), abs=TOLERANCE)

    def test_items_are_scored_as_a_stream(self, probe, media_folder, one_by_one):
        streamed = probe.iter_scores(iter(expand_media(media_folder)))
        assert next(streamed).score == one_by_one[0].score
        assert scores(streamed) == scores(one_by_one)[1:]

    def test_a_share_of_a_vocabulary_is_refused(self, probe, media_folder):
        with pytest.raises(CheckpointError, match="A probe has no vocabulary"):
            probe.score(media_folder / "a.png", level_mass=True)


class TestFailures:
    def test_a_bad_file_in_a_list_is_a_row(self, probe, media_folder, one_by_one, bad_file):
        good, bad = probe.score([media_folder / "a.png", bad_file], batch_size=2)
        assert good.score == pytest.approx(one_by_one[0].score, abs=TOLERANCE)
        assert bad.score is None and "bad.png" in bad.error

    def test_a_single_bad_file_raises(self, probe, bad_file):
        with pytest.raises(MediaDecodeError, match="bad.png"):
            probe.score(bad_file)


class TestRelease:
    @pytest.fixture(scope="class", name="released")
    @classmethod
    def load_released(cls, goldens):
        return VitalProbeScorer.from_pretrained(goldens / "probe_checkpoint", device="cpu")

    def test_a_file_has_the_official_score(self, released, goldens):
        summary = json.loads((goldens / "probe" / "summary.json").read_text())
        cases = {
            key.removeprefix("probe_video/"): golden
            for key, golden in summary.items()
            if key.startswith("probe_video/") and "official_error" not in golden
        }
        name, golden = min(cases.items(), key=lambda case: case[1]["T"])
        result = released.score(goldens / "videos" / f"{name}.mp4")
        assert result.score == pytest.approx(score_from_official(golden["score_official"]), abs=1e-5)
        assert result.fingerprint.sampling == "release"

    def test_images_among_videos_are_rows_with_an_error(self, released, goldens, media_folder):
        image, video = released.score([media_folder / "a.png", media_folder / "e.mp4"], batch_size=2)
        assert image.score is None and "a.png is an image" in image.error and "videos only" in image.error
        assert 0 <= video.score <= 1

    def test_a_single_image_raises(self, released, media_folder):
        with pytest.raises(MediaInputError, match="a.png is an image; .* reads videos only. Use VitalScorer"):
            released.score(media_folder / "a.png")

    def test_saved_in_our_format_it_scores_the_same(self, released, media_folder, tmp_path):
        released.model.save_pretrained(tmp_path)
        released.processor.save_pretrained(tmp_path)
        saved = VitalProbeScorer.from_pretrained(tmp_path, device="cpu")
        video = media_folder / "e.mp4"
        assert saved.score(video).score == pytest.approx(released.score(video).score, abs=1e-6)
        assert saved.fingerprint.sampling == "release"


class TestCheckpoints:
    def test_the_fingerprint_changes_with_weights_and_processors(self, probe, probe_folder, tmp_path):
        assert probe.fingerprint.model == str(probe_folder) and probe.fingerprint.weight_hash
        folder = shutil.copytree(probe_folder, tmp_path / "copy")
        model = VitalForQualityProbe.from_pretrained(probe_folder)
        with torch.no_grad():
            model.head.weight.mul_(2)
        model.save_pretrained(folder)
        VitalVideoProcessor.from_pretrained(probe_folder, motion_fps=4.0).save_pretrained(folder)
        other = VitalProbeScorer.from_pretrained(folder, device="cpu").fingerprint
        assert other.weight_hash != probe.fingerprint.weight_hash
        assert other.processor != probe.fingerprint.processor

    def test_a_model_without_a_trained_head_is_refused(self, tiny_folder):
        with pytest.raises(CheckpointError, match="has no trained head; expected a checkpoint of a linear probe"):
            VitalProbeScorer.from_pretrained(tiny_folder, layers=[1, 2])

    def test_processors_of_another_size_are_refused(self, probe):
        processors = ProbeProcessors(VitalImageProcessor(), probe.processor.video_processor)
        with pytest.raises(CheckpointError, match=r"VitalImageProcessor makes pictures of \[448, 448\] pixels, the"):
            VitalProbeScorer(probe.model, processors)

    def test_a_checkpoint_without_its_processors_is_refused(self, probe_folder, tmp_path):
        folder = shutil.copytree(probe_folder, tmp_path / "copy")
        for path in folder.glob("*preprocessor_config.json"):
            path.unlink()
        with pytest.raises(CheckpointError, match="cannot be loaded"):
            VitalProbeScorer.from_pretrained(folder)
