"""How the installation stands, counted alike on both engines."""

from __future__ import annotations

from datetime import date, timedelta

from models.db.intake import WORKER_LOST
from models.db.migrate import known_shapes
from models.db.store import Store
from models.decision import ReplyState
from models.gauges import BOOK_FAULTS, ROLES
from models.presence import GONE_AFTER, Process
from tests.support.filings import LEASE, NOW, arrival, file_one

LATER = NOW + timedelta(minutes=20)


def process(name: str, role: str, **changes: object) -> Process:
    values = {"host": "here", "pid": 1, "version": "1", "shape": "0009", "started_at": NOW, "seen_at": NOW, **changes}
    return Process(id=name, role=role, **values)  # type: ignore[arg-type]


def test_an_empty_desk_stands_at_nothing(store: Store) -> None:
    stands = store.standing(NOW)
    assert (stands.mails_waiting, stands.mails_parked, stands.oldest_mail_at) == (0, 0, None)
    assert stands.letters == {"queued": 0, "held": 0, "failed": 0, "bounced": 0}
    assert (stands.letter_due_at, stands.memo_due_at, stands.books_closed_at) == (None, None, None)
    assert stands.are_letters_on
    assert stands.roles == dict.fromkeys(ROLES, 0)
    assert stands.reports_made_at == {}


def test_mails_that_wait_and_are_parked_are_counted_and_the_oldest_is_known(store: Store) -> None:
    for number, at in enumerate((NOW, NOW + timedelta(minutes=5), LATER), 1):
        store.accept([arrival(number, at=at)])
    claims = store.claim_mails(limit=1, lease=LEASE, now=LATER)
    store.park_mail(claims[0], error=WORKER_LOST, now=LATER)
    stands = store.standing(LATER)
    assert (stands.mails_waiting, stands.mails_parked) == (2, 1)
    assert stands.oldest_mail_at == NOW + timedelta(minutes=5)


def test_letters_count_by_state_and_the_first_that_is_due_is_known(store: Store) -> None:
    file_one(store, 1)
    file_one(store, 2, sender="jiro@example.org", reply_state=ReplyState.HELD)
    assert store.standing(NOW - timedelta(seconds=1)).letter_due_at is None
    stands = store.standing(LATER)
    assert (stands.letters["queued"], stands.letters["held"], stands.letter_due_at) == (1, 1, NOW)
    (claim,) = store.claim_replies(limit=1, lease=LEASE, now=LATER)
    store.reply_failed(claim, now=LATER, error="550 no")
    assert store.standing(LATER).letters == {"queued": 0, "held": 1, "failed": 1, "bounced": 0}
    assert sum(store.standing(LATER).tickets.values()) == 2


def test_a_stop_of_all_letters_is_seen(store: Store) -> None:
    store.stop_letters(by="hanako", now=NOW)
    assert not store.standing(NOW).are_letters_on


def test_the_faults_of_the_last_closed_day_count_by_code(store: Store) -> None:
    file_one(store)
    with store.write() as connection:
        connection.exec_driver_sql("DELETE FROM ticket")
    store.keep_books(date(2026, 11, 1), now=NOW - timedelta(days=2))
    store.keep_books(date(2026, 11, 2), now=NOW)
    stands = store.standing(LATER)
    assert stands.books_closed_at == NOW
    assert stands.books_faults == {**dict.fromkeys(BOOK_FAULTS, 0), "orphan": 1}


def test_the_newest_report_of_each_kind_is_known(store: Store) -> None:
    for name, at in (("2026-11-01", NOW), ("2026-11-02", LATER), ("2026-W44", NOW)):
        token = store.claim_report(name, lease=LEASE, now=at)
        assert token is not None
        store.keep_report(name, token, "{}", [], now=at)
    assert store.claim_report("2026-11", lease=LEASE, now=NOW) is not None  # not made yet
    assert store.standing(LATER).reports_made_at == {"day": LATER, "week": NOW}


def test_processes_that_run_count_by_role(store: Store) -> None:
    for number, role in enumerate(("worker", "worker", "smtp")):
        store.present(process(f"p{number}", role))
    store.present(process("gone", "desk", seen_at=NOW - GONE_AFTER))
    assert store.standing(NOW).roles == {**dict.fromkeys(ROLES, 0), "worker": 2, "smtp": 1}


def test_a_shape_that_this_version_can_work_with_is_known(store: Store) -> None:
    assert store.has_known_shape()
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert store.has_known_shape()  # a newer version's, which leaves us at work
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE shape SET runs_from = '9999'")
    assert not store.has_known_shape()
    with store.write() as connection:  # the next test finds it as it was
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{max(known_shapes())}'")
        connection.exec_driver_sql("UPDATE shape SET runs_from = '0009'")
    assert store.has_known_shape()


def test_connections_are_counted_from_when_that_is_asked_for(store: Store) -> None:
    assert store.connections().opened == 0
    store.count_connections()
    store.count_connections()
    with store.read():
        assert store.connections().in_use == 1
    assert store.connections().in_use == 0
    assert store.connections().failures == 0
