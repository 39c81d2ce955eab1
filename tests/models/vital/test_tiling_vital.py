"""How many tiles, in which grid. The two rules of the release are compared with the authors' code elsewhere."""

import pytest

from transformers_vital.models.vital.tiling_vital import area_grid, nearest_grid


SIZES = [(width, height) for width in range(32, 3000, 331) for height in range(32, 3000, 299)]


def grid(width, height, **changes):
    return nearest_grid(width, height, **{"tile": 448, "min_patches": 1, "max_patches": 12, **changes})


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((448, 448), (1, 1)),
        ((300, 200), (1, 1)),
        ((1024, 768), (2, 2)),  # 3.9 tiles of area; 2x2 stretches by 4/3, 3x1 and 1x3 by more
        ((1920, 1080), (4, 2)),  # 10.3 tiles; 4x2 is 9/8 of 16:9, 3x2 and 5x2 are further off
        ((1080, 1920), (2, 4)),
        ((1792, 448), (4, 1)),
        ((6000, 4000), (4, 3)),  # at the most tiles: 4x3 is 9/8 off, 3x2 of half as many exact but too few
    ],
)
def test_grids_worked_out_by_hand(size, expected):
    assert grid(*size) == expected


@pytest.mark.parametrize("tile", [224, 448])
def test_an_image_is_never_enlarged_in_area_beyond_rounding(tile):
    for width, height in SIZES:
        columns, rows = grid(width, height, tile=tile)
        assert columns * rows == 1 or columns * rows * tile**2 <= 1.05 * width * height


def test_turning_the_image_turns_the_grid():
    turned = [(grid(width, height), grid(height, width)) for width, height in SIZES if width != height]
    assert len(turned) > 50
    assert all(upright == lying[::-1] for upright, lying in turned)


@pytest.mark.parametrize(("least", "most"), [(1, 1), (1, 6), (4, 6)])
def test_bounds_are_kept(least, most):
    counts = [columns * rows for columns, rows in (grid(*size, min_patches=least, max_patches=most) for size in SIZES)]
    assert min(counts) == least and max(counts) == most


def test_the_release_rule_ends_at_twelve_tiles():
    with pytest.raises(ValueError, match="max_patches is 13; the 'area' tile grid of the release is defined up to 12"):
        area_grid(900, 900, tile=448, min_patches=1, max_patches=13)
