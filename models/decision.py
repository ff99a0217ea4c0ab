"""What the desk makes of a mail: the disposition, the letter it calls for, and every reason by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from models.conversation import given_items

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from models.assessment import Category, SymptomKind
    from models.conversation import How, Items
    from models.ticket import Link


class Disposition(StrEnum):
    """The contract's seven outcomes of triage."""

    ACCEPT = "accept"
    REQUEST_INFORMATION = "request_information"
    SPLIT = "split"
    OUT_OF_SCOPE = "out_of_scope"
    POLICY_NOTICE = "policy_notice"
    ACCOUNT_NOTICE = "account_notice"
    NO_REPLY = "no_reply"


class LetterKind(StrEnum):
    """Every letter the desk writes; each has a template in every language of the pack."""

    REQUEST_INFORMATION = "request_information"
    SPLIT = "split"
    OUT_OF_SCOPE = "out_of_scope"
    POLICY_NOTICE = "policy_notice"
    ACCOUNT_NOTICE = "account_notice"
    FOLLOW_UP = "follow_up"
    REMINDER = "reminder"
    RECURRENCE = "recurrence"
    COMPLETED = "completed"
    ACKNOWLEDGEMENT = "acknowledgement"


AGENT = "agent"  # the kind of a letter that a person wrote by hand; wire value of `queue --json`

# The first request of a ticket; and all letters that ask for what is missing.
REQUESTS = frozenset({LetterKind.REQUEST_INFORMATION, LetterKind.RECURRENCE})
ASKING = REQUESTS | {LetterKind.FOLLOW_UP, LetterKind.REMINDER}


class ReplyState(StrEnum):
    """Where a letter stands; wire values of `queue --json`."""

    QUEUED = "queued"
    SENT = "sent"
    HELD = "held"
    SHADOW = "shadow"
    SUPPRESSED = "suppressed"
    DISCARDED = "discarded"
    FAILED = "failed"
    BOUNCED = "bounced"


# Reasons of a decision for which a person looks before any further letter of the ticket.
FOR_PEOPLE = frozenset(
    {"hold_complaint", "hold_security", "hold_sensitive", "hold_other_account", "hold_new_matter", "hold_person_first"}
)

# Letters in these states reached nobody; they spend nothing.
UNSEEN = frozenset(
    {ReplyState.SHADOW, ReplyState.SUPPRESSED, ReplyState.DISCARDED, ReplyState.FAILED, ReplyState.BOUNCED}
)


class LetterMode(StrEnum):
    """How far letters of one kind may go by themselves, from nothing to everything."""

    OFF = "off"  # none is written
    SHADOW = "shadow"  # written and kept, never sent; compared later with what the agent did
    APPROVE = "approve"  # waits for an agent's click
    AUTO = "auto"  # goes out where the decision is sure enough


