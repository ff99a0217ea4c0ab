"""What the API says and takes, as its document describes it. Names follow `uketsuke queue --json` where they say the same."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from models.assessment import Category  # noqa: TC001 - pydantic reads the annotations
from models.states import TicketState  # noqa: TC001 - pydantic reads the annotations
from models.ticket import LinkKind  # noqa: TC001 - pydantic reads the annotations

_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|z|[+-]\d{2}:\d{2})", re.ASCII)


def instant(value: object) -> datetime:
    """An instant of RFC 3339, with its offset; a leap second is the second before it."""
    if isinstance(value, datetime):
        return value
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        msg = "is no instant; write it as 2026-11-29T09:00:00Z"
        raise ValueError(msg)
    day, minute, second, fraction, offset = found.groups()
    seconds = "59" if second == "60" else second
    text = f"{day}T{minute}:{seconds}.{(fraction or '0')[:6].ljust(6, '0')}{offset.upper().replace('Z', '+00:00')}"
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError:  # an instant of the year 1 or 9999, moved out of it by its offset
        return datetime.min.replace(tzinfo=UTC) if day.startswith("0001") else datetime.max.replace(tzinfo=UTC)


Instant = Annotated[
    datetime,
    BeforeValidator(instant),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-29T09:00:00Z"]}),
]
Code = Annotated[str, Field(description="A stable word for programs.", examples=["not_found"])]


class Body(BaseModel):
    """What a program sends."""

    model_config = ConfigDict(extra="forbid")


class Said(BaseModel):
    """What the API answers."""

    model_config = ConfigDict(populate_by_name=True)


class Invalid(Said):
    """One thing that was wrong in a request."""

    where: Literal["path", "query", "header", "body", "cookie"]
    name: str = Field(description="The parameter, or the way to the field of the body.")
    message: str


class Problem(Said):
    """What went wrong (RFC 9457)."""

    type: str = Field(examples=["urn:uketsuke:problem:not_found"])
    title: str
    status: int
    detail: str
    code: Code
    errors: list[Invalid] | None = Field(default=None, description="Of a request that could not be read.")


class MailLine(Said):
    """A mail, as the queue lists it."""

    mail_id: int
    message_id: str | None
    sha256: str = Field(description="Of the raw bytes as received, without our own trace header.")
    received_at: datetime
    state: Literal["received", "triaged", "parked"]
    deliveries: int


class LetterLine(Said):
    """A letter, as the queue lists it."""

    letter_id: int
    message_id: str
    kind: str
    state: str
    reason: str


class Ticket(Said):
    """A ticket, as the queue lists it."""

    ref: str = Field(examples=["T000123"])
    url: str = Field(description="Its page at the desk.")
    state: TicketState
    subject: str = Field(description="Credentials in it are masked.")
    sender: str = Field(alias="from")
    language: str
    disposition: str | None
    missing: list[str]
    unsure: list[str]
    categories: list[str]
    products: list[str]
    lane: str = Field(description="product or service.")
    rank: int = Field(description="0: an incident, 1: pressing, 2: usual.")
    region: str
    assignee: str | None
    due_at: datetime | None = Field(description="By when an agent should have answered.")
    wake_at: datetime | None = Field(description="Of a snoozed ticket.")
    is_spam: bool
    proposal: str = Field(description='"close": the customer says that it is solved.')
    opened_at: datetime
    updated_at: datetime
    split_from: str | None
    version: int = Field(description="Counts changes; send it in If-Match.")
    mails: list[MailLine]
    replies: list[LetterLine]


class TicketPage(Said):
    """Some tickets, and where the next ones begin."""

    tickets: list[Ticket]
    next_cursor: str | None = Field(description="For the next page; null: this was the last one.")


class Issue(Said):
    """One matter of a mail."""

    mail_id: int
    gist: str
    category: Category
    products: list[str]
    context_products: list[str]
    account: str | None
    confidence: float


class Item(Said):
    """One thing that the desk asks for, and what the ticket's mails have said of it."""

    item: str = Field(examples=["when", "facet:steps"])
    is_given: bool
    how: str | None = Field(description="By what a mail gave it: words, unknown, form, inline, numbered, only.")
    mail_id: int | None = Field(description="The mail that gave it.")
    words: list[str] = Field(description="The customer's words for it, credentials masked.")
    absence: float = Field(description="How surely it is absent, from 0 to 1.")


class Event(Said):
    """One line of a ticket's history."""

    at: datetime
    by: str
    what: str
    detail: str


class Link(Said):
    """Another ticket that this one hangs together with."""

    ref: str
    kind: LinkKind
    is_from_here: bool = Field(description="This one is the later of the two.")
    state: TicketState


class Letter(Said):
    """A letter of the desk to the customer."""

    letter_id: int
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
    sent_at: datetime | None
    attempts: int
    judgement: str = Field(description="An agent's word on it: released, discarded, right, wrong; empty: none.")


class WholeTicket(Ticket):
    """A ticket with all that is known of it, but for its mails' texts."""

    issues: list[Issue]
    items: list[Item]
    asked: list[str]
    letters: list[Letter]
    events: list[Event]
    links: list[Link]


class TicketNow(Said):
    """A ticket as it stood when the event was told."""

    ref: str
    url: str
    state: str | None = None
    disposition: str | None = None
    categories: list[str] = []
    products: list[str] = []
    language: str = ""
    missing: list[str] = []
    lane: str = ""
    rank: int = 2
    assignee: str | None = None
    version: int = 0


class Moved(Said):
    """From where to where."""

    was: str = Field(alias="from")
    to: str


