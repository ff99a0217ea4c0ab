"""What the store tells: frozen views of tickets, mails and letters, shaped for the queue, the desk and the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models.mail import Trust

if TYPE_CHECKING:
    from datetime import datetime

    from models.assessment import Assessment, Category, Section
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
    """accepted = ticketed + joined + parked + waiting + duplicates + deleted."""

    accepted: int
    ticketed: int
    joined: int
    parked: int
    waiting: int
    duplicates: int
    deleted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFacts:
    """What the quality report counts of one ticket."""

    ref: str
    opened_at: datetime
    state: str
    language: str
    disposition: str
    categories: tuple[Category, ...]
    products: tuple[str, ...]
    present_first: frozenset[Section]  # sections present in the first mail
    missing_first: tuple[str, ...]  # what the first decision asked for
    missing_now: tuple[str, ...]
    letters: tuple[tuple[str, str, str], ...]  # (kind, state, reason)
    mails: int
    unsure_first: tuple[str, ...] = ()  # required items that the first decision was unsure of
    ready_at: datetime | None = None  # when it first became ready
    is_automatic: bool = False


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedReport:
    """A report in the ledger."""

    report_id: int
    name: str
    language: str
    created_at: datetime
    html: str = ""
