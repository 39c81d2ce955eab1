import numpy as np
import pytest
from scipy import stats
from skimage.filters import threshold_multiotsu

from transformers_vital.distortions.registry import DISTORTIONS
from transformers_vital.distortions.spatial import (
    colour_block,
    jitter,
    non_eccentricity_patch,
    pixelation,
    quantisation,
    translated,
)


# Red tells the column and green the row of every pixel.
PLACES = np.zeros((200, 240, 3), dtype=np.uint8)
PLACES[..., 0], PLACES[..., 1] = np.arange(240), np.arange(200)[:, None]


@pytest.mark.parametrize("sigma", DISTORTIONS["jitter"].levels)
def test_jitter_moves_every_pixel_by_a_gaussian_of_its_own(sigma):
    scaled = PLACES[:25, :30] * 8  # eight values a pixel show moves below one
    moved = (
        np.concatenate(
            [
                jitter(scaled, level=sigma, generator=np.random.default_rng(seed)).astype(float) - scaled
                for seed in range(9)
            ]
        ).reshape(9, 25, 30, 3)[:, 10:-10, 10:-10]
        / 8
    )
    for channel in (0, 1):
        values = moved[..., channel].ravel()
        assert values.std() == pytest.approx(sigma, rel=0.12, abs=0.02)
        assert abs(values.mean()) < 4 * sigma / np.sqrt(values.size) + 0.02  # of a pixel, for rounding
    assert abs(stats.pearsonr(moved[..., 0].ravel(), moved[..., 1].ravel())[0]) < 0.15


class TestPatches:
    def test_a_patch_comes_from_up_to_8_pixels_away(self):
        for seed in range(30):
            moved = non_eccentricity_patch(PLACES, level=1, generator=np.random.default_rng(seed)).astype(int) - PLACES
            changed = (moved != 0).any(axis=-1)
            if not changed.any():
                continue  # moved by nothing
            assert changed.sum() == 16 * 16
            assert len(np.unique(moved[changed], axis=0)) == 1
            assert np.abs(moved).max() <= 8

    def test_places_and_moves_go_everywhere(self):
        touched = np.zeros(PLACES.shape[:2], dtype=int)
        moves = []
        for seed in range(40):
            moved = (
                non_eccentricity_patch(PLACES, level=100, generator=np.random.default_rng(seed)).astype(int) - PLACES
            )
            touched += (moved != 0).any(axis=-1)
            moves.append(moved[..., :2].mean(axis=(0, 1)))
        assert (touched[16:-16, 16:-16] > 0).all() and touched[:4].any() and touched[:, -4:].any()
        assert np.abs(np.mean(moves, axis=0)).max() < 0.5

    def test_all_patches_are_read_from_the_picture_as_it_was(self):
        moved = non_eccentricity_patch(PLACES, level=100, generator=np.random.default_rng(0)).astype(int) - PLACES
        assert np.abs(moved).max() <= 8


class TestPixelation:
    @pytest.mark.parametrize(
        ("strength", "share"), [(0.01, 0.887), (0.05, 0.784), (0.1, 0.699), (0.2, 0.569), (0.5, 0.290)]
    )
    def test_the_levels_leave_their_share_of_rows_and_columns(self, photo, strength, share):
        assert strength in DISTORTIONS["pixelation"].levels
        coarse = pixelation(photo, level=strength).astype(int)
        for axis in (0, 1):
            lines = 1 + np.abs(np.diff(coarse, axis=axis)).any(axis=(1 - axis, 2)).sum()
            assert lines == pytest.approx(share * photo.shape[axis], abs=1)

    def test_means_stay(self, photo):
        for strength in DISTORTIONS["pixelation"].levels:
            np.testing.assert_allclose(
                pixelation(photo, level=strength).mean(axis=(0, 1)), photo.mean(axis=(0, 1)), atol=1
            )


@pytest.mark.parametrize("count", DISTORTIONS["quantisation"].levels)
def test_quantisation_splits_the_intensities_by_thresholds(photos, count):
    for picture in photos.values():
        shown = quantisation(picture, level=count)
        values = np.unique(shown)
        assert 0.75 * count <= len(values) <= count
        lows, highs = (np.array([end(picture[shown == value]) for value in values]) for end in (np.min, np.max))
        # Intervals that do not overlap, each with its value inside.
        assert (highs[:-1] < lows[1:]).all()
        assert (lows <= values).all() and (values <= highs).all()


def test_quantisation_is_nearly_that_of_otsu(photos):
    for picture in photos.values():
        values = picture.reshape(len(picture), -1)
        classes = np.digitize(values, threshold_multiotsu(values, classes=4))
        means = np.array([values[classes == index].mean() for index in range(4)])
        best = ((values - means[classes]) ** 2).mean()
        assert ((quantisation(picture, level=4).astype(float) - picture) ** 2).mean() < 1.03 * best


class TestBlocks:
    def test_a_block_is_a_square_of_one_colour(self, photo):
        for seed in range(10):
            blocked = colour_block(photo, level=1, generator=np.random.default_rng(seed))
            rows, columns = np.nonzero((blocked != photo).any(axis=-1))
            block = blocked[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
            assert block.shape[:2] == (32, 32)
            assert (block == block[0, 0]).all()

    @pytest.mark.parametrize("count", DISTORTIONS["colour_block"].levels)
    def test_their_number_is_the_level(self, count):
        black = np.zeros((2000, 3000, 3), dtype=np.uint8)  # so large that few overlap
        covered = colour_block(black, level=count, generator=np.random.default_rng(5)).any(axis=-1).sum()
        assert count - 1 < covered / 32**2 <= count


def test_translation_moves_whole_pixels_and_repeats_the_border(photo):
    moved = translated(photo, right=5, down=-3)
    np.testing.assert_array_equal(moved[:-3, 5:], photo[3:, :-5])
    assert (moved[:-3, :5] == photo[3:, :1]).all()
    np.testing.assert_array_equal(translated(photo, right=0, down=0), photo)
