"""The deliver role: letters and memos to the smarthost, events to webhooks, each in a loop of its own.

Without a smarthost letters and memos wait in the database; webhooks go. A loop that ends before its time ends the role,
for the supervisor to start another.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from desk.memos import MemoFrame
from policy.load import load_pack
from responders.deliver import parse_smarthost
from runtime.logs import log_for
from runtime.memos import MemoBox, MemoMaker
from runtime.outbox import Outbox
from runtime.secret import load_secret
from runtime.webhooks import Hooks
from runtime.wiring import dkim_key, instance_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from models.db.store import Store
    from runtime.settings import Settings


def run_delivery(settings: Settings, store: Store, stop: threading.Event, clock: Callable[[], datetime]) -> None:
    """Deliver until `stop` is set."""
    key, secret = dkim_key(settings), load_secret(settings.secret_path)
    smarthost = parse_smarthost(settings.smarthost) if settings.smarthost else None
    if smarthost is None:
        note = "letters and notices stay in the database; set UKETSUKE_SMARTHOST to send them"
        log_for("deliver").info("no_smarthost", note=note)
    loops = [
        Hooks(store, settings.desk_link, clock).run,
        MemoBox(store, memo_maker(settings, store, secret, clock), smarthost, clock, key).run,
    ]
    if smarthost is not None:
        loops.append(Outbox(store, smarthost, secret, clock, key).run)
    threads = [threading.Thread(target=_until, args=(loop, stop)) for loop in loops]
    for thread in threads:
        thread.start()
    stop.wait()
    for thread in threads:
        thread.join()
    store.close()


def memo_maker(settings: Settings, store: Store, secret: bytes, clock: Callable[[], datetime]) -> MemoMaker:
    """What makes memos, as the settings say."""
    frame = MemoFrame(
        pack=load_pack(settings.pack),
        from_address=settings.desk_addresses[0],
        instance=instance_of(secret),
        desk_link=settings.desk_link,
    )
    return MemoMaker(
        store,
        frame,
        clock,
        hand_over=settings.hand_over,
        hand_over_to=settings.hand_over_to,
        bundled_for=timedelta(minutes=settings.notice_minutes),
    )


def _until(loop: Callable[[threading.Event], None], stop: threading.Event) -> None:
    try:
        loop(stop)
    finally:
        stop.set()
