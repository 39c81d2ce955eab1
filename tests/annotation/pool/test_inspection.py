"""What files hold and whether they pass, with media of known size, length and damage."""

import io
import struct
import sys
import zlib

import av
import imagehash
import numpy as np
import pytest
from drawing import encode
from PIL import Image

from transformers_vital.annotation.pool.inspection import Limits, Rejected, inspect_file
from transformers_vital.errors import AnnotationError, MissingExtraError


ANY = Limits(seconds=(0, 100), short_side=(1, 9999), long_side=(1, 9999))


@pytest.fixture
def file(tmp_path):
    """Writes bytes under a name that says nothing, as the pool does, and returns the path."""

    def write(content):
        path = tmp_path / "incoming"
        path.write_bytes(content)
        return path

    return write


def picture(size=(480, 360), form="PNG", **settings):
    content = io.BytesIO()
    Image.effect_mandelbrot(size, (-2, -1.2, 1, 1.2), 30).save(content, form, **settings)
    return content.getvalue()


def frames_as_clip(frames, *, rate):
    """A clip without loss."""
    content = io.BytesIO()
    with av.open(content, "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=rate)
        stream.width, stream.height, stream.pix_fmt = frames[0].shape[1], frames[0].shape[0], "bgr0"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return content.getvalue()


def clip(**settings):
    content = io.BytesIO()
    container = {"libvpx": "webm", "ffv1": "matroska", "mpeg4": "avi"}.get(settings.get("codec"), "mp4")
    encode(content, format=container, **{"size": (640, 480), **settings})
    return content.getvalue()


def test_the_defaults_are_the_paper_s():
    limits = Limits()
    assert limits.seconds == (1, 20)
    assert (limits.short_side[0], limits.long_side) == (360, (480, 4096))


@pytest.mark.parametrize("size", [(480, 360), (360, 480), (4096, 2304), (2304, 4096), (3840, 2160)])
def test_pictures_at_the_limits_pass_whichever_way_they_are_turned(size, file):
    kind, suffix, found = inspect_file(file(picture(size, "JPEG", quality=20)), limits=Limits())
    assert (kind, suffix, found["width"], found["height"]) == ("image", ".jpg", *size)
    assert found["seconds"] is found["fps"] is found["frames"] is None


@pytest.mark.parametrize(
    ("size", "reason", "detail"),
    [
        ((479, 360), "too small", "479x360; expected a long side of 480 to 4096"),
        ((359, 480), "too small", "359x480; expected a short side of 360 to 2304"),
        ((4097, 2000), "too large", "4097x2000; expected a long side of 480 to 4096"),
        ((2400, 2305), "too large", "2400x2305; expected a short side of 360 to 2304"),
    ],
)
def test_pictures_beyond_the_limits_are_rejected_with_their_size(size, reason, detail, file):
    with pytest.raises(Rejected) as rejected:
        inspect_file(file(picture(size, "JPEG", quality=20)), limits=Limits())
    assert (rejected.value.reason, rejected.value.detail) == (reason, detail)


def test_a_picture_that_is_too_large_is_not_decoded(file):
    # The header of a PNG of 40000x40000, and nothing else.
    header = b"IHDR" + struct.pack(">IIBBBBB", 40000, 40000, 8, 0, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    with pytest.raises(Rejected) as rejected:
        inspect_file(file(content + struct.pack(">I", 0) + b"IDAT" + b"\0" * 4), limits=Limits())
    assert rejected.value.reason in ("too large", "not decodable")


def test_a_picture_is_turned_upright_before_it_is_measured_and_hashed(file):
    exif = Image.Exif()
    exif[0x0112] = 6  # the top is on the right
    _, _, found = inspect_file(file(picture((480, 360), "JPEG", exif=exif)), limits=Limits())
    assert (found["width"], found["height"]) == (360, 480)
    drawn = Image.effect_mandelbrot((480, 360), (-2, -1.2, 1, 1.2), 30).transpose(Image.Transpose.ROTATE_270)
    assert imagehash.hex_to_hash(found["phash"]) - imagehash.phash(drawn) <= 2


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"# Licence\nYou may ...", id="text"),
        pytest.param(picture()[:-2000], id="truncated png"),
        pytest.param(picture(form="JPEG")[:-2000], id="truncated jpeg"),
        pytest.param(b"\xff\xd8\xff" + b"?" * 4000, id="jpeg in name only"),
        pytest.param(b"\0\0\0\x20ftypisom" + b"?" * 4000, id="mp4 in name only"),
        pytest.param(clip()[:900], id="first bytes of a clip"),
        pytest.param(b"#EXTM3U\n#EXTINF:2,\nfile:///etc/hostname\n", id="playlist of other files"),
    ],
)
def test_what_cannot_be_decoded_is_rejected(content, file):
    path = file(content)
    with pytest.raises(Rejected) as rejected:
        inspect_file(path, limits=ANY)
    assert rejected.value.reason == "not decodable"
    assert rejected.value.detail and str(path) not in rejected.value.detail


