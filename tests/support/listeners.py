"""A real listener on an ephemeral loopback port, in a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingest.smtp import ListenerSettings, listen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.committer import Accepts
    from ingest.smtp import Listener

DESK = "support@uketsuke.example"


@contextmanager
def listening(store: Accepts, **settings: object) -> Iterator[Listener]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    wanted = ListenerSettings(host="127.0.0.1", port=0, addresses=(DESK,), **settings)  # type: ignore[arg-type]
    listener = asyncio.run_coroutine_threadsafe(listen(store, wanted, lambda: datetime.now(UTC)), loop).result(10)
    try:
        yield listener
    finally:
        asyncio.run_coroutine_threadsafe(listener.close(), loop).result(10)
        asyncio.run_coroutine_threadsafe(_cancel_rest(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _cancel_rest() -> None:
    rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    await asyncio.sleep(0.05)
