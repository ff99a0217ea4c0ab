"""Mails sent off to PostgreSQL without a wait: what is stored, what is left to the thread, what a broken flight leaves."""

from __future__ import annotations

import asyncio
import select
import threading
import time
from collections.abc import Callable

import psycopg
import pytest
import uvloop
from sqlalchemy import text

from ingest.committer import Committer
from models.db.bell import Topic
from models.db.in_flight import InFlight
from models.db.store import Store
from models.errors import StoreUnavailable
from tests.contract.test_wake_ups import ON_POSTGRESQL, Listener, end_connections, end_others, refused
from tests.support.filings import arrival

pytestmark = ON_POSTGRESQL
_PATIENCE_S = 20.0


def land(flight: InFlight | None) -> None:
    """As the door's loop does."""
    assert flight is not None
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        select.select([flight], [flight] if flight.has_more_to_send else [], [], _PATIENCE_S)
        if flight.step():
            return
    pytest.fail("it never landed")


def ready(store: Store) -> Store:
    """The connection is opened by the first mail, in the thread."""
    assert store.send_off([store.prepare(arrival(100))]) is None
    store.accept_prepared([store.prepare(arrival(100))])
    return store


def test_what_is_sent_off_is_stored_as_any_other(store: Store) -> None:
    ready(store)
    sent = [arrival(number, body=f"本文 {number} \x00\x7f") for number in (1, 2, 3)]
    for group in (sent[:2], sent[2:], sent[:2]):  # the third time by statements that are prepared
        land(store.send_off([store.prepare(one) for one in group]))
    ids = store.accept(sent)
    assert len(set(ids)) == 3
    assert [store.raw_mail(mail_id) for mail_id in ids] == [one.raw for one in sent]
    assert [store.envelope(mail_id) for mail_id in ids] == [one.envelope for one in sent]
    books = store.books()
    assert (books.accepted, books.duplicates, books.faults) == (9, 5, ())


def test_it_leaves_the_same_row_as_the_thread(store: Store) -> None:
    ready(store)
    one = store.prepare(arrival(1, body="一行目"))
    found = []
    for is_flown in (False, True):
        if is_flown:
            land(store.send_off([one]))
        else:
            store.accept_prepared([one])
        with store.write() as connection:
            found.append(connection.execute(text("DELETE FROM inbound WHERE id > 1 RETURNING *")).one()._asdict())
    assert found[0].pop("id") != found[1].pop("id")
    assert found[0] == found[1]


def test_one_mail_twice_in_a_group_is_one_with_two_deliveries(store: Store) -> None:
    ready(store)
    land(store.send_off([store.prepare(arrival(number)) for number in (1, 2, 1)]))
    books = store.books()
    assert (books.accepted, books.duplicates, books.faults) == (4, 1, ())


def test_it_rings(store: Store) -> None:
    ready(store)
    waiting = Listener(store, Topic.MAIL)
    time.sleep(0.1)  # the ring of the first mail has gone by
    waiting.start()
    land(store.send_off([store.prepare(arrival(1))]))
    assert waiting.heard.wait(_PATIENCE_S)
    waiting.ear.close()


def test_a_group_larger_than_what_the_socket_takes(store: Store) -> None:
    ready(store)
    rows = [store.prepare(arrival(number, body=f"{number} " + "x" * 400_000)) for number in range(12)]
    flight = store.send_off(rows)
    land(flight)
    assert store.books().accepted == 13


def test_one_flight_at_a_time(store: Store) -> None:
    ready(store)
    flight = store.send_off([store.prepare(arrival(1))])
    assert store.send_off([store.prepare(arrival(2))]) is None
    land(flight)
    land(store.send_off([store.prepare(arrival(2))]))
    assert store.books().accepted == 3


@pytest.mark.parametrize("is_under_way", [True, False])
def test_a_connection_that_ended_leaves_it_to_the_thread(store: Store, is_under_way: bool) -> None:
    ready(store)
    rows = [store.prepare(arrival(number)) for number in (1, 2)]
    if is_under_way:
        with store.write() as connection:
            connection.execute(text("LOCK TABLE inbound IN ACCESS EXCLUSIVE MODE"))
            flight = store.send_off(rows)
            assert flight is not None
            select.select([flight], [], [], _PATIENCE_S)  # prepared; the insert waits for the lock
            assert not flight.step()
            end_others(connection)
            with pytest.raises(psycopg.Error):
                land(flight)
    else:
        assert end_connections(store) >= 1
        flight = store.send_off(rows)  # the kernel takes it, nobody reads it
        with pytest.raises(psycopg.Error):
            land(flight)
    assert store.send_off(rows) is None
    store.accept_prepared(rows)
    land(store.send_off([store.prepare(arrival(3))]))
    books = store.books()
    assert (books.accepted, books.duplicates, books.faults) == (4, 0, ())


