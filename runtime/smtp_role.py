"""The SMTP role: the listener, ended by signals, without any model library in its memory."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from ingest.smtp import ListenerSettings, listen
from models.errors import UketsukeError
from runtime.clock import utc_now
from runtime.logs import log_for

if TYPE_CHECKING:
    from models.db.store import Store
    from runtime.settings import Settings


async def run_listener(settings: Settings, store: Store) -> None:
    """Listen until SIGTERM or SIGINT; sessions in progress get their answer first.

    Raises:
        UketsukeError: The port cannot be bound.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        listener = await listen(
            store,
            ListenerSettings(
                host=settings.smtp_host,
                port=settings.smtp_port,
                addresses=settings.desk_addresses,
                max_bytes=settings.smtp_max_bytes,
            ),
            utc_now,
        )
    except OSError as error:
        where = f"{settings.smtp_host}:{settings.smtp_port}"
        reason = error.strerror or str(error)
        raise UketsukeError(
            f"UKETSUKE_SMTP_PORT: {where}: {reason}; end the other program or set another port"
        ) from None
    log_for("smtp").info("listening", host=settings.smtp_host, port=settings.smtp_port)
    await stop.wait()
    await listener.close()
    store.close()
