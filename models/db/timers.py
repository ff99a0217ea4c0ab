"""What time alone does to tickets. Closes only those that the caller was told to close.

Promises: each thing is done once, however many schedulers run: the ticket is asked again under its lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, select

from models.db.base import Shelf
from models.db.filing import CLOSE, add_event, change_state, locked_ticket
from models.db.limits import MACHINE
from models.db.threads import REPLY, TICKET
from models.states import Cause, TicketState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection, RowMapping

_PAGE = 100


class Timers(Shelf):
    """Tickets whose time has come."""

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
        query = select(TICKET.c.ref, TICKET.c.number).where(*due).order_by(TICKET.c.number).limit(_PAGE)
        while True:
            with self.read() as connection:
                page = connection.execute(query.where(TICKET.c.number > after)).all()
            if not page:
                return done
            for ref, _ in page:
                with self.write() as connection:
                    row = locked_ticket(connection, ref)
                    is_due = connection.execute(select(TICKET.c.ref).where(TICKET.c.ref == ref, *due)).first()
                    if is_due is not None:  # else something happened to it meanwhile
                        settle(connection, row)
                        done += 1
            after = page[-1].number


def _to(connection: Connection, row: RowMapping, to: TicketState, now: datetime, what: str) -> None:
    add_event(connection, row["ref"], now, MACHINE, what)
    change_state(connection, row, to, now, cause=Cause.TIMER, why=what)
