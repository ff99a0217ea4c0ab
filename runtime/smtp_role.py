"""The SMTP role: the listener, ended by signals, without any model library in its memory."""

from __future__ import annotations

import asyncio
import gc
import signal
from functools import partial
from typing import TYPE_CHECKING

from ingest.smtp import listen
from models.errors import UketsukeError
from runtime.clock import utc_now
from runtime.door import listener_settings
from runtime.logs import log_for, log_many

try:
    import uvloop
except ImportError:  # not on every system
    uvloop = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.db.store import Store
    from runtime.settings import Settings


def run_listener(settings: Settings, store: Store, on_listening: Callable[[], None] = lambda: None) -> None:
    """Listen until SIGTERM or SIGINT; sessions in progress get their answer first.

    Args:
        settings: The settings.
        store: Where mails are kept; closed at the end.
        on_listening: Called once the ports are bound.

    Raises:
        UketsukeError: The port cannot be bound.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
        runner.run(_listen(settings, store, on_listening))


async def _listen(settings: Settings, store: Store, on_listening: Callable[[], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        listener = await listen(
            store,
            listener_settings(settings),
            utc_now,
            partial(log_many, "smtp", "accepted"),
        )
    except OSError as error:
        where = f"{settings.smtp_host}:{settings.smtp_port}"
        also = f" or UKETSUKE_LMTP: {settings.lmtp}" if settings.lmtp else ""
        reason = error.strerror or str(error)
        raise UketsukeError(
            f"UKETSUKE_SMTP_PORT: {where}{also}: {reason}; end the other program or set another port"
        ) from None
    log_for("smtp").info("listening", host=settings.smtp_host, port=settings.smtp_port)
    # What is loaded by now stays: the collector need not look through it for every few hundred mails.
    gc.collect()
    gc.freeze()
    on_listening()
    await stop.wait()
    await listener.close()
    store.close()
