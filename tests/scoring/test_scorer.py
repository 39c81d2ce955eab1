"""Scoring: the numbers, the inputs, what batching must not change, and what happens to media that fail."""

import io
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils._python_dispatch import TorchDispatchMode

from transformers_vital import VitalForConditionalGeneration, VitalProcessor, VitalScorer
from transformers_vital.calibration import Calibration
from transformers_vital.errors import CheckpointError, MediaDecodeError, MediaInputError, MediaNotFoundError
from transformers_vital.media.inputs import Frames, expand_media


TOLERANCE = 1e-4  # what batch size, order and padding may change


def scores(results) -> list[float]:
    return [result.score for result in results]


@pytest.fixture(scope="module")
def one_by_one(scorer, media_folder):
    """The six scores, each from a pass of its own; different enough that mixing them up would show."""
    results = scorer.score(media_folder)
    assert len(results) == 6 and np.diff(sorted(scores(results))).min() > 10 * TOLERANCE
    return results


class TestNumbers:
    @pytest.mark.parametrize(("name", "kind"), [("b.png", "images"), ("e.mp4", "videos")])
    def test_a_result_follows_from_the_full_logits_of_the_last_position(self, scorer, media_folder, name, kind):
        medium = Image.open(media_folder / name) if kind == "images" else str(media_folder / name)
        inputs = scorer.processor.prepare_scoring(**{kind: [medium]})
        with torch.no_grad():
            vocabulary = scorer.model(**inputs).logits[0, -1].double().softmax(-1)
        words = [scorer.processor.tokenizer.encode(f" {word}")[0] for word in "high good fair poor low".split()]
        mass = vocabulary[words].sum()
        probabilities = (vocabulary[words] / mass).numpy()
        weights = np.array([1, 0.75, 0.5, 0.25, 0])

        result = scorer.score(media_folder / name, level_mass=True)
        assert result.level_probabilities == pytest.approx(probabilities, abs=1e-5)
        assert result.score == pytest.approx(probabilities @ weights, abs=1e-5)
        assert result.std == pytest.approx(
            np.sqrt(probabilities @ weights**2 - (probabilities @ weights) ** 2), abs=1e-5
        )
        assert result.level == "high good fair poor low".split()[probabilities.argmax()]
        assert result.level_mass == pytest.approx(float(mass), abs=1e-5)

    def test_the_mass_of_the_level_words_is_left_out_unless_asked_for(self, scorer, media_folder):
        assert scorer.score(media_folder / "a.png").level_mass is None

    def test_a_calibration_fills_its_field(self, tiny_folder, media_folder, one_by_one):
        calibration = Calibration("five stars", (4.0, -2.0, 4.0, 1.0), (1.0, 5.0), rmse=0.1, n=100)
        calibrated = VitalScorer.from_pretrained(tiny_folder, device="cpu", calibration=calibration)
        result = calibrated.score(media_folder / "a.png")
        assert result.score == pytest.approx(one_by_one[0].score, abs=1e-6)
        assert result.calibrated_mos == pytest.approx(4 / (1 + np.exp(-(4 * result.score - 2))) + 1)

    def test_images_never_reach_the_motion_tower(self, scorer, media_folder):
        def refuse(*_):
            raise AssertionError("the motion tower ran")

        handle = scorer.model.model.motion_tower.register_forward_pre_hook(refuse)
        try:
            assert scorer.score(media_folder / "a.png").error is None
            with pytest.raises(AssertionError, match="the motion tower ran"):
                scorer.score(media_folder / "d.mp4")
        finally:
            handle.remove()


