"""The nine attributes of whole files: videos against FFmpeg's own SI and TI and against their frames as images."""

import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from transformers_vital.annotation.attributes.attributes import (
    ATTRIBUTES,
    image_attributes,
    measure_attributes,
    video_attributes,
)
from transformers_vital.errors import AnnotationError


SPATIAL = ("blockiness", "blur", "contrast", "noise", "colourfulness", "luminance")


@pytest.fixture(scope="module")
def media(pytestconfig) -> Path:
    return pytestconfig.rootpath / "examples" / "media"


def write(path, frames, *, codec="ffv1", pix_fmt="bgr0"):
    """A clip of 10 frames a second; without loss, so that its frames are known, unless another codec is named."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = frames[0].shape[1], frames[0].shape[0], pix_fmt
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path


def grey(level, size=(64, 48)):
    return np.full((size[1], size[0], 3), level, np.uint8)


@pytest.fixture(scope="module")
def pan(media, tmp_path_factory):
    """A pan over a photograph, 2.5 s at 10 frames a second, and its frames."""
    photograph = np.array(Image.open(media / "rocket.jpg").convert("RGB"))
    frames = [
        np.ascontiguousarray(photograph[index : index + 240, 8 * index : 8 * index + 320]) for index in range(25)
    ]
    return write(tmp_path_factory.mktemp("pan") / "pan.mkv", frames), frames


def ffmpeg_siti(path):
    """Largest SI and TI by the filter `siti` of FFmpeg."""
    found = []
    with av.open(str(path)) as container:
        stream, graph = container.streams.video[0], av.filter.Graph()
        source, siti, sink = graph.add_buffer(template=stream), graph.add("siti"), graph.add("buffersink")
        source.link_to(siti)
        siti.link_to(sink)
        graph.configure()
        for frame in container.decode(stream):
            graph.push(frame)
            measured = graph.pull().metadata
            found.append([float(measured[f"lavfi.siti.{name}"]) for name in ("si", "ti")])
    return np.max(found, axis=0)


def test_si_and_ti_are_those_of_ffmpeg(media, pan, tmp_path):
    coded = write(tmp_path / "pan.mp4", pan[1], codec="libx264", pix_fmt="yuv420p")
    for path in (media / "dog.mp4", coded):
        attributes = video_attributes(path)
        spatial, temporal = ffmpeg_siti(path)
        assert attributes["spatial_information"] == pytest.approx(spatial, rel=0.005)
        assert attributes["temporal_information"] == pytest.approx(temporal, rel=0.005)


def test_what_a_frame_has_is_a_mean_over_the_first_frame_of_each_second(pan):
    path, frames = pan
    of_frames = [image_attributes(frames[index]) for index in (0, 10, 20)]
    attributes = video_attributes(path)
    for name in SPATIAL:
        assert attributes[name] == pytest.approx(np.mean([found[name] for found in of_frames])), name


def test_si_and_ti_are_the_largest_of_all_frames(pan):
    path, frames = pan
    lumas = [np.array(Image.fromarray(frame).convert("L")).astype(int) for frame in frames]
    changes = [(after - before).std() for before, after in zip(lumas, lumas[1:], strict=False)]
    attributes = video_attributes(path)
    assert attributes["temporal_information"] == pytest.approx(max(changes), rel=0.01)
    spatial = [image_attributes(frame)["spatial_information"] for frame in frames]
    assert attributes["spatial_information"] == pytest.approx(max(spatial))
    assert max(spatial) > max(spatial[::10])


@pytest.mark.parametrize(
    ("levels", "share"),
    [
        pytest.param([100] * 9, 0, id="still"),
        pytest.param([100, 106, 100, 106, 100], 1, id="flicker"),
        pytest.param([100, 105, 100, 105, 100], 0, id="five levels are not more than five"),
        pytest.param([100, 100, 100, 200, 200], 0.25, id="cut"),
        pytest.param([100, 102, 104, 106, 108], 0, id="slow fade"),
    ],
)
def test_flickering_is_the_share_of_jumps_in_luminance(levels, share, tmp_path):
    path = write(tmp_path / "clip.mkv", [grey(level) for level in levels])
    assert video_attributes(path)["flickering"] == share


def test_an_image_and_a_single_frame_have_nothing_that_takes_time(tmp_path, pan):
    frame = pan[1][0]
    path = write(tmp_path / "clip.mkv", [frame])
    attributes = video_attributes(path)
    assert attributes["flickering"] is None and attributes["temporal_information"] is None
    assert attributes == pytest.approx(image_attributes(frame))
    assert list(attributes) == list(ATTRIBUTES)


def test_blur_is_the_mean_where_there_are_edges(tmp_path, pan):
    frame = pan[1][0]
    flat = grey(80, size=(frame.shape[1], frame.shape[0]))
    path = write(tmp_path / "clip.mkv", [frame] * 10 + [flat] * 10)
    assert video_attributes(path)["blur"] == pytest.approx(image_attributes(frame)["blur"])
    assert video_attributes(write(tmp_path / "flat.mkv", [flat] * 2))["blur"] is None


def test_an_animation_is_measured_as_a_video_is():
    frames, file = [Image.fromarray(grey(level)) for level in (40, 90)], io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=1000)
    attributes = video_attributes(file.getvalue())
    assert (attributes["luminance"], attributes["flickering"], attributes["contrast"]) == (65, 1, 0)


def test_frames_that_change_their_size_have_no_difference(tmp_path, monkeypatch):
    from transformers_vital.annotation.attributes import attributes

    def read_video(source, *, plan, transform):
        plan(np.array([0.0, 0.1, 0.2]), 10.0)
        numbers = np.stack([transform(frame) for frame in (grey(40), grey(90), grey(90, size=(32, 24)))])
        return type("Clip", (), {"motion_frames": numbers})

    monkeypatch.setattr(attributes, "read_video", read_video)
    found = attributes.video_attributes("clip.mkv")
    assert (found["flickering"], found["temporal_information"]) == (1, 0)


def test_pictures_too_small_for_a_gradient_are_refused():
    with pytest.raises(AnnotationError, match="A picture of 9x2 is too small for gradients; expected at least 3x3."):
        image_attributes(np.zeros((2, 9, 3), np.uint8))


def test_a_batch_has_a_row_each_and_a_reason_for_what_failed(media, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (tmp_path / "rocket.jpg").write_bytes((media / "rocket.jpg").read_bytes())
    paths = ["rocket.jpg", "broken.jpg", "absent.jpg", "../rocket.jpg"]
    rows = [
        {"id": str(index), "media": {"kind": "image", "path": path, "bytes": None}} for index, path in enumerate(paths)
    ]
    found = measure_attributes(rows, root=tmp_path)
    assert [row["id"] for row in found] == ["0", "1", "2", "3"]
    assert [row["reason"] for row in found] == [None, *["not measured"] * 3]
    assert found[0]["luminance"] == image_attributes(media / "rocket.jpg")["luminance"]
    assert all(row[name] is None for row in found[1:] for name in ATTRIBUTES)
    assert "cannot be decoded" in found[1]["detail"] or "not an image" in found[1]["detail"]
    assert "is no file" in found[2]["detail"]
    assert "outside" in found[3]["detail"]
