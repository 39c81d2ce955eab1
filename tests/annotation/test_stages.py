"""Stages over shards: what is done stays done, settings are not mixed, and a shard is there whole or not at all."""

import pytest

from transformers_vital.annotation.stages import (
    ShardRun,
    Stage,
    check_settings,
    make_whole,
    prepare_stage,
    read_rows,
    read_shard,
    shard_numbers,
    write_rows,
    write_shard,
)
from transformers_vital.errors import AnnotationError


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    check_settings(folder, {"of": "test"})
    for number in range(3):
        write_shard(folder, number, [{"number": 10 * number + place} for place in range(2)])
    return folder


@pytest.fixture
def trace(tmp_path):
    folder = tmp_path / "trace"
    folder.mkdir()
    return folder


def squares(trace, factor: int = 1) -> Stage:
    return Stage("squares", "counting_stage:Squares", {"factor": factor}, {"trace": str(trace)})


def test_a_shard_becomes_the_shard_of_the_same_number(source, trace, tmp_path):
    stage, target = squares(trace), tmp_path / "target"
    assert prepare_stage(stage, source=source, target=target) == [0, 1, 2]
    assert ShardRun(stage, source, target)({"number": 1}) == {"rows": 2}
    assert read_shard(target, 1) == [{"number": 10, "square": 100}, {"number": 11, "square": 121}]
    assert prepare_stage(stage, source=source, target=target) == [0, 2]


def test_a_stage_is_constructed_once_for_all_shards(source, trace, tmp_path):
    stage = squares(trace)
    prepare_stage(stage, source=source, target=tmp_path / "target")
    for number in range(3):
        ShardRun(stage, source, tmp_path / "target")({"number": number})
    assert len(list(trace.glob("constructed-*"))) == 1 and len(list(trace.glob("called-*"))) == 3


def test_rows_come_in_the_order_of_the_shards(source):
    assert [row["number"] for row in read_rows(source)] == [0, 1, 10, 11, 20, 21]


def test_a_shard_without_rows_is_read_back_as_one(tmp_path):
    write_shard(tmp_path, 4, [])
    assert shard_numbers(tmp_path) == [4] and read_shard(tmp_path, 4) == []


def test_what_a_killed_process_left_is_no_shard_and_is_removed(source, trace, tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "00002.parquet.123.tmp").write_bytes(b"half")
    assert prepare_stage(squares(trace), source=source, target=target) == [0, 1, 2]
    assert not list(target.glob("*.tmp"))


def test_shards_of_other_settings_are_not_mixed(source, trace, tmp_path):
    target = tmp_path / "target"
    prepare_stage(squares(trace), source=source, target=target)
    with pytest.raises(AnnotationError, match=r"made with other settings \(factor differ\). Name another folder"):
        prepare_stage(squares(trace, factor=2), source=source, target=target)


def test_places_may_change_between_runs(source, trace, tmp_path):
    target = tmp_path / "target"
    prepare_stage(squares(trace), source=source, target=target)
    assert prepare_stage(squares(tmp_path), source=source, target=target) == [0, 1, 2]


def test_settings_of_the_stage_before_count_too(source, trace, tmp_path):
    target = tmp_path / "target"
    prepare_stage(squares(trace), source=source, target=target)
    (source / "settings.json").write_text('{"of": "something else"}', encoding="utf-8")
    with pytest.raises(AnnotationError, match=r"\(after differ\)"):
        prepare_stage(squares(trace), source=source, target=target)


def test_what_needs_all_rows_is_made_once(source, tmp_path):
    made = []

    def count(folder):
        made.append(folder)
        write_shard(folder, 0, [{"rows": len(list(read_rows(source)))}])

    target = tmp_path / "target"
    assert make_whole(target, {"a": 1}, after=source, make=count)
    assert not make_whole(target, {"a": 1}, after=source, make=count)
    assert len(made) == 1 and read_shard(target, 0) == [{"rows": 6}]
    with pytest.raises(AnnotationError, match=r"\(a differ\)"):
        make_whole(target, {"a": 2}, after=source, make=count)


def test_what_was_left_half_made_is_made_anew(source, tmp_path):
    def fail_midway(folder):
        write_shard(folder, 0, [{"a": 1}])
        raise KeyboardInterrupt

    target = tmp_path / "target"
    with pytest.raises(KeyboardInterrupt):
        make_whole(target, {}, after=source, make=fail_midway)
    assert not target.exists()
    assert make_whole(target, {}, after=source, make=lambda folder: write_shard(folder, 1, [{"b": 2}]))
    assert shard_numbers(target) == [1]


def test_rows_are_written_in_shards_of_one_size(tmp_path):
    assert write_rows(tmp_path, ({"number": number} for number in range(5)), shard_size=2) == 3
    assert [len(read_shard(tmp_path, number)) for number in range(3)] == [2, 2, 1]
