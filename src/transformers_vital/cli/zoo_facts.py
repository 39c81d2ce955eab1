"""Models of the zoo for people: sizes, costs, and what was put together."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from ..zoo.assemble import Assembly
    from ..zoo.cost import Cost

GIB = 2**30


def model_facts(facts: Mapping[str, Any], *, num_gpus: int) -> dict[str, str]:
    """What [`~zoo.description.describe`] says, as named lines."""
    shown = {name: value for name, value in facts.items() if isinstance(value, str)}
    if "files" in shown and Path(shown["files"]).is_relative_to(Path.cwd()):
        shown["files"] = str(Path(shown["files"]).relative_to(Path.cwd()))
    if parts := facts.get("parameters"):
        total = sum(parts.values())
        shown["parameters"] = f"{total:,}, {2 * total / GIB:.1f} GiB in bfloat16"
        shown |= {f"- {part}": f"{count:,}" for part, count in parts.items()}
    return shown | {stage: _cost(cost, num_gpus=num_gpus) for stage, cost in facts.get("training", {}).items()}


def assembly_facts(made: "Assembly", warm_up: "Cost", *, num_gpus: int, as_json: bool) -> dict[str, Any]:
    """What [`~zoo.assemble.assemble`] did and what a warm-up takes, as named lines or values."""
    cost = asdict(warm_up)
    if as_json:
        return {name: value for name, value in vars(made).items() if name != "config"} | {"warm_up": cost}
    new = f", {made.new_encoder_tensors} new" if made.new_encoder_tensors else ""
    return {
        "parameters": f"{made.parameters:,}",
        "encoder": f"{made.encoder_tensors} tensors, bit-identical{new}",
        "image projector": made.image_projector,
        "motion projector": made.motion_projector,
        "level tokens": ", ".join(f"{word} {token}" for word, token in made.level_tokens.items()),
        "smoke score": f"{made.smoke_score:.4f} of a drawn picture: the model runs",
        "warm-up": _cost(cost, num_gpus=num_gpus),
    }


def _cost(cost: Mapping[str, Any], *, num_gpus: int) -> str:
    hours = cost["gpu_hours"]
    time = f"{hours:,.0f} GPU hours" if hours >= 10 else f"{60 * hours:,.1f} GPU minutes"
    gpus = f"each of {num_gpus} GPUs" if num_gpus > 1 else "one GPU"
    trained = f"{cost['trained'] / 1e6:,.1f} M parameters trained"
    return f"{cost['records']:,} records, {trained}: {cost['gib_per_gpu']:.1f} GiB on {gpus}, {time}"
