"""Events reach a real HTTP server on loopback, signed, in order, again when they must."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from desk.outside import event_body
from models.db.store import Store
from models.programs import NewEvent
from models.states import TicketState
from runtime.webhooks import Hooks, next_try
from tests.support.clocks import Clock
from tests.support.filings import LEASE, NOW, arrival, file_one, filing, mail
from tests.support.hook_receiver import Receiver, receiving

LINK = "https://desk.example"


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    return sqlite_store


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def hooks(store: Store, clock: Clock) -> Hooks:
    return Hooks(store, LINK, clock)


def add(store: Store, receiver: Receiver, *events: str, has_subject: bool = False) -> tuple[int, str]:
    return store.add_webhook(receiver.url, events or ("*",), has_subject=has_subject, by="hanako", now=NOW)


def states(store: Store, webhook_id: int) -> list[tuple[str, str, int]]:
    return [(call.what, call.state, call.answer) for call in reversed(store.webhook_calls(webhook_id))]


def test_an_event_arrives_signed_and_without_words(store: Store, receiver: Receiver, hooks: Hooks) -> None:
    webhook_id, secret = add(store, receiver, "ticket.moved")
    ref = file_one(store)
    store.move(ref, TicketState.READY, by="hanako", now=NOW, why="山田様より電話あり")
    assert hooks.run_batch() == 1
    ((headers, body),) = receiver.came
    assert receiver.bodies[0] == {
        "id": receiver.bodies[0]["id"],
        "type": "ticket.moved",
        "at": NOW.isoformat(),
        "by": "hanako",
        "ticket": {
            "ref": ref,
            "url": f"{LINK}/tickets/{ref}",
            "state": "ready",
            "disposition": "request_information",
            "categories": ["product.troubleshooting"],
            "products": ["ecs"],
            "language": "ja",
            "missing": ["when", "goal"],
            "lane": "product",
            "rank": 2,
            "assignee": None,
            "version": 1,
        },
        "move": {"from": "waiting_customer", "to": "ready"},
    }
    at = int(NOW.timestamp())
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["x-uketsuke-signature"] == f"t={at},v1={digest}"
    assert headers["x-uketsuke-event"] == "ticket.moved"
    assert headers["x-uketsuke-delivery"] == str(store.webhook_calls(webhook_id)[0].call_id)
    assert headers["content-type"] == "application/json"
    assert states(store, webhook_id) == [("ticket.moved", "sent", 204)]
    assert hooks.run_batch() == 0


def test_the_subject_goes_only_where_it_is_asked_for_and_masked(store: Store, receiver: Receiver, hooks: Hooks) -> None:
    add(store, receiver, "ticket.filed")
    add(store, receiver, "ticket.filed", has_subject=True)
    key = "LTAI5tAbCdEfGhIjKlMnOpQr"
    store.accept([arrival(1)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.file(filing(claim, mail(1, subject=f"鍵 {key}"), None))
    hooks.run_batch()
    subjects = [body["ticket"].get("subject") for body in receiver.bodies]
    assert subjects[0] is None
    assert subjects[1].startswith("鍵 •")
    assert all(b"LTAI5" not in body and "山田".encode() not in body for _, body in receiver.came)


def test_events_of_a_ticket_arrive_in_order_and_a_failure_holds_back_its_ticket_alone(
    store: Store, receiver: Receiver, hooks: Hooks, clock: Clock
) -> None:
    webhook_id, _ = add(store, receiver, "ticket.*")
    one = file_one(store, 1)
    store.move(one, TicketState.READY, by="hanako", now=NOW)
    other = file_one(store, 2)
    receiver.answers = [500, 204]
    hooks.run_batch()
    first_failed = one if (one, "ticket.moved") not in receiver.told else other
    assert first_failed in {one, other}
    clock.advance(timedelta(minutes=1))
    hooks.run_batch()
    told = receiver.told
    assert told.index((one, "ticket.filed")) < told.index((one, "ticket.moved"))
    assert {state for _, state, _ in states(store, webhook_id)} == {"sent"}
    assert len(told) == 4, "one call was repeated"


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 410, 429, 500, 503])
def test_no_other_answer_counts_as_arrived_and_none_is_followed(
    store: Store, receiver: Receiver, hooks: Hooks, status: int
) -> None:
    webhook_id, _ = add(store, receiver, "ticket.filed")
    file_one(store)
    receiver.answers = [status]
    hooks.run_batch()
    (call,) = store.webhook_calls(webhook_id)
    assert (call.state, call.answer, call.error) == ("queued", status, f"HTTP {status}")
    assert call.next_at == NOW + timedelta(minutes=1)
    assert len(receiver.came) == 1
    assert store.webhook(webhook_id).failing_since == NOW


def test_a_receiver_that_is_away_is_tried_for_a_day_and_turned_off_after_three(
    store: Store, hooks: Hooks, clock: Clock
) -> None:
    with receiving() as gone:
        url = gone.url
    webhook_id, _ = store.add_webhook(url, ("ticket.filed",), has_subject=False, by="hanako", now=NOW)
    file_one(store, 1)
    tries = 0
    while store.webhook_calls(webhook_id)[:1] == () or store.webhook_calls(webhook_id)[0].state == "queued":
        tries += hooks.run_batch()
        clock.advance(timedelta(minutes=1))
    assert clock.now - NOW <= timedelta(days=1, minutes=1)
    assert 25 <= tries <= 32
    assert "Connect" in store.webhook_calls(webhook_id)[0].error
    assert store.webhook(webhook_id).is_on
    clock.now = NOW + timedelta(days=3)
    file_one(store, 2)
    hooks.run_batch()
    assert not store.webhook(webhook_id).is_on
    assert store.desk_events(1)[0].what == "webhook_gave_up"


def test_sent_again_it_carries_a_fresh_signature_and_the_same_event(
    store: Store, receiver: Receiver, hooks: Hooks, clock: Clock
) -> None:
    webhook_id, _ = add(store, receiver, "ticket.filed")
    file_one(store)
    hooks.run_batch()
    clock.advance(timedelta(days=2))
    store.call_again(store.webhook_calls(webhook_id)[0].call_id, by="hanako", now=clock.now)
    hooks.run_batch()
    (first, second) = receiver.came
    assert first[1] == second[1]
    assert first[0]["x-uketsuke-delivery"] == second[0]["x-uketsuke-delivery"]
    assert first[0]["x-uketsuke-signature"] != second[0]["x-uketsuke-signature"]


def test_a_slow_receiver_holds_up_no_other_and_the_loop_ends_when_told(
    store: Store, receiver: Receiver, hooks: Hooks
) -> None:
    """The real loop, in its threads."""
    stop = threading.Event()
    with receiving() as slow:
        slow.gate.clear()
        add(store, slow, "ticket.filed")
        add(store, receiver, "ticket.filed")
        file_one(store, 1)
        loop = threading.Thread(target=hooks.run, args=(stop,))
        loop.start()
        try:
            assert slow.has_come.acquire(timeout=60)
            assert receiver.has_come.acquire(timeout=60)
            file_one(store, 2)
            assert receiver.has_come.acquire(timeout=60), "the other goes on while the slow one says nothing"
            assert len(slow.came) == 1, "one call to the slow one is under way"
        finally:
            stop.set()
            slow.gate.set()
            loop.join(timeout=60)
    assert not loop.is_alive()


def test_what_a_receiver_does_wrong_is_its_own_failure(store: Store, clock: Clock) -> None:
    webhook_id, _ = store.add_webhook("https://x.example/", ("ticket.*",), has_subject=False, by="hanako", now=NOW)
    faults = [
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("nonsense"),
        OSError("no route"),
        UnicodeError("idna"),
    ]

    def answer(_: httpx.Request) -> httpx.Response:
        raise faults.pop(0)

    hooks = Hooks(store, LINK, clock, httpx.MockTransport(answer))
    file_one(store)
    for minutes in (1, 2, 5, 10):
        hooks.run_batch()
        clock.advance(timedelta(minutes=minutes))
    assert faults == []
    (call,) = store.webhook_calls(webhook_id)
    assert (call.state, call.attempts, call.error) == ("queued", 4, "UnicodeError: idna")


def test_pauses_grow_and_end_after_a_day() -> None:
    at, tries = NOW, 0
    while (again := next_try(tries + 1, NOW, at)) is not None:
        assert at < again <= NOW + timedelta(days=1)
        at, tries = again, tries + 1
    assert tries == 28


def test_an_event_of_a_ticket_that_is_gone_is_told_by_its_ref() -> None:
    event = NewEvent(event_id=1, ref="T000009", at=NOW, by="x", what="odd Thing!", detail="reply words", ticket={})
    body = event_body(event, has_subject=True, desk_link=LINK)
    assert '"type": "ticket.odd_thing_"' in body
    assert "words" not in body
