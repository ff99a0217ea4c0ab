"""An event loop in a thread of its own, for servers that a synchronous test talks to."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

Result = TypeVar("Result")
_PATIENCE_S = 10


class RunsInLoop:
    """Runs coroutines in the other thread's loop and waits for them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def __call__(self, make: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        return asyncio.run_coroutine_threadsafe(make(), self._loop).result(_PATIENCE_S)


@contextmanager
def loop_in_thread() -> Iterator[RunsInLoop]:
    """The loop runs until the block ends; what still runs in it is cancelled then."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    run = RunsInLoop(loop)
    try:
        yield run
    finally:
        run(_cancel_rest)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_PATIENCE_S)
        loop.close()


async def _cancel_rest() -> None:
    rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    await asyncio.sleep(0.05)
