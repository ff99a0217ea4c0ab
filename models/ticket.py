"""Tickets: their states, the table of legal moves, and what is filed in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from models.assessment import Category
from models.decision import Disposition
from models.errors import IllegalMove

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from models.assessment import Assessment
    from models.decision import Decision, LetterLimits, Reply
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


WAITS_FOR_CUSTOMER = frozenset({TicketState.WAITING_CUSTOMER, TicketState.WAITING_RECURRENCE})
_SHORT_THANKS = 80  # characters without blanks
# Where a ticket stands only because a letter is on its way to the customer.
STANDS_ON_LETTER = WAITS_FOR_CUSTOMER | {TicketState.ANSWERED}


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
    waited_since: datetime | None = None  # when it was first put back to let the mail go first that it answers


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
    was: TicketState | None = None  # where the joined ticket stood when the decision was made
    limits: LetterLimits | None = None  # counted again where the letter is queued; None counts nothing
    is_returned: bool = False  # a failure report that proves by its address that a letter of this ticket came back
    split_from: str | None = None  # the ticket that a new one was split from
    split_key: str = ""  # what the address stood for that the mail was sent to; later mails to it join the same ticket
    returned_ids: tuple[str, ...] = ()  # Message-IDs of ours, signature verified, of the letters that came back


def is_thanks(seen: Assessment) -> bool:
    """Nothing but an acknowledgement: thanks, or that all is well."""
    return bool(seen.issues) and all(issue.category is Category.ACKNOWLEDGEMENT for issue in seen.issues)


def is_mere_thanks(filing: Filing) -> bool:
    """A short acknowledgement that names nothing."""
    is_short = len("".join(filing.mail.reply_text.split())) <= _SHORT_THANKS
    names_something = any(hint.kind in {"region", "resource", "when"} for hint in filing.seen.hints)
    return is_thanks(filing.seen) and is_short and not names_something and not filing.decision.hold


def state_after(now_in: TicketState, filing: Filing) -> TicketState:
    """Where a joined ticket stands after a mail, seeing where it stands by now.

    A machine's mail moves nothing; one without a matter of its own moves only a ticket that waited for the customer, or
    a closed one that it does not merely thank for. A closed ticket goes to an agent, never straight to waiting, and so
    does one that was moved by someone else while this mail was read.
    """
    if filing.mail.automation.kind is not None:
        return now_in
    is_without_matter = filing.decision.disposition is Disposition.NO_REPLY
    if now_in is TicketState.CLOSED:
        is_done_with = is_without_matter and is_thanks(filing.seen)
        return now_in if is_done_with else TicketState.NEEDS_REVIEW
    if now_in in WAITS_FOR_CUSTOMER and (is_without_matter or wants_close(filing.seen)):
        return TicketState.NEEDS_REVIEW
    if now_in is TicketState.ANSWERED and is_without_matter and not is_mere_thanks(filing):
        return TicketState.NEEDS_REVIEW  # the letter offered to look into it: perhaps this is what it asked for
    if is_without_matter:
        return now_in
    was_moved = filing.was is not None and filing.was is not now_in and filing.state is not now_in
    return TicketState.NEEDS_REVIEW if was_moved and filing.state in STANDS_ON_LETTER else filing.state


def wants_close(seen: Assessment) -> bool:
    """The customer says that it is solved, or asks to close the ticket."""
    return any(hint.kind == "wants_close" for hint in seen.hints)


def move(ticket: Ticket, to: TicketState, *, by: str, at: datetime) -> TicketEvent:
    """The event that moves `ticket` to another state.

    Raises:
        IllegalMove: The table of legal moves does not hold it. Permanent.
    """
    if to not in LEGAL_MOVES[ticket.state]:
        raise IllegalMove(ref=ticket.ref, was=ticket.state.value, to=to.value)
    return TicketEvent(ref=ticket.ref, at=at, by=by, what="moved", detail=f"{ticket.state.value} -> {to.value}")
