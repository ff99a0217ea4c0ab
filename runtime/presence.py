"""A process says that it runs, for an upgrade that must not disturb it and for whoever looks after the machines."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from models.db.migrate import newest
from models.errors import StoreError
from models.presence import SAYS_SO_EVERY, Process
from runtime.clock import follow
from runtime.logs import log_for
from runtime.turns import Trouble
from runtime.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from models.db.store import Store


@contextmanager
def present(store: Store, role: str, clock: Callable[[], datetime]) -> Iterator[None]:
    """As long as this lasts the process says, every ten seconds, that it runs, and follows the database's clock.

    It has said so before the work begins: no upgrade takes anything away from under it. The store is closed at the end, as
    its role may have done before.
    """
    now = clock()
    process = Process(
        id=secrets.token_hex(16),
        role=role,
        host=socket.gethostname()[:255],
        pid=os.getpid(),
        version=VERSION,
        shape=newest(),
        started_at=now,
        seen_at=now,
    )
    is_over, trouble = threading.Event(), Trouble(log_for(role), "presence_not_written")
    _say_so(store, process, trouble)
    # A daemon: a database that hangs must not keep the process from ending.
    saying = threading.Thread(target=_say, args=(store, process, clock, is_over, trouble), name="presence", daemon=True)
    saying.start()
    try:
        yield
    finally:
        is_over.set()
        saying.join(SAYS_SO_EVERY.total_seconds())
        store.close()


def _say(
    store: Store, process: Process, clock: Callable[[], datetime], is_over: threading.Event, trouble: Trouble
) -> None:
    while not is_over.wait(SAYS_SO_EVERY.total_seconds()):
        _say_so(store, replace(process, seen_at=clock()), trouble)
    with suppress(StoreError):  # then it counts as gone in a minute
        store.end_presence(process.id)


def _say_so(store: Store, process: Process, trouble: Trouble) -> None:
    try:
        follow(store.present(process))
    except StoreError as error:
        trouble.goes_on(error)
    else:
        trouble.is_over()