def most_careful(*modes: str) -> LetterMode:
    """The mode that counts of several."""
    return min(map(LetterMode, modes), key=list(LetterMode).index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One named step of a decision: `code` is stable, `detail` is for a person."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Why no letter goes out although one was called for; `code` is stable (docs/flow.md)."""

    code: str
    detail: str = ""

    @property
    def reason(self) -> str:
        """As a letter keeps it: "code: detail"."""
        return f"{self.code}: {self.detail}".removesuffix(": ")


UNLIMITED = 2**31  # from here on a limit is off


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterLimits:
    """How much may be written to whom; the pack's figures, as the store needs them where a letter is queued."""

    per_recipient_hour: int
    per_recipient_day: int
    per_domain_hour: int
    total_10min: int
    bounce_hold: timedelta  # no letter for so long to an address that returned one
    unanswered_per_recipient: int = UNLIMITED
    unanswered_per_domain: int = UNLIMITED

    @property
    def are_off(self) -> bool:
        """Lifted for a load trial (`UKETSUKE_REPLY_LIMITS=off`), which sends one text to many."""
        return self.per_recipient_day >= UNLIMITED


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterCounts:
    """How much was written to one recipient, to his domain and to everyone."""

    recipient_hour: int = 0
    recipient_day: int = 0
    domain_hour: int = 0
    total_10min: int = 0


def over_limit(counts: LetterCounts, limits: LetterLimits) -> Silence | None:
    """The first limit that one more letter would break; the codes are those of `responders.brake`."""
    pairs = (
        ("rate_sender_hour", counts.recipient_hour, limits.per_recipient_hour),
        ("rate_sender_day", counts.recipient_day, limits.per_recipient_day),
        ("rate_domain_hour", counts.domain_hour, limits.per_domain_hour),
        ("rate_total", counts.total_10min, limits.total_10min),
    )
    for code, count, limit in pairs:
        if count >= limit:
            return Silence(code=code, detail=f"{count} letters, the limit is {limit}")
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The outcome of triage. Items of `missing`, `unsure`, `asked_along`: a section id, `facet:<id>` or `link:evidence|goal`."""

    disposition: Disposition
    notices: tuple[Disposition, ...] = ()  # out_of_scope and/or policy_notice beside an answerable issue
    missing: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    asked_along: tuple[str, ...] = ()
    confidence: float = 1.0
    hold: bool = False
    letter: LetterKind | None = None  # the letter this calls for, before the brake
    answers: Mapping[str, How] = field(default_factory=dict)  # asked items that the mail answers by their place
    is_other_matter: bool = False  # the mail joins a ticket, yet is about something else: an agent decides
    is_thanks: bool = False  # every sentence is known as thanks, consent or a promise: nobody need read it
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One outbound letter. `raw` is the complete RFC 5322 message; `subject` and `text` are what a person reads."""

    kind: LetterKind
    language: str
    to: str
    subject: str
    text: str
    message_id: str
    mail_from: str  # envelope sender: the signed bounce address
    raw: bytes
    state: ReplyState = ReplyState.QUEUED
    reason: str = ""  # why it is held, shadowed or suppressed: "brake_code: detail"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandLetter:
    """One letter that an agent wrote himself; as a `Reply`, with what only a person decides."""

    by: str  # the agent
    language: str
    to: str
    subject: str
    text: str
    message_id: str
    mail_from: str
    raw: bytes
    cc: tuple[str, ...] = ()
    then_state: str = ""  # where it puts its ticket once it goes: a TicketState value, or empty: where it is
    state: ReplyState = ReplyState.QUEUED
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastLetter:
    """An earlier letter of this ticket."""

    kind: LetterKind | None  # None: an agent wrote it by hand
    state: ReplyState
    at: datetime
    message_id: str
    asked: tuple[str, ...] = ()  # the items it asked for
    text: str = field(default="", repr=False)
    is_waiting: bool = False  # queued, and in nobody's hands yet
    is_overtaken: bool = False  # it waits, and the customer has written without having seen it: it will not go


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTicket:
    """The ticket a mail joins, as the decision needs it."""

    ref: str
    state: str  # a TicketState value
    language: str
    categories: tuple[Category, ...]
    symptom_kind: SymptomKind | None
    items: Items  # what its mails have brought together
    asked: frozenset[str]  # items any earlier letter asked for
    letters: tuple[PastLetter, ...]
    missing: tuple[str, ...] = ()  # what it lacks
    unsure: tuple[str, ...] = ()  # what it may lack
    version: int = 0  # counts its changes
    products: tuple[str, ...] = ()
    has_permission_error: bool = False
    person_first: tuple[str, ...] = ()  # why a person looks before any further letter; empty once one has

    @property
    def settled(self) -> frozenset[str]:
        """Items given in earlier mails: never asked again."""
        return given_items(self.items)

    @property
    def has_person(self) -> bool:
        """Has an agent written here by hand? Then a person goes on (the contract: letters to one ticket)."""
        return any(letter.kind is None and letter.state is not ReplyState.DISCARDED for letter in self.letters)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What happened before, as arguments: the clock, the joined ticket, and how much we wrote to whom."""

    now: datetime
    ticket: OpenTicket | None = None
    ref: str = ""  # the reference the ticket has or will have (T000123)
    new_ref: str = ""  # the reference of the ticket that this mail would open
    is_awaited: bool = False  # the ticket was opened by a mail that answers this one, which came later
    letters_to_sender_hour: int = 0
    letters_to_sender_day: int = 0
    letters_to_domain_hour: int = 0
    letters_total_10min: int = 0
    has_bounced: bool = False  # the sender's address is on bounce hold
    is_repeat_body: bool = False  # same body as the sender's previous mail within the hour
    link: Link | None = None  # to the ticket that a new one comes from
    known_accounts: tuple[str, ...] = ()  # accounts that agents have confirmed for this sender
    unanswered_by_sender: int = (
        0  # tickets of the last days in which our letter asked this address and nobody wrote back
    )
    unanswered_by_domain: int = 0  # the same for its domain; 0 where that is a mailbox provider's
    is_blocked: bool = False  # the desk's block list names the recipient: no letter
    is_allowed: bool = False  # the desk's allow list does: neither rates nor the form of the address silence us
    is_stopped: bool = False  # someone has stopped all letters in the desk
    modes: Mapping[str, str] = field(default_factory=dict)  # LetterKind value -> LetterMode value, as set in the desk
    extra: Mapping[str, str] = field(default_factory=dict)
