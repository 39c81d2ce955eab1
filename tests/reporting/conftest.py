"""Statistics of a small made-up dataset, every one of them."""

import numpy as np
import pytest

from transformers_vital.annotation.attributes.attributes import ATTRIBUTES
from transformers_vital.annotation.opinions.agreement import agreement
from transformers_vital.annotation.statements.acceptance import acceptance
from transformers_vital.annotation.statements.statement_rows import statement_row
from transformers_vital.annotation.statistics import (
    attribute_distributions,
    distortion_shares,
    level_histogram,
    preference_shares,
    sentence_lengths,
    word_frequencies,
)


@pytest.fixture(scope="session")
def statistics():
    generator = np.random.default_rng(0)
    media = [{"kind": kind, "path": f"{kind}.x", "bytes": None} for kind in ("image", "video")]
    words = "sky edges soft noise vivid colours banding exposure shaky grain".split()
    attributes, statements, levels, distorted, accepted = [], [], [], [], []
    for medium in media * 30:
        attributes.append({"media": medium, **dict(zip(ATTRIBUTES, generator.gamma(3, 2, 9).tolist(), strict=True))})
        text = " ".join(generator.choice(words, int(generator.integers(4, 12))))
        statements.append({"media": medium, "text": text})
        levels.append({"media": medium, "mean": generator.random(), "level_probs": generator.dirichlet([1] * 5)})
        distorted.append(
            {"media": medium, "distortion": f"type_{generator.integers(4)}", "severity": 1 + len(text) % 3}
        )
        votes = [
            {"judge": judge, "round": number, "score": int(generator.integers(3))}
            for judge in "xy"
            for number in (1, 2)
        ]
        own = [{"round": number, "correct": True} for number in (1, 2)]
        accepted.append(
            statement_row({"id": "a", "media": medium}, text=text, annotator="b", votes=votes, self_votes=own)
        )
    opinions = generator.normal(size=(40, 1)) + generator.normal(size=(40, 4))
    pairs = [{"media_a": media[0], "preference": preference} for preference in (1.0, 0.0, 0.5)]
    return {
        "attributes": attribute_distributions(attributes),
        "levels": level_histogram(levels),
        "agreement": {
            kind: agreement(opinions, annotators=["niqe", "piqe", "cpbd", "si"]) for kind in ("image", "video")
        },
        "preferences": preference_shares(pairs),
        "distortions": distortion_shares(distorted),
        "sentence_lengths": sentence_lengths(statements),
        "words": word_frequencies(statements),
        "acceptance": acceptance(accepted),
    }
