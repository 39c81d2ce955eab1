"""The same shards by one process, by several, after a kill, and on Ray."""

import subprocess
import sys
import textwrap

import pytest

from transformers_vital.annotation.executors import run_stage, run_tasks
from transformers_vital.annotation.stages import Stage, check_settings, read_rows, shard_numbers, write_shard
from transformers_vital.errors import AnnotationError


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    check_settings(folder, {"of": "test"})
    for number in range(4):
        write_shard(folder, number, [{"number": 10 * number + place} for place in range(3)])
    return folder


@pytest.fixture
def trace(tmp_path):
    folder = tmp_path / "trace"
    folder.mkdir()
    return folder


def squares(trace, **places) -> Stage:
    return Stage("squares", "counting_stage:Squares", {"factor": 1}, {"trace": str(trace), **places})


def results(folder) -> list[int]:
    return [row["square"] for row in read_rows(folder)]


EXPECTED = [number**2 for number in (0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32)]


@pytest.mark.parametrize("processes", [1, 2])
def test_every_shard_is_worked_on_once(source, trace, tmp_path, processes):
    assert run_stage(squares(trace), source=source, target=tmp_path / "target", processes=processes) == 4
    assert results(tmp_path / "target") == EXPECTED
    calls = [path.read_text().splitlines() for path in trace.glob("called-*")]
    assert [len(call) for call in calls] == [1] * 4
    assert len({process for (process,) in calls}) == processes


def test_a_second_run_has_nothing_to_do(source, trace, tmp_path):
    run_stage(squares(trace), source=source, target=tmp_path / "target")
    assert run_stage(squares(trace), source=source, target=tmp_path / "target") == 0
    assert sum(len(path.read_text().splitlines()) for path in trace.glob("called-*")) == 4


def test_after_kill_9_only_the_open_shard_is_done_again(source, trace, tmp_path):
    """The killed process dies in the third shard; the next run does that one and the fourth."""
    code = f"""
        import sys
        sys.path.insert(0, {str(tmp_path.__class__(__file__).parent)!r})
        from pathlib import Path
        from transformers_vital.annotation.executors import run_stage, run_tasks
        from transformers_vital.annotation.stages import Stage
        places = {{"trace": {str(trace)!r}, "kill_at": 20}}
        stage = Stage("squares", "counting_stage:Squares", {{"factor": 1}}, places)
        run_stage(stage, source=Path({str(source)!r}), target=Path({str(tmp_path / "target")!r}))
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr
    assert shard_numbers(tmp_path / "target") == [0, 1]
    assert run_stage(squares(trace), source=source, target=tmp_path / "target") == 2
    assert results(tmp_path / "target") == EXPECTED
    assert [len(path.read_text().splitlines()) for path in trace.glob("called-*")] == [1] * 4


def test_a_killed_worker_is_explained_and_what_is_finished_stays(source, trace, tmp_path):
    with pytest.raises(AnnotationError, match="squares was killed, often for want of memory"):
        run_stage(squares(trace, kill_at=30), source=source, target=tmp_path / "target", processes=2)
    assert 0 < len(shard_numbers(tmp_path / "target")) < 4


def test_an_error_of_the_stage_comes_through(source, tmp_path):
    stage = Stage("broken", "counting_stage:fails", {"how": "always"})
    with pytest.raises(ValueError, match="the model of this stage is broken"):
        run_stage(stage, source=source, target=tmp_path / "target")


@pytest.mark.parametrize("processes", [1, 2])
def test_a_stream_of_tasks_is_not_read_ahead_of_the_work(tmp_path, monkeypatch, processes):
    import counting_stage

    monkeypatch.setenv("PYTHONPATH", str(tmp_path.__class__(__file__).parent))
    ahead = []

    def tasks():
        for number in range(12):
            ahead.append(number - len(list(tmp_path.iterdir())))
            yield number

    assert run_tasks(counting_stage.square_of, tasks(), arguments={"folder": tmp_path}, processes=processes) == 12
    written = {int(path.name): path.read_text().split() for path in tmp_path.iterdir()}
    assert {number: int(square) for number, (square, _) in written.items()} == {n: n**2 for n in range(12)}
    assert len({process for _, process in written.values()}) <= processes
    assert max(ahead) <= 2 * processes


def test_ray_gives_the_same_shards(source, trace, tmp_path, monkeypatch):
    import counting_stage

    ray = pytest.importorskip("ray")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path.__class__(__file__).parent))
    ray.init(num_cpus=2, include_dashboard=False, object_store_memory=150 * 2**20, log_to_driver=False)
    try:
        stage = squares(trace)
        assert run_stage(stage, source=source, target=tmp_path / "target", processes=2, use_ray=True) == 4
        assert results(tmp_path / "target") == EXPECTED
        assert [len(path.read_text().splitlines()) for path in trace.glob("called-*")] == [1] * 4
        assert run_stage(stage, source=source, target=tmp_path / "target", use_ray=True) == 0
        (tmp_path / "tasks").mkdir()
        arguments = {"folder": tmp_path / "tasks"}
        assert run_tasks(counting_stage.square_of, range(3), arguments=arguments, processes=2, use_ray=True) == 3
        assert (tmp_path / "tasks" / "2").read_text(encoding="utf-8").split()[0] == "4"
    finally:
        ray.shutdown()
