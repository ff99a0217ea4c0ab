"""What the store tells: frozen views of tickets, mails and letters, shaped for the queue and the desk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models.mail import Trust

if TYPE_CHECKING:
    from datetime import datetime

    from models.assessment import Assessment, Category
    from models.conversation import Items
    from models.decision import Decision
    from models.mail import Attachment, Automation


@dataclass(frozen=True, slots=True, kw_only=True)
class MailView:
    """One inbound mail of a ticket, as far as it has come. `seen` and `decision` are None until it is triaged."""

    mail_id: int
    message_id: str | None  # None: the mail has none
    sha256: str
    received_at: datetime
    state: str  # received, triaged, parked
    deliveries: int
    sender: str = ""
    sender_name: str = ""
    subject: str = ""
    to: str = ""
    text: str = ""
    reply_text: str = ""
    attachments: tuple[Attachment, ...] = ()
    automation: Automation | None = None
    trust: str = "unchecked"
    trust_evidence: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    seen: Assessment | None = None
    decision: Decision | None = None
    error: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyView:
    """One letter. `text` is what a person reads; the complete message is fetched by `Store.raw_reply`."""

    reply_id: int
    ref: str
    message_id: str
    kind: str
    state: str
    reason: str
    language: str
    to: str
    subject: str
    text: str
    created_at: datetime
    sent_at: datetime | None = None
    attempts: int = 0
    judgement: str = ""  # an agent's word on it: released, discarded, edited, right, wrong
    cc: tuple[str, ...] = ()
    by: str = ""  # the agent who wrote or edited it


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """One line of a ticket's history."""

    at: datetime
    by: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One line of the queue: a ticket, or (`ref` None) a mail that is no ticket yet or was parked."""

    key: int  # where the next page starts; opaque
    ref: str | None
    state: str
    subject: str
    sender: str
    language: str
    disposition: str | None
    missing: tuple[str, ...]
    opened_at: datetime
    updated_at: datetime
    split_from: str | None
    mails: tuple[MailView, ...]  # without texts and assessments
    replies: tuple[ReplyView, ...]  # without texts
    categories: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    present: tuple[str, ...] = ()  # sections present or answered
    unsure: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    proposal: str = ""  # "close": the customer says that it is solved
    wake_at: datetime | None = None  # of a snoozed ticket
    rank: int = 2  # a models.ticket.Rank
    lane: str = "product"
    assignee: str = ""
    due_at: datetime | None = None  # by when an agent should have answered
    is_overdue: bool = False
    region: str = ""
    is_spam: bool = False
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkView:
    """A ticket that this one hangs together with, from this one's side."""

    ref: str
    kind: str  # a models.ticket.LinkKind: the later ticket ... the earlier one
    is_from_here: bool  # this one is the later
    state: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """One ticket whole."""

    row: QueueRow
    mails: tuple[MailView, ...]
    replies: tuple[ReplyView, ...]
    events: tuple[EventView, ...]
    links: tuple[LinkView, ...] = ()
    items: Items = field(default_factory=dict)  # what its mails have brought together
    asked: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()  # folded addresses
    known_accounts: tuple[str, ...] = ()  # confirmed as the sender's


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxClaim:
    """A lease on one queued letter."""

    reply_id: int
    token: str
    attempts: int
    ref: str
    to: str
    mail_from: str
    raw: bytes
    cc: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """accepted = ticketed + joined + parked + waiting + duplicates + deleted, or `faults` says why not.

    `accepted` and `deleted` are the door's own count of deliveries, the others are counted from the mails: two books that
    nobody writes together, so that a mail that vanishes is missed.
    """

    accepted: int
    ticketed: int
    joined: int
    parked: int
    waiting: int
    duplicates: int
    deleted: int = 0
    faults: tuple[str, ...] = ()  # "code: sentence": lost, uncounted, orphan, twice, odd; stuck is a warning

    @property
    def is_balanced(self) -> bool:
        """Is every delivery accounted for?"""
        known = self.ticketed + self.joined + self.parked + self.waiting + self.duplicates + self.deleted
        return self.accepted == known


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReminder:
    """A ticket whose customer was asked once and has not written back."""

    ref: str
    language: str
    to: str
    subject: str  # of our request: secrets and unproven links are out of it already
    asked: tuple[str, ...]
    message_id: str  # of our request, for In-Reply-To
    mail_id: int
    categories: tuple[Category, ...] = ()
    products: tuple[str, ...] = ()
    sender_name: str = ""
    trust: Trust = Trust.UNCHECKED
    reply_id: int = 0  # of our request


def period_kind(name: str) -> str:
    """The kind of a period by how its name is written (`reports.periods`): 2026-11-29, 2026-W48, 2026-11."""
    return "week" if "W" in name else "day" if name.count("-") > 1 else "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedReport:
    """A report in the ledger: the figures of one period."""

    name: str  # of the period: 2026-11-29, 2026-W48, 2026-11
    kind: str  # day, week, month
    made_at: datetime
    value: str = ""  # JSON; empty in a list
