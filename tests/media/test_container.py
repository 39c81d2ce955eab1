import io
from fractions import Fraction

import av
import numpy as np
import pytest
from drawing import COUNT, RATE, TOLERANCE, encode, level, levels
from reading import decode_with_av, every_frame, read_all, unchanged

from transformers_vital.errors import MediaDecodeError, MediaNotFoundError
from transformers_vital.media.video import read_video


class TestContainers:
    @pytest.mark.parametrize(
        ("name", "settings"),
        [
            pytest.param("clip.mp4", {}, id="mp4"),
            pytest.param("clip.mp4", {"muxer": {"movflags": "frag_keyframe+empty_moov"}}, id="fragmented"),
            pytest.param("clip.ts", {}, id="transport-stream"),
            pytest.param("clip.mkv", {}, id="matroska"),
            pytest.param("clip.mkv", {"muxer": {"live": "1"}}, id="matroska-live"),
            pytest.param("clip.flv", {}, id="flv"),
            pytest.param(
                "clip.avi", {"codec": "mpeg4", "b_frames": 2, "options": {"qmax": "2"}}, id="mpeg4-avi-b-frames"
            ),
            pytest.param("clip.avi", {"b_frames": 2}, id="h264-avi-contradictory-times"),
            pytest.param("clip.webm", {"codec": "libvpx-vp9"}, id="vp9"),
            pytest.param("clip.mp4", {"pix_fmt": "yuv420p10le"}, id="ten-bit"),
            pytest.param("clip.mp4", {"pix_fmt": "yuv444p"}, id="yuv444"),
            pytest.param("clip.mkv", {"codec": "ffv1", "pix_fmt": "gray"}, id="grey"),
            pytest.param("clip.mkv", {"codec": "ffv1", "pix_fmt": "gray16le"}, id="grey-sixteen-bit"),
            pytest.param("clip.mov", {"codec": "qtrle", "pix_fmt": "argb", "alpha": 200}, id="alpha-qtrle"),
            pytest.param(
                "clip.mov", {"codec": "prores_ks", "pix_fmt": "yuva444p10le", "alpha": 200}, id="alpha-prores"
            ),
            pytest.param("clip.mp4", {"pix_fmt": "yuv444p", "size": (33, 17)}, id="odd-size-444"),
            pytest.param("clip.mkv", {"codec": "ffv1", "size": (35, 21)}, id="odd-size-420"),
        ],
    )
    def test_every_frame_is_the_one_that_was_written_at_its_time(self, video, name, settings):
        clip = read_all(video(name, **settings))

        np.testing.assert_allclose(levels(clip.motion_frames), [level(i) for i in range(COUNT)], atol=TOLERANCE)
        np.testing.assert_allclose(clip.timestamps, np.arange(COUNT) / RATE, atol=1e-3)
        assert clip.average_fps == pytest.approx(RATE)
        assert clip.duration_seconds == pytest.approx(COUNT / RATE, abs=2e-3)
        assert (clip.width, clip.height) == settings.get("size", (64, 48))

    def test_a_raw_stream_without_times_is_spaced_by_the_rate_it_is_given(self, video):
        path = video("clip.h264", format="h264")

        clip = read_all(path)

        with av.open(str(path)) as container:
            rate = float(container.streams.video[0].average_rate)
        np.testing.assert_allclose(levels(clip.motion_frames), [level(i) for i in range(COUNT)], atol=TOLERANCE)
        np.testing.assert_allclose(clip.timestamps, np.arange(COUNT) / rate)

    def test_mpeg_program_streams_start_at_zero(self, video):
        clip = read_all(video("clip.mpg", codec="mpeg2video", rate=25, b_frames=2, options={"qmax": "2"}))

        np.testing.assert_allclose(levels(clip.motion_frames), [level(i) for i in range(COUNT)], atol=TOLERANCE)
        np.testing.assert_allclose(clip.timestamps, np.arange(COUNT) / 25, atol=1e-4)

    def test_variable_frame_rate_keeps_its_times(self, video):
        milliseconds = [0, 40, 500, 520, 1700, 3000]
        path = video(count=6, ticks=milliseconds, time_base=Fraction(1, 1000), b_frames=0)

        clip = read_all(path)

        np.testing.assert_allclose(clip.timestamps, np.array(milliseconds) / 1000, atol=1e-6)
        np.testing.assert_allclose(levels(clip.motion_frames), [level(i) for i in range(6)], atol=TOLERANCE)

    def test_one_frame_is_a_clip(self, video):
        clip = read_all(video(count=1))

        assert clip.timestamps.tolist() == [0.0]
        assert clip.motion_frames.shape == (1, 48, 64, 3)
        assert clip.duration_seconds == pytest.approx(1 / RATE)

    @pytest.mark.parametrize(
        "matrix",
        [
            pytest.param((0, 1, -1, 0), id="quarter-turn-right"),
            pytest.param((-1, 0, 0, -1), id="half-turn"),
            pytest.param((0, -1, 1, 0), id="quarter-turn-left"),
        ],
    )
    def test_rotation_metadata_turns_the_frames_upright(self, rotated, matrix):
        clip = read_all(rotated(matrix))

        a, b, c, d = matrix
        # Where the track matrix sends the middle of the white quarter, seen from the centre of the picture.
        right, down = -a - c, -b - d
        height, width = clip.motion_frames.shape[1:3]
        white = clip.motion_frames[0, height // 2 + down * height // 4, width // 2 + right * width // 4]
        assert (clip.width, clip.height) == (width, height) == ((64, 48) if a else (48, 64))
        assert white.min() > 245
        assert (clip.motion_frames[0] > 245).all(axis=-1).mean() == pytest.approx(0.25, abs=0.05)

    def test_a_name_with_a_colon_is_no_address(self, video, monkeypatch):
        path = video("take: 2.mp4")
        monkeypatch.chdir(path.parent)

        assert len(read_all("take: 2.mp4").timestamps) == COUNT

    def test_a_title_that_is_not_utf8_does_not_stop_the_video(self, video):
        path = video(title="QQQQ")
        content = path.read_bytes()
        assert content.count(b"QQQQ") == 1
        path.write_bytes(content.replace(b"QQQQ", b"Q\xff\xfeQ"))

        assert len(read_all(path).timestamps) == COUNT

    def test_frames_that_change_size_are_resized_by_the_transform(self, tmp_path):
        streams = [encode(io.BytesIO(), size=size, count=6, format="h264") for size in ((64, 48), (96, 80))]
        path = tmp_path / "two_sizes.h264"
        path.write_bytes(b"".join(stream.getvalue() for stream in streams))

        shapes = []

        def shrink(frame):
            shapes.append(frame.shape)
            return frame[-8:, -8:]

        clip = read_video(path, plan=every_frame, transform=shrink)

        assert shapes[0] == (48, 64, 3)
        assert shapes[-1] == (80, 96, 3)
        assert clip.motion_frames.shape == (12, 8, 8, 3)

    def test_edit_lists_hide_the_frames_they_cut(self, video):
        path = video(b_frames=0, options={"x264-params": "keyint=6:scenecut=0"}, muxer={"use_editlist": "1"})
        content = bytearray(path.read_bytes())
        with av.open(str(path)) as container:
            ticks_of_a_frame = round(1 / (RATE * container.streams.video[0].time_base))
        # Version 0 of `elst`: media time of the first edit is 16 bytes after the name. Skip eight frames.
        start = content.index(b"elst") + 16
        content[start : start + 4] = (8 * ticks_of_a_frame).to_bytes(4, "big")
        path.write_bytes(content)

        clip = read_all(path)

        assert len(decode_with_av(path)[0]) == len(clip.timestamps)
        np.testing.assert_allclose(levels(clip.motion_frames), [level(i) for i in range(8, COUNT)], atol=TOLERANCE)
        assert clip.timestamps[0] == 0

    def test_ten_bit_frames_equal_a_plain_decode(self, video):
        path = video(pix_fmt="yuv420p10le")

        np.testing.assert_array_equal(read_all(path).motion_frames, decode_with_av(path)[1])


class TestDamage:
    @pytest.mark.parametrize(
        ("name", "settings"),
        [
            pytest.param("clip.mp4", {"muxer": {"movflags": "faststart"}}, id="mp4"),
            pytest.param("clip.mkv", {}, id="matroska"),
            pytest.param("clip.ts", {}, id="transport-stream"),
            pytest.param("clip.avi", {"codec": "mpeg4", "b_frames": 2}, id="avi"),
        ],
    )
    def test_a_truncated_tail_leaves_the_frames_before_it(self, video, name, settings):
        path = video(name, **settings)
        with av.open(str(path)) as container:
            packets = [packet for packet in container.demux(video=0) if packet.size]
        path.write_bytes(path.read_bytes()[: packets[15].pos + packets[15].size // 2])

        clip = read_all(path)

        expected = decode_with_av(path)[1]
        assert 1 < len(expected) < COUNT
        np.testing.assert_array_equal(clip.motion_frames, expected)
        assert len(clip.timestamps) == len(expected)

    def test_frames_that_never_arrive_make_the_plan_start_over(self, video):
        path = video("clip.mkv", codec="ffv1")
        with av.open(str(path)) as container:
            packets = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
        content = bytearray(path.read_bytes())
        for position, size in packets[10:13]:
            # The payload begins after the block header; ffv1 refuses a packet of this noise.
            content[position + 12 : position + size] = b"\xff" * (size - 12)
        path.write_bytes(content)
        asked = []

        def plan(timestamps, average_fps):
            asked.append(len(timestamps))
            return every_frame(timestamps, average_fps)

        clip = read_video(path, plan=plan, transform=unchanged)

        ticks, expected = decode_with_av(path)
        assert asked == [COUNT, len(expected)]
        np.testing.assert_array_equal(clip.motion_frames, expected)
        np.testing.assert_allclose(clip.timestamps, np.array(ticks) / 1000)

    def test_a_stream_cut_before_its_first_key_frame_starts_at_the_next_one(self, video):
        path = video("clip.ts", options={"x264-params": "keyint=8:scenecut=0"}, b_frames=0)
        with av.open(str(path)) as container:
            positions = [packet.pos for packet in container.demux(video=0) if packet.size]
        path.write_bytes(path.read_bytes()[positions[3] :])

        clip = read_all(path)

        np.testing.assert_array_equal(clip.motion_frames, decode_with_av(path)[1])
        np.testing.assert_allclose(levels(clip.motion_frames), [level(i) for i in range(8, COUNT)], atol=TOLERANCE)
        assert clip.timestamps[0] == 0

    def test_a_file_that_is_no_video_is_named(self, tmp_path):
        path = tmp_path / "noise.mp4"
        path.write_bytes(b"not a video at all" * 50)

        with pytest.raises(MediaDecodeError, match=r"noise\.mp4 cannot be opened as a video"):
            read_all(path)

    def test_a_video_without_one_decodable_frame_is_refused(self, video):
        path = video(muxer={"movflags": "faststart"})
        content = path.read_bytes()
        path.write_bytes(content[: content.index(b"mdat") + 4])

        with pytest.raises(MediaDecodeError, match="clip.mp4 holds no frame that can be decoded"):
            read_all(path)

    def test_a_missing_file_is_not_found(self, tmp_path):
        with pytest.raises(MediaNotFoundError, match=r"absent\.mp4 does not exist"):
            read_all(tmp_path / "absent.mp4")


class TestStreams:
    def test_sound_alone_is_refused_with_the_streams_it_has(self, sound):
        with pytest.raises(MediaDecodeError, match=r"song\.m4a has no video stream \(streams: audio\)"):
            read_all(sound())

    def test_a_cover_picture_is_no_video(self, sound):
        with pytest.raises(MediaDecodeError, match=r"\(streams: (cover picture, audio|audio, cover picture)\)"):
            read_all(sound("song.mp4", cover=True))

    def test_a_cover_picture_does_not_hide_the_video(self, sound):
        clip = read_all(sound("film.mp4", cover=True, with_video=True))

        assert clip.motion_frames.shape == (COUNT, 48, 64, 3)
