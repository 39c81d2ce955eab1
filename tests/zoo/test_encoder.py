"""The processors that come with an encoder."""

import shutil

from transformers_vital.zoo.encoder import encoder_processors, is_release


def test_the_authors_checkpoint_has_their_tiles_and_frames(release_checkpoint):
    processors = encoder_processors(release_checkpoint)
    assert is_release(processors)
    images = processors.image_processor
    assert (images.tile_grid, images.repeat_single_tile, images.size["height"]) == ("area", True, 448)


def test_what_lies_beside_an_encoder_is_read(encoder_folder, tiny_folder):
    assert encoder_processors(encoder_folder).to_dict() == encoder_processors(tiny_folder).to_dict()


def test_an_encoder_without_processors_gets_the_clean_ones_in_its_size(encoder_folder, tmp_path):
    for name in ("config.json", "model.safetensors"):
        shutil.copy(encoder_folder / name, tmp_path)
    processors = encoder_processors(tmp_path)
    assert not is_release(processors)
    assert processors.image_processor.tile_grid == "nearest"
    assert processors.image_processor.size["height"] == processors.video_processor.size["width"] == 56