class TestBatches:
    @pytest.mark.parametrize("batch_size", [2, 3, 6])
    def test_batch_size_changes_no_score(self, scorer, media_folder, one_by_one, batch_size):
        batched = scorer.score(media_folder, batch_size=batch_size)
        assert scores(batched) == pytest.approx(scores(one_by_one), abs=TOLERANCE)

    def test_order_changes_no_score(self, scorer, media_folder, one_by_one):
        backwards = sorted(media_folder.iterdir(), reverse=True)
        assert scores(scorer.score(backwards, batch_size=4)) == pytest.approx(scores(one_by_one)[::-1], abs=TOLERANCE)

    @pytest.mark.parametrize("side", ["left", "right"])
    def test_padding_changes_no_level_logit(self, scorer, media_folder, side):
        inputs = scorer.processor.prepare_scoring(images=[Image.open(media_folder / "b.png")])
        bare = scorer.model.level_logits(**inputs).level_logits
        ends = (37, 0) if side == "left" else (0, 37)
        padded = dict(inputs)
        padded["input_ids"] = torch.nn.functional.pad(
            inputs["input_ids"], ends, value=scorer.processor.tokenizer.pad_token_id
        )
        padded["attention_mask"] = torch.nn.functional.pad(inputs["attention_mask"], ends)
        assert torch.allclose(scorer.model.level_logits(**padded).level_logits, bare, atol=TOLERANCE)

    def test_results_come_batch_by_batch(self, scorer, media_folder, monkeypatch):
        passes = []
        original = scorer.model.level_logits
        monkeypatch.setattr(scorer.model, "level_logits", lambda **inputs: passes.append(1) or original(**inputs))
        results = scorer.iter_scores(expand_media(media_folder, kind="image"), batch_size=1)
        next(results)
        assert len(passes) == 1
        assert len(list(results)) == 2 and len(passes) == 3

    def test_a_batch_of_none_is_refused(self, scorer, media_folder):
        with pytest.raises(CheckpointError, match="batch_size is 0; expected at least 1"):
            scorer.score(media_folder, batch_size=0)


class Sizes(TorchDispatchMode):
    """Remembers the shape of every tensor that an operation returns."""

    def __init__(self):
        super().__init__()
        self.shapes = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for value in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(value, torch.Tensor):
                self.shapes.add(tuple(value.shape))
        return result


class TestHead:
    def largest_share_of_the_vocabulary(self, scorer, run) -> int:
        """Rows of the largest `[rows, vocabulary]` result, weights aside."""
        vocabulary = scorer.model.config.text_config.vocab_size
        with Sizes() as sizes:
            run()
        weight = tuple(scorer.model.lm_head.weight.T.shape)
        wide = [shape for shape in sizes.shapes - {weight} if shape and shape[-1] == vocabulary]
        return max([int(np.prod(shape[:-1])) for shape in wide], default=0)

    def test_scoring_makes_no_logits_of_the_vocabulary(self, scorer, media_folder):
        inputs = scorer.processor.prepare_scoring(images=[Image.open(media_folder / "b.png")] * 2)
        assert self.largest_share_of_the_vocabulary(scorer, lambda: scorer.model.level_logits(**inputs)) == 0

    def test_the_mass_needs_one_row_per_medium(self, scorer, media_folder):
        inputs = scorer.processor.prepare_scoring(images=[Image.open(media_folder / "b.png")] * 2)
        run = lambda: scorer.model.level_logits(**inputs, level_mass=True)  # noqa: E731
        assert self.largest_share_of_the_vocabulary(scorer, run) == 2

    def test_the_watch_sees_the_logits_of_a_plain_forward(self, scorer, media_folder):
        inputs = scorer.processor.prepare_scoring(images=[Image.open(media_folder / "b.png")])
        run = lambda: scorer.model(**inputs)  # noqa: E731
        assert self.largest_share_of_the_vocabulary(scorer, run) == inputs["input_ids"].shape[1]


