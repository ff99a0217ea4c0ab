"""The index of the search, made while the desk runs: what an upgraded database lacks, or all of it anew.

Promises: the newest texts first; small transactions, so that mails come in meanwhile; whoever dies leaves what is done, and
the next one goes on there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.db.search import BUSY
from models.errors import StoreUnavailable
from runtime.logs import log_for
from runtime.turns import Trouble

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from models.db.store import Store

_BATCH = 10  # texts in one transaction: tens of milliseconds
_PAUSE_S = 0.05
_IDLE_S = 30.0  # until the database is asked again


def fill_in(store: Store, stop: threading.Event) -> None:
    """Write what the index lacks, with pauses; then look once a while for what else is begun, until `stop` is set."""
    log = log_for("search")
    trouble = Trouble(log, "index_waits")
    count = 0
    while not stop.is_set():
        try:
            done = store.catch_up(_BATCH)
            trouble.is_over()
        except StoreUnavailable as error:
            trouble.goes_on(error)
            done = 0
        except Exception as error:  # noqa: BLE001 - without a trace, which may quote a mail; the desk goes on
            log.error("index_failed", error=type(error).__name__)  # noqa: TRY400
            return
        count += max(0, done)
        if done == 0 and count:
            log.info("index_filled", texts=count)
            count = 0
        stop.wait(_PAUSE_S if done else _IDLE_S)


def steps(store: Store, stop: threading.Event, *, anew: bool) -> Iterator[int]:
    """Do the same without pauses; yields the share that is done in per cent, each once.

    Args:
        store: The database.
        stop: Set it to stop between two transactions.
        anew: Begin with all texts; else go on where somebody left off.
    """
    if anew:
        store.begin_reindex()
    said = 0
    while not stop.is_set():
        done = store.catch_up(2 * _BATCH)
        if done == BUSY:
            stop.wait(_PAUSE_S)
        progress = store.search_progress()
        percent = progress.percent if progress else 100
        while said < percent:
            said += 1
            yield said
        if done == 0:
            return
