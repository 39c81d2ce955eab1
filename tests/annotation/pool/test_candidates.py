"""Candidates open what they name, in whatever process, and no more than is allowed."""

from dataclasses import asdict

import pytest

from transformers_vital.annotation.pool.candidates import Candidate
from transformers_vital.errors import MediaDecodeError, MediaInputError


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "archive"
    path.write_bytes(b"0123456789")
    return str(path)


@pytest.mark.parametrize("region", [{}, {"start": 0, "size": 10}])
def test_a_whole_file_is_read(archive, region):
    assert Candidate("a", place=archive, **region).open(max_bytes=10).read() == b"0123456789"


def test_a_member_is_read_from_its_place(archive):
    assert Candidate("a", place=archive, start=3, size=4).open(max_bytes=4).read() == b"3456"


def test_a_member_that_is_too_large_is_not_read(archive):
    with pytest.raises(MediaInputError, match="It has 4 bytes; expected at most 3. Raise the limit."):
        Candidate("a", place=archive, start=3, size=4).open(max_bytes=3)


def test_a_member_that_the_archive_has_lost_is_broken(archive):
    with pytest.raises(MediaDecodeError, match="archive ends 2 bytes too early. Fetch it again."):
        Candidate("a", place=archive, start=8, size=4).open(max_bytes=9)


def test_a_candidate_is_a_row_of_a_table(archive, tmp_path):
    from datasets import Dataset

    given = [
        Candidate("a", place=archive, start=3, size=4),
        Candidate("b", content=b"\0\xff"),
        Candidate("c", problem="gone"),
    ]
    Dataset.from_list([asdict(candidate) for candidate in given]).to_parquet(tmp_path / "rows.parquet")
    rows = Dataset.from_parquet(str(tmp_path / "rows.parquet"), cache_dir=str(tmp_path / "cache"))
    assert [Candidate(**row) for row in rows] == given


def test_another_address_is_left_to_fsspec():
    import fsspec

    with fsspec.open("memory://folder/a.png", "wb") as file:
        file.write(b"content")
    assert Candidate("a", place="memory://folder/a.png").open(max_bytes=10).read() == b"content"
