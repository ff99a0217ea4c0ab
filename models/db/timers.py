"""What time alone does to tickets. Never closes one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from models.db.base import Shelf
from models.db.filing import add_event, change_state, locked_ticket
from models.db.limits import MACHINE
from models.db.threads import TICKET
from models.ticket import TicketState

if TYPE_CHECKING:
    from datetime import datetime


class Timers(Shelf):
    """Tickets whose time has run out."""

    def expire_recurrences(self, *, waiting_since: datetime, now: datetime, limit: int = 100) -> int:
        """Tickets that have waited for their symptom to come back since before that instant go to an agent; how many."""
        query = (
            select(TICKET.c.ref)
            .where(TICKET.c.state == TicketState.WAITING_RECURRENCE.value, TICKET.c.updated_at < waiting_since)
            .order_by(TICKET.c.number)
            .limit(limit)
        )
        with self.read() as connection:
            refs = connection.execute(query).scalars().all()
        return sum(self._expire(ref, waiting_since, now) for ref in refs)

    def _expire(self, ref: str, waiting_since: datetime, now: datetime) -> bool:
        with self.write() as connection:
            row = locked_ticket(connection, ref)
            if row["state"] != TicketState.WAITING_RECURRENCE.value or row["updated_at"] >= waiting_since:
                return False  # something happened to it meanwhile
            add_event(connection, ref, now, MACHINE, "recurrence_expired")
            change_state(connection, row, TicketState.NEEDS_REVIEW, now)
        return True
