"""Reports that are made once, and who gets them, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import text

from models.agents import Role
from models.db.engine import make_engine, transaction
from models.db.migrate import config_for, upgrade
from models.db.store import Store
from models.errors import ClaimLost, NotFound
from models.memos import MemoKind, NewMemo, ReportNews
from tests.support.databases import empty
from tests.support.filings import LEASE, NOW

WEEK = "2026-W48"
KEPT = timedelta(days=30)


def memo(to: str = "lead@example.com", name: str = WEEK) -> NewMemo:
    return NewMemo(
        key=f"report:{name}:{to}",
        kind=MemoKind.REPORT,
        ref="",
        to=to,
        mail_from="",
        raw=b"Subject: report\r\n\r\nx\r\n",
    )


def make(store: Store, name: str = WEEK, *, value: str = "{}") -> None:
    token = store.claim_report(name, lease=LEASE, now=NOW)
    assert token is not None
    store.keep_report(name, token, value, (), now=NOW)


def test_a_report_is_made_once_and_found_by_its_name(store: Store) -> None:
    token = store.claim_report(WEEK, lease=LEASE, now=NOW)
    assert token is not None
    assert store.reports() == ()  # it is being made
    with pytest.raises(NotFound):
        store.report(WEEK)
    store.keep_report(WEEK, token, '{"cells": "\x00"}', [memo()], now=NOW)
    assert store.claim_report(WEEK, lease=LEASE, now=NOW + 10 * LEASE) is None
    found = store.report(WEEK)
    assert (found.name, found.kind, found.made_at, found.value) == (WEEK, "week", NOW, '{"cells": ""}')
    assert [(one.kind, one.to, one.state) for one in store.memos()] == [("report", "lead@example.com", "queued")]
    with pytest.raises(NotFound):
        store.report("2026-W49")


def test_kinds_go_by_names_and_the_newest_stands_first(store: Store) -> None:
    for hours, name in enumerate(("2026-11", "2026-11-29", WEEK)):
        token = store.claim_report(name, lease=LEASE, now=NOW)
        assert token is not None
        store.keep_report(name, token, name, (), now=NOW + timedelta(hours=hours))
    assert [(one.name, one.kind, one.value) for one in store.reports()] == [
        (WEEK, "week", ""),
        ("2026-11-29", "day", ""),
        ("2026-11", "month", ""),
    ]
    assert store.report_values([WEEK, "2026-11", "2026-10"]) == {WEEK: WEEK, "2026-11": "2026-11"}
    assert store.report_values([]) == {}


def test_who_is_at_it_is_left_alone_until_his_lease_ends(store: Store) -> None:
    slow = store.claim_report(WEEK, lease=LEASE, now=NOW)
    assert slow is not None
    assert store.claim_report(WEEK, lease=LEASE, now=NOW + LEASE / 2) is None
    quick = store.claim_report(WEEK, lease=LEASE, now=NOW + LEASE)
    assert quick is not None
    with pytest.raises(ClaimLost):
        store.keep_report(WEEK, slow, "slow", [memo("slow@example.com")], now=NOW + LEASE)
    store.keep_report(WEEK, quick, "quick", [memo()], now=NOW + LEASE)
    with pytest.raises(ClaimLost):  # nor when it is made
        store.keep_report(WEEK, quick, "again", [memo("again@example.com")], now=NOW + LEASE)
    assert store.report(WEEK).value == "quick"
    assert [one.to for one in store.memos()] == ["lead@example.com"]


def test_what_could_not_be_made_is_tried_again_later(store: Store) -> None:
    token = store.claim_report(WEEK, lease=LEASE, now=NOW)
    assert token is not None
    store.release_report(WEEK, token, now=NOW, delay=LEASE / 2)
    assert store.claim_report(WEEK, lease=LEASE, now=NOW + LEASE / 4) is None
    again = store.claim_report(WEEK, lease=LEASE, now=NOW + LEASE / 2)
    assert again is not None
    with pytest.raises(ClaimLost):
        store.release_report(WEEK, token, now=NOW, delay=LEASE)
    with store.read() as connection:
        assert connection.execute(text("SELECT attempts FROM report")).scalar_one() == 2


def test_a_report_and_its_mails_are_one_transaction(store: Store) -> None:
    token = store.claim_report(WEEK, lease=LEASE, now=NOW)
    assert token is not None
    broken = NewMemo(key="x", kind=MemoKind.REPORT, ref="", to=None, mail_from="", raw=b"")  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r"(?i)not.null"):
        store.keep_report(WEEK, token, "{}", [memo(), broken], now=NOW)
    assert (store.reports(), store.memos()) == ((), ())


def test_of_schedulers_side_by_side_one_makes_the_report(store: Store) -> None:
    readers = ["a@example.com", "b@example.com", "c@example.com"]
    names = ["2026-11-28", WEEK, "2026-10"]
    threads = 4
    start = threading.Barrier(threads)

    def schedule(number: int) -> list[str]:
        made = []
        start.wait()
        for name in names:
            token = store.claim_report(name, lease=LEASE, now=NOW)
            if token is not None:
                value = f"by {number}"
                store.keep_report(name, token, value, [memo(to, name) for to in readers], now=NOW)
                made.append(name)
        return made

    with ThreadPoolExecutor(threads) as pool:
        made = [name for found in pool.map(schedule, range(threads)) for name in found]
    assert sorted(made) == sorted(names)
    assert {one.name for one in store.reports()} == set(names)
    assert sorted(one.to for one in store.memos()) == sorted(readers * len(names))


def test_readers_are_leads_and_admins_who_asked_and_can_get_mail(store: Store) -> None:
    people = (
        ("admin", Role.ADMIN, "admin@example.com", ("books", "report_week")),
        ("lead", Role.LEAD, "lead@example.com", ("report_week", "new")),
        ("daily", Role.LEAD, "daily@example.com", ("report_day",)),
        ("homeless", Role.LEAD, "", ("report_week",)),
        ("odd", Role.LEAD, "odd(comment)@example.com", ("report_week",)),
        ("gone", Role.LEAD, "gone@example.com", ("report_week",)),
        ("worker", Role.AGENT, "worker@example.com", ("report_week", "new")),
        ("demoted", Role.LEAD, "demoted@example.com", ("report_week",)),
    )
    store.add_agent("first", "correct horse battery", NOW)
    for name, role, email, notices in people:
        store.invite(name, role, by="first", now=NOW)
        store.set_details(name, email=email, language="ja", notices=notices, now=NOW)
    store.deactivate("gone", by="first", now=NOW)
    store.set_role("demoted", Role.AGENT, by="first", now=NOW)
    assert [(one.name, one.email, one.language) for one in store.readers(ReportNews.WEEK)] == [
        ("admin", "admin@example.com", "ja"),
        ("lead", "lead@example.com", "ja"),
    ]
    assert [one.name for one in store.readers(ReportNews.DAY)] == ["daily"]
    assert [one.name for one in store.readers(ReportNews.BOOKS)] == ["admin"]
    assert store.readers(ReportNews.MONTH) == ()
    assert store.agent("worker").notices == ("new",)  # what is no business of his is not kept
    assert store.agent("lead").notices == ("new", "report_week")


def test_a_new_admin_hears_when_the_books_do_not_agree(store: Store) -> None:
    store.add_agent("first", "correct horse battery", NOW)
    store.invite("second", Role.ADMIN, email="second@example.com", by="first", now=NOW)
    store.invite("lead", Role.LEAD, email="lead@example.com", by="first", now=NOW)
    assert [one.name for one in store.readers(ReportNews.BOOKS)] == ["second"]  # who has an address
    store.set_details("second", email="second@example.com", language="", notices=(), now=NOW)
    assert store.readers(ReportNews.BOOKS) == ()


def test_a_report_that_went_is_forgotten_but_not_that_it_went(store: Store) -> None:
    token = store.claim_report(WEEK, lease=LEASE, now=NOW)
    assert token is not None
    store.keep_report(WEEK, token, "{}", [memo(), memo("gone@example.com")], now=NOW)
    sent, refused = store.claim_memos(limit=2, lease=LEASE, now=NOW)
    store.memo_sent(sent)
    store.memo_failed(refused, error="550 no such user", now=NOW)
    store.tidy_memos(now=NOW + KEPT)
    assert [(one.to, one.state, one.error) for one in store.memos()] == [
        ("gone@example.com", "failed", "550 no such user"),
        ("lead@example.com", "sent", ""),
    ]
    assert store.raw_memo(sent.memo_id) == b""
    assert store.raw_memo(refused.memo_id) != b""  # it may be tried again
    store.tidy_memos(now=NOW + 12 * KEPT)
    assert len(store.memos()) == 2


def test_a_very_long_address_is_written_to_once(store: Store) -> None:
    make(store)
    to = f"{'x' * 64}@{'y' * 240}.example"
    assert [store.queue_memo(memo(to), now=NOW) for _ in range(2)] == [True, False]
    assert store.has_memo(memo(to).key)
    assert not store.has_memo(memo(to.replace("yy", "zz")).key)


def test_an_older_database_loses_its_pages_and_begins_its_books_where_it_stands(database_url: str) -> None:
    engine = make_engine(database_url)
    with transaction(engine, writes=True) as connection:
        empty(connection)
        command.upgrade(config_for(connection), "0007")
        values = {"at": NOW, "raw": b"x", "no": False}
        for number, deliveries in ((1, 1), (2, 3)):
            connection.execute(
                text(
                    "INSERT INTO inbound (sha256, desk_address, size, envelope, received_at, state, deliveries, attempts, error, sender,"
                    " subject, message_id, body_hash, content_hash, message_hash, is_automatic, raw)"
                    " VALUES ('', 'd', 1, '{}', :at, 'received', :deliveries, 0, '', '', '', '', '', :hash, '', :no, :raw)"
                ),
                {**values, "deliveries": deliveries, "hash": str(number)},
            )
        connection.execute(
            text("INSERT INTO report (name, language, created_at, html) VALUES ('2026-W47', 'ja', :at, '<p>x</p>')"),
            {"at": NOW},
        )
    engine.dispose()
    upgrade(database_url)
    store = Store(database_url)
    assert store.reports() == ()
    assert store.claim_report("2026-W47", lease=LEASE, now=NOW) is not None
    books = store.books()
    assert (books.accepted, books.waiting, books.duplicates, books.faults) == (4, 2, 2, ())
    with store.write() as connection:
        connection.execute(text("DELETE FROM inbound WHERE deliveries = 3"))
    assert store.books().faults == ("lost: 3 deliveries of the door's tally without a mail",)
    store.close()
