"""Many questions at once, and no more than a few."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar


Item, Made = TypeVar("Item"), TypeVar("Made")


async def each(items: Sequence[Item], work: Callable[[Item], Awaitable[Made]], *, at_once: int) -> list[Made]:
    """
    Results in the order of the items; no more than `at_once` are begun before others end.

    After an error nothing more is begun, but what is under way ends, since its answers are paid for.

    Args:
        items (`Sequence`): what to work on.
        work (`Callable`): given an item, makes a result.
        at_once (`int`): how many are worked on at a time.

    Returns:
        `list`: what `work` made of each item.

    Example:

    ```python
    >>> import asyncio
    >>> from transformers_vital.annotation.statements.concurrently import each
    >>> async def square(number):
    ...     return number**2
    >>> asyncio.run(each([3, 1, 2], square, at_once=2))
    [9, 1, 4]

    ```
    """
    waiting, made, errors = iter(enumerate(items)), {}, []

    async def worker() -> None:
        for index, item in waiting:
            if errors:
                return
            try:
                made[index] = await work(item)
            except Exception as error:  # also of a judge that is anyone's function
                errors.append(error)

    await asyncio.gather(*(worker() for _ in range(min(at_once, len(items)))))
    if errors:
        raise errors[0]
    return [made[index] for index in range(len(items))]