def test_formats_of_pillow_that_are_no_media_are_rejected_unread(file):
    content = io.BytesIO()
    Image.new("RGB", (640, 480)).save(content, "EPS")
    with pytest.raises(Rejected, match="files of format EPS are not read as images"):
        inspect_file(file(content.getvalue()), limits=ANY)


@pytest.mark.parametrize(
    ("settings", "suffix"),
    [
        ({}, ".mp4"),
        ({"codec": "libvpx", "options": {"deadline": "realtime", "cpu-used": "8"}}, ".webm"),
        ({"codec": "ffv1"}, ".mkv"),
        ({"codec": "mpeg4"}, ".avi"),
    ],
)
def test_a_clip_says_its_size_length_and_format(settings, suffix, file):
    kind, found_suffix, found = inspect_file(file(clip(**settings)), limits=Limits())
    assert (kind, found_suffix) == ("video", suffix)
    assert (found["width"], found["height"], found["frames"]) == (640, 480, 24)
    assert found["seconds"] == pytest.approx(2.0, abs=0.01) and found["fps"] == pytest.approx(12)


@pytest.mark.parametrize(
    ("count", "rate", "reason"),
    [
        (9, 10, "too short"),
        (12, 12, None),
        (100, 5, None),
        (101, 5, "too long"),
        (600, 30, None),
        (601, 30, "too long"),
    ],
)
def test_clips_of_one_to_twenty_seconds_pass(count, rate, reason, file):
    content = frames_as_clip([np.zeros((48, 64, 3), np.uint8)] * count, rate=rate)
    limits = Limits(short_side=(1, 99), long_side=(1, 99))
    if reason is None:
        assert inspect_file(file(content), limits=limits)[2]["frames"] == count
        return
    with pytest.raises(Rejected) as rejected:
        inspect_file(file(content), limits=limits)
    assert (rejected.value.reason, rejected.value.detail) == (reason, f"{count / rate:.4g} s; expected 1 to 20")


def test_a_clip_that_is_too_small_is_rejected(file):
    with pytest.raises(Rejected, match="320x240; expected a short side of 360"):
        inspect_file(file(clip(size=(320, 240))), limits=Limits())


def test_the_hash_of_a_clip_is_that_of_the_frame_at_half_time(file):
    generator = np.random.default_rng(0)
    coarse = [Image.fromarray(generator.integers(0, 256, (6, 8, 3), dtype=np.uint8)) for _ in range(12)]
    pictures = [picture.resize((480, 360), Image.Resampling.BICUBIC) for picture in coarse]
    hashes = [str(imagehash.phash(picture)) for picture in pictures]
    assert len(set(hashes)) == 12
    content = frames_as_clip([np.array(picture) for picture in pictures], rate=10)
    assert inspect_file(file(content), limits=Limits())[2]["phash"] == hashes[6]  # from 0.6 s on, of 1.2 s


def test_an_animated_image_is_a_video_and_a_still_one_is_not(file):
    frames = [Image.effect_mandelbrot((480, 360), (-2, -1.2, 1, edge), 30) for edge in (1, 2, 3)]
    content = io.BytesIO()
    frames[0].save(content, "GIF", save_all=True, append_images=frames[1:], duration=500)
    kind, suffix, found = inspect_file(file(content.getvalue()), limits=Limits())
    assert (kind, suffix, found["frames"], found["seconds"]) == ("video", ".gif", 3, 1.5)
    assert inspect_file(file(picture(form="GIF")), limits=Limits())[:2] == ("image", ".gif")


@pytest.mark.parametrize("given", [[20, 1], [-1, 5], [5], 5, (1, 2, 3)])
def test_limits_that_are_no_pair_are_refused(given):
    with pytest.raises(AnnotationError, match=r"The limits of seconds are .*; expected \[least, most\]"):
        Limits(seconds=given)


def test_without_the_hash_s_package_nothing_is_called_broken(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "imagehash", None)
    with pytest.raises(MissingExtraError, match="finding near-duplicates needs imagehash"):
        inspect_file(file(picture()), limits=ANY)
