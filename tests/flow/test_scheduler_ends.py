"""A scheduler that is to end stops between two steps: what it has begun is free at once, and the next makes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from models.db.store import Store
from policy.pack import Pack
from tests.support.filings import file_one
from tests.support.ledger import reporter_for
from tests.support.running_roles import leases

MONDAY = datetime(2026, 11, 29, 23, 0, tzinfo=UTC)  # 08:00 in Tokyo on the 30th: day and week are due


def test_a_report_that_was_begun_is_made_by_the_next(sqlite_store: Store, pack: Pack) -> None:
    file_one(sqlite_store)
    reporter, asked = reporter_for(sqlite_store, pack), []

    def is_stopping() -> bool:
        asked.append(1)
        return len(asked) > 1  # after the first report was claimed and counted

    reporter.is_stopping = is_stopping
    assert reporter.make_due(MONDAY) == ()
    assert len(asked) > 1
    assert leases(sqlite_store) == {}
    assert {"2026-11-29", "2026-W48"} <= set(reporter_for(sqlite_store, pack).make_due(MONDAY + timedelta(seconds=1)))


def test_one_that_is_to_end_begins_no_report(sqlite_store: Store, pack: Pack) -> None:
    file_one(sqlite_store)
    reporter = reporter_for(sqlite_store, pack)
    reporter.is_stopping = lambda: True
    assert reporter.make_due(MONDAY) == ()
    assert sqlite_store.reports() == ()
