from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert

from models.db.filing import EVENT
from models.db.history import GAP_LASTS, new_lines
from models.db.store import Store
from models.db.webhooks import GIVES_UP, KEPT
from models.errors import ClaimLost, NotFound
from models.programs import CallClaim, NewEvent
from models.states import TicketState
from tests.support.filings import NOW, file_one

LEASE = timedelta(minutes=2)
ALL = ("*",)


def body(event: NewEvent, has_subject: bool) -> str:
    return f"{event.event_id} {event.what} {event.ticket['state']} {has_subject}"


def hook(store: Store, *events: str, has_subject: bool = False) -> int:
    return store.add_webhook("https://hooks.example/x", events or ALL, has_subject=has_subject, by="hanako", now=NOW)[0]


def whats(store: Store, webhook_id: int) -> list[str]:
    return [call.what for call in reversed(store.webhook_calls(webhook_id))]


def claim(store: Store, webhook_id: int, now: datetime = NOW, limit: int = 9) -> tuple[CallClaim, ...]:
    return store.claim_calls(webhook_id, limit=limit, lease=LEASE, now=now)


def test_new_events_become_calls_once_and_old_ones_never(store: Store) -> None:
    old = file_one(store, 1)
    webhook_id = hook(store)
    assert store.queue_calls(body, now=NOW) == 0
    file_one(store, 2)
    assert store.queue_calls(body, now=NOW) == 2
    assert store.queue_calls(body, now=NOW) == 0
    assert whats(store, webhook_id) == ["ticket.filed", "letter.queued"]
    store.add_note(old, "a note", by="hanako", now=NOW)
    store.queue_calls(body, now=NOW)
    assert whats(store, webhook_id)[-1] == "note.added"
    assert "a note" not in store.call_body(store.webhook_calls(webhook_id)[0].call_id)


def test_each_webhook_gets_what_it_asks_for(store: Store) -> None:
    moves, tickets = hook(store, "ticket.moved"), hook(store, "ticket.*", has_subject=True)
    ref = file_one(store)
    store.move(ref, TicketState.CLOSED, by="hanako", now=NOW)
    store.queue_calls(body, now=NOW)
    assert whats(store, moves) == ["ticket.moved"]
    assert whats(store, tickets) == ["ticket.filed", "ticket.moved"]
    assert [store.call_body(one.call_id)[-4:] for one in store.webhook_calls(tickets)] == ["True", "True"]


def test_of_one_ticket_the_next_waits_for_the_one_before_and_other_tickets_do_not(store: Store) -> None:
    webhook_id = hook(store, "ticket.*")
    one, other = file_one(store, 1), file_one(store, 2)
    store.move(one, TicketState.READY, by="hanako", now=NOW)
    store.queue_calls(body, now=NOW)
    first = claim(store, webhook_id)
    assert [(one.ref, one.what) for one in first] == [(one, "ticket.filed"), (other, "ticket.filed")]
    assert claim(store, webhook_id) == ()
    store.call_arrived(first[1], answer=200, now=NOW)
    assert claim(store, webhook_id) == ()
    store.call_arrived(first[0], answer=200, now=NOW)
    assert [one.what for one in claim(store, webhook_id)] == ["ticket.moved"]


def test_a_failed_call_is_tried_again_and_the_next_of_its_ticket_waits_until_it_is_given_up(store: Store) -> None:
    webhook_id = hook(store, "ticket.*")
    ref = file_one(store)
    store.move(ref, TicketState.READY, by="hanako", now=NOW)
    store.queue_calls(body, now=NOW)
    (first,) = claim(store, webhook_id)
    again = NOW + timedelta(minutes=1)
    store.call_failed(first, answer=500, error="HTTP 500", next_at=again, now=NOW)
    assert claim(store, webhook_id) == ()
    (second,) = claim(store, webhook_id, now=again)
    assert (second.call_id, second.attempts) == (first.call_id, 2)
    store.call_failed(second, answer=0, error="no answer", next_at=None, now=again)
    (last,) = claim(store, webhook_id, now=again)
    assert last.what == "ticket.moved"
    shown = store.webhook_calls(webhook_id)[-1]
    assert (shown.state, shown.attempts, shown.answer, shown.error) == ("failed", 2, 0, "no answer")


def test_while_nothing_arrives_one_call_is_tried_at_a_time(store: Store) -> None:
    webhook_id = hook(store, "ticket.filed")
    for number in range(1, 5):
        file_one(store, number)
    store.queue_calls(body, now=NOW)
    first, *others = claim(store, webhook_id)
    assert len(others) == 3
    for one in (first, *others):
        store.call_failed(one, answer=503, error="HTTP 503", next_at=NOW, now=NOW)
    (one,) = claim(store, webhook_id)
    store.call_arrived(one, answer=204, now=NOW)
    assert len(claim(store, webhook_id)) == 3
    assert store.webhook(webhook_id).failing_since is None


