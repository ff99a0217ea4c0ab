"""What the quality reports count: one ticket with its mails, letters and the lines of its history that matter. Frozen records.

Built by the store out of rows (`Store.facts`), read by `reports`. Instants are aware UTC. Nothing of a mail's text is here
but the ticket's subject, for the examples of a report.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from models.assessment import Category, SymptomKind


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """One mail of a ticket, as it was read when it came."""

    mail_id: int
    received_at: datetime
    is_automatic: bool
    disposition: str  # of the decision on it: `no_reply` where it only gave thanks
    missing: tuple[str, ...]  # what its ticket lacked after it, by the decision of that moment
    unsure: tuple[str, ...]
    is_held: bool  # the decision was not sure enough, or a person had to look first
    confidence: float  # that the decision is right, in [0, 1]
    given: frozenset[str] = (
        frozenset()
    )  # items that it gives itself, by its words or by their place; only of answers to us
    holds: tuple[str, ...] = ()  # why a person had to look at it: codes of the decision's reasons
    unknown_words: float | None = None  # share of its words that the models never saw; None: not measured
    warnings: tuple[str, ...] = ()  # of its reading: bytes, charset, structure


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFacts:
    """One letter of a ticket, by rule or by hand (`kind` is `agent`)."""

    reply_id: int
    mail_id: int  # of the mail that it answers
    kind: str
    state: str  # a models.decision.ReplyState
    reason: str  # "code: detail"
    judgement: str  # a models.controls.Judgement, or empty
    created_at: datetime
    judged_before: str = ""  # of one that was called wrong after it had gone: the judgement that let it go
    sent_at: datetime | None = None
    by: str = ""  # the agent who wrote or edited it
    asked: tuple[str, ...] = ()
    then_state: str = ""  # where an agent's own put its ticket
    would_be: str = ""  # of one that was only shown: where the ticket would stand had it gone


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """One line of a ticket's history that reports read: filed, joined, moved, reply_..., overdue, customer_objected, corrected."""

    at: datetime
    by: str
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFacts:
    """One ticket that still holds the mail it began with. What agents split off or merged away is no ticket here."""

    ref: str
    opened_at: datetime
    state: str
    subject: str
    language: str
    domain: str  # of its sender, casefolded; empty where that is a mailbox provider's, or none
    disposition: str  # of its first mail
    categories: tuple[Category, ...]
    products: tuple[str, ...]
    symptom_kind: SymptomKind | None = None
    has_permission_error: bool = False
    given_first: frozenset[str] = frozenset()  # items that the first mail gave, or said to be unknown
    missing_first: tuple[str, ...] = ()  # surely missing at first
    unsure_first: tuple[str, ...] = ()
    missing_now: tuple[str, ...] = ()
    mails: tuple[MailFacts, ...]  # oldest first; the first is the one that it began with
    letters: tuple[LetterFacts, ...] = ()  # in the order they were made
    events: tuple[EventFacts, ...] = ()  # oldest first
    ready_at: datetime | None = None  # when it first became ready
    is_automatic: bool = False
    is_spam: bool = False
    is_unreadable: bool = False  # its kept reading cannot be read: nothing but when it came is known


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBooks:
    """The books as they stood when a day had ended. `faults` are sentences; none: they agree."""

    day: date
    counted_at: datetime
    accepted: int  # deliveries, as the door counted them one by one
    ticketed: int
    joined: int
    parked: int
    waiting: int  # accepted, and not read yet
    duplicates: int
    deleted: int
    faults: tuple[str, ...] = ()
