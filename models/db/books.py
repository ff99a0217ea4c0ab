"""The books: is every delivery that the door counted accounted for?

Double entry. The door's side is a tally that triggers on `inbound` write, a line for each delivery and none when a mail
vanishes. The other side is counted from the mails and tickets. Promises: both sides are read in one statement, so that what
arrives or is filed meanwhile is on both or on neither; no mail's body is touched; a day's books are written once.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, delete, func, insert, select

from models.db.accept import INBOUND
from models.db.base import Shelf
from models.db.filing import insert_if_new
from models.db.memos import write_memo
from models.db.tables import CAME_AGAIN, DayBooksRow, DoorTallyRow
from models.db.threads import TICKET
from models.facts import DayBooks
from models.ticket import MailState
from models.views import Books
from models.wire import dump

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date, datetime

    from sqlalchemy import ColumnElement, ScalarSelect, Select
    from sqlalchemy.engine import Connection, RowMapping

    from models.memos import NewMemo

DOOR = DoorTallyRow.__table__  # type: ignore[attr-defined]
DAY_BOOKS = DayBooksRow.__table__  # type: ignore[attr-defined]
ERASED = "erased"  # the state of what is left of a mail that was deleted by right: `models.db.erasing`
STUCK_AFTER = timedelta(hours=1)
_FOLD_FROM = 200  # lines of the tally that are worth a fold
_MOST_NAMED = 5  # mails that one fault names
_RECEIVED, _TRIAGED, _PARKED = (state.value for state in MailState)
_FIGURES = ("accepted", "ticketed", "joined", "parked", "waiting", "duplicates", "deleted")


class DoorBooks(Shelf):
    """The balance of deliveries, now and day by day."""

    def books(self, *, now: datetime | None = None) -> Books:
        """The balance of all deliveries ever accepted, and what is wrong with it; `now` also finds mails that wait too long."""
        with self.read() as connection:
            return books_of(connection, now)

    def keep_books(
        self,
        day: date,
        *,
        now: datetime,
        memos: Sequence[NewMemo] | Callable[[DayBooks], Sequence[NewMemo]] = (),
        books: Books | None = None,
    ) -> DayBooks:
        """Write a day's books, and with them the memos that tell of them; returns what stands. May be called twice.

        Whoever comes first writes: later figures and memos of the same day are let go.

        Args:
            day: At the desk; it has ended.
            now: The time.
            memos: To write with them, or what makes them of the day's books.
            books: The balance, where the caller has it; None counts it now.
        """
        balance = books or self.books(now=now)
        figures = {name: getattr(balance, name) for name in _FIGURES}
        closed = DayBooks(day=day, counted_at=now, **figures, faults=balance.faults)
        written = memos(closed) if callable(memos) else memos
        values = {"day": day, "counted_at": now, **figures, "faults": dump(list(balance.faults))}
        with self.write() as connection:
            if insert_if_new(connection, DAY_BOOKS, values, ["day"]):
                for memo in written:
                    write_memo(connection, memo, now)
            row = connection.execute(select(DAY_BOOKS).where(DAY_BOOKS.c.day == day)).mappings().one()
            return _day_books(row)

    def day_books(self, first: date, last: date) -> tuple[DayBooks, ...]:
        """The books of the days from `first` to `last`, both included, as far as they were written; oldest first."""
        query = select(DAY_BOOKS).where(DAY_BOOKS.c.day.between(first, last)).order_by(DAY_BOOKS.c.day)
        with self.read() as connection:
            return tuple(_day_books(row) for row in connection.execute(query).mappings())


def books_of(connection: Connection, now: datetime | None) -> Books:
    """The balance as a transaction sees it; as `DoorBooks.books`."""
    return _books(connection, connection.execute(_counts()).mappings().one(), now)


def fold_door(connection: Connection) -> None:
    """Make one line of the door's tally again; its sum stays what it is. Any number of processes may do it at once."""
    if connection.execute(select(func.count()).select_from(DOOR)).scalar_one() < _FOLD_FROM:
        return
    gone = connection.execute(delete(DOOR).returning(DOOR.c.accepted, DOOR.c.deleted)).all()
    if gone:
        sums = {"accepted": sum(line.accepted for line in gone), "deleted": sum(line.deleted for line in gone)}
        connection.execute(insert(DOOR).values(**sums))


