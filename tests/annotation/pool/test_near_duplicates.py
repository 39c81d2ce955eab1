"""Perceptual hashes, and which pictures are dropped because of them, against comparing every two."""

import io

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageEnhance

from transformers_vital.annotation.pool.near_duplicates import (
    close_pairs,
    hash_values,
    near_duplicates,
    perceptual_hash,
)
from transformers_vital.errors import AnnotationError


def hexadecimal(values):
    return [f"{int(value):016x}" for value in values]


def clustered(count, *, seed):
    """Hashes around a few centres, a bit or some apart, as copies of pictures are."""
    generator = np.random.default_rng(seed)
    centres = generator.integers(0, 2**64, count // 10, dtype=np.uint64)
    values = centres[generator.integers(0, len(centres), count)]
    for _ in range(4):
        bit = np.uint64(1) << generator.integers(0, 64, count).astype(np.uint64)
        values = np.where(generator.random(count) < 0.5, values ^ bit, values)
    return values


def one_after_another(hashes, distance):
    """The rule as it is said: in order, dropped if within the distance of one that is kept."""
    of = []
    for later, text in enumerate(hashes):
        found = [
            earlier
            for earlier in range(later)
            if of[earlier] < 0
            and None not in (text, hashes[earlier])
            and (int(text, 16) ^ int(hashes[earlier], 16)).bit_count() <= distance
        ]
        of.append(found[0] if found else -1)
    return of


@pytest.mark.parametrize("distance", range(11))
def test_the_same_are_dropped_as_by_comparing_every_two(distance):
    hashes = hexadecimal(clustered(300, seed=distance))
    hashes[17] = hashes[90] = None
    expected = one_after_another(hashes, distance)
    assert len({of for of in expected if of >= 0}) > 3
    kept, of = near_duplicates(hashes, max_distance=distance)
    assert of.tolist() == expected
    assert kept.tolist() == [original < 0 for original in expected]


@pytest.mark.parametrize("distance", [0, 1, 4, 7, 10])
def test_close_pairs_are_those_of_comparing_every_two(distance):
    values = clustered(200, seed=1)
    apart = np.bitwise_count(values[:, None] ^ values[None])
    expected = [[int(a), int(b)] for b in range(200) for a in range(b) if apart[a, b] <= distance]
    assert expected
    assert close_pairs(values, max_distance=distance).tolist() == expected


def test_what_looks_like_a_dropped_one_only_is_kept():
    # The third is 4 bits from the second, which goes, and 8 from the first.
    kept, of = near_duplicates(["0000000000000000", "000000000000000f", "00000000000000ff"])
    assert (kept.tolist(), of.tolist()) == ([True, False, True], [-1, 0, -1])


def test_a_copy_of_a_dropped_one_names_the_kept_one():
    kept, of = near_duplicates(["0000000000000000", "0000000000000001", "0000000000000001"])
    assert (kept.tolist(), of.tolist()) == ([True, False, False], [-1, 0, 0])


def test_copies_planted_among_a_hundred_thousand_are_found():
    values = np.random.default_rng(0).integers(0, 2**64, 100_000, dtype=np.uint64)
    values[-500:] = values[:500] ^ np.uint64(0b1111 << 30)
    kept, of = near_duplicates(hexadecimal(values))
    assert np.flatnonzero(~kept).tolist() == list(range(99_500, 100_000))
    assert of[-500:].tolist() == list(range(500))


@pytest.mark.parametrize("hashes", [[], [None, None]])
def test_without_hashes_everything_is_kept(hashes):
    kept, of = near_duplicates(hashes)
    assert kept.tolist() == [True] * len(hashes)


@pytest.mark.parametrize("text", ["", "ff", "00000000000000fg", "0x000000000000ff", " 0000000000000ff"])
def test_what_is_no_hash_is_refused(text):
    with pytest.raises(AnnotationError, match="A hash is .*; expected 16 hexadecimal digits. Hash the picture anew."):
        hash_values(["00000000000000ff", text])


@pytest.mark.parametrize("distance", [-1, 11])
def test_a_distance_at_which_strangers_meet_is_refused(distance):
    with pytest.raises(AnnotationError, match=f"near-duplicates is {distance}; expected 0 to 10 of 64 bits"):
        near_duplicates(["00000000000000ff"], max_distance=distance)


@pytest.fixture(params=["dogs.jpg", "rocket.jpg", "window.jpg"])
def photograph(request, pytestconfig):
    return Image.open(pytestconfig.rootpath / "examples" / "media" / request.param).convert("RGB")


def distance(one, other):
    return (int(perceptual_hash(one), 16) ^ int(perceptual_hash(other), 16)).bit_count()


def test_the_hash_is_that_of_imagehash(photograph):
    assert perceptual_hash(photograph) == str(imagehash.phash(photograph))


def test_smaller_recompressed_and_brighter_copies_are_near(photograph):
    file = io.BytesIO()
    photograph.resize((photograph.width // 2, photograph.height // 2)).save(file, "JPEG", quality=40)
    assert distance(photograph, Image.open(file)) <= 4
    assert distance(photograph, ImageEnhance.Brightness(photograph).enhance(0.8)) <= 4


def test_other_pictures_and_mirrored_ones_are_far(photograph, pytestconfig):
    cat = Image.open(pytestconfig.rootpath / "examples" / "media" / "cat.png")
    assert distance(photograph, cat) > 16
    assert distance(photograph, photograph.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) > 10


def test_pictures_without_structure_have_no_hash():
    almost_black = Image.effect_noise((400, 300), 8).point(lambda level: level // 30)
    assert perceptual_hash(almost_black) is None
