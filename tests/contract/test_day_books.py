"""The books: the door's tally against the mails, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from models.db.books import STUCK_AFTER
from models.db.store import Store
from models.facts import DayBooks
from models.memos import MemoKind, NewMemo
from models.views import Books
from tests.support.filings import LEASE, NOW, arrival, file_one, filing, mail

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)


def alarm(to: str = "admin@example.com") -> NewMemo:
    return NewMemo(key=f"books:{TODAY}:{to}", kind=MemoKind.ALARM, ref="", to=to, mail_from="", raw=b"x")


def run(store: Store, statement: str, **values: object) -> None:
    with store.write() as connection:
        connection.execute(text(statement), values)


def tally(store: Store) -> list[tuple[int, int]]:
    with store.read() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT accepted, deleted FROM door_tally ORDER BY id"))]


def desk_of_six(store: Store) -> str:
    """Six deliveries: two tickets, a mail that joined one, a parked one, one that waits and came twice."""
    ref = file_one(store, 1)
    file_one(store, 2, sender="b@example.com")
    store.accept([arrival(3)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.file(filing(claim, mail(3), None, join=ref))
    store.accept([arrival(4)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    store.park_mail(claim, error="x", now=NOW)
    store.accept([arrival(5)])
    store.accept([arrival(5)])
    return ref


def test_every_delivery_is_on_both_sides(store: Store) -> None:
    assert store.books() == Books(accepted=0, ticketed=0, joined=0, parked=0, waiting=0, duplicates=0)
    desk_of_six(store)
    books = store.books(now=NOW)
    assert books == Books(accepted=6, ticketed=2, joined=1, parked=1, waiting=1, duplicates=1)
    assert books.is_balanced


def test_however_a_mail_comes_in_the_door_counts_it(store: Store) -> None:
    store.accept([arrival(1), arrival(2), arrival(1)])
    rows = [store.prepare(arrival(number)) for number in (2, 3)]
    store.accept_prepared(rows)
    if store.is_sqlite:
        assert store.accept_at_once([store.prepare(arrival(4))])
    store.take("box", 1, [(1, arrival(5)), (2, arrival(3))])
    books = store.books()
    assert books.accepted == sum(accepted for accepted, _ in tally(store)) == (7 if store.is_sqlite else 6)
    assert (books.duplicates, books.faults) == (2, ())


def test_what_workers_do_is_no_delivery(store: Store) -> None:
    before = len(tally(store))
    store.accept([arrival(1)])
    for turn in range(3):
        (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW + turn * LEASE)
        store.retry_mail(claim, now=NOW, delay=timedelta(0), error="x", is_counted=False)
    assert len(tally(store)) == before + 1


def test_a_transaction_that_is_undone_counts_nothing(store: Store) -> None:
    class _Stop(Exception):
        pass

    def take_and_fail() -> None:
        with store.together():
            store.take("box", 1, [(1, arrival(1))])
            raise _Stop

    with pytest.raises(_Stop):
        take_and_fail()
    assert store.books() == Books(accepted=0, ticketed=0, joined=0, parked=0, waiting=0, duplicates=0)


def test_a_mail_that_vanishes_is_missed(store: Store) -> None:
    desk_of_six(store)
    run(store, "DELETE FROM inbound WHERE id = 5")
    books = store.books()
    assert books.faults == ("lost: 2 deliveries of the door's tally without a mail",)
    assert not books.is_balanced
    assert books.accepted == 6
    run(store, "DELETE FROM inbound WHERE id = 4")
    assert store.books().faults == ("lost: 3 deliveries of the door's tally without a mail",)


def test_what_is_deleted_by_right_is_not_missed(store: Store) -> None:
    desk_of_six(store)
    with store.write() as connection:
        connection.execute(text("DELETE FROM inbound WHERE id = 5"))
        connection.execute(text("INSERT INTO door_tally (accepted, deleted) VALUES (0, 2)"))
    books = store.books()
    assert (books.accepted, books.deleted, books.faults, books.is_balanced) == (6, 2, (), True)


def test_a_mail_that_nobody_let_in_is_found(store: Store) -> None:
    file_one(store)
    run(store, "DELETE FROM door_tally")
    assert store.books().faults == ("uncounted: 1 delivery of mails that the door never counted",)


@pytest.mark.parametrize("how", ["no ref", "no ticket"])
def test_a_mail_that_was_read_and_belongs_nowhere_is_named(store: Store, how: str) -> None:
    ref = desk_of_six(store)
    if how == "no ref":
        run(store, "UPDATE inbound SET ref = NULL WHERE id = 3")
        wanted = "orphan: 1 mail triaged without a ticket (3)"
    else:
        run(store, "DELETE FROM ticket WHERE ref = :ref", ref=ref)
        wanted = "orphan: 2 mails triaged without a ticket (1, 3)"
    books = store.books()
    assert books.faults == (wanted,)
    assert not books.is_balanced


def test_a_mail_in_two_places_or_none_is_named(store: Store) -> None:
    ref = desk_of_six(store)
    run(store, "UPDATE inbound SET ref = :ref WHERE id = 4", ref=ref)
    run(store, "UPDATE inbound SET state = 'lost' WHERE id = 5")
    assert store.books().faults == (
        "twice: 1 mail parked or waiting, and of a ticket too (4)",
        "odd: 1 mail in no known state",
    )


def test_a_mail_that_waits_too_long_is_told_and_is_no_loss(store: Store) -> None:
    store.accept([arrival(1)])
    assert store.books(now=NOW + STUCK_AFTER - timedelta(seconds=1)).faults == ()
    late = store.books(now=NOW + STUCK_AFTER + timedelta(seconds=1))
    assert late.faults == ("stuck: 1 mail waiting for more than an hour",)
    assert late.is_balanced
    assert store.books().faults == ()  # without the time nobody waits


def test_lines_are_folded_while_others_write(store: Store) -> None:
    threads, each = 3, 120
    start = threading.Barrier(threads + 1)

    def deliver(number: int) -> None:
        start.wait()
        for turn in range(each):
            store.accept([arrival(1000 * number + turn)])

    def fold(_: int) -> None:
        start.wait()
        for _ in range(20):
            store.fold_tallies()

    with ThreadPoolExecutor(threads + 1) as pool:
        done = [pool.submit(deliver, number) for number in range(threads)]
        done.append(pool.submit(fold, 0))
        for one in done:
            one.result()
    books = store.books()
    assert (books.accepted, books.waiting, books.faults) == (threads * each, threads * each, ())
    for turn in range(201):
        store.accept([arrival(9000 + turn)])
    store.fold_tallies()
    assert tally(store) == [(threads * each + 201, 0)]


def test_books_agree_at_any_moment_while_mails_come_and_are_filed(store: Store) -> None:
    stop = threading.Event()

    def live() -> None:
        for number in range(1, 120):
            store.accept([arrival(number), arrival(number)])
            for claim in store.claim_mails(limit=1, lease=LEASE, now=NOW):
                store.file(filing(claim, mail(number), None))
        stop.set()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(live)
        while not stop.is_set() and not running.done():
            books = store.books(now=NOW)
            assert (books.faults, books.is_balanced) == ((), True)
        running.result()
    assert store.books().ticketed == 119


def test_a_days_books_are_written_once(store: Store) -> None:
    desk_of_six(store)
    first = store.keep_books(TODAY, now=NOW)
    assert (first.day, first.counted_at, first.accepted, first.ticketed, first.joined) == (TODAY, NOW, 6, 2, 1)
    assert (first.parked, first.waiting, first.duplicates, first.deleted, first.faults) == (1, 1, 1, 0, ())
    file_one(store, 7)
    assert store.keep_books(TODAY, now=NOW + DAY, memos=[alarm()]) == first
    assert store.memos() == ()
    second = store.keep_books(TODAY + DAY, now=NOW + DAY)
    assert second.accepted == 7
    assert store.day_books(TODAY, TODAY + DAY) == (first, second)
    assert store.day_books(TODAY + DAY, TODAY + 9 * DAY) == (second,)
    assert store.day_books(TODAY - DAY, TODAY - DAY) == ()


def test_the_alarm_is_made_of_the_balance_and_written_with_it(store: Store) -> None:
    desk_of_six(store)
    run(store, "DELETE FROM inbound WHERE id = 2")
    told: list[DayBooks] = []

    def alarms(books: DayBooks) -> list[NewMemo]:
        told.append(books)
        return [alarm(), alarm("second@example.com")]

    kept = store.keep_books(TODAY, now=NOW, memos=alarms)
    assert kept.faults == told[0].faults == ("lost: 1 delivery of the door's tally without a mail",)
    assert {(one.kind, one.to) for one in store.memos()} == {
        ("alarm", "admin@example.com"),
        ("alarm", "second@example.com"),
    }


def test_of_schedulers_side_by_side_one_writes_the_day(store: Store) -> None:
    desk_of_six(store)
    threads = 4
    start = threading.Barrier(threads)

    def close(number: int) -> object:
        start.wait()
        return store.keep_books(TODAY, now=NOW + number * timedelta(minutes=1), memos=[alarm()])

    with ThreadPoolExecutor(threads) as pool:
        kept = set(pool.map(close, range(threads)))
    assert len(kept) == 1
    assert set(store.day_books(TODAY, TODAY)) == kept
    assert len(store.memos()) == 1
