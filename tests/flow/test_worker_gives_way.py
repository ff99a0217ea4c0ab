"""A worker asks before each mail whether something is more urgent; what it was told to leave goes back at once."""

from __future__ import annotations

import threading

from models.db.store import Store
from runtime.triage import Rules
from runtime.worker import Worker
from tests.support.clocks import Clock
from tests.support.filings import NOW, arrival
from tests.support.listeners import DESK


def test_it_gives_way_before_the_claim_and_before_each_mail(sqlite_store: Store, rules: Rules) -> None:
    sqlite_store.accept([arrival(number) for number in (1, 2, 3)])
    filed: list[int] = []
    stop = threading.Event()

    def gives_way(told: threading.Event) -> None:
        assert told is stop
        filed.append(len([row for row in sqlite_store.queue() if row.ref]))
        if len(filed) == 4:  # before the third mail
            stop.set()

    Worker(sqlite_store, rules, frozenset({DESK}), Clock(NOW)).run(stop, gives_way)
    assert filed == [0, 0, 1, 2]
    left = sqlite_store.standing(NOW)
    assert left.mails_waiting == 1
    assert Worker(sqlite_store, rules, frozenset({DESK}), Clock(NOW)).run_batch() == 1, "given back at once"