class TestInputs:
    @pytest.mark.parametrize(
        "given",
        [
            str,
            lambda path: path,
            lambda path: path.read_bytes(),
            lambda path: io.BytesIO(path.read_bytes()),
            lambda path: path.open("rb"),
            Image.open,
            lambda path: np.array(Image.open(path)),
            lambda path: torch.from_numpy(np.array(Image.open(path))).permute(2, 0, 1),
            lambda path: np.array(Image.open(path)) / np.float32(255),
            lambda path: {"image": Image.open(path)},
            lambda path: {"media": {"kind": "image", "path": str(path), "bytes": None}},
            lambda path: {"path": None, "bytes": path.read_bytes()},
        ],
        ids="str Path bytes memory file pillow numpy torch float image_row media_row bytes_row".split(),
    )
    def test_one_image_has_one_score_however_it_is_given(self, scorer, media_folder, one_by_one, given):
        result = scorer.score(given(media_folder / "b.png"))
        assert result.score == pytest.approx(one_by_one[1].score, abs=1e-6)

    @pytest.mark.parametrize(
        "given",
        [
            str,
            lambda path: path.read_bytes(),
            lambda path: path.open("rb"),
            lambda path: {"video": str(path)},
            lambda path: {"media": {"kind": "video", "path": None, "bytes": path.read_bytes()}},
        ],
        ids="str bytes file video_row media_row".split(),
    )
    def test_one_video_has_one_score_however_it_is_given(self, scorer, media_folder, one_by_one, given):
        result = scorer.score(given(media_folder / "e.mp4"))
        assert result.score == pytest.approx(one_by_one[4].score, abs=1e-6)

    @pytest.mark.parametrize("form", [list, np.stack, lambda frames: torch.from_numpy(np.stack(frames))])
    def test_decoded_frames_with_their_rate_score_as_the_file(self, scorer, media_folder, one_by_one, form):
        import av

        with av.open(str(media_folder / "e.mp4")) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        result = scorer.score(Frames(form(frames), fps=8))
        assert result.score == pytest.approx(one_by_one[4].score, abs=1e-6)

    def test_a_list_of_frames_inside_a_list_is_one_video(self, scorer):
        frames = [Image.new("RGB", (64, 48), (value, 0, 0)) for value in range(0, 200, 10)]
        (result,) = scorer.score([frames])
        assert 0 <= result.score <= 1

    def test_an_animated_image_is_a_video(self, scorer, tmp_path):
        frames = [Image.new("RGB", (64, 48), (value, 90, 0)) for value in range(0, 200, 10)]
        frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=125)
        from_file = scorer.score(tmp_path / "a.gif")
        assert from_file.score == scorer.score(Image.open(tmp_path / "a.gif")).score
        assert from_file.score != scorer.score(Image.open(tmp_path / "a.gif").convert("RGB")).score

    def test_a_folder_and_a_glob_are_lists_and_a_file_is_not(self, scorer, media_folder, one_by_one):
        assert scores(scorer.score(f"{media_folder}/*.png")) == scores(one_by_one)[:2]
        assert scores(scorer.score([media_folder / "a.png"])) == scores(one_by_one)[:1]
        assert not isinstance(scorer.score(media_folder / "a.png"), list)

    def test_an_address_needs_permission(self, scorer):
        with pytest.raises(MediaInputError, match="the network is not allowed. Pass allow_network=True"):
            scorer.score("https://example.org/a.png")


class TestFailures:
    @pytest.mark.parametrize("batch_size", [1, 3])
    def test_a_bad_file_in_a_list_is_a_row(self, scorer, media_folder, one_by_one, bad_file, batch_size):
        absent = media_folder / "absent.png"
        listed = [media_folder / "a.png", bad_file, media_folder / "b.png", absent]
        good, bad, also_good, missing = scorer.score(listed, batch_size=batch_size)
        assert [good.score, also_good.score] == pytest.approx(scores(one_by_one)[:2], abs=TOLERANCE)
        assert bad.score is None and "bad.png" in bad.error
        assert missing.score is None and "absent.png does not exist" in missing.error

    def test_a_single_bad_file_raises(self, scorer, bad_file):
        with pytest.raises(MediaDecodeError, match="bad.png"):
            scorer.score(bad_file)

    def test_a_single_absent_file_raises(self, scorer):
        with pytest.raises(MediaNotFoundError, match="absent.png does not exist"):
            scorer.score("absent.png")

    def test_logits_that_overflow_are_an_error_row(self, scorer, media_folder, monkeypatch):
        weight = scorer.model.lm_head.weight
        monkeypatch.setattr(weight, "data", torch.full_like(weight, torch.nan))
        (result,) = scorer.score([media_folder / "a.png"])
        assert result.score is None and "expected finite numbers" in result.error


