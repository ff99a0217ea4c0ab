"""PostgreSQL between many processes: wake-ups after the commit, the door's own connection, a database that comes and goes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import Connection, text

from models.db.bell import Topic
from models.db.store import Store
from models.errors import StoreUnavailable
from tests.support.filings import LEASE, NOW, arrival, filing, mail, reply

ON_POSTGRESQL = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


class Listener(threading.Thread):
    """Waits half a minute for one ring."""

    def __init__(self, store: Store, topic: Topic) -> None:
        super().__init__(daemon=True)
        self.ear, self.stop = store.ear(topic), threading.Event()
        self.ear.wait(self.stop, 30.0)  # the first one connects
        self.heard = threading.Event()

    def run(self) -> None:
        self.ear.wait(self.stop, 30.0)
        self.heard.set()


Waiting = Callable[[Topic], Listener]


@pytest.fixture
def waiting_for(store: Store) -> Iterator[Waiting]:
    begun: list[Listener] = []

    def begin(topic: Topic) -> Listener:
        begun.append(Listener(store, topic))
        begun[-1].start()
        return begun[-1]

    yield begin
    for one in begun:
        one.ear.close()


def end_connections(store: Store) -> int:
    """As a restart does: every connection but this one ends."""
    with store.read() as connection:
        return end_others(connection)


def end_others(connection: Connection) -> int:
    """Every connection to this server but the one that asks."""
    others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
    return len(connection.execute(text(f"SELECT pg_terminate_backend(pid) {others}")).all())


def refused(_engine: object) -> None:
    """A database that is away."""
    raise psycopg.OperationalError("connection refused")


@ON_POSTGRESQL
def test_an_accepted_mail_wakes_who_waits_for_mails(store: Store, waiting_for: Waiting) -> None:
    waiting = waiting_for(Topic.MAIL)
    store.accept([arrival(1)])
    assert waiting.heard.wait(20)


@ON_POSTGRESQL
def test_a_letter_that_is_queued_wakes_who_hands_letters_over_and_a_mail_does_not(
    store: Store, waiting_for: Waiting
) -> None:
    waiting = waiting_for(Topic.LETTER)
    store.accept([arrival(1)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    assert not waiting.heard.wait(0.5)
    store.file(filing(claim, mail(1), reply(claim.mail_id)))
    assert waiting.heard.wait(20)


@ON_POSTGRESQL
def test_what_was_not_committed_rings_nobody_not_even_later(store: Store, waiting_for: Waiting) -> None:
    waiting = waiting_for(Topic.LETTER)
    store.accept([arrival(1)])
    (claim,) = store.claim_mails(limit=1, lease=LEASE, now=NOW)
    written = filing(claim, mail(1), reply(claim.mail_id))

    def write_and_fail() -> None:
        with store.together():
            store.file(written)
            raise RuntimeError("undone")

    with pytest.raises(RuntimeError, match="undone"):
        write_and_fail()
    store.park_mail(claim, error="x", now=NOW)  # a transaction after it, on the same connection
    assert not waiting.heard.wait(0.5)


@ON_POSTGRESQL
def test_an_ear_whose_connection_ended_listens_again(store: Store, waiting_for: Waiting) -> None:
    waiting = waiting_for(Topic.MAIL)
    assert end_connections(store) >= 1
    assert waiting.heard.wait(20)  # it ended, which is sooner than the ring
    waiting.join(20)
    waiting.heard.clear()
    waiting.ear.wait(waiting.stop, 0.0)  # connects anew
    again = threading.Thread(target=waiting.run, daemon=True)
    again.start()
    store.accept([arrival(1)])
    assert waiting.heard.wait(20)


@ON_POSTGRESQL
def test_the_door_goes_on_after_its_connection_ended(store: Store) -> None:
    rows = [store.prepare(arrival(number)) for number in (1, 2, 3)]
    store.accept_prepared(rows[:1])
    assert end_connections(store) >= 1
    store.accept_prepared(rows[1:])
    books = store.books()
    assert (books.accepted, books.duplicates, books.faults) == (3, 0, ())


@ON_POSTGRESQL
def test_a_database_that_is_away_is_told_and_the_next_try_may_work(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [store.prepare(arrival(1))]
    with monkeypatch.context() as away:
        away.setattr("models.db.direct.driver_connection", refused)
        with pytest.raises(StoreUnavailable, match="refused"):
            store.accept_prepared(rows)
    store.accept_prepared(rows)
    assert store.books().accepted == 1


@ON_POSTGRESQL
def test_one_mail_twice_in_a_group_is_one_with_two_deliveries(store: Store) -> None:
    one, other = arrival(1), arrival(2)
    ids = store.accept([one, other, one])
    assert (ids[0], len(set(ids))) == (ids[2], 2)
    assert store.accept([one]) == (ids[0],)
    books = store.books()
    assert (books.accepted, books.duplicates, books.faults) == (4, 2, ())


@ON_POSTGRESQL
def test_a_machine_that_took_a_standby_for_the_primary_waits_for_it(store: Store) -> None:
    def write() -> None:
        with store.write() as connection:
            connection.execute(text("SET TRANSACTION READ ONLY"))
            connection.execute(text("DELETE FROM event"))

    with pytest.raises(StoreUnavailable, match="read-only"):
        write()


@ON_POSTGRESQL
def test_commits_reach_the_disk_whatever_the_database_says(database_url: str, store: Store) -> None:
    name = database_url.rpartition("/")[2]
    with store.write() as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    other = Store(database_url)
    try:
        with other.read() as connection:
            assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
            assert connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar() == "1min"
    finally:
        other.close()
        with store.write() as connection:
            connection.execute(text(f"ALTER DATABASE {name} RESET synchronous_commit"))


@ON_POSTGRESQL
def test_a_worker_that_sleeps_with_locks_is_ended_and_told(store: Store) -> None:
    def sleep_and_write() -> None:
        with store.write() as connection:
            connection.execute(text("SET idle_in_transaction_session_timeout = '100ms'"))
            threading.Event().wait(0.5)
            connection.execute(text("DELETE FROM event"))

    with pytest.raises(StoreUnavailable):
        sleep_and_write()


@ON_POSTGRESQL
def test_of_several_hosts_the_one_that_takes_writes_is_found(database_url: str, store: Store) -> None:
    store.accept([arrival(1)])
    server = database_url.rpartition("@")[2].partition("/")[0]
    several = database_url.replace(server, "") + f"?host=127.0.0.1:1&host={server}"
    other = Store(several)
    try:
        assert other.books().accepted == 1
        other.accept([arrival(2)])
    finally:
        other.close()


def test_on_sqlite_nobody_rings_and_who_waits_looks_again(sqlite_store: Store) -> None:
    stop = threading.Event()
    stop.set()
    ear = sqlite_store.ear(Topic.MAIL)
    ear.wait(stop, 30.0)
    sqlite_store.accept([replace(arrival(1), desk_address="other@uketsuke.example")])
    ear.close()
    assert sqlite_store.claim_mails(limit=1, lease=timedelta(minutes=1), now=NOW)
