"""A scorer with canned answers, so that the command is tested without a model."""

import math
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from transformers_vital.results import Fingerprint, QualityScore


FINGERPRINT = Fingerprint("vital-tiny", None, "0a1b2c3d", "float32", "clean", "8f14e45f", "0.1.0")
LOGITS = (math.log(2), math.log(7), 0.0, -math.inf, -math.inf)  # probabilities .2 .7 .1 0 0


def result_for(name: str, *, fingerprint: Fingerprint = FINGERPRINT) -> QualityScore:
    """One answer for all, except that files with "bad" in their name fail."""
    if "bad" in name:
        return QualityScore.failed(f"{name} cannot be decoded.", fingerprint=fingerprint, seconds=0.25)
    return QualityScore.from_level_logits(LOGITS, fingerprint=fingerprint, seconds=0.5)


class FakeScorer:
    """Stands for `VitalScorer`; the fixture below resets what it remembers."""

    fingerprint = FINGERPRINT
    stop_after = None
    stop_with = KeyboardInterrupt
    repaired = ()
    asked: list[str]
    loaded_with: dict | None

    @classmethod
    def from_pretrained(cls, model=None, **kwargs):
        cls.loaded_with = {"model": model, **kwargs}
        return cls()

    def iter_scores(self, items, *, batch_size):
        for count, item in enumerate(items):
            if count == type(self).stop_after:
                raise type(self).stop_with
            type(self).asked.append(item.name)
            name = "good.png" if item.name in type(self).repaired else item.name
            yield result_for(name, fingerprint=self.fingerprint)


@pytest.fixture
def scorer(monkeypatch):
    """The class of a fresh fake scorer, which the command finds in place of the real one."""
    fresh = type("FreshScorer", (FakeScorer,), {"asked": [], "loaded_with": None})
    monkeypatch.setitem(sys.modules, "transformers_vital.scoring.scorer", SimpleNamespace(VitalScorer=fresh))
    return fresh


@pytest.fixture
def answer():
    """`answer(name)` is the result of a file of that name."""
    return result_for


@pytest.fixture
def other_fingerprint() -> Fingerprint:
    return replace(FINGERPRINT, dtype="bfloat16", processor="11111111")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working folder, with four files of which one fails."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "media").mkdir()
    for name in ("a.png", "bad.png", "c.mp4", 'd, "e".png'):
        (tmp_path / "media" / name).write_bytes(b"never decoded here")
    return tmp_path
