"""What each form of source lists, and what none of them does: unpack, leave its folder, or call out unasked."""

import http.server
import io
import tarfile
import threading
from functools import partial
from pathlib import Path

import pytest

from transformers_vital.annotation.pool.sources import candidates
from transformers_vital.errors import AnnotationError, MediaInputError, MediaNotFoundError


PNG, GIF = b"\x89PNG\r\n\x1a\n 1", b"GIF89a 2"


def names(source, **settings):
    return [candidate.name for candidate in candidates(source, **settings)]


def contents(source, **settings):
    return {
        candidate.name: candidate.open(max_bytes=1000).read()
        for candidate in candidates(source, **settings)
        if candidate.problem is None
    }


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "pool"
    for name, content in {
        "b/2.mkv": b"x",
        "b/1.PNG": PNG,
        "a.jpg": b"y",
        "no_suffix": GIF,
        "notes.md": b"# notes",
        "list.txt": b"http://127.0.0.1:9/a.png",
        ".hidden.png": PNG,
        ".cache/c.png": PNG,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def archive(path, members):
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            if content is None:
                member.type, member.linkname = tarfile.SYMTYPE, "/etc/hostname"
                tar.addfile(member)
            else:
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return path


def test_a_folder_lists_its_media_in_order_with_paths_inside_it(folder):
    assert names(folder) == ["a.jpg", "no_suffix", "b/1.PNG", "b/2.mkv"]
    assert contents(str(folder))["b/1.PNG"] == PNG


def test_nothing_is_listed_before_it_is_asked_for(folder):
    listing = candidates(folder)
    assert next(listing).name == "a.jpg"
    (folder / "b" / "3.png").write_bytes(PNG)
    assert [candidate.name for candidate in listing] == ["no_suffix", "b/1.PNG", "b/2.mkv", "b/3.png"]


def test_a_file_is_itself_whatever_its_name(folder):
    assert contents(folder / "notes.md") == {"notes.md": b"# notes"}


def test_several_sources_come_one_after_the_other(folder):
    assert names([folder / "a.jpg", [folder / "b", folder / "a.jpg"]]) == ["a.jpg", "1.PNG", "2.mkv", "a.jpg"]


def test_a_shard_is_read_in_place_and_nothing_is_unpacked(tmp_path):
    members = [
        ("00/a.png", PNG),
        ("00/a.json", b"{}"),
        ("../../b.gif", GIF),
        ("/c.png", PNG),
        ("link.png", None),
        ("bare", b"?"),
    ]
    path = archive(tmp_path / "shard.tar", members)
    before = sorted(tmp_path.parent.rglob("*"))
    assert contents(path) == {"00/a.png": PNG, "../../b.gif": GIF, "/c.png": PNG, "bare": b"?"}
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_shards_in_a_folder_are_listed_too(folder):
    archive(folder / "b" / "0.tar", [("x.png", PNG)])
    assert names(folder) == ["a.jpg", "no_suffix", "x.png", "b/1.PNG", "b/2.mkv"]


def test_a_truncated_shard_gives_what_it_has_and_is_counted(tmp_path):
    path = archive(tmp_path / "shard.tar", [("a.png", PNG), ("b.png", b"1" * 2000), ("c.png", PNG)])
    path.write_bytes(path.read_bytes()[:1600])
    listed = list(candidates(path))
    assert listed[0].open(max_bytes=99).read() == PNG
    assert listed[-1].name == "shard.tar" and "uncompressed tar archive" in listed[-1].problem


def test_a_compressed_shard_is_counted_and_says_what_is_expected(tmp_path):
    path = archive(tmp_path / "shard.tar.gz", [("a.png", PNG)]).rename(tmp_path / "shard.tar")
    (listed,) = candidates(path)
    with pytest.raises(MediaInputError, match="cannot be read on as an uncompressed tar archive"):
        listed.open(max_bytes=99)


@pytest.fixture
def server(folder):
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        thread = threading.Thread(target=served.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()


def test_a_list_of_addresses_is_fetched_line_by_line(server, tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    path = tmp_path / "list.csv"
    path.write_text(f"id,url\n1,{server}/b/1.PNG\n2,file:///etc/hostname\n3,{server}/absent.png\n")
    listed = list(candidates(path, allow_network=True))
    assert [candidate.name for candidate in listed] == [f"{server}/b/1.PNG", "list.csv:3", f"{server}/absent.png"]
    assert listed[0].open(max_bytes=1000).read() == PNG
    with pytest.raises(MediaInputError, match="larger than 5 bytes"):
        listed[0].open(max_bytes=5)
    with pytest.raises(MediaInputError, match="'file:///etc/hostname' is no http.s. address. Correct the line."):
        listed[1].open(max_bytes=1000)
    with pytest.raises(MediaNotFoundError, match="absent.png cannot be downloaded"):
        listed[2].open(max_bytes=1000)


@pytest.mark.parametrize("source", ["https://example.org/a.png", "list.txt", "hf://datasets/owner/name"])
def test_the_network_is_not_used_unasked(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("list.txt").write_text("https://example.org/a.png\n")
    with pytest.raises(AnnotationError, match="the network.*is not allowed. Pass allow_network=True"):
        candidates(source)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (7, "A source is a int; expected a path, an address, a mapping with dataset, or a list of these"),
        ({"name": "x"}, "A source has the keys name; expected dataset, and none but dataset, config, split, columns"),
        ({"dataset": "x", "revision": "y"}, "keys dataset, revision; expected dataset, and none but"),
    ],
)
def test_other_sources_are_refused(source, message):
    with pytest.raises(AnnotationError, match=message):
        candidates(source)


def test_a_path_that_does_not_exist_is_said_at_once():
    with pytest.raises(MediaNotFoundError, match="nowhere/at/all does not exist. Check the path."):
        candidates("nowhere/at/all")
