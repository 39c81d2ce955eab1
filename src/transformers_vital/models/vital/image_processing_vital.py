"""Images to tiles: uint8 in, uint8 out; the model normalises."""

from pathlib import Path

import torch
from transformers.image_processing_backends import TorchvisionBackend
from transformers.image_processing_utils import BatchFeature
from transformers.image_utils import ImageInput, PILImageResampling, SizeDict
from transformers.processing_utils import ImagesKwargs, Unpack

from .configuration_vital import IMAGENET_MEAN, IMAGENET_STD
from .resizing_vital import RESIZERS, resize_pixels
from .tiling_vital import TILE_GRIDS


CLEAN_IMAGE_SETTINGS = {
    "tile_grid": "nearest",
    "repeat_single_tile": False,
    "apply_exif": True,
    "alpha": "composite",
    "resizer": "torchvision",
}
RELEASE_IMAGE_SETTINGS = {
    "tile_grid": "area",
    "repeat_single_tile": True,
    "apply_exif": False,
    "alpha": "drop",
    "resizer": "pillow",
}


class VitalImageProcessorKwargs(ImagesKwargs, total=False):
    r"""
    tile_grid (`str`, *optional*, defaults to `"nearest"`):
        `"nearest"` (clean), `"area"` (release, scoring and training) or `"ratio"` (release, question answering).
    min_patches (`int`, *optional*, defaults to 1):
        Least number of tiles.
    max_patches (`int`, *optional*, defaults to 12):
        Largest number of tiles, without the thumbnail that follows when there is more than one.
    repeat_single_tile (`bool`, *optional*, defaults to `False`):
        Feed an image of one tile twice, as the release does.
    apply_exif (`bool`, *optional*, defaults to `True`):
        Turn an image file as its EXIF orientation says.
    alpha (`str`, *optional*, defaults to `"composite"`):
        `"composite"` lays transparent pictures over white, `"drop"` ignores transparency.
    resizer (`str`, *optional*, defaults to `"torchvision"`):
        `"torchvision"`, or `"pillow"` for the exact pixels of the release.
    """

    tile_grid: str
    min_patches: int
    max_patches: int
    repeat_single_tile: bool
    apply_exif: bool
    alpha: str
    resizer: str


