"""How many tiles an image is cut into, and in which grid: the release's two rules and ours."""

from math import floor, log

from transformers.models.got_ocr2.image_processing_got_ocr2 import get_optimal_tiled_canvas


# Columns x rows that the authors' code takes for a tile count. Its rule leaves all grids of one count equally good and
# the order of a Python set decides; the outcome is the same on CPython 3.8 to 3.13 and depends on the largest count.
RELEASE_GRIDS_UP_TO_7 = {1: (1, 1), 2: (2, 1), 3: (1, 3), 4: (2, 2), 5: (5, 1), 6: (3, 2), 7: (1, 7)}
RELEASE_GRIDS_UP_TO_12 = {
    1: (1, 1), 2: (2, 1), 3: (1, 3), 4: (1, 4), 5: (1, 5), 6: (2, 3),
    7: (1, 7), 8: (8, 1), 9: (9, 1), 10: (1, 10), 11: (1, 11), 12: (2, 6),
}  # fmt: skip

ROUNDING = 1.05  # a grid may exceed the image's area by this much: 1024x768 is 3.92 tiles of 448x448, taken as 4


def area_grid(width: int, height: int, *, tile: int, min_patches: int, max_patches: int) -> tuple[int, int]:
    """
    Grid of the release for scoring and training: the tile count nearest in area, whatever the aspect ratio.

    Args:
        width, height (`int`): image size in pixels.
        tile (`int`): side of a tile in pixels.
        min_patches, max_patches (`int`): bounds of the tile count; at most 12.

    Returns:
        `tuple[int, int]`: columns, rows.

    Raises:
        `ValueError`: `max_patches` above 12, for which the release states no grid.

    Example:

    ```python
    >>> area_grid(1024, 768, tile=448, min_patches=1, max_patches=12)
    (1, 4)

    ```
    """
    if max_patches > 12:
        raise ValueError(f"max_patches is {max_patches}; the 'area' tile grid of the release is defined up to 12.")
    count = floor(width * height / tile**2 + 0.5)
    grids = RELEASE_GRIDS_UP_TO_7 if max_patches <= 7 else RELEASE_GRIDS_UP_TO_12
    return grids[min(max(count, min_patches), max_patches)]


def ratio_grid(width: int, height: int, *, tile: int, min_patches: int, max_patches: int) -> tuple[int, int]:
    """Grid of InternVL, which the release uses for question answering: nearest aspect ratio. Returns columns, rows."""
    return get_optimal_tiled_canvas((height, width), (tile, tile), min_patches, max_patches)


def nearest_grid(width: int, height: int, *, tile: int, min_patches: int, max_patches: int) -> tuple[int, int]:
    """
    Grid of the clean reading: the nearest aspect ratio among grids of about the image's area that do not enlarge it.

    Of all grids with between half the tiles that fit and all that fit (at most `max_patches`), the one that stretches
    the picture least; of equals the larger.

    Args and returns are those of [`area_grid`].

    Example:

    ```python
    >>> nearest_grid(1024, 768, tile=448, min_patches=1, max_patches=12)
    (2, 2)

    ```
    """
    most = min(max(floor(ROUNDING * width * height / tile**2), min_patches, 1), max_patches)
    counts = range(max(min_patches, most // 2 + 1 if most > 1 else 1), most + 1)
    grids = [
        (columns, count // columns) for count in counts for columns in range(1, count + 1) if count % columns == 0
    ]
    return min(grids, key=lambda grid: (round(abs(log(width / height * grid[1] / grid[0])), 9), -grid[0] * grid[1]))


TILE_GRIDS = {"area": area_grid, "ratio": ratio_grid, "nearest": nearest_grid}
