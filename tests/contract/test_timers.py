"""Time alone: a ticket that waits for its symptom to come back goes to an agent, and is never closed."""

from __future__ import annotations

from datetime import timedelta

from models.db.store import Store
from models.states import TicketState
from tests.support.filings import NOW, file_one

LATER = NOW + timedelta(days=31)


def test_a_ticket_waits_for_recurrence_so_long_and_then_for_an_agent(store: Store) -> None:
    for number, state in ((1, TicketState.WAITING_RECURRENCE), (2, TicketState.SNOOZED)):
        store.move(file_one(store, number, sender=f"{number}@example.com"), state, by="sato", now=NOW)
    assert store.expire_recurrences(waiting_since=NOW - timedelta(days=30), now=NOW) == 0
    assert store.expire_recurrences(waiting_since=LATER - timedelta(days=30), now=LATER) == 1
    assert store.ticket("T000001").row.state == TicketState.NEEDS_REVIEW.value
    assert store.ticket("T000002").row.state == TicketState.SNOOZED.value
    assert [event.what for event in store.ticket("T000001").events][-2:] == ["recurrence_expired", "moved"]
    assert store.expire_recurrences(waiting_since=LATER - timedelta(days=30), now=LATER) == 0
