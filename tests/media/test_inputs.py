import functools
import http.server
import io
import threading

import numpy as np
import pytest
from drawing import Pipe, encode
from PIL import Image

from transformers_vital.errors import MediaInputError, MediaNotFoundError
from transformers_vital.media.inputs import Frames, MediaItem, expand_media, open_source
from transformers_vital.media.source import download


def png():
    file = io.BytesIO()
    Image.new("RGB", (4, 3)).save(file, "PNG")
    return file.getvalue()


def mp4():
    file = io.BytesIO()
    return encode(file, count=2, format="mp4").getvalue()


@pytest.fixture
def folder(tmp_path):
    """Media at two depths, among files that are none."""
    (tmp_path / "deep").mkdir()
    (tmp_path / ".hidden").mkdir()
    for name in ("b.jpg", "a.PNG", "deep/c.png", ".hidden/d.png", "._b.jpg"):
        Image.new("RGB", (4, 3)).save(tmp_path / name, "PNG")
    (tmp_path / "no_suffix").write_bytes(png())
    (tmp_path / "deep" / "clip.mp4").write_bytes(mp4())
    for name in ("LICENSES.md", "media.json", "deep/empty"):
        (tmp_path / name).write_text("")
    return tmp_path


def names(items, folder):
    return [(item.kind, str(item.source.relative_to(folder))) for item in items]


class TestFiles:
    @pytest.mark.parametrize("convert", [str, lambda path: path], ids=["text", "path"])
    def test_a_folder_lists_its_media_in_order(self, folder, convert):
        assert names(expand_media(convert(folder)), folder) == [
            ("image", "a.PNG"),
            ("image", "b.jpg"),
            ("image", "deep/c.png"),
            ("video", "deep/clip.mp4"),
            ("image", "no_suffix"),
        ]

    def test_a_folder_can_be_listed_without_its_subfolders(self, folder):
        assert names(expand_media(folder, recursive=False), folder) == [
            ("image", "a.PNG"),
            ("image", "b.jpg"),
            ("image", "no_suffix"),
        ]

    def test_a_kind_selects_from_a_folder(self, folder):
        assert names(expand_media(folder, kind="video"), folder) == [("video", "deep/clip.mp4")]

    @pytest.mark.parametrize(
        ("pattern", "expected"),
        [
            ("*.jpg", ["b.jpg"]),
            ("**/*.png", ["deep/c.png"]),
            ("**/*.mp4", ["deep/clip.mp4"]),
            ("?.*", ["a.PNG", "b.jpg"]),
            ("*", ["a.PNG", "b.jpg", "no_suffix"]),
        ],
    )
    def test_a_glob_lists_the_media_it_matches(self, folder, pattern, expected):
        assert [name for _, name in names(expand_media(str(folder / pattern)), folder)] == expected

    def test_a_file_with_brackets_in_its_name_is_a_file(self, tmp_path):
        (tmp_path / "clip[1].mp4").write_bytes(mp4())

        assert names(expand_media(tmp_path / "clip[1].mp4"), tmp_path) == [("video", "clip[1].mp4")]

    def test_a_name_is_the_path_as_given(self, folder, monkeypatch):
        monkeypatch.chdir(folder)

        assert [item.name for item in expand_media(["b.jpg", "deep", "*.PNG"])] == [
            "b.jpg",
            "deep/c.png",
            "deep/clip.mp4",
            "a.PNG",
        ]

    def test_absent_files_are_listed_and_fail_when_opened(self):
        items = expand_media(["absent.jpg", "absent.mkv"])

        assert [item.kind for item in items] == ["image", "video"]
        for item in items:
            with pytest.raises(MediaNotFoundError, match=rf"{item.name} does not exist"):
                open_source(item)

    @pytest.mark.parametrize("given", ["", "  "])
    def test_an_empty_name_is_an_error_and_not_the_current_folder(self, given):
        with pytest.raises(MediaInputError, match="An input is an empty text; expected the path"):
            expand_media(given)

    def test_an_empty_folder_is_an_error(self, tmp_path):
        with pytest.raises(MediaNotFoundError, match="folder .* holds no image or video file"):
            expand_media(tmp_path)

    def test_a_glob_without_a_match_is_an_error(self, folder):
        with pytest.raises(MediaNotFoundError, match=r"pattern .*\*\.webm holds no image or video file"):
            expand_media(str(folder / "*.webm"))

    def test_a_folder_without_the_asked_kind_is_an_error(self, folder):
        with pytest.raises(MediaNotFoundError, match="holds no video file"):
            expand_media(folder, kind="video", recursive=False)

    def test_content_tells_the_kind_where_the_suffix_does_not(self, tmp_path):
        for name, content in (("one.bin", png()), ("two.bin", mp4())):
            (tmp_path / name).write_bytes(content)

        items = expand_media([tmp_path / "one.bin", tmp_path / "two.bin"])

        assert [item.kind for item in items] == ["image", "video"]

    def test_a_kind_overrides_what_a_file_says(self, tmp_path):
        (tmp_path / "clip.mp4").write_bytes(mp4())

        assert expand_media(tmp_path / "clip.mp4", kind="image")[0].kind == "image"

    @pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.avif"])
    def test_animated_images_are_videos_and_still_ones_images(self, animation, name):
        assert expand_media(animation(name, [100, 100, 100]))[0].kind == "video"
        assert expand_media(animation(name, [100]))[0].kind == "image"

    def test_a_stereo_photograph_is_an_image(self, tmp_path):
        left, right = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")
        left.save(tmp_path / "stereo.jpg", "MPO", save_all=True, append_images=[right])

        with Image.open(tmp_path / "stereo.jpg") as image:
            assert image.n_frames == 2
            assert [item.kind for item in expand_media([tmp_path / "stereo.jpg", image])] == ["image", "image"]


