import numpy as np
import pytest
from drawing import TOLERANCE, level, levels
from PIL import Image
from reading import decode_with_av, read_all


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.avif"])
def test_frames_and_durations_are_those_written(animation, name):
    durations = [50, 100, 150, 200, 250]

    clip = read_all(animation(name, durations))

    tolerance = TOLERANCE if name.endswith("avif") else 0
    np.testing.assert_allclose(levels(clip.motion_frames), [level(i) for i in range(5)], atol=tolerance)
    np.testing.assert_allclose(clip.timestamps, [0, 0.05, 0.15, 0.3, 0.5])
    assert clip.average_fps == pytest.approx(4 / 0.5)


def test_a_gif_reads_as_ffmpeg_reads_it(animation):
    path = animation("a.gif", [0, 20, 50, 300])

    clip = read_all(path)

    ticks, frames = decode_with_av(path)
    np.testing.assert_array_equal(clip.motion_frames, frames)
    np.testing.assert_allclose(clip.timestamps, np.array(ticks) / 100)


def test_frames_of_ten_milliseconds_last_a_hundred_as_in_browsers(animation):
    clip = read_all(animation("a.gif", [10, 0, 20, 50]))

    np.testing.assert_allclose(clip.timestamps, [0, 0.1, 0.2, 0.22])


def test_a_still_image_is_a_clip_of_one_frame(tmp_path):
    Image.new("RGB", (9, 7), (1, 2, 3)).save(tmp_path / "still.png")

    clip = read_all(tmp_path / "still.png")

    assert clip.motion_frames.shape == (1, 7, 9, 3)
    assert clip.motion_frames[0, 0, 0].tolist() == [1, 2, 3]


def test_an_open_animated_image_is_read_from_its_start(animation):
    with Image.open(animation("a.webp", [100, 100, 100])) as image:
        image.seek(2)
        clip = read_all(image)

    assert levels(clip.motion_frames).tolist() == [level(0), level(1), level(2)]


def test_a_truncated_gif_leaves_the_frames_before_the_cut(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (6, 40, 60), dtype=np.uint8)
    pictures = [Image.fromarray(frame) for frame in noise]
    path = tmp_path / "cut.gif"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    clip = read_all(path)

    assert 1 < len(clip.timestamps) < 6
    np.testing.assert_array_equal(clip.motion_frames[..., 0], noise[: len(clip.timestamps)])
