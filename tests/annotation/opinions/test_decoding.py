"""What is kept of images and videos for annotators."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from transformers_vital.annotation.measures.picture_view import PictureView
from transformers_vital.annotation.opinions.decoding import FRAMES, MOTION_FRAMES, clip_of, decoded, picture_of
from transformers_vital.errors import AnnotationError, MediaDecodeError, MediaNotFoundError
from transformers_vital.media.inputs import MediaItem


def level(index: int) -> int:
    """Grey of a frame; neighbours differ by more than a codec changes them."""
    return 16 + 3 * index


@pytest.fixture
def clip(tmp_path):
    """Function that encodes frames of one grey each and returns the item."""

    def write(count: int, *, size: tuple[int, int] = (64, 48)) -> MediaItem:
        path = tmp_path / "clip.mp4"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=10, options={"crf": "1"})
            stream.width, stream.height, stream.pix_fmt = *size, "yuv444p"
            for index in range(count):
                grey = np.full((size[1], size[0], 3), level(index % 70), np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
            container.mux(stream.encode())
        return MediaItem("video", path, "clip.mp4")

    return write


def greys(clip) -> list[int]:
    return [int(np.median(frame.original)) for frame in clip.frames]


def test_eight_frames_are_the_middles_of_equal_parts(clip):
    found = clip_of(clip(64))
    assert FRAMES == 8
    assert greys(found) == pytest.approx([level(8 * part + 4) for part in range(8)], abs=1)
    assert found.fps == 10


@pytest.mark.parametrize("count", [1, 5, 8])
def test_a_short_video_is_kept_whole(clip, count):
    found = clip_of(clip(count))
    assert greys(found) == pytest.approx([level(index) for index in range(count)], abs=1)
    assert len(found.motion) == count


def test_motion_is_that_of_small_frames_from_the_start(clip):
    found = clip_of(clip(MOTION_FRAMES + 10, size=(384, 32)))
    assert found.motion.shape == (MOTION_FRAMES, 16, 192)
    assert found.motion.dtype == np.uint8
    assert found.motion[:3, 8, 90].tolist() == pytest.approx([level(0), level(1), level(2)], abs=1)
    assert len(found.frames) == 8


def test_large_frames_are_averaged_down(clip):
    assert clip_of(clip(2, size=(2048, 32))).frames[0].original.shape == (16, 1024, 3)


def test_frames_that_are_decoded_already_are_a_video():
    frames = [Image.new("RGB", (20, 10), (level(index),) * 3) for index in range(3)]
    found = clip_of(MediaItem("video", frames, "frames", fps=2.0))
    assert greys(found) == [level(0), level(1), level(2)]
    assert found.fps == 2


def test_an_animated_image_is_a_video(tmp_path):
    frames = [Image.new("L", (20, 10), level(index)) for index in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=100)
    assert greys(clip_of(MediaItem("video", tmp_path / "a.gif", "a.gif"))) == [level(0), level(1), level(2)]


def test_a_decoded_item_is_not_decoded_again(clip, tmp_path):
    Image.new("RGB", (20, 10)).save(tmp_path / "a.png")
    for item in (clip(3), MediaItem("image", tmp_path / "a.png", "a.png")):
        once = decoded(item)
        Path(item.source).unlink()
        assert decoded(once).source is once.source
        assert once.name == item.name


def test_an_image_of_any_form_is_a_view(tmp_path):
    Image.new("LA", (20, 10), (0, 0)).save(tmp_path / "a.png")  # transparent, which is laid over white
    item = MediaItem("image", tmp_path / "a.png", "a.png")
    assert isinstance(picture_of(item), PictureView)
    assert picture_of(item).original.tolist() == [[[255, 255, 255]] * 20] * 10


def test_what_cannot_be_decoded_is_an_error(tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"nothing")
    with pytest.raises(MediaDecodeError, match="broken.mp4"):
        clip_of(MediaItem("video", tmp_path / "broken.mp4", "broken.mp4"))
    with pytest.raises(MediaNotFoundError, match="none.png does not exist"):
        picture_of(MediaItem("image", Path("none.png"), "none.png"))


def test_kinds_are_not_mixed_up():
    with pytest.raises(AnnotationError, match="a is a video; this annotator judges images"):
        picture_of(MediaItem("video", b"", "a"))
    with pytest.raises(AnnotationError, match="a is an image; this annotator judges videos"):
        clip_of(MediaItem("image", b"", "a"))
