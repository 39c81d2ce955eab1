import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from drawing import RATE, TOLERANCE, Pipe, draw, level
from PIL import Image
from reading import decode_with_av, every_frame, read_all, unchanged

from transformers_vital.errors import MediaDecodeError, MediaInputError
from transformers_vital.media.container import Container
from transformers_vital.media.video import FramePlan, frames_to_clip, read_video


GOLDENS = Path(os.environ.get("VITAL_GOLDENS", Path(__file__).parents[3] / "shared" / "reference" / "goldens"))
GOLDEN_VIDEOS = sorted((GOLDENS / "videos").glob("*.mp4"))


class TestSources:
    @pytest.mark.parametrize("container", ["clip.mp4", "clip.ts"])
    @pytest.mark.parametrize("form", ["path", "text", "bytes", "file", "pipe"])
    def test_every_form_of_a_file_gives_the_same_clip(self, video, form, container):
        path = video(container)
        content = path.read_bytes()
        sources = {
            "path": path,
            "text": str(path),
            "bytes": content,
            "file": io.BytesIO(content),
            "pipe": Pipe(content),
        }

        clip = read_all(sources[form])

        np.testing.assert_array_equal(clip.motion_frames, decode_with_av(path)[1])

    def test_other_types_are_refused(self):
        with pytest.raises(MediaInputError, match="cannot be read from int; expected a path, bytes or a binary file"):
            read_all(3)


class TestPlan:
    def test_one_decode_fills_both_lists_and_transforms_each_frame_once(self, video):
        path = video()
        seen = []

        def transform(frame):
            seen.append(int(frame[-4, -4, 0]))
            return frame[:2, :2].transpose(2, 0, 1)

        def plan(timestamps, average_fps):
            assert average_fps == RATE
            return FramePlan(key=[0, 8, 8], motion=[0, 4, 8, 8, 9])

        clip = read_video(path, plan=plan, transform=transform)

        np.testing.assert_allclose(seen, [level(i) for i in (0, 4, 8, 9)], atol=TOLERANCE)
        assert clip.key_frames.shape == (3, 3, 2, 2)
        assert clip.motion_frames.shape == (5, 3, 2, 2)
        np.testing.assert_array_equal(clip.key_frames, clip.motion_frames[[0, 2, 2]])

    def test_decoding_stops_at_the_last_frame_of_the_plan(self, video, monkeypatch):
        path = video()
        decoded = []
        original = Container.pictures

        def counted(self, **settings):
            for picture in original(self, **settings):
                decoded.append(picture[0])
                yield picture

        monkeypatch.setattr(Container, "pictures", counted)
        read_video(path, plan=lambda *_: FramePlan(key=[2], motion=[3]), transform=unchanged)

        assert len(decoded) == 4

    def test_a_plan_may_leave_one_list_empty(self, video):
        clip = read_video(video(), plan=lambda *_: FramePlan(key=[1], motion=[]), transform=unchanged)

        assert clip.key_frames.shape == (1, 48, 64, 3)
        assert clip.motion_frames.shape == (0, 48, 64, 3)

    def test_a_plan_beyond_the_end_is_refused(self, video):
        with pytest.raises(MediaInputError, match=r"asks for frame 99 of .*clip\.mp4, which has 24 frames"):
            read_video(video(), plan=lambda *_: FramePlan(key=[0], motion=[99]), transform=unchanged)

    @pytest.mark.parametrize("positions", [[3, 1], [-1, 2]])
    def test_positions_must_ascend_from_zero(self, positions):
        with pytest.raises(MediaInputError, match="expected ascending positions from 0"):
            FramePlan(key=[0], motion=positions)

    def test_a_plan_without_frames_is_refused(self):
        with pytest.raises(MediaInputError, match="FramePlan has no frame"):
            FramePlan(key=[], motion=[])


class TestFrames:
    @pytest.mark.parametrize("form", ["pillow", "array", "list", "float", "tensor"])
    def test_decoded_frames_are_sampled_like_a_file(self, form):
        torch = pytest.importorskip("torch")
        array = np.stack([draw(i, (10, 8)) for i in range(6)])
        frames = {
            "pillow": [Image.fromarray(frame) for frame in array],
            "array": array,
            "list": list(array),
            "float": array / 255.0,
            "tensor": torch.from_numpy(array).permute(0, 3, 1, 2),
        }[form]

        clip = frames_to_clip(frames, fps=4.0, plan=every_frame, transform=unchanged)

        np.testing.assert_array_equal(clip.motion_frames, array)
        np.testing.assert_array_equal(clip.timestamps, [0, 0.25, 0.5, 0.75, 1.0, 1.25])
        assert (clip.average_fps, clip.duration_seconds, clip.width, clip.height) == (4.0, 1.5, 10, 8)

    def test_a_rate_must_be_positive(self):
        with pytest.raises(MediaInputError, match="fps is 0; expected frames a second above 0"):
            frames_to_clip([draw(0, (8, 8))], fps=0, plan=every_frame, transform=unchanged)

    def test_no_frames_are_refused(self):
        with pytest.raises(MediaDecodeError, match="The list of frames holds no frame"):
            frames_to_clip([], fps=1, plan=every_frame, transform=unchanged)


@pytest.mark.skipif(not GOLDEN_VIDEOS, reason=f"no reference videos in {GOLDENS} (set VITAL_GOLDENS)")
@pytest.mark.parametrize("path", GOLDEN_VIDEOS, ids=lambda path: path.stem)
class TestReference:
    def test_count_rate_and_bytes_are_those_of_the_official_reader(self, path):
        expected = json.loads((GOLDENS / "video" / "selection_score.json").read_text())[path.stem]

        clip = read_all(path)

        assert len(clip.timestamps) == expected["n_frames"]
        assert clip.average_fps == expected["avg_fps"]
        assert hashlib.sha256(clip.motion_frames.tobytes()).hexdigest() == expected["sha256_uint8_frames"]

    def test_frames_are_bit_equal_to_those_of_the_official_reader(self, path):
        stored = GOLDENS / "video" / f"frames_{path.stem}.npz"
        if not stored.exists():
            pytest.skip(f"only the hash of {path.stem} is stored")

        np.testing.assert_array_equal(read_all(path).motion_frames, np.load(stored)["frames"])


MEASURE = """
import resource, sys
import numpy as np
from transformers_vital.media.video import FramePlan, read_video

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

def plan(timestamps, average_fps):
    motion = np.linspace(0, len(timestamps) - 1, 160).astype(int)
    return FramePlan(key=motion[::8], motion=motion)

from transformers_vital.media import container
before = peak()
clip = read_video(
    sys.argv[1], plan=plan, transform=lambda frame: np.ascontiguousarray(frame[:448, :448].transpose(2, 0, 1))
)
print(peak() - before, *clip.motion_frames.shape)
"""


def run_python(code, *arguments):
    result = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


def test_a_long_full_hd_clip_needs_under_400_megabytes(tmp_path):
    path = tmp_path / "long.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        frame = av.VideoFrame(1920, 1080, "yuv420p")
        for index in range(600):
            frame.planes[0].update(bytes([index % 200]) * frame.planes[0].buffer_size)
            frame.pts = None
            container.mux(stream.encode(frame))
        container.mux(stream.encode())

    megabytes, *shape = run_python(MEASURE, str(path))

    assert shape == ["160", "3", "448", "448"]
    assert float(megabytes) < 400


def test_reading_media_does_not_import_torch():
    code = "import sys\nfrom transformers_vital.media import image, inputs, video\nprint('torch' in sys.modules)"

    assert run_python(code) == ["False"]
