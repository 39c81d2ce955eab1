"""
Labels of a million media: distributions of opinions, records from raw scores, pairs, and their growth with the number.

    python benchmarks/labels.py
"""

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from measuring import report_targets

from transformers_vital.annotation.opinions.annotators import list_annotators
from transformers_vital.annotation.opinions.opinion_records import MappingStage, fit_mappings
from transformers_vital.annotation.pairs import sample_pairs
from transformers_vital.distributions import pmod


SEED = 0
ITEMS = 1_000_000
ROWS = 20_000  # as records in Python, which a build makes shard by shard
MOST_SECONDS = 30
MOST_GROWTH = 40.0  # of pairs, for ten times as many items: n log n is 12, what no cache holds costs more, n² is 100


def seconds(run: Callable[[], Any]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def main() -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    rng = np.random.default_rng(SEED)
    opinions = np.clip(rng.normal(rng.random((ITEMS, 1)), 0.1, (ITEMS, 6)), 0, 1)
    means, stds = opinions.mean(axis=1), opinions.std(axis=1)
    judges = list_annotators(kind="image", group="default")
    shared = {
        "media": {"kind": "image", "path": "a.png", "bytes": None},
        "annotators": [judge.name for judge in judges],
        "directions": [judge.direction for judge in judges],
        "reasons": [None] * len(judges),
    }
    rows = [{**shared, "scores": scores} for scores in rng.random((ROWS, len(judges))).tolist()]
    stage = MappingStage(mappings=fit_mappings(rows)[0])
    sample_pairs(means[:5000], stds=stds[:5000], num_pairs=5000, seed=SEED)  # to warm up
    few = slice(ITEMS // 10)
    taken = {
        f"PMOD of {ITEMS:,}": seconds(lambda: pmod(opinions)),
        f"records of {ROWS:,}, times {ITEMS // ROWS}": seconds(lambda: stage(rows)) * (ITEMS // ROWS),
        f"{ITEMS // 10:,} pairs of {ITEMS // 10:,}": seconds(
            lambda: sample_pairs(means[few], stds=stds[few], num_pairs=ITEMS // 10, seed=SEED)
        ),
        f"{ITEMS:,} pairs of {ITEMS:,}": seconds(lambda: sample_pairs(means, stds=stds, num_pairs=ITEMS, seed=SEED)),
    }
    print(f"{'':<36}{'seconds':>10}{'a second':>14}")
    for name, value in taken.items():
        count = ITEMS // 10 if name.startswith(f"{ITEMS // 10:,}") else ITEMS
        print(f"{name:<36}{value:>10.2f}{count / value:>14,.0f}")
    distributions, records, few_pairs, pairs = taken.values()
    return report_targets(
        {
            f"PMOD of a million in less than {MOST_SECONDS} s ({distributions:.1f})": distributions < MOST_SECONDS,
            f"a million pairs in less than {MOST_SECONDS} s ({pairs:.1f})": pairs < MOST_SECONDS,
            f"ten times the items, less than {MOST_GROWTH:g} times the time ({pairs / few_pairs:.1f})": pairs
            < MOST_GROWTH * few_pairs,
        }
    )


if __name__ == "__main__":
    sys.exit(main())