def _counts() -> Select[Any]:
    """Everything that is counted, as one row of one statement: one moment on both engines."""
    named = (
        select(INBOUND.c.ref, func.count().label("mails"))
        .where(INBOUND.c.ref.is_not(None))
        .group_by(INBOUND.c.ref)
        .subquery()
    )
    # Not every ticket counts: those that agents split off, or merged into others, hold no mail.
    held = (
        select(func.count().label("tickets"), func.coalesce(func.sum(named.c.mails), 0).label("mails"))
        .select_from(named.join(TICKET, TICKET.c.ref == named.c.ref))
        .subquery()
    )

    def sum_of(column: ColumnElement[int]) -> ScalarSelect[Any]:
        return select(func.coalesce(func.sum(column), 0)).scalar_subquery()

    def mails(*which: ColumnElement[bool]) -> ScalarSelect[Any]:
        return select(func.count()).select_from(INBOUND).where(*which).scalar_subquery()

    before = case((INBOUND.c.state == ERASED, INBOUND.c.size), else_=1)
    is_outside = INBOUND.c.state.in_((_RECEIVED, _PARKED))
    return select(
        held.c.tickets,
        held.c.mails.label("held"),
        mails().label("rows"),
        mails(INBOUND.c.state == ERASED).label(ERASED),
        *(mails(INBOUND.c.state == state.value).label(state.value) for state in MailState),
        mails(is_outside, INBOUND.c.ref.is_not(None)).label("twice"),
        # The literal of the index, not a parameter: SQLite would not know that it holds them all.
        # Of an erased mail only what came since: `size` is what it had been delivered before, which was booked as deleted.
        select(func.coalesce(func.sum(INBOUND.c.deliveries - before), 0))
        .where(CAME_AGAIN)
        .scalar_subquery()
        .label("again"),
        sum_of(DOOR.c.accepted).label("accepted"),
        sum_of(DOOR.c.deleted).label("deleted"),
    )


def _books(connection: Connection, counts: RowMapping, now: datetime | None) -> Books:
    found = {name: int(count) for name, count in counts.items()}
    found["all"] = found["rows"] - found[ERASED]
    return Books(
        accepted=found["accepted"],
        ticketed=found["tickets"],
        joined=found["held"] - found["tickets"],
        parked=found[_PARKED],
        waiting=found[_RECEIVED],
        duplicates=found["again"],
        deleted=found["deleted"],
        faults=tuple(_faults(connection, found, now)),
    )


def _faults(connection: Connection, found: dict[str, int], now: datetime | None) -> Iterator[str]:
    """Sentences, each with a stable code before the colon and the count as its first number."""
    missed = found["accepted"] - found["deleted"] - found["all"] - found["again"]
    if missed > 0:
        yield f"lost: {_counted(missed, 'delivery', 'deliveries')} of the door's tally without a mail"
    if missed < 0:
        yield f"uncounted: {_counted(-missed, 'delivery', 'deliveries')} of mails that the door never counted"
    orphans = found[_TRIAGED] + found["twice"] - found["held"]
    if orphans > 0:
        has_none = INBOUND.c.ref.is_(None) | TICKET.c.ref.is_(None)
        named = _named(connection, INBOUND.c.ref.is_not(None) | (INBOUND.c.state == _TRIAGED), has_none)
        yield f"orphan: {_counted(orphans, 'mail', 'mails')} triaged without a ticket{named}"
    if found["twice"]:
        named = _named(connection, INBOUND.c.state.in_((_RECEIVED, _PARKED)), INBOUND.c.ref.is_not(None))
        yield f"twice: {_counted(found['twice'], 'mail', 'mails')} parked or waiting, and of a ticket too{named}"
    odd = found["all"] - sum(found[state.value] for state in MailState)
    if odd:
        yield f"odd: {_counted(odd, 'mail', 'mails')} in no known state"
    if now is not None and found[_RECEIVED]:
        waits = (INBOUND.c.state == _RECEIVED, INBOUND.c.received_at < now - STUCK_AFTER)
        stuck = connection.execute(select(func.count()).select_from(INBOUND).where(*waits)).scalar_one()
        if stuck:
            yield f"stuck: {_counted(stuck, 'mail', 'mails')} waiting for more than an hour"


def _counted(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _named(connection: Connection, *which: ColumnElement[bool]) -> str:
    """The first mails of a fault. Only where there is one: this may walk through all mails."""
    query = (
        select(INBOUND.c.id)
        .outerjoin(TICKET, TICKET.c.ref == INBOUND.c.ref)
        .where(*which)
        .order_by(INBOUND.c.id)
        .limit(_MOST_NAMED)
    )
    ids = connection.execute(query).scalars().all()
    return f" ({', '.join(map(str, ids))})" if ids else ""


def _day_books(row: RowMapping) -> DayBooks:
    return DayBooks(
        day=row["day"],
        counted_at=row["counted_at"],
        **{name: row[name] for name in _FIGURES},
        faults=tuple(json.loads(row["faults"])),
    )
