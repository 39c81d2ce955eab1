"""A server of chat completions in another process, and a small folder of media to ask it about."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageCms


@pytest.fixture(scope="session")
def _chat_server():
    script = Path(__file__).with_name("chat_server.py")
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield ChatServer(int(process.stdout.readline()))
        process.stdin.close()
        process.wait(timeout=10)


@pytest.fixture
def chat_server(_chat_server, monkeypatch):
    """A server that answers nothing yet; see [`ChatServer`]."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    _chat_server.answer()
    return _chat_server


class ChatServer:
    """What a test says to the server of `chat_server.py`, and what it learns from it."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}/v1"
        self._root = f"http://127.0.0.1:{port}"

    def answer(self, *rules):
        """Rules as `chat_server.py` explains them; what was asked before is forgotten."""
        self._ask("PUT", "/rules", json.dumps(rules).encode())

    def always(self, **reply):
        """One reply to everything."""
        self.answer({"replies": [reply]})

    @property
    def requests(self):
        """What was asked, in order."""
        return self._ask("GET", "/log")["requests"]

    @property
    def most_in_flight(self):
        """How many requests were being answered at once, at most."""
        return self._ask("GET", "/log")["most_in_flight"]

    def _ask(self, method, path, content=None):
        request = urllib.request.Request(self._root + path, data=content, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as response:
            return json.load(response)


@pytest.fixture(scope="session")
def shown_media(tmp_path_factory):
    """Folder of `grey.png` (90, 40 x 30), `wide.jpg` (red, 300 x 100), `clip.mp4` (8 frames of 16, 46, …)."""
    folder = tmp_path_factory.mktemp("shown")
    Image.new("RGB", (40, 30), (90, 90, 90)).save(folder / "grey.png")
    exif = Image.Exif()
    exif[0x010E] = "taken at a place that nobody should know"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (300, 100), (200, 30, 30)).save(folder / "wide.jpg", quality=95, exif=exif, icc_profile=profile)
    with av.open(str(folder / "clip.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=4)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(8):
            frame = np.full((48, 64, 3), 16 + 30 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    (folder / "broken.png").write_bytes(b"\x89PNG and nothing more")
    return folder


@pytest.fixture(scope="session")
def medium():
    """`medium("clip.mp4")`: a row of the pool."""

    def row(path):
        kind = "video" if path.endswith("mp4") else "image"
        return {"id": path, "media": {"kind": kind, "path": path, "bytes": None}, "name": path}

    return row
