"""A letter that does not reach its customer is shown to agents, on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from models.db.store import Store
from models.decision import LetterKind, ReplyState
from models.errors import ClaimLost
from models.states import TicketState
from models.views import OutboxClaim
from tests.support.filings import LEASE, NOW, arrival, file_one, filing, mail, reply


def claimed(store: Store) -> OutboxClaim:
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=NOW)
    return claim


def filed_with(store: Store, kind: LetterKind, state: TicketState) -> str:
    store.accept([arrival(1)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    return store.file(filing(claim, mail(1), reply(1, kind=kind), state=state))


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (LetterKind.REQUEST_INFORMATION, TicketState.WAITING_CUSTOMER),
        (LetterKind.RECURRENCE, TicketState.WAITING_RECURRENCE),
        (LetterKind.OUT_OF_SCOPE, TicketState.ANSWERED),
    ],
)
def test_a_ticket_that_stands_on_a_failed_letter_needs_review(
    store: Store, kind: LetterKind, state: TicketState
) -> None:
    ref = filed_with(store, kind, state)
    store.reply_failed(claimed(store), now=NOW, error="550 5.1.1 unknown")
    view = store.ticket(ref)
    assert view.row.state == "needs_review"
    assert [(event.what, event.detail) for event in view.events][-2:] == [
        ("reply_failed", "550 5.1.1 unknown"),
        ("moved", f"{state.value} -> needs_review"),
    ]
    assert (view.replies[0].state, view.replies[0].reason) == ("failed", "550 5.1.1 unknown")


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (LetterKind.ACKNOWLEDGEMENT, TicketState.READY),
        # An agent moved it there himself: the receipt that failed is not why it waits.
        (LetterKind.ACKNOWLEDGEMENT, TicketState.WAITING_CUSTOMER),
        (LetterKind.REQUEST_INFORMATION, TicketState.SNOOZED),
        (LetterKind.REQUEST_INFORMATION, TicketState.CLOSED),
    ],
)
def test_a_ticket_that_stands_for_another_reason_stays_where_it_is(
    store: Store, kind: LetterKind, state: TicketState
) -> None:
    ref = filed_with(store, kind, state)
    store.reply_failed(claimed(store), now=NOW, error="550 no")
    assert store.ticket(ref).row.state == state.value
    assert store.ticket(ref).events[-1].what == "reply_failed"


def test_a_later_letter_that_is_out_keeps_the_ticket_waiting(store: Store) -> None:
    ref = file_one(store)
    first = claimed(store)
    store.accept([arrival(2)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    later = replace(reply(1, kind=LetterKind.FOLLOW_UP), message_id="<T000001.later.sign@uketsuke.example>")
    store.file(filing(claim, mail(2), later, join=ref))
    second = claimed(store)
    store.reply_failed(first, now=NOW, error="given up: 451 later")
    assert store.ticket(ref).row.state == "waiting_customer"
    store.reply_failed(second, now=NOW, error="550 no")
    assert store.ticket(ref).row.state == "needs_review"


def test_who_lost_the_letter_moves_no_ticket(store: Store) -> None:
    ref = file_one(store)
    slow = claimed(store)
    (quick,) = store.claim_replies(limit=1, lease=LEASE, now=NOW + 2 * LEASE)
    with pytest.raises(ClaimLost):
        store.reply_failed(slow, now=NOW, error="550 no")
    assert (store.ticket(ref).row.state, store.replies()[0].state) == ("waiting_customer", "queued")
    store.reply_sent(quick, now=NOW)
    assert store.ticket(ref).row.state == "waiting_customer"


def test_a_letter_that_waits_shows_why_and_how_often_it_was_tried(store: Store) -> None:
    ref = file_one(store)
    at = NOW
    for _ in range(3):
        (claim,) = store.claim_replies(limit=1, lease=LEASE, now=at)
        store.reply_deferred(claim, now=at, next_at=at + timedelta(hours=2), error="450 4.2.1 greylisted")
        at += timedelta(hours=2)
    (letter,) = store.replies()
    assert (letter.state, letter.reason, letter.attempts) == ("queued", "450 4.2.1 greylisted", 3)
    assert letter.created_at <= at - timedelta(hours=4)  # by this the desk tells how long
    assert [event.what for event in store.ticket(ref).events].count("reply_deferred") == 3


def test_a_letter_may_have_the_null_sender(store: Store) -> None:
    store.accept([arrival(1)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.file(filing(claim, mail(1), replace(reply(1, state=ReplyState.QUEUED), mail_from="")))
    assert claimed(store).mail_from == ""
