"""All tickets' history, read on from where someone left off: each line once or more, never not at all.

On PostgreSQL a line with a smaller id may become visible after one with a larger: ids are given out before the commit.
So a reader goes on only to the first id that is not there, and passes that gap once nobody can fill it any more: the
line behind it is old enough, and no transaction that began before then is open. Until then the lines behind the gap are
read again; readers write what they make of a line under a unique key. SQLite lets one transaction write at a time, and
has no such gaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text

from models.db.filing import EVENT
from models.db.threads import TICKET
from models.programs import NewEvent

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

GAP_LASTS = timedelta(minutes=2)
PAGE = 500
_MOST_PAGES = 20
_OLD_TRANSACTIONS = text(
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_xid IS NOT NULL AND xact_start < now() - make_interval(secs => :seconds) LIMIT 1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLines:
    """What came since, in the order of the ids, and up to where nothing smaller is still to come."""

    events: tuple[NewEvent, ...]
    last_event: int


def latest_event(connection: Connection) -> int:
    """The largest id of the history."""
    return int(connection.execute(select(func.coalesce(func.max(EVENT.c.id), 0))).scalar_one())


def new_lines(connection: Connection, after: int, now: datetime, *, most: int = PAGE * _MOST_PAGES) -> NewLines:
    """The lines behind `after`, `most` of them at most, each with its ticket's row."""
    found: list[NewEvent] = []
    at = after
    while len(found) < most:
        size = min(PAGE, most - len(found))
        page = _page(connection, at, size)
        found += page
        if len(page) < size:
            break
        at = page[-1].event_id
    return NewLines(events=tuple(found), last_event=_passed(connection, after, found, now))


def _page(connection: Connection, after: int, size: int) -> list[NewEvent]:
    lines = (
        connection.execute(select(EVENT).where(EVENT.c.id > after).order_by(EVENT.c.id).limit(size)).mappings().all()
    )
    refs = {line["ref"] for line in lines}
    tickets = {
        row["ref"]: dict(row) for row in connection.execute(select(TICKET).where(TICKET.c.ref.in_(refs))).mappings()
    }
    return [
        NewEvent(
            event_id=line["id"],
            ref=line["ref"],
            at=line["at"],
            by=line["by"],
            what=line["what"],
            detail=line["detail"],
            ticket=tickets.get(line["ref"], {}),
        )
        for line in lines
    ]


def _passed(connection: Connection, after: int, events: list[NewEvent], now: datetime) -> int:
    """The last id before the first gap that may still be filled."""
    if connection.dialect.name != "postgresql":
        return events[-1].event_id if events else after
    may_pass: bool | None = None
    last = after
    for event in events:
        if event.event_id != last + 1:
            if event.at > now - GAP_LASTS:
                return last
            if may_pass is None:
                may_pass = not _has_old_transactions(connection)
            if not may_pass:
                return last
        last = event.event_id
    return last


def _has_old_transactions(connection: Connection) -> bool:
    """Is one still open that may have taken an id of a gap?"""
    seconds = GAP_LASTS.total_seconds() / 2
    return connection.execute(_OLD_TRANSACTIONS, {"seconds": seconds}).first() is not None
