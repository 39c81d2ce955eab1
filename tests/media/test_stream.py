import tracemalloc
from fractions import Fraction

import av
import numpy as np
import pytest
from drawing import COUNT, RATE, TOLERANCE, level, levels
from reading import read_all

from transformers_vital.errors import MediaDecodeError, MediaInputError, MediaNotFoundError
from transformers_vital.media.stream import stream_video


def everything(source):
    """Times and frames, all at once."""
    seconds, frames = zip(*stream_video(source), strict=True)
    return np.array(seconds), np.stack(frames)


class TestFrames:
    @pytest.mark.parametrize(
        ("name", "settings"),
        [
            pytest.param("clip.mp4", {}, id="mp4"),
            pytest.param("clip.ts", {}, id="transport-stream"),
            pytest.param("clip.mkv", {"muxer": {"live": "1"}}, id="matroska-live"),
            pytest.param("clip.avi", {"codec": "mpeg4", "b_frames": 2, "options": {"qmax": "2"}}, id="mpeg4-avi"),
            pytest.param("clip.mp4", {"pix_fmt": "yuv420p10le"}, id="ten-bit"),
            pytest.param("clip.mkv", {"codec": "ffv1", "size": (35, 21)}, id="odd-size"),
            pytest.param("clip.mp4", {"count": 1}, id="one-frame"),
        ],
    )
    def test_frames_and_times_are_those_of_the_sampling_reader(self, video, name, settings):
        path = video(name, **settings)
        seconds, frames = everything(path)
        clip = read_all(path)
        np.testing.assert_array_equal(frames, clip.motion_frames)
        np.testing.assert_array_equal(seconds, clip.timestamps)
        assert stream_video(path).fps == pytest.approx(RATE)

    def test_a_second_iteration_decodes_anew(self, video):
        stream = stream_video(video())
        assert [seconds for seconds, _ in stream] == [seconds for seconds, _ in stream]

    def test_rotation_metadata_turns_the_frames_upright(self, rotated):
        path = rotated((0, 1, -1, 0))
        np.testing.assert_array_equal(everything(path)[1], read_all(path).motion_frames)

    def test_animated_images_are_videos(self, animation):
        seconds, frames = everything(animation("moving.webp", [40, 500, 100]))
        np.testing.assert_allclose(seconds, [0, 0.04, 0.54])
        assert levels(frames).tolist() == [level(index) for index in range(3)]


class TestTimes:
    def test_variable_frame_rate_keeps_its_times(self, video):
        milliseconds = [0, 40, 500, 520, 1700, 3000]
        path = video(count=6, ticks=milliseconds, time_base=Fraction(1, 1000), b_frames=0)
        np.testing.assert_allclose(everything(path)[0], np.array(milliseconds) / 1000, atol=1e-6)

    def test_a_stream_without_times_is_spaced_by_the_rate_it_is_given(self, video):
        path = video("clip.h264", format="h264")
        with av.open(str(path)) as container:
            rate = float(container.streams.video[0].average_rate)
        np.testing.assert_allclose(everything(path)[0], np.arange(COUNT) / rate)

    def test_contradictory_times_ascend_and_are_off_by_a_frame_at_most(self, video):
        path = video("clip.avi", b_frames=2)
        with av.open(str(path)) as container:
            stated = [frame.time for frame in container.decode(video=0)]
        assert stated != sorted(stated)
        seconds, frames = everything(path)
        assert (np.diff(seconds) > 0).all()
        assert np.abs(seconds - np.arange(COUNT) / RATE).max() <= 1.001 / RATE
        np.testing.assert_allclose(levels(frames), [level(index) for index in range(COUNT)], atol=TOLERANCE)


class TestDamage:
    def test_a_truncated_tail_leaves_the_frames_before_it(self, video):
        path = video("clip.mkv")
        with av.open(str(path)) as container:
            packets = [packet for packet in container.demux(video=0) if packet.size]
        path.write_bytes(path.read_bytes()[: packets[15].pos + packets[15].size // 2])
        frames = everything(path)[1]
        assert 1 < len(frames) < COUNT
        np.testing.assert_array_equal(frames, read_all(path).motion_frames)

    def test_a_video_without_one_decodable_frame_is_refused(self, video):
        path = video(muxer={"movflags": "faststart"})
        content = path.read_bytes()
        path.write_bytes(content[: content.index(b"mdat") + 4])
        with pytest.raises(MediaDecodeError, match="clip.mp4 holds no frame that can be decoded"):
            everything(path)

    def test_what_is_no_video_is_refused_at_once(self, tmp_path):
        with pytest.raises(MediaNotFoundError, match=r"absent\.mp4 does not exist"):
            stream_video(tmp_path / "absent.mp4")
        with pytest.raises(MediaInputError, match="A medium cannot be read from int"):
            stream_video(3)


def test_one_frame_is_in_memory_at_a_time(video):
    path = video(size=(320, 240), count=COUNT)
    tracemalloc.start()
    for _ in stream_video(path):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 320 * 240 * 3
