"""Time and peak memory of contestants: they take turns, and each one's memory is taken in a process of its own."""

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any


def fastest_seconds(contestants: dict[str, Callable[[], Any]], *, rounds: int) -> dict[str, float]:
    """
    Fastest run of each contestant over rounds in which all take turns, so that a busy machine slows all alike.

    Args:
        contestants (`dict[str, Callable]`): what to run, by name.
        rounds (`int`): how often. Run each once before, to warm up; comparing what they return does that.
    """
    seconds = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: min(values) for name, values in seconds.items()}


def peak_megabytes(prepare: Callable[..., Callable[[], Any]], *arguments: Any) -> float:
    """
    Highest resident memory of one run above what was resident before it (10⁶ bytes; Linux).

    Args:
        prepare (`Callable`): a function of a module; makes the inputs and returns what to run.
        arguments: of `prepare`.
    """
    return in_a_process(_peak_megabytes, prepare, arguments)


def in_a_process(function: Callable, *arguments: Any) -> Any:
    """What a function of a module returns in a process of its own, which gives back all its memory."""
    # An executor, since it raises where a pool would wait for ever: when the process runs out of memory.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(function, *arguments).result()


def _peak_megabytes(prepare: Callable[..., Callable[[], Any]], arguments: tuple) -> float:
    run = prepare(*arguments)
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten
    before = _peak_kilobytes()
    result = run()
    peak = _peak_kilobytes()
    del result  # what a run returns counts
    return (peak - before) * 1024 / 1e6


def _peak_kilobytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def print_table(seconds: dict[str, float], peaks: dict[str, float]) -> None:
    """Print seconds and peak megabytes by contestant, with their ratios to those of the first."""
    first = next(iter(seconds))
    rows = [["", "seconds", "ratio", "peak MB", "ratio"]]
    for name in seconds:
        time_ratio, peak_ratio = seconds[name] / seconds[first], peaks[name] / peaks[first]
        rows.append([name, f"{seconds[name]:.2f}", f"{time_ratio:.2f}", f"{peaks[name]:.0f}", f"{peak_ratio:.2f}"])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *numbers in rows:
        cells = [number.rjust(width) for number, width in zip(numbers, widths[1:], strict=True)]
        print("  ".join([name.ljust(widths[0]), *cells]))


def report_targets(targets: dict[str, bool]) -> int:
    """Say of each target whether it is met; returns the exit code, 1 when one is not."""
    print()
    for target, met in targets.items():
        print(f"{'met' if met else 'NOT MET'}: {target}")
    return 0 if all(targets.values()) else 1
