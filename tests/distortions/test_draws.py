import hashlib

import numpy as np
import pytest

from transformers_vital.distortions.draws import generator


def test_the_stream_is_that_of_numpy_for_the_hash_of_seed_and_names():
    digest = hashlib.sha256(b'[5, "white_noise", 3]').digest()
    expected = np.random.Generator(np.random.PCG64(np.random.SeedSequence(int.from_bytes(digest, "big"))))
    assert generator(5, "white_noise", 3).random(4).tolist() == expected.random(4).tolist()


@pytest.mark.parametrize(
    "others",
    [
        (6, "a", 1),
        (5, "b", 1),
        (5, "a", 2),
        (5, "a"),
        (5, "a", "1"),
        (-5, "a", 1),
        (51, "a"),
        (5, "a1"),
        (5, 'a", "1'),
    ],
    ids=repr,
)
def test_other_seeds_and_names_give_other_draws(others):
    assert generator(5, "a", 1).random() != generator(*others).random()


def test_integers_of_numpy_are_the_same_as_those_of_python():
    assert generator(np.int64(5), "a", np.int32(1)).random() == generator(5, "a", 1).random()