class TestMemory:
    @pytest.mark.parametrize(("content", "kind"), [(png(), "image"), (mp4(), "video")], ids=["png", "mp4"])
    @pytest.mark.parametrize("wrap", [bytes, bytearray, io.BytesIO, Pipe], ids=["bytes", "bytearray", "file", "pipe"])
    def test_bytes_and_files_are_told_by_their_content(self, content, kind, wrap):
        (item,) = expand_media(wrap(content))

        assert (item.kind, item.name) == (kind, "input[0]")
        assert open_source(item).read() == content

    def test_every_form_of_an_mpeg_transport_stream_is_a_video(self):
        content = encode(io.BytesIO(), format="mpegts").getvalue()

        assert expand_media(content)[0].kind == "video"

    def test_an_open_file_is_called_by_its_name(self, folder):
        with (folder / "b.jpg").open("rb") as file:
            assert expand_media(file)[0].name == str(folder / "b.jpg")

    def test_pillow_images_are_images_unless_animated(self, animation):
        with Image.open(animation("a.gif", [100, 100])) as moving:
            items = expand_media([Image.new("L", (4, 4)), moving])

        assert [(item.kind, item.name) for item in items] == [("image", "input[0]"), ("video", moving.filename)]

    @pytest.mark.parametrize(
        ("shape", "kind"), [((8, 9), "image"), ((8, 9, 3), "image"), ((3, 8, 9), "image"), ((5, 8, 9, 3), "video")]
    )
    def test_arrays_and_tensors_with_four_axes_are_videos(self, shape, kind):
        torch = pytest.importorskip("torch")

        items = expand_media([np.zeros(shape), torch.zeros(shape)])

        assert [item.kind for item in items] == [kind, kind]

    def test_a_list_inside_a_list_is_one_video(self):
        frames = [np.zeros((4, 4, 3), np.uint8)] * 3

        assert [item.kind for item in expand_media(frames)] == ["image"] * 3
        (item,) = expand_media([frames])
        assert (item.kind, item.source, item.fps) == ("video", frames, None)

    def test_frames_carry_their_rate(self):
        frames = [Image.new("L", (4, 4))] * 3

        assert expand_media(Frames(frames, fps=12)) == [MediaItem("video", frames, "input[0]", fps=12.0)]

    @pytest.mark.parametrize("frames", [[], ["a.png", "b.png"], np.zeros((4, 4, 3))], ids=["none", "paths", "picture"])
    def test_frames_that_are_no_pictures_are_refused(self, frames):
        with pytest.raises(MediaInputError, match=r"input\[0\] is not the frames of one video"):
            expand_media(Frames(frames, fps=1))

    def test_a_rate_must_be_positive(self):
        with pytest.raises(MediaInputError, match="has fps=0.0"):
            expand_media(Frames([np.zeros((4, 4))], fps=0))

    def test_other_types_are_refused(self):
        with pytest.raises(MediaInputError, match=r"input\[1\] is a int; expected a path"):
            expand_media(["a.png", 3])

    def test_an_unknown_kind_is_refused(self):
        with pytest.raises(MediaInputError, match="kind is 'audio'"):
            expand_media("a.png", kind="audio")