class OfLetter(Said):
    """Which letter."""

    kind: str


class Happening(Said):
    """One event of all tickets' history, as webhooks get it."""

    id: int
    type: str = Field(examples=["ticket.moved"])
    at: datetime
    by: str
    ticket: TicketNow
    move: Moved | None = None
    letter: OfLetter | None = None


class Happenings(Said):
    """Some events in the order of their ids, and where to go on from."""

    events: list[Happening]
    next_after: int = Field(
        description="Ask for this next. It may be the same as before while a change is being written."
    )


class Attachment(Said):
    """A file of a mail."""

    part: int
    filename: str | None
    content_type: str
    size: int


class Reason(Said):
    """One step of a decision."""

    code: str
    detail: str


class Decided(Said):
    """What was decided on a mail."""

    disposition: str
    confidence: float
    missing: list[str]
    unsure: list[str]
    reasons: list[Reason]


class Section(Said):
    """What a mail says of one section; spans are half-open, in code points of `assessed_text`."""

    section: str
    is_present: bool
    is_answered: bool
    confidence: float
    spans: list[tuple[int, int]]


class Mail(Said):
    """A mail as it was read, credentials masked."""

    mail_id: int
    ref: str | None
    message_id: str | None
    sha256: str
    received_at: datetime
    state: str
    deliveries: int
    size: int
    sender: str = Field(alias="from")
    sender_name: str = Field(alias="from_name")
    to: str
    subject: str
    text: str
    reply_text: str = Field(description="What the sender newly wrote.")
    attachments: list[Attachment]
    automatic: str | None
    trust: str
    warnings: list[str]
    assessed_text: str | None
    sections: list[Section]
    decision: Decided | None


class Mails(Said):
    """A ticket's mails, the oldest first."""

    mails: list[Mail]


class Letters(Said):
    """A ticket's letters, the oldest first."""

    letters: list[Letter]


class Report(Said):
    """A saved quality report."""

    name: str = Field(description="Of its period.", examples=["2026-11-29", "2026-W48", "2026-11"])
    kind: Literal["day", "week", "month"]
    made_at: datetime
    url: str = Field(description="Its page at the desk.")


class Reports(Said):
    """Some of the saved reports, the newest periods first, and where the next ones begin."""

    reports: list[Report]
    next_cursor: str | None = Field(description="For the next page; null: this was the last one.")


class ReportPeriod(Said):
    """What a report is about: from `start` on, before `end`."""

    name: str
    kind: Literal["day", "week", "month"]
    start: datetime
    end: datetime


class ReportEstimate(Said):
    """A figure with its 95 % interval; null where there is nothing to divide by."""

    value: float | None
    low: float | None
    high: float | None
    of: int = Field(description="Tickets that it stands on.")


class ReportLine(Said):
    """A headline figure, compared with the periods before."""

    name: str
    unit: Literal["share", "count", "minutes", "index"]
    now: ReportEstimate
    before: list[ReportEstimate] = Field(description="The oldest first.")
    usual: ReportEstimate = Field(description="The periods before in one; of counts: what was to be expected.")
    news: Literal["none", "maybe", "better", "worse", "more", "fewer", "unknown"] = Field(
        description="`maybe`: moved, but not beyond what happens by chance between periods."
    )
    cell: tuple[str, str, str] | None = Field(
        description="Measure, dimension, value: `/reports/{period}/tickets` of the desk takes them in its query and lists the tickets."
    )


class ReportFigures(Said):
    """Sums of one period, which add up with those of others."""

    period: str
    as_of: datetime
    cells: list[tuple[str, str, str, int]] = Field(description="Measure, dimension, value, count.")
    waits: dict[str, dict[str, list[tuple[int, int]]]] = Field(
        description="Business minutes and how often, of what is done and of what goes on."
    )
    spreads: dict[str, list[tuple[int, int]]] = Field(description="Whole percent, and how often.")
    examples: list[list[Any]] = Field(description="Measure, dimension, value, tickets (ref, subject).")


class ReportBooks(Said):
    """The books as a day ended."""

    day: date
    counted_at: datetime
    accepted: int
    ticketed: int
    joined: int
    parked: int
    waiting: int
    duplicates: int
    deleted: int
    faults: list[str] = Field(description="None: they agree.")


class WholeReport(Said):
    """A report: its figures, and what was made of them. What each measure counts: docs/reports.md."""

    version: int = Field(description="Of this object; fields may be added without another one.")
    period: ReportPeriod
    made_at: datetime
    figures: ReportFigures
    before: list[ReportFigures] = Field(
        description="Up to four periods before, counted at the same age, the oldest first."
    )
    headline: list[ReportLine]
    letters: list[dict[str, Any]] = Field(description="How right the letters of each kind were.")
    drift: list[ReportLine]
    should_train: list[str]
    advice: list[dict[str, Any]] = Field(description="What would help most, with its numbers.")
    books: list[ReportBooks]


Why = Annotated[str, StringConstraints(max_length=200)]
MovableTo = Literal["ready", "waiting_customer", "needs_review", "answered", "waiting_recurrence", "closed"]


class NewNote(Body):
    """A note for the ticket's history."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=r"[^\s\u0000]")] = Field(
        examples=["Called the customer back."]
    )


class NewState(Body):
    """Where the ticket is to stand."""

    to: MovableTo
    why: Why = ""


class Sleep(Body):
    """How long the ticket is put aside."""

    until: Instant


class Hand(Body):
    """Who is to work on the ticket; null: nobody."""

    agent: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None
