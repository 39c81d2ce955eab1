"""The processes that `accelerate launch` or `torchrun` has started."""

import os
from datetime import timedelta

from ..errors import MissingExtraError


_LONGEST_WAIT = timedelta(days=30)  # for a process that has longer videos than the others


class Processes:
    """
    The processes that `accelerate launch` or `torchrun` has started, or this one alone.

    Args:
        on_cpu (`bool`, *optional*, defaults to `False`): even where there are other devices.

    Attributes:
        rank, count (`int`): which one this is, of how many.
        device (`str`, *optional*): that this process is to use; `None` when it is alone.
    """

    def __init__(self, *, on_cpu: bool = False):
        self._state = None
        self.rank, self.count, self.device = 0, 1, None
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            try:
                from accelerate import PartialState
            except ImportError as error:
                raise MissingExtraError("accelerate", extra="train", purpose="evaluating in processes") from error
            self._state = PartialState(cpu=on_cpu, timeout=_LONGEST_WAIT)
            self.rank, self.count = self._state.process_index, self._state.num_processes
            self.device = str(self._state.device)

    @property
    def is_first(self) -> bool:
        """Whether this process joins the parts and prints."""
        return self.rank == 0

    def wait(self) -> None:
        """Return when all processes have come here."""
        if self._state is not None:
            self._state.wait_for_everyone()

    def close(self) -> None:
        """Leave the group of processes."""
        if self._state is not None:
            self._state.destroy_process_group()
