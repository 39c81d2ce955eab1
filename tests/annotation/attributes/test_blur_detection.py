"""CPBD against hand-made edges, and against the same measure written pixel by pixel."""

import cv2
import numpy as np
import pytest
from PIL import Image

from transformers_vital.annotation.attributes.blur_detection import run_lengths, sharp_edge_share


def edge(*levels, height=64):
    """A picture whose rows are 30 pixels of the first level, then the given ones, and the last to the end."""
    row = np.full(64, levels[-1])
    row[:30] = levels[0]
    row[30 : 30 + len(levels)] = levels
    return np.tile(row.astype(np.uint8), (height, 1))


@pytest.mark.parametrize(
    ("levels", "share"),
    [
        pytest.param((0, 200), 1.0, id="step"),
        pytest.param((0, 60, 130, 200), 1.0, id="3 pixels at high contrast"),
        pytest.param((0, 50, 100, 150, 200), 0.0, id="4 pixels at high contrast"),
        pytest.param((0, 10, 20, 30, 40), 1.0, id="4 pixels at low contrast"),
        pytest.param((0, 10, 20, 30, 40, 50), 1.0, id="5 pixels at low contrast"),
        pytest.param((0, 8, 16, 25, 33, 41, 50), 0.0, id="6 pixels at low contrast"),
        pytest.param((0, 10, 20, 30, 40, 51), 0.0, id="5 pixels just above low contrast"),
    ],
)
@pytest.mark.parametrize("turn", [lambda luma: luma, lambda luma: luma[:, ::-1], lambda luma: 255 - luma])
def test_the_width_that_counts_as_sharp_is_three_or_at_low_contrast_five(levels, share, turn):
    assert sharp_edge_share(np.ascontiguousarray(turn(edge(*levels)))) == share


def test_the_share_is_that_of_edges():
    luma = edge(0, 200, height=100)
    luma[75:] = edge(0, 50, 100, 150, 200, height=25)
    # Two blocks of rows; where both kinds meet, the gradient is across for two rows in a hundred at most.
    assert sharp_edge_share(luma) == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize("luma", [np.full((64, 64), 90, np.uint8), edge(0, 200).T.copy()], ids=["flat", "lying edge"])
def test_without_an_upright_edge_there_is_no_share(luma):
    assert sharp_edge_share(luma) is None


def test_a_few_edge_pixels_in_a_block_are_not_looked_at():
    luma = np.full((64, 64), 90, np.uint8)
    luma[30:34, 32:] = 220  # 4 rows, of 4096 pixels 0.1 %
    assert sharp_edge_share(luma) is None


@pytest.mark.parametrize("name", ["dogs.jpg", "rocket.jpg", "stream.jpg"])
def test_blurring_a_photograph_lowers_it_all_the_way(name, pytestconfig):
    luma = np.array(Image.open(pytestconfig.rootpath / "examples" / "media" / name).convert("L"))
    shares = [sharp_edge_share(luma)] + [sharp_edge_share(cv2.GaussianBlur(luma, (0, 0), s)) for s in (1, 2, 4)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.5 > 0.05 > shares[2]


def length_by_steps(luma, row, column, rising):
    sign, length = (1 if rising else -1), 0
    for side in (1, -1):
        position, steps = column, 0
        while 0 <= position + side < luma.shape[1] and steps < 6:
            step = int(luma[row, position + side]) - int(luma[row, position])
            if sign * side * step <= 0:
                break
            position, steps = position + side, steps + 1
        length += steps
    return length


def test_runs_are_as_long_as_by_walking_along_the_row():
    generator = np.random.default_rng(0)
    luma = np.cumsum(generator.integers(-4, 6, (40, 50)), axis=1).clip(0, 255).astype(np.uint8)
    rows, columns = (place.ravel() for place in np.indices(luma.shape))
    rising = generator.random(len(rows)) < 0.6
    expected = [length_by_steps(luma, *given) for given in zip(rows, columns, rising, strict=True)]
    assert max(expected) > 6
    assert run_lengths(luma, rows=rows, columns=columns, rising=rising).tolist() == expected
