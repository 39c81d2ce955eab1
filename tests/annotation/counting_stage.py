"""A stage that leaves a trace of every call, in a module that any process can import."""

import os
import signal
from pathlib import Path


class Squares:
    """Squares the numbers of rows; `factor` changes them, `trace` gets a file per call with the process's number."""

    def __init__(self, factor: int, trace: str, kill_at: int = -1):
        self.factor, self.trace, self.kill_at = factor, Path(trace), kill_at
        (self.trace / f"constructed-{os.getpid()}").touch()

    def __call__(self, rows: list[dict]) -> list[dict]:
        first = rows[0]["number"] if rows else "none"
        if first == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        with (self.trace / f"called-{first}").open("a") as file:
            file.write(f"{os.getpid()}\n")
        return [{"number": row["number"], "square": self.factor * row["number"] ** 2} for row in rows]


def fails(rows: list[dict], *, how: str):
    raise ValueError("the model of this stage is broken")


def square_of(task: int, *, folder: Path) -> None:
    (folder / str(task)).write_text(f"{task**2} {os.getpid()}", encoding="utf-8")
