"""Where the shards of a stage are worked on: processes of one machine, or a Ray cluster."""

import os
from pathlib import Path

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


def _on_ray(run: ShardRun, pending: list[int], *, workers: int) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("ray", extra="ray", purpose="annotation on a cluster") from error
    if not ray.is_initialized():
        ray.init(include_dashboard=False, num_cpus=None if "RAY_ADDRESS" in os.environ else workers)
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
