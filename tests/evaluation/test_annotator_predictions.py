"""Machine annotators as models: direction, failures, and what their scores depend on."""

import math
from types import SimpleNamespace

import pytest
from PIL import Image

from transformers_vital.annotation.opinions.annotators import describe_annotator, load_annotator
from transformers_vital.errors import EvaluationError, MissingExtraError
from transformers_vital.evaluation.annotator_predictions import annotator_fingerprint, annotator_rows, check_kind
from transformers_vital.media.inputs import MediaItem


class Told:
    """An annotator that scores as it is told, and notes how many it is shown at once."""

    def __init__(self, scores, *, higher=True, reads="file"):
        self.descriptor = SimpleNamespace(higher_is_better=higher)
        self.reads, self.scores, self.shown = reads, scores, []

    def score(self, items):
        self.shown.append(len(items))
        scores = [self.scores[item.name] for item in items]
        for score in scores:
            if isinstance(score, Exception):
                raise score
        return scores


def items(*names):
    return [MediaItem("image", name, name) for name in names]


@pytest.mark.parametrize(("higher", "score"), [(True, 3.0), (False, -3.0)])
def test_scores_rise_with_quality(higher, score):
    (row,) = annotator_rows(Told({"a": 3.0}, higher=higher), items("a"))
    assert row == {"name": "a", "score": score, "error": None}


@pytest.mark.parametrize(
    ("failure", "error"),
    [(math.nan, "It gave no score."), (RuntimeError("too small"), "too small"), (KeyError(), "KeyError")],
)
def test_an_item_that_fails_is_a_row_and_others_go_on(failure, error):
    rows = list(annotator_rows(Told({"a": failure, "b": 1.0}), items("a", "b")))
    assert [row["score"] for row in rows] == [None, 1.0]
    assert rows[0]["error"] == error


def test_a_missing_package_ends_the_run():
    with pytest.raises(MissingExtraError):
        list(annotator_rows(Told({"a": MissingExtraError("cv2", extra="data", purpose="it")}), items("a")))


@pytest.mark.parametrize(("reads", "shown"), [("files", [2, 1]), ("pixels", [1, 1, 1])])
def test_only_annotators_to_whom_many_are_cheaper_are_shown_many(reads, shown):
    told = Told({"a": 1.0, "b": 2.0, "c": 3.0}, reads=reads)
    assert [row["score"] for row in annotator_rows(told, items("a", "b", "c"), batch_size=2)] == [1.0, 2.0, 3.0]
    assert told.shown == shown


def test_a_picture_scores_as_the_annotator_says(tmp_path):
    Image.effect_noise((200, 192), 60).convert("RGB").save(tmp_path / "noise.png")
    item = MediaItem("image", tmp_path / "noise.png", "noise.png")
    niqe = load_annotator("niqe")
    (row,) = annotator_rows(niqe, [item])
    assert row["score"] == -niqe.score([item])[0] < 0


def test_a_file_that_cannot_be_decoded_is_a_row(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG and nothing more")
    (row,) = annotator_rows(load_annotator("brisque"), [MediaItem("image", tmp_path / "broken.png", "broken.png")])
    assert row["score"] is None and "broken.png" in row["error"]


def test_annotators_of_the_other_kind_are_refused():
    with pytest.raises(
        EvaluationError, match="video-niqe judges videos, and KonIQ-10k has images. Name others with --a"
    ):
        check_kind(describe_annotator("video-niqe"), kind="image", benchmark="KonIQ-10k")
    check_kind(describe_annotator("niqe"), kind="image", benchmark="KonIQ-10k")


def test_other_settings_are_another_fingerprint():
    same, other = load_annotator("piqe"), load_annotator("piqe-plus")
    assert annotator_fingerprint(same) == annotator_fingerprint(load_annotator("piqe"))
    assert annotator_fingerprint(same)["settings"] != annotator_fingerprint(other)["settings"]