class TestRows:
    @pytest.mark.parametrize(
        ("row", "expected"),
        [
            pytest.param({"image": "a.bin", "mos": 3}, ("image", "a.bin"), id="image-path"),
            pytest.param({"video": "a.bin", "image": None}, ("video", "a.bin"), id="video-path"),
            pytest.param({"image": Image.new("L", (2, 2))}, ("image", "input[0]"), id="image-pillow"),
            pytest.param({"image": {"path": "x.png", "bytes": png()}}, ("image", "x.png"), id="image-undecoded"),
            pytest.param({"path": "x.mp4", "bytes": None}, ("video", "x.mp4"), id="undecoded-path"),
            pytest.param({"path": None, "bytes": mp4()}, ("video", "input[0]"), id="undecoded-bytes"),
            pytest.param({"media": {"kind": "video", "path": "x", "bytes": b"?"}}, ("video", "x"), id="media"),
        ],
    )
    def test_rows_of_a_dataset_are_accepted(self, row, expected):
        (item,) = expand_media([row])

        assert (item.kind, item.name) == expected

    def test_a_row_with_two_media_is_refused(self):
        with pytest.raises(MediaInputError, match="has image and video; expected one of them"):
            expand_media({"image": "a.png", "video": "a.mp4"})

    def test_a_row_without_media_is_refused(self):
        with pytest.raises(MediaInputError, match=r"columns \['mos', 'text'\]; expected media"):
            expand_media({"text": "x", "mos": 1})


class TestNetwork:
    @pytest.fixture
    def server(self, tmp_path):
        """Address of a server on this machine that holds `a.png`."""
        (tmp_path / "a.png").write_bytes(png())

        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                pass

        handler = functools.partial(Quiet, directory=tmp_path)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
            threading.Thread(target=running.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{running.server_port}"
            running.shutdown()

    @pytest.mark.parametrize("wrap", [lambda url: url, lambda url: {"image": {"path": url, "bytes": None}}])
    def test_addresses_need_permission(self, wrap):
        with pytest.raises(MediaInputError, match="the network is not allowed. Pass allow_network=True"):
            expand_media(wrap("https://example.org/a.png"))

    def test_addresses_are_fetched_when_opened(self, server):
        (item,) = expand_media(f"{server}/a.png?size=large", allow_network=True)

        assert (item.kind, item.name) == ("image", f"{server}/a.png?size=large")
        assert open_source(item).read() == png()

    def test_an_address_without_a_suffix_needs_a_kind(self):
        with pytest.raises(MediaInputError, match='Pass kind="image" or kind="video"'):
            expand_media("https://example.org/42", allow_network=True)
        assert expand_media("https://example.org/42", allow_network=True, kind="video")[0].kind == "video"

    def test_a_refusal_of_the_server_is_not_found(self, server):
        with pytest.raises(MediaNotFoundError, match="absent.png cannot be downloaded .*404"):
            download(f"{server}/absent.png")

    def test_an_address_that_is_none_is_not_found(self):
        with pytest.raises(MediaNotFoundError, match="cannot be downloaded .*Check the address"):
            download("http://example.org:port/a b.png")

    def test_a_file_beyond_the_limit_is_refused(self, server):
        with pytest.raises(MediaInputError, match="is larger than 10 bytes"):
            download(f"{server}/a.png", max_bytes=10)
