"""The SMTP role: the listener, ended by signals, without any model library in its memory."""

from __future__ import annotations

import asyncio
import gc
import signal
from functools import partial
from typing import TYPE_CHECKING

from ingest.smtp import listen
from models.errors import ConfigError, UketsukeError
from runtime.clock import utc_now
from runtime.door import certificate_end, listener_settings, tls_of
from runtime.logs import log_for, log_many
from runtime.metrics import mails_kept
from runtime.ports import why_not_bound
from runtime.pulse import SMTP
from runtime.rush import Rush
from runtime.stopping import is_supervised

try:
    import uvloop
except ImportError:  # not on every system
    uvloop = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from ssl import SSLContext

    from ingest.smtp import Listener
    from models.arrival import Arrival
    from models.db.store import Store
    from runtime.settings import Settings
    from runtime.watch import Watch

_BEAT_S = 1.0


def run_listener(
    settings: Settings, store: Store, on_listening: Callable[[], None] = lambda: None, watch: Watch | None = None
) -> None:
    """Listen until SIGTERM or SIGINT; sessions in progress get their answer first.

    Args:
        settings: The settings.
        store: Where mails are kept; closed at the end.
        on_listening: Called once the ports are bound.
        watch: Told what there is to watch at the door.

    Raises:
        UketsukeError: The port cannot be bound; a ConfigError unless `serve` starts the role again.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
        runner.run(_listen(settings, store, on_listening, watch))


async def _listen(settings: Settings, store: Store, on_listening: Callable[[], None], watch: Watch | None) -> None:
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
            partial(_kept, Rush(settings.data_dir, loop.call_later)),
        )
    except (OSError, UnicodeError) as error:
        told = why_not_bound(settings.smtp_host, settings.smtp_port, "UKETSUKE_SMTP_PORT", error)
        also = f" (or it is UKETSUKE_LMTP: {settings.lmtp})" if settings.lmtp else ""
        # A supervised role is started again: `serve` found the port free, whoever has it now may let it go.
        wrong = UketsukeError if is_supervised() else ConfigError
        raise wrong(told + also) from None
    log_for("smtp").info("listening", host=settings.smtp_host, port=settings.smtp_port)
    if watch is not None:
        _show(listener, settings, store, watch)
    _beat(loop)
    # What is loaded by now stays: the collector need not look through it for every few hundred mails.
    gc.collect()
    gc.freeze()
    on_listening()
    await stop.wait()
    await listener.close()
    store.close()


def _kept(rush: Rush, messages: Sequence[tuple[Arrival, ...]]) -> None:
    rush.kept(len(messages))
    mails_kept(messages, utc_now())


def _beat(loop: asyncio.AbstractEventLoop) -> None:
    """Say every second that the loop turns."""
    SMTP.beat()
    loop.call_later(_BEAT_S, _beat, loop)


def _show(listener: Listener, settings: Settings, store: Store, watch: Watch) -> None:
    """What there is to watch at the door."""
    watch.need("ports", lambda: "" if listener.is_open else "closed")
    if not settings.database_url:
        watch.need_disk()
    watch.tell_door(listener.counts)
    tls, cert = tls_of(settings), settings.smtp_tls_cert
    if tls is not None and cert is not None:
        watch.tell_certificate(partial(_ends_at, tls, cert))
    watch.look_at(store)


def _ends_at(tls: Callable[[], SSLContext], cert: Path) -> float:
    """Until when the certificate is good; 0 for one that is not."""
    try:
        return certificate_end(tls(), cert).timestamp()
    except (OSError, ValueError):
        return 0.0