class TestCheckpoints:
    def test_the_fingerprint_names_what_the_numbers_depend_on(self, scorer, tiny_folder, media_folder):
        fingerprint = scorer.score(media_folder / "a.png").fingerprint
        assert fingerprint.model == str(tiny_folder)
        assert (fingerprint.dtype, fingerprint.sampling) == ("float32", "time")
        half = VitalScorer.from_pretrained(tiny_folder, device="cpu", dtype="bfloat16").fingerprint
        assert half.dtype == "bfloat16" and half.weight_hash == fingerprint.weight_hash

    def test_other_weights_and_other_settings_have_another_fingerprint(self, scorer, tiny_folder, tmp_path):
        model = VitalForConditionalGeneration.from_pretrained(tiny_folder)
        model.lm_head.weight.data.mul_(2)
        processor = VitalProcessor.from_pretrained(tiny_folder)
        processor.video_processor.motion_fps = 4.0
        model.save_pretrained(tmp_path)
        processor.save_pretrained(tmp_path)
        other = VitalScorer.from_pretrained(tmp_path, device="cpu").fingerprint
        assert other.weight_hash != scorer.fingerprint.weight_hash
        assert other.processor != scorer.fingerprint.processor

    def test_another_conversation_template_has_another_fingerprint(self, scorer, tiny_folder):
        other = VitalScorer(scorer.model, VitalProcessor.from_pretrained(tiny_folder), name=scorer.name)
        assert other.fingerprint == scorer.fingerprint
        processor = VitalProcessor.from_pretrained(tiny_folder)
        processor.chat_template = processor.chat_template.replace("InternVL", "VITAL")
        assert VitalScorer(scorer.model, processor, name=scorer.name).fingerprint != scorer.fingerprint

    def test_bfloat16_is_close_to_float32(self, tiny_folder, media_folder, one_by_one):
        half = VitalScorer.from_pretrained(tiny_folder, device="cpu", dtype=torch.bfloat16)
        assert scores(half.score(media_folder)) == pytest.approx(scores(one_by_one), abs=0.05)

    def test_an_absent_folder_is_named(self, tmp_path):
        with pytest.raises(CheckpointError, match="There is no folder .*absent. Expected one with a VITAL checkpoint"):
            VitalScorer.from_pretrained(tmp_path / "absent")

    def test_a_folder_that_is_no_checkpoint_is_refused(self, tmp_path):
        (tmp_path / "notes.txt").write_text("nothing here")
        with pytest.raises(CheckpointError, match="cannot be loaded"):
            VitalScorer.from_pretrained(tmp_path)

    def test_a_checkpoint_without_a_tokenizer_is_refused(self, tiny_folder, tmp_path):
        folder = shutil.copytree(tiny_folder, tmp_path / "copy")
        for path in folder.glob("tokenizer*"):
            path.unlink()
        with pytest.raises(CheckpointError, match="cannot be loaded"):
            VitalScorer.from_pretrained(folder)

    def test_model_and_tokenizer_must_agree_on_the_level_words(self, tiny_folder):
        model = VitalForConditionalGeneration.from_pretrained(tiny_folder)
        model.config.level_token_ids = [1, 2, 3, 4, 5]
        with pytest.raises(CheckpointError, match=r"at ids \[1, 2, 3, 4, 5\], the tokenizer has them"):
            VitalScorer(model, VitalProcessor.from_pretrained(tiny_folder))

    def test_a_pickle_needs_permission(self, scorer, tiny_folder, media_folder, tmp_path):
        folder = shutil.copytree(tiny_folder, tmp_path / "copy")
        (folder / "model.safetensors").unlink()
        torch.save(scorer.model.state_dict(), folder / "pytorch_model.bin")
        with pytest.raises(CheckpointError, match="cannot be loaded"):
            VitalScorer.from_pretrained(folder, device="cpu")
        allowed = VitalScorer.from_pretrained(folder, device="cpu", allow_pickle=True)
        assert allowed.score(media_folder / "a.png").score == scorer.score(media_folder / "a.png").score