def test_after_three_days_of_failures_it_turns_itself_off_and_says_so(store: Store) -> None:
    webhook_id = hook(store, "ticket.filed")
    file_one(store)
    store.queue_calls(body, now=NOW)
    (first,) = claim(store, webhook_id)
    assert not store.call_failed(first, answer=500, error="HTTP 500", next_at=NOW, now=NOW)
    early = NOW + GIVES_UP - timedelta(seconds=1)
    (second,) = claim(store, webhook_id, now=early)
    assert not store.call_failed(second, answer=500, error="HTTP 500", next_at=early, now=early)
    late = NOW + GIVES_UP
    file_one(store, 2)
    store.queue_calls(body, now=late)
    (third,) = claim(store, webhook_id, now=late)
    assert store.call_failed(third, answer=500, error="HTTP 500", next_at=late, now=late)
    assert not store.webhook(webhook_id).is_on
    assert {call.state for call in store.webhook_calls(webhook_id)} == {"failed"}
    assert [event.what for event in store.desk_events(1)] == ["webhook_gave_up"]
    file_one(store, 3)
    assert store.queue_calls(body, now=late) == 0
    store.turn_webhook(webhook_id, is_on=True, by="hanako", now=late)
    assert store.queue_calls(body, now=late) == 0, "what happened while it was off does not go"
    file_one(store, 4)
    assert store.queue_calls(body, now=late) == 1


def test_a_call_is_sent_again_on_demand_with_a_new_day_to_try(store: Store) -> None:
    webhook_id = hook(store, "ticket.filed")
    file_one(store)
    store.queue_calls(body, now=NOW)
    (one,) = claim(store, webhook_id)
    store.call_arrived(one, answer=200, now=NOW)
    later = NOW + timedelta(days=2)
    assert store.call_again(one.call_id, by="hanako", now=later) == webhook_id
    store.call_again(one.call_id, by="hanako", now=later)
    (again,) = claim(store, webhook_id, now=later)
    assert (again.call_id, again.at, again.attempts) == (one.call_id, later, 1)
    assert [event.what for event in store.desk_events(9)].count("webhook_again") == 1


def test_what_one_has_lost_or_dropped_is_not_marked(store: Store) -> None:
    webhook_id = hook(store, "ticket.filed")
    file_one(store)
    store.queue_calls(body, now=NOW)
    (lost,) = claim(store, webhook_id)
    (held,) = claim(store, webhook_id, now=NOW + LEASE)
    with pytest.raises(ClaimLost):
        store.call_arrived(lost, answer=200, now=NOW)
    store.drop_webhook(webhook_id, by="hanako", now=NOW)
    with pytest.raises(ClaimLost):
        store.call_arrived(held, answer=200, now=NOW)
    assert store.webhooks() == ()
    with pytest.raises(NotFound):
        store.webhook(webhook_id)


def test_several_machines_make_each_call_once_and_send_it_once(store: Store, database_url: str) -> None:
    webhook_id = hook(store, "ticket.filed")
    others = [Store(database_url) for _ in range(4)]
    for number in range(1, 21):
        file_one(store, number)
    claimed: list[int] = []

    def work(one: Store) -> None:
        one.queue_calls(body, now=NOW)
        while claims := claim(one, webhook_id, limit=3):
            claimed.extend(got.call_id for got in claims)
            for got in claims:
                one.call_arrived(got, answer=200, now=NOW)

    threads = [threading.Thread(target=work, args=(one,)) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in others:
        one.close()
    assert len(claimed) == len(set(claimed)) == 20
    assert {call.state for call in store.webhook_calls(webhook_id)} == {"sent"}


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_an_event_that_becomes_visible_behind_a_later_one_is_not_lost(store: Store, database_url: str) -> None:
    """The first writer takes a smaller id and commits last."""
    webhook_id = hook(store)
    slow = Store(database_url)
    values = {"at": NOW, "by": "x", "detail": ""}
    with slow.write() as connection:
        connection.execute(insert(EVENT).values(ref="T000001", what="early", **values))
        with store.write() as other:
            other.execute(insert(EVENT).values(ref="T000002", what="late", **values))
        assert store.queue_calls(lambda event, _: event.what, now=NOW) == 1
        assert store.queue_calls(lambda event, _: event.what, now=NOW) == 0
    assert store.queue_calls(lambda event, _: event.what, now=NOW) == 1
    slow.close()
    assert whats(store, webhook_id) == ["ticket.late", "ticket.early"]
    assert store.queue_calls(body, now=NOW) == 0
    with store.read() as connection:
        assert new_lines(connection, 0, NOW).last_event == 2


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_an_id_that_was_given_back_is_passed_once_nobody_can_fill_it(store: Store) -> None:
    class Undo(Exception):
        pass

    def write(what: str) -> None:
        with store.write() as connection:
            values = {"ref": "T000001", "at": NOW, "by": "x", "what": what, "detail": ""}
            connection.execute(insert(EVENT).values(**values))
            if what == "undone":
                raise Undo

    for what in ("first", "undone", "second", "third"):
        if what == "undone":
            with pytest.raises(Undo):
                write(what)
        else:
            write(what)
    with store.read() as connection:
        early = new_lines(connection, 0, NOW + GAP_LASTS - timedelta(seconds=1))
        late = new_lines(connection, 0, NOW + GAP_LASTS)
    assert [event.what for event in early.events] == ["first", "second", "third"]
    assert early.last_event == early.events[0].event_id
    assert late.last_event == late.events[-1].event_id


def test_old_calls_are_forgotten_and_not_made_anew(store: Store) -> None:
    webhook_id = hook(store, "ticket.filed")
    file_one(store)
    store.queue_calls(body, now=NOW)
    (one,) = claim(store, webhook_id)
    store.forget_webhook_calls(now=NOW + KEPT)
    assert len(store.webhook_calls(webhook_id)) == 1, "it is still on its way"
    store.call_arrived(one, answer=200, now=NOW)
    store.forget_webhook_calls(now=NOW + KEPT)
    assert store.webhook_calls(webhook_id) == ()
    assert store.queue_calls(body, now=NOW + KEPT) == 0
