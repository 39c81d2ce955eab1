"""The pool on disk: where files go, what a row says, and which repeat others."""

import hashlib
import io
import pickle
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from transformers_vital.annotation.pool.candidates import Candidate
from transformers_vital.annotation.pool.inspection import Limits
from transformers_vital.annotation.pool.pool import COLUMNS, duplicates, inspect
from transformers_vital.annotation.pool.sources import candidates
from transformers_vital.data.records import resolve_media


LIMITS = Limits(short_side=(240, 2304))


@pytest.fixture(scope="module")
def media(pytestconfig) -> Path:
    return pytestconfig.rootpath / "examples" / "media"


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def png(size=(640, 480), edge=1.0):
    content = io.BytesIO()
    Image.effect_mandelbrot(size, (-2, -1.2, edge, 1.2), 30).save(content, "PNG")
    return content.getvalue()


def test_a_folder_becomes_rows_and_files_named_by_their_hash(media, tmp_path):
    given = list(candidates(media))
    rows = inspect(given, folder=tmp_path / "media", limits=LIMITS)
    assert [row["name"] for row in rows] == [candidate.name for candidate in given]
    assert {tuple(row) for row in rows} == {COLUMNS}
    rejected = {row["name"]: row["reason"] for row in rows if row["reason"]}
    assert rejected == {"cat.png": "too small"}  # 451 pixels wide
    kept = [row for row in rows if not row["reason"]]
    assert len(kept) == 8
    for row in kept:
        content = (media / row["name"]).read_bytes()
        identity = hashlib.sha256(content).hexdigest()[:32]
        path = f"{identity[:2]}/{identity}{Path(row['name']).suffix}"
        assert row["id"] == identity
        assert row["media"] == {"kind": row["media"]["kind"], "path": path, "bytes": None}
        assert Path(resolve_media(row["media"], root=tmp_path / "media")["path"]).read_bytes() == content
        assert len(row["phash"]) == 16
    assert files(tmp_path / "media") == sorted(row["media"]["path"] for row in kept)


def test_a_second_run_does_no_harm(media, tmp_path):
    given = [Candidate("a", place=str(media / "dogs.jpg")), Candidate("b", place=str(media / "dog.mp4"))]
    first = inspect(given, folder=tmp_path)
    before = files(tmp_path)
    assert inspect(given, folder=tmp_path) == first
    assert files(tmp_path) == before and len(before) == 2


def test_names_never_make_paths(tmp_path):
    folder = tmp_path / "dataset" / "media"
    names = ["../../evil.png", "/etc/evil.png", "a\0b.png", "x" * 5000, "con.png:stream", "<img src=x>.png"]
    rows = inspect([Candidate(name, content=png()) for name in names], folder=folder)
    assert [row["name"] for row in rows] == names
    assert {row["reason"] for row in rows} == {None}
    assert files(tmp_path) == [f"dataset/media/{rows[0]['media']['path']}"]


def test_the_suffix_comes_from_the_content(tmp_path):
    rows = inspect([Candidate(name, content=png()) for name in ("none", "a.jpg", "b.MP4")], folder=tmp_path)
    assert {row["media"]["path"] for row in rows} == {rows[0]["media"]["path"]}
    assert rows[0]["media"]["path"].endswith(".png")


@pytest.mark.parametrize(
    ("candidate", "reason", "detail"),
    [
        (Candidate("a", problem="'x' is no address."), "not available", "'x' is no address."),
        (Candidate("a", place="/nowhere/a.png"), "not available", "No such file"),
        (Candidate("a", place="nothing://a.png"), "not available", "nothing"),
        (Candidate("a", content=b"text"), "not decodable", "cannot identify"),
        (Candidate("a", content=png(size=(100, 100))), "too small", "100x100"),
        (Candidate("a", content=png() + b"\0" * 200_000), "too many bytes", "at most 200000"),
    ],
)
def test_a_bad_candidate_is_a_row_with_a_reason_and_leaves_nothing(candidate, reason, detail, tmp_path):
    good = Candidate("good", content=png())
    limits = Limits(max_bytes=200_000)
    rows = inspect([candidate, good], folder=tmp_path, limits=limits)
    assert (rows[0]["name"], rows[0]["reason"]) == ("a", reason)
    assert detail in rows[0]["detail"]
    assert all(rows[0][column] is None for column in COLUMNS if column not in ("name", "reason", "detail"))
    assert rows[1]["reason"] is None
    assert files(tmp_path) == [rows[1]["media"]["path"]]


def test_batches_can_be_inspected_in_other_processes(media, tmp_path):
    given = [Candidate("a", place=str(media / "rocket.jpg")), Candidate("b", content=png())]
    assert pickle.loads(pickle.dumps(given)) == given
    with ProcessPoolExecutor(1) as processes:
        rows = processes.submit(inspect, given, folder=tmp_path).result()
    assert rows == inspect(given, folder=tmp_path)
    assert [row["reason"] for row in rows] == [None, None]


def row(identity, name, phash, kind="image"):
    media = {"kind": kind, "path": f"{identity}.x", "bytes": None}
    return {"id": identity, "name": name, "media": media, "phash": phash}


def test_the_same_bytes_and_the_same_look_go_and_the_first_stays():
    rows = [
        row("a", "a.png", "0000000000000000"),
        {"id": None, "name": "broken.png", "media": None, "phash": None, "reason": "not decodable"},
        row("b", "b.png", "000000000000000f"),
        row("a", "copy of a.png", "0000000000000000"),
        row("c", "c.mp4", "0000000000000000", kind="video"),
        row("d", "d.png", "ffffffffffffffff"),
        row("e", "flat.png", None),
        row("f", "flat too.png", None),
        row("b", "copy of b.png", "000000000000000f"),
    ]
    assert duplicates(rows) == [
        None,
        None,
        {"reason": "near-duplicate", "detail": "looks like a.png"},
        {"reason": "duplicate", "detail": "the same bytes as a.png"},
        None,
        None,
        None,
        None,
        {"reason": "duplicate", "detail": "the same bytes as b.png"},
    ]


def test_with_no_distance_only_equal_hashes_go():
    rows = [row("a", "a", "0000000000000000"), row("b", "b", "0000000000000001"), row("c", "c", "0000000000000000")]
    assert duplicates(rows, max_distance=0) == [None, None, {"reason": "near-duplicate", "detail": "looks like a"}]


def test_a_recompressed_copy_is_found_from_files_to_reasons(media, tmp_path):
    content = io.BytesIO()
    Image.open(media / "dogs.jpg").save(content, "JPEG", quality=40)
    given = [
        Candidate("dogs", place=str(media / "dogs.jpg")),
        Candidate("rocket", place=str(media / "rocket.jpg")),
        Candidate("again", content=content.getvalue()),
    ]
    found = duplicates(inspect(given, folder=tmp_path))
    assert found == [None, None, {"reason": "near-duplicate", "detail": "looks like dogs"}]
