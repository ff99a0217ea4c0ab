"""How the installation stands, for metrics and health: counts along indexes and tallies, no walk through mails or tickets.

Promises: one reading transaction, milliseconds whatever is stored; nothing is written.
"""

from __future__ import annotations

import json
from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, func, select, text

from models.db.accept import INBOUND
from models.db.base import Shelf
from models.db.books import DAY_BOOKS
from models.db.desk_rules import are_letters_on
from models.db.ledger import REPORT
from models.db.memos import MEMO
from models.db.migrate import serves
from models.db.presence import processes_in
from models.db.queue import TALLY
from models.db.threads import REPLY, TICKET
from models.db.webhooks import CALL, WEBHOOK
from models.decision import ReplyState
from models.gauges import BOOK_FAULTS, ROLES, Connections, Standing
from models.states import TicketState
from models.ticket import AWAITS_AGENT, MailState

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Column, FromClause, Select
    from sqlalchemy.engine import Connection

_QUEUED, _FAILED = "queued", "failed"
_LETTERS = tuple(state.value for state in (ReplyState.QUEUED, ReplyState.HELD, ReplyState.FAILED, ReplyState.BOUNCED))


class Gauges(Shelf):
    """The store as it stands."""

    _counts: _DriverCounts | None = None

    def standing(self, now: datetime) -> Standing:
        """How everything stands at `now`.

        Raises:
            StoreUnavailable: The database does not answer. Temporary.
        """
        with self.read() as connection:
            mails = _by_state(connection, INBOUND.c.state, (MailState.RECEIVED.value, MailState.PARKED.value))
            books = connection.execute(_last_books()).first()
            return Standing(
                mails_waiting=mails[MailState.RECEIVED.value],
                mails_parked=mails[MailState.PARKED.value],
                oldest_mail_at=connection.execute(_oldest_mail()).scalar(),
                letters=_by_state(connection, REPLY.c.state, _LETTERS),
                letter_due_at=connection.execute(_first_due(REPLY, now)).scalar(),
                memos=_by_state(connection, MEMO.c.state, (_QUEUED, _FAILED)),
                memo_due_at=connection.execute(_first_due(MEMO, now)).scalar(),
                calls=_by_state(connection, CALL.c.state, (_QUEUED, _FAILED)),
                webhooks_off=_count(connection, select(func.count()).where(~WEBHOOK.c.is_on)),
                tickets=_tickets(connection),
                tickets_overdue=_count(connection, _overdue(now)),
                are_letters_on=are_letters_on(connection),
                books_closed_at=books.counted_at if books else None,
                books_faults=_faults(books.faults) if books else {},
                roles=_roles(connection, now),
                reports_made_at={row[0]: row[1] for row in connection.execute(_reports()) if row[1] is not None},
            )

    def has_known_shape(self) -> bool:
        """Does the database answer, and is it of a shape that this version can work with?

        Raises:
            StoreUnavailable: It does not answer. Temporary.
        """
        with self.read() as connection:
            shape = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            return shape is not None and serves(connection, shape)

    def count_connections(self) -> None:
        """From now on this process's connections and their failures are counted. May be called twice."""
        if self._counts is None:
            self._counts = _DriverCounts()
            event.listen(self._engine, "connect", self._counts.opened_one)
            event.listen(self._engine, "handle_error", self._counts.failed_one)

    def connections(self) -> Connections:
        """The counts since `count_connections`."""
        counts = self._counts or _DriverCounts()
        in_use = getattr(self._engine.pool, "checkedout", lambda: 0)()
        return Connections(in_use=int(in_use), opened=counts.opened, failures=counts.failures)


class _DriverCounts:
    """Counted in whichever thread works."""

    def __init__(self) -> None:
        self.opened = self.failures = 0
        self._lock = Lock()

    def opened_one(self, *_: object) -> None:
        with self._lock:
            self.opened += 1

    def failed_one(self, context: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        # What breaks a constraint is no failure of the database: that is how two who write the same find out.
        if context.is_disconnect or type(context.original_exception).__name__ in {"OperationalError", "InterfaceError"}:
            with self._lock:
                self.failures += 1


def _count(connection: Connection, query: Select[Any]) -> int:
    return int(connection.execute(query).scalar_one())


def _by_state(connection: Connection, column: Column[str], states: Iterable[str]) -> dict[str, int]:
    """One count for each state: each is a walk along the index of those alone."""
    return {state: _count(connection, select(func.count()).where(column == state)) for state in states}


def _oldest_mail() -> Select[Any]:
    """The first by number, whose receipt is the first but for milliseconds."""
    return (
        select(INBOUND.c.received_at).where(INBOUND.c.state == MailState.RECEIVED.value).order_by(INBOUND.c.id).limit(1)
    )


def _first_due(table: FromClause, now: datetime) -> Select[Any]:
    due = (table.c.state == _QUEUED, table.c.next_at <= now)
    return select(table.c.next_at).where(*due).order_by(table.c.next_at).limit(1)


def _tickets(connection: Connection) -> dict[str, int]:
    found = dict.fromkeys((state.value for state in TicketState), 0)
    query = select(TALLY.c.state, func.sum(TALLY.c.count)).group_by(TALLY.c.state)
    found.update({str(row[0]): int(row[1]) for row in connection.execute(query) if row[0] in found})
    del found[TicketState.PARKED.value]  # no ticket's: mails that were parked
    return found


def _overdue(now: datetime) -> Select[Any]:
    waits = (state.value for state in AWAITS_AGENT)
    return select(func.count()).select_from(TICKET).where(TICKET.c.state.in_(tuple(waits)), TICKET.c.due_at <= now)


def _last_books() -> Select[Any]:
    return select(DAY_BOOKS.c.counted_at, DAY_BOOKS.c.faults).order_by(DAY_BOOKS.c.day.desc()).limit(1)


def _faults(written: str) -> dict[str, int]:
    """By code; each sentence begins with its code (`models.db.books`)."""
    found = Counter(sentence.partition(":")[0] for sentence in json.loads(written))
    return {code: found[code] for code in BOOK_FAULTS}


def _roles(connection: Connection, now: datetime) -> dict[str, int]:
    found = Counter(process.role for process in processes_in(connection, now))
    return {role: found[role] for role in ROLES}


def _reports() -> Select[Any]:
    return select(REPORT.c.kind, func.max(REPORT.c.made_at)).group_by(REPORT.c.kind)
