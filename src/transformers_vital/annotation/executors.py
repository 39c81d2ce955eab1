"""Where the shards of a stage are worked on: processes of one machine, or a Ray cluster."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import AnnotationError, MissingExtraError
from .stages import ShardRun, Stage, prepare_stage


def run_stage(stage: Stage, *, source: Path, target: Path, processes: int = 1, use_ray: bool = False) -> int:
    """
    Run a stage on every shard that is not done yet.

    Args:
        stage ([`~annotation.stages.Stage`]): what to run.
        source (`Path`): folder of the shards to read.
        target (`Path`): folder of the shards to write.
        processes (`int`, *optional*, defaults to 1): of this machine, or workers on Ray.
        use_ray (`bool`, *optional*, defaults to `False`): work through Ray Data, on the cluster that `RAY_ADDRESS`
            names or on this machine. Source and target must be folders that all machines share.

    Returns:
        `int`: shards that were worked on; the others were done before.

    Raises:
        [`AnnotationError`]: the target has shards made with other settings, or a process was killed.
        [`MissingExtraError`]: Ray is not installed.
    """
    pending = prepare_stage(stage, source=source, target=target)
    run = ShardRun(stage, source.absolute(), target.absolute())
    if pending and use_ray:
        _on_ray(run, pending, workers=processes)
    elif pending:
        _in_processes(run, pending, processes=processes)
    return len(pending)


def run_tasks(
    function: Callable[..., Any],
    tasks: Iterable[Any],
    *,
    arguments: Mapping[str, Any],
    processes: int = 1,
    use_ray: bool = False,
    name: str = "tasks",
) -> int:
    """
    Call a function for each task of a stream that may be too long to be held; no more than a few are under way.

    Args:
        function (`Callable`): of a module; given a task and the arguments by name.
        tasks (`Iterable`): what can be sent to another process.
        arguments (`Mapping`): the same for all tasks.
        processes (`int`, *optional*, defaults to 1): of this machine, or tasks at a time on Ray.
        use_ray (`bool`, *optional*, defaults to `False`): see [`run_stage`].
        name (`str`, *optional*): beside the progress bar.

    Returns:
        `int`: how many tasks there were.
    """
    from datasets.utils import tqdm  # shown or not as the bars of the other stages

    done = 0
    with _starter(function, arguments, processes=processes, use_ray=use_ray) as (start, wait):
        waiting = deque()
        for task in tqdm(tasks, desc=name, unit=" shards"):
            waiting.append(start(task))
            done += 1
            if len(waiting) >= 2 * processes:
                wait(waiting.popleft())
        for running in waiting:
            wait(running)
    return done


@contextmanager
def _starter(function: Callable[..., Any], arguments: Mapping[str, Any], *, processes: int, use_ray: bool):
    """How to start a task, and how to wait for one."""
    if use_ray:
        ray = _ray(workers=processes)
        remote = ray.remote(function)
        yield lambda task: remote.remote(task, **arguments), ray.get
    elif processes > 1:
        # Fresh processes: forked ones inherit locks of libraries whose threads they do not have.
        with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
            yield lambda task: pool.submit(function, task, **arguments), lambda future: future.result()
    else:
        yield lambda task: function(task, **arguments), lambda result: result


def _in_processes(run: ShardRun, pending: list[int], *, processes: int) -> None:
    from datasets import Dataset

    shards = Dataset.from_dict({"number": pending})
    try:
        shards.map(
            run,
            num_proc=processes if processes > 1 else None,
            desc=run.stage.name,
            load_from_cache_file=False,
            keep_in_memory=True,
            new_fingerprint="shards",  # nothing is cached, and hashing the function would load its modules
            remove_columns="number",
        )
    except RuntimeError as error:
        if "abruptly" not in str(error):
            raise
        raise AnnotationError(
            f"A process of the stage {run.stage.name} was killed, often for want of memory. What is finished is kept: "
            "run the same command again, with fewer processes."
        ) from error


def _ray(*, workers: int):
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("ray", extra="ray", purpose="annotation on a cluster") from error
    if not ray.is_initialized():
        ray.init(include_dashboard=False, num_cpus=None if "RAY_ADDRESS" in os.environ else workers)
    return ray


def _on_ray(run: ShardRun, pending: list[int], *, workers: int) -> None:
    ray = _ray(workers=workers)
    shards = ray.data.from_items([{"number": number} for number in pending], override_num_blocks=len(pending))
    shards.map(
        _ShardActor,
        fn_constructor_args=(run,),
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers),
        num_cpus=1,
        num_gpus=run.stage.num_gpus or None,
    ).materialize()


class _ShardActor:
    """A worker on Ray, which constructs the stage once."""

    def __init__(self, run: ShardRun):
        self.run = run
        run.stage.load()

    def __call__(self, shard: dict[str, int]) -> dict[str, int]:
        return self.run({"number": int(shard["number"])})