class VitalImageProcessor(TorchvisionBackend):
    """
    Cuts images into square tiles and appends a thumbnail when there is more than one.

    Returns `pixel_values`, uint8 of shape `(tiles of all images, 3, size, size)`, and `num_patches`, tiles per image.
    With `do_rescale` and `do_normalize` the pixels come out as normalised floats instead.

    Example:

    ```python
    >>> from PIL import Image
    >>> from transformers_vital import VitalImageProcessor
    >>> output = VitalImageProcessor()(Image.new("RGB", (1024, 768)), return_tensors="pt")
    >>> output.pixel_values.shape, output.pixel_values.dtype
    (torch.Size([5, 3, 448, 448]), torch.uint8)

    ```
    """

    valid_kwargs = VitalImageProcessorKwargs
    model_input_names = ["pixel_values"]
    resample = PILImageResampling.BICUBIC
    image_mean = list(IMAGENET_MEAN)
    image_std = list(IMAGENET_STD)
    size = {"height": 448, "width": 448}
    do_resize = True
    do_rescale = False
    do_normalize = False
    do_convert_rgb = True
    min_patches = 1
    max_patches = 12
    tile_grid = CLEAN_IMAGE_SETTINGS["tile_grid"]
    repeat_single_tile = CLEAN_IMAGE_SETTINGS["repeat_single_tile"]
    apply_exif = CLEAN_IMAGE_SETTINGS["apply_exif"]
    alpha = CLEAN_IMAGE_SETTINGS["alpha"]
    resizer = CLEAN_IMAGE_SETTINGS["resizer"]

    def __init__(self, **kwargs: Unpack[VitalImageProcessorKwargs]):
        super().__init__(**kwargs)
        for name, value, allowed in [
            ("tile_grid", self.tile_grid, tuple(TILE_GRIDS)),
            ("alpha", self.alpha, ("composite", "drop")),
            ("resizer", self.resizer, RESIZERS),
        ]:
            if value not in allowed:
                raise ValueError(f"{name} is {value!r}; expected one of {', '.join(allowed)}.")

    def fetch_images(self, image_url_or_urls: ImageInput):
        """Open files with this processor's orientation and transparency settings; pass everything else on."""
        if isinstance(image_url_or_urls, (list, tuple)):
            return [self.fetch_images(image) for image in image_url_or_urls]
        if _is_remote_or_inline(image_url_or_urls):
            return super().fetch_images(image_url_or_urls)
        return self._load(image_url_or_urls)

    def _load(self, image):
        if not hasattr(image, "convert") and not isinstance(image, (str, bytes)) and not hasattr(image, "__fspath__"):
            return image
        from transformers_vital.media.image import load_image  # only files and PIL images need the installed package

        return load_image(image, apply_exif=self.apply_exif, alpha=self.alpha)

    def process_image(self, image: ImageInput, do_convert_rgb: bool | None = None, **kwargs) -> torch.Tensor:
        return super().process_image(self._load(image) if do_convert_rgb else image, do_convert_rgb, **kwargs)

    def _preprocess(
        self,
        images: list[torch.Tensor],
        do_resize: bool,
        size: SizeDict,
        do_rescale: bool,
        rescale_factor: float,
        do_normalize: bool,
        image_mean: float | list[float] | None,
        image_std: float | list[float] | None,
        return_tensors,
        tile_grid: str,
        min_patches: int,
        max_patches: int,
        repeat_single_tile: bool,
        resizer: str,
        **kwargs,
    ) -> BatchFeature:
        tiles, num_patches = [], []
        for image in images:
            if do_resize:
                grid = TILE_GRIDS[tile_grid](
                    image.shape[-1],
                    image.shape[-2],
                    tile=size.height,
                    min_patches=min_patches,
                    max_patches=max_patches,
                )
                image_tiles = cut_tiles(image, grid, size=size, repeat_single_tile=repeat_single_tile, resizer=resizer)
            else:
                image_tiles = [image]
            tiles += image_tiles
            num_patches.append(len(image_tiles))
        tiles = [
            self.rescale_and_normalize(tile, do_rescale, rescale_factor, do_normalize, image_mean, image_std)
            for tile in tiles
        ]
        return BatchFeature({"pixel_values": tiles, "num_patches": num_patches}, tensor_type=return_tensors)

    def get_number_of_image_patches(self, height: int, width: int, images_kwargs: dict | None = None) -> int:
        """Tiles, thumbnail and repetition included, that an image of this size in pixels becomes."""
        settings = images_kwargs or {}
        size = settings.get("size") or self.size
        columns, rows = TILE_GRIDS[settings.get("tile_grid", self.tile_grid)](
            width,
            height,
            tile=size["height"] if isinstance(size, dict) else size.height,
            min_patches=settings.get("min_patches", self.min_patches),
            max_patches=settings.get("max_patches", self.max_patches),
        )
        if columns * rows > 1:
            return columns * rows + 1
        return 2 if settings.get("repeat_single_tile", self.repeat_single_tile) else 1


def cut_tiles(
    image: torch.Tensor, grid: tuple[int, int], *, size: SizeDict, repeat_single_tile: bool, resizer: str
) -> list[torch.Tensor]:
    """
    Resize an image to a grid of tiles and cut it, row by row; the thumbnail comes last.

    Args:
        image (`torch.Tensor` of shape `(3, height, width)`): the pixels.
        grid (`tuple[int, int]`): columns, rows.

    Returns:
        `list[torch.Tensor]`: tiles of shape `(3, size, size)`.
    """
    columns, rows = grid
    resized = resize_pixels(image, rows * size.height, columns * size.width, resizer=resizer)
    tiles = [tile for row in resized.split(size.height, dim=-2) for tile in row.split(size.width, dim=-1)]
    if len(tiles) > 1:
        tiles.append(resize_pixels(image, size.height, size.width, resizer=resizer))
    elif repeat_single_tile:
        tiles *= 2
    return tiles


def _is_remote_or_inline(image) -> bool:
    """A URL or base64 text rather than a file; the latter can be too long to ask the file system about."""
    return isinstance(image, str) and (len(image) > 4096 or not Path(image).is_file())


__all__ = ["VitalImageProcessor"]
