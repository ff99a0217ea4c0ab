"""Tickets: their states, the table of legal moves, and what is filed in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from models.errors import IllegalMove

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from models.assessment import Assessment
    from models.decision import Decision, Reply
    from models.mail import Mail


class TicketState(StrEnum):
    """Where a ticket stands; wire values of `queue --json`."""

    READY = "ready"
    WAITING_CUSTOMER = "waiting_customer"
    NEEDS_REVIEW = "needs_review"
    ANSWERED = "answered"
    WAITING_RECURRENCE = "waiting_recurrence"
    SNOOZED = "snoozed"
    CLOSED = "closed"
    PARKED = "parked"


_OPEN = frozenset(
    {
        TicketState.READY,
        TicketState.WAITING_CUSTOMER,
        TicketState.NEEDS_REVIEW,
        TicketState.ANSWERED,
        TicketState.WAITING_RECURRENCE,
        TicketState.SNOOZED,
        TicketState.CLOSED,
    }
)

LEGAL_MOVES: Mapping[TicketState, frozenset[TicketState]] = {
    **{state: _OPEN - {state} for state in _OPEN},
    TicketState.PARKED: frozenset({TicketState.NEEDS_REVIEW, TicketState.CLOSED}),
}


class MailState(StrEnum):
    """How far an inbound mail has come."""

    RECEIVED = "received"
    TRIAGED = "triaged"
    PARKED = "parked"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketEvent:
    """One line of a ticket's history."""

    ref: str
    at: datetime
    by: str  # an agent's name, "uketsuke" or "customer"
    what: str  # stable code: filed, joined, moved, reply_queued, reply_sent ...
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One enquiry of one customer."""

    ref: str  # T000123
    state: TicketState
    subject: str
    sender: str
    language: str
    opened_at: datetime
    updated_at: datetime
    split_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A worker's lease on one inbound mail; results are filed only while `token` is still the row's."""

    mail_id: int
    token: str
    attempts: int
    raw: bytes
    sha256: str
    envelope_json: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """Everything one triaged mail writes, in one transaction: ticket, assessment, letter, events."""

    mail_id: int
    token: str
    mail: Mail
    seen: Assessment
    decision: Decision
    reply: Reply | None
    state: TicketState
    now: datetime
    join: str | None = None  # the ref of the ticket this mail joins; None opens a new one
    ref: str | None = None  # the reserved ref of a new ticket


def move(ticket: Ticket, to: TicketState, *, by: str, at: datetime) -> TicketEvent:
    """The event that moves `ticket` to another state.

    Raises:
        IllegalMove: The table of legal moves does not hold it. Permanent.
    """
    if to not in LEGAL_MOVES[ticket.state]:
        raise IllegalMove(ref=ticket.ref, was=ticket.state.value, to=to.value)
    return TicketEvent(ref=ticket.ref, at=at, by=by, what="moved", detail=f"{ticket.state.value} -> {to.value}")