def test_what_the_database_refuses_is_told_by_the_thread_and_the_next_goes_on(store: Store) -> None:
    ready(store)
    refused = {**store.prepare(arrival(1)), "subject": "a\x00b"}
    with pytest.raises(psycopg.Error):
        land(store.send_off([refused]))
    with pytest.raises(psycopg.DataError):
        store.accept_prepared([refused])
    store.accept_prepared([store.prepare(arrival(2))])
    unwritable = {**store.prepare(arrival(3)), "subject": "\ud800"}
    assert store.send_off([unwritable]) is None
    store.accept_prepared([store.prepare(arrival(3))])
    land(store.send_off([store.prepare(arrival(4))]))
    assert store.books().accepted == 4


def test_a_statement_that_is_cancelled_is_a_failure_and_not_stored(store: Store) -> None:
    ready(store)
    rows = [store.prepare(arrival(1))]
    land(store.send_off([store.prepare(arrival(2))]))  # prepared
    with store.write() as connection:
        connection.execute(text("LOCK TABLE inbound IN ACCESS EXCLUSIVE MODE"))
        flight = store.send_off(rows)
        assert flight is not None
        end = time.monotonic() + _PATIENCE_S
        while not connection.execute(
            text("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        ).all():
            assert time.monotonic() < end
            time.sleep(0.01)
        with pytest.raises(psycopg.errors.QueryCanceled):
            land(flight)
    assert store.books().accepted == 2
    store.accept_prepared(rows)
    assert store.books().accepted == 3


def test_a_database_that_is_away_is_told_by_the_thread(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [store.prepare(arrival(1))]
    ready(store)
    assert end_connections(store) >= 1
    with pytest.raises(psycopg.Error):
        land(store.send_off(rows))
    with monkeypatch.context() as away:
        away.setattr("models.db.direct.driver_connection", refused)
        with pytest.raises(StoreUnavailable, match="refused"):
            store.accept_prepared(rows)
        assert store.send_off(rows) is None
    store.accept_prepared(rows)
    assert store.books().accepted == 2


LOOPS = pytest.mark.parametrize("new_loop", [uvloop.new_event_loop, asyncio.SelectorEventLoop])
NewLoop = Callable[[], asyncio.AbstractEventLoop]


@LOOPS
@pytest.mark.parametrize("count", [1, 12])
def test_the_door_goes_on_after_the_server_has_hung_up(store: Store, new_loop: NewLoop, count: int) -> None:
    """It says why, which is read, and then the socket has an error: of that uvloop tells once and never again."""

    async def run() -> int:
        committer = Committer(store)
        await committer.keep((arrival(1),))
        await committer.keep((arrival(2),))
        await asyncio.to_thread(end_connections, store)
        await asyncio.sleep(0.3)  # its last words are here
        large = [committer.keep((arrival(number, body="x" * 70_000),)) for number in range(3, 3 + count)]
        await asyncio.wait_for(asyncio.gather(*large), _PATIENCE_S)
        await asyncio.wait_for(committer.keep((arrival(50),)), _PATIENCE_S)
        await committer.close()
        return committer.flights_failed

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(run()) == 1
    books = store.books()
    assert (books.accepted, books.duplicates, books.faults) == (3 + count, 0, ())


@LOOPS
def test_the_door_goes_on_after_the_server_has_hung_up_on_a_mail(store: Store, new_loop: NewLoop) -> None:
    async def run() -> int:
        committer = Committer(store)
        await committer.keep((arrival(1),))
        await committer.keep((arrival(2),))

        def hang_up() -> None:
            with store.write() as connection:
                connection.execute(text("LOCK TABLE inbound IN ACCESS EXCLUSIVE MODE"))
                locked.set()
                time.sleep(0.3)
                end_others(connection)

        locked = threading.Event()
        ending = asyncio.ensure_future(asyncio.to_thread(hang_up))
        await asyncio.to_thread(locked.wait, _PATIENCE_S)
        await asyncio.wait_for(committer.keep((arrival(3),)), _PATIENCE_S)
        await ending
        await committer.close()
        return committer.flights_failed

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(run()) == 1
    assert store.books().accepted == 3


def test_the_door_is_not_held_by_what_could_not_be_sent_off(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise MemoryError

    ready(store)
    rows = [store.prepare(arrival(1))]
    with monkeypatch.context() as full:
        full.setattr("models.db.direct.InFlight", broken)
        with pytest.raises(MemoryError):
            store.send_off(rows)
    store.accept_prepared(rows)
    land(store.send_off([store.prepare(arrival(2))]))
    assert store.books().accepted == 3


def test_what_is_abandoned_is_left_to_the_thread(store: Store) -> None:
    ready(store)
    rows = [store.prepare(arrival(1))]
    flight = store.send_off(rows)
    assert flight is not None
    flight.abandon()
    flight.abandon()
    store.accept_prepared(rows)
    land(store.send_off([store.prepare(arrival(2))]))
    books = store.books()
    assert books.accepted - books.duplicates == 3
    assert books.faults == ()
