"""Tickets: where a mail puts one, links between them, and what is filed in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from models.assessment import Category
from models.decision import Disposition
from models.errors import IllegalMove
from models.mail import Trust
from models.states import MOVES, Cause, TicketState

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from models.assessment import Assessment
    from models.decision import Decision, LetterLimits, Reply
    from models.mail import Mail


WAITS_FOR_CUSTOMER = frozenset({TicketState.WAITING_CUSTOMER, TicketState.WAITING_RECURRENCE})
AWAITS_AGENT = frozenset({TicketState.READY, TicketState.NEEDS_REVIEW})
_NAMING = frozenset({"region", "resource", "when"})
_SHORT_THANKS = 120  # characters without blanks
# Where a ticket stands only because a letter is on its way to the customer.
STANDS_ON_LETTER = WAITS_FOR_CUSTOMER | {TicketState.ANSWERED}


class Rank(IntEnum):
    """What agents see first among what they must answer; within a rank the longest wait leads."""

    INCIDENT = 0  # a product may be down
    PRESSING = 1  # urgent by the customer's word, a complaint, a security matter, or past its response target
    USUAL = 2


_PRESSING = frozenset({"urgent", "complaint", "security"})
CHILD_REFS = (
    9_000_000_000  # refs above are of tickets that no mail opened; ids of mails have 32 bits and never get there
)
PLACES = 1000  # places that one mail has: its own ticket's, and those of tickets that agents split from it


def place_of(mail_id: int, part: int = 0) -> int:
    """A ticket's place in the order of arrival: that of its first mail, the tickets split from that one behind it."""
    return mail_id * PLACES + min(part, PLACES - 1)


def rank_of(categories: Collection[str], hints: Collection[str]) -> Rank:
    """How soon agents should see a ticket of these categories and hints."""
    if Category.INCIDENT.value in categories:
        return Rank.INCIDENT
    return Rank.PRESSING if _PRESSING & set(hints) else Rank.USUAL


def lane_of(categories: Sequence[str]) -> str:
    """`service` for what concerns contract, bill or account and no product, else `product`."""
    answerable = [one for one in categories if one.startswith(("product.", "service."))]
    return "service" if answerable and all(one.startswith("service.") for one in answerable) else "product"


class LinkKind(StrEnum):
    """How two tickets hang together; wire values. Read: this ticket ... the other."""

    SPLIT = "split"  # was split from the other: another matter of the same mail or thread
    FOLLOWS = "follows"  # goes on where the other was closed
    SAME_AS = "same_as"  # says that it is the same as the other
    NAMES = "names"  # names the other
    MERGED = "merged"  # was merged into the other: what comes for it goes there
    RELATED = "related"  # hangs together with the other, as an agent says


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """From a ticket to an earlier one."""

    other: str
    kind: LinkKind
    is_asked_for: bool = False  # by a split letter of ours, whose draft the customer sent


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
    is_first: bool = False  # it is the mail that the joined ticket begins with, though it came later
    version: int | None = None  # of the joined ticket, as the decision saw it; None asks nothing
    limits: LetterLimits | None = None  # counted again where the letter is queued; None counts nothing
    is_returned: bool = False  # a failure report that proves by its address that a letter of this ticket came back
    link: Link | None = None  # of a new ticket, to the one that it comes from
    named: tuple[str, ...] = ()  # tickets that the mail names, proven or not
    overtaken: tuple[str, ...] = ()  # Message-IDs of letters that were decided on as if they would not go
    split_key: str = ""  # what the address stood for that the mail was sent to; later mails to it join the same ticket
    objection: str = ""  # words by which the mail says that what we asked for was told already
    returned_ids: tuple[str, ...] = ()  # Message-IDs of ours, signature verified, of the letters that came back
    returned_to: tuple[str, ...] = ()  # addresses that the report names as failed; empty: it names none
    returned_memos: tuple[str, ...] = ()  # envelope senders of memos of ours, signature verified, that came back


def is_thanks(seen: Assessment) -> bool:
    """Nothing but an acknowledgement: thanks, or that all is well."""
    return bool(seen.issues) and all(issue.category is Category.ACKNOWLEDGEMENT for issue in seen.issues)


def is_mere_thanks(filing: Filing) -> bool:
    """A short acknowledgement that names nothing."""
    is_short = len("".join(filing.mail.reply_text.split())) <= _SHORT_THANKS
    body = len(filing.mail.subject)  # what an inherited subject names is known
    names_something = any(
        hint.kind in _NAMING and (hint.span is None or hint.span.start > body) for hint in filing.seen.hints
    )
    is_all = not names_something and not filing.decision.hold and not filing.mail.attachments
    return filing.decision.is_thanks and is_thanks(filing.seen) and is_short and is_all


def state_after(now_in: TicketState, filing: Filing) -> TicketState:
    """Where a joined ticket stands after a mail.

    A machine's mail moves nothing, and none opens a closed ticket: what has a matter opened its own. Thanks or a promise
    leave a ticket where it is; a word that all is solved, or one that says nothing we understand, goes to an agent.
    """
    if filing.mail.automation.kind is not None or now_in is TicketState.CLOSED:
        return now_in
    if filing.mail.trust is Trust.FAILED:
        return now_in if now_in is TicketState.READY else TicketState.NEEDS_REVIEW
    is_without_matter = filing.decision.disposition is Disposition.NO_REPLY
    if wants_close(filing.seen) and (is_without_matter or now_in in WAITS_FOR_CUSTOMER):
        return TicketState.NEEDS_REVIEW
    if not is_without_matter:
        return filing.state
    if (now_in in STANDS_ON_LETTER or now_in is TicketState.SNOOZED) and not is_mere_thanks(filing):
        # After a notice: the letter offered to look into it, and perhaps this is what it asked for. What sleeps wakes.
        return TicketState.NEEDS_REVIEW
    return now_in


def proposes_close(now_in: TicketState, filing: Filing) -> bool:
    """May the ticket be closed after this mail, as far as its writer goes? An agent decides."""
    if filing.mail.automation.kind is not None or filing.mail.trust is Trust.FAILED or now_in is TicketState.CLOSED:
        return False
    is_without_matter = filing.decision.disposition is Disposition.NO_REPLY
    return is_without_matter and (
        wants_close(filing.seen) or (now_in is TicketState.ANSWERED and is_mere_thanks(filing))
    )


def wants_close(seen: Assessment) -> bool:
    """The customer says that it is solved, or asks to close the ticket."""
    return any(hint.kind == "wants_close" for hint in seen.hints)


def move(ticket: Ticket, to: TicketState, *, cause: Cause, by: str, at: datetime, why: str = "") -> TicketEvent:
    """The event that moves `ticket` to another state; `why` is for a person and may be empty.

    Raises:
        IllegalMove: The table of legal moves does not hold it for that cause. Permanent.
    """
    if cause not in MOVES.get((ticket.state, to), frozenset()):
        raise IllegalMove(ref=ticket.ref, was=ticket.state.value, to=to.value)
    detail = f"{ticket.state.value} -> {to.value}"
    return TicketEvent(ref=ticket.ref, at=at, by=by, what="moved", detail=f"{detail}: {why}" if why else detail)
