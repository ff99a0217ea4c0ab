"""What time alone does to tickets. Closes only those that the caller was told to close.

Promises: each thing is done once, however many schedulers run: the ticket is asked again under its lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, select, update

from models.db.base import Shelf
from models.db.filing import CLOSE, add_event, change_state, locked_ticket
from models.db.limits import MACHINE
from models.db.tags import retag
from models.db.threads import REPLY, TICKET
from models.states import Cause, TicketState
from models.ticket import AWAITS_AGENT, Rank

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection, RowMapping

_PAGE = 100
_AWAITS = tuple(state.value for state in AWAITS_AGENT)


class Timers(Shelf):
    """Tickets whose time has come."""

    def set_targets(self, due_of: Callable[[int, datetime], datetime]) -> int:
        """Give every ticket that awaits an agent and has no response target its own; how many.

        `due_of` turns a rank and the instant since when the ticket waits into the target.
        """
        due = (TICKET.c.state.in_(_AWAITS), TICKET.c.due_at.is_(None))

        def set_one(connection: Connection, row: RowMapping) -> None:
            values = {"due_at": due_of(row["rank"], row["updated_at"])}
            connection.execute(update(TICKET).where(TICKET.c.ref == row["ref"]).values(**values))

        return self._each(due, set_one)

    def mark_overdue(self, *, now: datetime) -> int:
        """Tickets past their response target are pressing from now on; how many."""
        due = (TICKET.c.state.in_(_AWAITS), TICKET.c.due_at <= now, TICKET.c.is_overdue.is_(False))

        def mark_one(connection: Connection, row: RowMapping) -> None:
            values = {"is_overdue": True, "rank": min(row["rank"], int(Rank.PRESSING)), "version": TICKET.c.version + 1}
            connection.execute(update(TICKET).where(TICKET.c.ref == row["ref"]).values(**values))
            retag(connection, row["ref"])
            add_event(connection, row["ref"], now, MACHINE, "overdue")

        return self._each(due, mark_one)

    def expire_recurrences(self, *, waiting_since: datetime, now: datetime) -> int:
        """Tickets that have waited for their symptom to come back since before that instant go to an agent; how many."""
        due = (TICKET.c.state == TicketState.WAITING_RECURRENCE.value, TICKET.c.updated_at < waiting_since)
        return self._each(due, lambda one, row: _to(one, row, TicketState.NEEDS_REVIEW, now, "recurrence_expired"))

    def wake(self, *, now: datetime) -> int:
        """Snoozed tickets whose time has come go back to where they were; how many."""
        due = (TICKET.c.state == TicketState.SNOOZED.value, TICKET.c.wake_at <= now)

        def wake_one(connection: Connection, row: RowMapping) -> None:
            to = TicketState(row["slept_from"] or TicketState.NEEDS_REVIEW.value)
            _to(connection, row, to, now, "woken")

        return self._each(due, wake_one)

    def give_up_waiting(self, *, unmoved_since: datetime, now: datetime) -> int:
        """Tickets that wait for their customer, and neither he nor we have written since: a person goes on; how many.

        A reminder is due earlier than that and starts the time anew.
        """
        due = (
            TICKET.c.state == TicketState.WAITING_CUSTOMER.value,
            TICKET.c.updated_at < unmoved_since,
            ~exists().where(REPLY.c.ref == TICKET.c.ref, REPLY.c.created_at >= unmoved_since),
        )
        return self._each(due, lambda one, row: _to(one, row, TicketState.NEEDS_REVIEW, now, "answer_overdue"))

    def close_proposed(self, *, unmoved_since: datetime, now: datetime) -> int:
        """Close tickets that their customers called solved before that instant; how many."""
        due = (
            TICKET.c.proposal == CLOSE,
            TICKET.c.state.in_((TicketState.NEEDS_REVIEW.value, TicketState.ANSWERED.value)),
            TICKET.c.updated_at < unmoved_since,
        )
        return self._each(due, lambda one, row: _to(one, row, TicketState.CLOSED, now, "closed_as_proposed"))

    def _each(self, due: tuple[ColumnElement[bool], ...], settle: Callable[[Connection, RowMapping], None]) -> int:
        """Settle every ticket that is due, a transaction each; how many."""
        done, after = 0, -1
        query = select(TICKET.c.ref, TICKET.c.place).where(*due).order_by(TICKET.c.place).limit(_PAGE)
        while True:
            with self.read() as connection:
                page = connection.execute(query.where(TICKET.c.place > after)).all()
            if not page:
                return done
            for ref, _ in page:
                with self.write() as connection:
                    row = locked_ticket(connection, ref)
                    is_due = connection.execute(select(TICKET.c.ref).where(TICKET.c.ref == ref, *due)).first()
                    if is_due is not None:  # else something happened to it meanwhile
                        settle(connection, row)
                        done += 1
            after = page[-1].place


def _to(connection: Connection, row: RowMapping, to: TicketState, now: datetime, what: str) -> None:
    add_event(connection, row["ref"], now, MACHINE, what)
    change_state(connection, row, to, now, cause=Cause.TIMER, why=what)
