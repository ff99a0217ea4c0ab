"""Coroutines begun at once, without a task: most commands of a session are answered without ever waiting.

Python 3.12's eager tasks, for 3.11. A task and the loop's round for each command were a third of a small mail's time.
"""

from __future__ import annotations

from types import coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Coroutine, Generator


def begin(work: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop) -> asyncio.Task[None] | None:
    """Run the work up to where it has to wait; a task for the rest of it, None if there is none."""
    try:
        awaited = work.send(None)
    except StopIteration:
        return None
    return loop.create_task(_rest(work, awaited))


@coroutine
def _rest(work: Coroutine[Any, Any, None], awaited: object) -> Generator[Any, Any, None]:
    """What is left of the work, which waits for `awaited` now."""
    while True:
        try:
            try:
                sent = yield awaited
            except BaseException as error:  # noqa: BLE001 - a cancelled task's too: all belong to the work
                awaited = work.throw(error)
            else:
                awaited = work.send(sent)
        except StopIteration:
            return
