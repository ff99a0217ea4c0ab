"""The tables: the only `table=True` classes. Rows never leave `models.db`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect


class UtcDateTime(TypeDecorator[datetime]):
    """Aware instants in UTC on both engines; SQLite would drop the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """To UTC; a naive instant is a bug of ours."""
        if value is not None and value.tzinfo is None:
            msg = "naive datetime"
            raise ValueError(msg)
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002 - as above
        """Aware, in UTC."""
        if value is None:
            return None
        at: datetime = value
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


_HAS_REF = text("ref IS NOT NULL")  # mails at the door have none
BY_US = text("kind <> 'agent'")  # letters that rules wrote; of each kind a mail has one
CAME_AGAIN = text("deliveries > 1")  # few, so that all deliveries are summed without a walk through the mails


class InboundRow(SQLModel, table=True):
    """One accepted mail, raw and whole."""

    __tablename__ = "inbound"
    __table_args__ = (
        Index("ix_inbound_content", "content_hash", "desk_address", unique=True),
        Index("ix_inbound_message", "message_hash", "state"),
        Index("ix_inbound_work", "state", "id"),
        Index("ix_inbound_ref", "ref", sqlite_where=_HAS_REF, postgresql_where=_HAS_REF),
        Index("ix_inbound_sender", "sender", "received_at"),
        Index("ix_inbound_again", "deliveries", sqlite_where=CAME_AGAIN, postgresql_where=CAME_AGAIN),
    )

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    sha256: str = Field(sa_column=Column(String(64), nullable=False))
    desk_address: str = Field(sa_column=Column(String(320), nullable=False))
    size: int = Field(sa_column=Column(Integer, nullable=False))
    envelope: str = Field(sa_column=Column(Text, nullable=False))
    received_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    state: str = Field(sa_column=Column(String(16), nullable=False))
    deliveries: int = Field(sa_column=Column(Integer, nullable=False))
    attempts: int = Field(sa_column=Column(Integer, nullable=False))
    claimed_until: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    token: str | None = Field(default=None, sa_column=Column(String(32)))
    error: str = Field(sa_column=Column(Text, nullable=False))
    ref: str | None = Field(default=None, sa_column=Column(String(16)))
    sender: str = Field(sa_column=Column(String(320), nullable=False))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    message_id: str = Field(sa_column=Column(Text, nullable=False))
    body_hash: str = Field(sa_column=Column(String(64), nullable=False))
    content_hash: str = Field(sa_column=Column(String(64), nullable=False))  # without the trace headers on its top
    message_hash: str = Field(sa_column=Column(String(64), nullable=False))  # empty if the mail has no Message-ID
    waited_since: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    is_automatic: bool = Field(default=False)
    # The last: SQLite walks through it to read a column behind it.
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ReadingRow(SQLModel, table=True):
    """How one mail was read: its parsed form, assessment and decision as JSON."""

    __tablename__ = "reading"

    mail_id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=False))
    mail: str = Field(sa_column=Column(Text, nullable=False))
    assessment: str = Field(sa_column=Column(Text, nullable=False))
    decision: str = Field(sa_column=Column(Text, nullable=False))


class TicketRow(SQLModel, table=True):
    """One ticket, with the merged findings of its mails. `number` is the id of its first mail; lists are JSON."""

    __tablename__ = "ticket"
    __table_args__ = (
        Index("ix_ticket_number", "number"),
        Index("ix_ticket_place", "place", unique=True),
        Index("ix_ticket_queue", "state", "rank", "place"),
        Index("ix_ticket_due", "state", "due_at"),
        Index("ix_ticket_opened", "opened_at"),
        Index("ix_ticket_updated", "updated_at", "ref"),
    )

    ref: str = Field(sa_column=Column(String(16), primary_key=True))
    number: int = Field(sa_column=Column(Integer, nullable=False))
    state: str = Field(sa_column=Column(String(24), nullable=False))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    sender: str = Field(sa_column=Column(String(320), nullable=False))
    language: str = Field(sa_column=Column(String(16), nullable=False))
    disposition: str = Field(sa_column=Column(String(24), nullable=False))
    opened_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    updated_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    ready_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    split_from: str | None = Field(default=None, sa_column=Column(String(16)))
    symptom_kind: str = Field(sa_column=Column(String(16), nullable=False))
    missing: str = Field(sa_column=Column(Text, nullable=False))
    unsure: str = Field(sa_column=Column(Text, nullable=False))
    categories: str = Field(sa_column=Column(Text, nullable=False))
    products: str = Field(sa_column=Column(Text, nullable=False))
    items: str = Field(sa_column=Column(Text, nullable=False))  # models.conversation.Items
    asked: str = Field(sa_column=Column(Text, nullable=False))
    hints: str = Field(sa_column=Column(Text, nullable=False))
    participants: str = Field(sa_column=Column(Text, nullable=False))  # who wrote, or stood in To or Cc
    version: int = Field(default=0)  # counts changes: what was decided on an older one is decided anew
    proposal: str = Field(default="", sa_column=Column(String(16), nullable=False))  # "close", or nothing
    wake_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))  # of a snoozed ticket
    slept_from: str = Field(default="", sa_column=Column(String(24), nullable=False))  # where it goes back to then
    has_permission_error: bool = Field(default=False)
    is_automatic: bool = Field(default=False)
    place: int = Field(sa_column=Column(BigInteger, nullable=False))  # in the order of arrival: models.ticket.place_of
    rank: int = Field(default=2)  # models.ticket.Rank: what agents see first
    lane: str = Field(default="product", sa_column=Column(String(8), nullable=False))  # or "service"
    assignee: str = Field(default="", sa_column=Column(String(64), nullable=False))
    due_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))  # an agent's answer; None: none is due
    is_overdue: bool = Field(default=False)
    is_spam: bool = Field(default=False)
    region: str = Field(default="", sa_column=Column(String(32), nullable=False))  # the first that its mails name
    person_first: str = Field(
        default="[]", sa_column=Column(Text, nullable=False)
    )  # why an agent looks before any letter


class TicketTagRow(SQLModel, table=True):
    """What tickets are filtered by: `category:…`, `product:…`, `language:…`, `sender:…`, `domain:…`, `agent:…`, `lane:…`, `lacks:…`.

    State, rank and place stand here too, so that a filtered page is one walk along an index.
    """

    __tablename__ = "ticket_tag"
    __table_args__ = (Index("ix_ticket_tag_queue", "tag", "state", "rank", "place"),)

    ref: str = Field(sa_column=Column(String(16), primary_key=True))
    tag: str = Field(sa_column=Column(String(340), primary_key=True))
    state: str = Field(sa_column=Column(String(24), nullable=False))
    rank: int = Field(sa_column=Column(Integer, nullable=False))
    place: int = Field(sa_column=Column(BigInteger, nullable=False))


class TicketTallyRow(SQLModel, table=True):
    """How many tickets stand where, as sums: triggers on `ticket` write a line for each change, the scheduler folds them."""

    __tablename__ = "ticket_tally"
    __table_args__ = (Index("ix_ticket_tally_key", "state", "lane", "assignee"),)

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    state: str = Field(sa_column=Column(String(24), nullable=False))
    lane: str = Field(sa_column=Column(String(8), nullable=False))
    assignee: str = Field(sa_column=Column(String(64), nullable=False))
    count: int = Field(sa_column=Column(Integer, nullable=False))


class TicketPartRow(SQLModel, table=True):
    """Which part of which mail a ticket is about that an agent split from another: [start, end) of the mail's assessed text."""

    __tablename__ = "ticket_part"

    ref: str = Field(sa_column=Column(String(16), primary_key=True))
    mail_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    start: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    end: int = Field(sa_column=Column(Integer, nullable=False))


class SearchRow(SQLModel, table=True):
    """One text that tickets are found by: its words, cut by `models.words`. SQLite keeps their index in `search_words` (FTS5).

    Ids follow the tickets' places (`models.db.search.id_for`): the newest ticket's texts have the largest ones.
    """

    __tablename__ = "search"
    __table_args__ = (UniqueConstraint("source", "source_id"), Index("ix_search_ref", "ref"))

    id: int = Field(
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False)
    )
    source: str = Field(sa_column=Column(String(8), nullable=False))  # mail, letter, note
    source_id: int = Field(sa_column=Column(Integer, nullable=False))
    ref: str = Field(sa_column=Column(String(16), nullable=False))
    words: str = Field(sa_column=Column(Text().with_variant(TSVECTOR(), "postgresql"), nullable=False))


class SearchBacklogRow(SQLModel, table=True):
    """Texts of a source whose words are still to be written, newest first: those up to `remains`; it began at `began`."""

    __tablename__ = "search_backlog"

    source: str = Field(sa_column=Column(String(8), primary_key=True))
    began: int = Field(sa_column=Column(Integer, nullable=False))
    remains: int = Field(sa_column=Column(Integer, nullable=False))


class PresenceRow(SQLModel, table=True):
    """Who looks at which ticket, or has begun to write on it."""

    __tablename__ = "presence"

    ref: str = Field(sa_column=Column(String(16), primary_key=True))
    agent: str = Field(sa_column=Column(String(64), primary_key=True))
    seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    is_writing: bool = Field(default=False)


class UndoRow(SQLModel, table=True):
    """What takes an agent's latest steps back: for each ticket how it stood, and the version that the step gave it."""

    __tablename__ = "undo"

    id: str = Field(sa_column=Column(String(32), primary_key=True))
    agent: str = Field(sa_column=Column(String(64), nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    what: str = Field(sa_column=Column(String(32), nullable=False))
    before: str = Field(sa_column=Column(Text, nullable=False))  # JSON


class DraftRow(SQLModel, table=True):
    """What an agent has begun to write on a ticket."""

    __tablename__ = "draft"

    ref: str = Field(sa_column=Column(String(16), primary_key=True))
    agent: str = Field(sa_column=Column(String(64), primary_key=True))
    value: str = Field(sa_column=Column(Text, nullable=False))  # JSON: models.by_hand.Draft
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class DraftFileRow(SQLModel, table=True):
    """A file that will go with what an agent has begun to write."""

    __tablename__ = "draft_file"
    __table_args__ = (Index("ix_draft_file", "ref", "agent"),)

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    ref: str = Field(sa_column=Column(String(16), nullable=False))
    agent: str = Field(sa_column=Column(String(64), nullable=False))
    name: str = Field(sa_column=Column(String(255), nullable=False))
    size: int = Field(sa_column=Column(Integer, nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class CannedTextRow(SQLModel, table=True):
    """A text that agents put into their replies."""

    __tablename__ = "canned_text"
    __table_args__ = (UniqueConstraint("name", "language"),)

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    name: str = Field(sa_column=Column(String(64), nullable=False))
    language: str = Field(sa_column=Column(String(16), nullable=False))
    text: str = Field(sa_column=Column(Text, nullable=False))
    by: str = Field(sa_column=Column(String(64), nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class CorrectionRow(SQLModel, table=True):
    """An agent's word on how one mail was read. The newest of a mail and target counts."""

    __tablename__ = "correction"
    __table_args__ = (Index("ix_correction_mail", "mail_id", "id"), Index("ix_correction_at", "at"))

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    mail_id: int = Field(sa_column=Column(Integer, nullable=False))
    ref: str = Field(sa_column=Column(String(16), nullable=False))
    target: str = Field(sa_column=Column(String(64), nullable=False))  # section:when, issues, letter:12 ...
    value: str = Field(sa_column=Column(Text, nullable=False))  # JSON
    by: str = Field(sa_column=Column(String(64), nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class ApiTokenRow(SQLModel, table=True):
    """A token of the API; only its hash is kept."""

    __tablename__ = "api_token"

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    token_hash: str = Field(sa_column=Column(String(64), nullable=False, unique=True))
    name: str = Field(sa_column=Column(String(64), nullable=False))
    scopes: str = Field(sa_column=Column(Text, nullable=False))  # JSON list
    by: str = Field(sa_column=Column(String(64), nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    used_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    is_revoked: bool = Field(default=False)


class ApiCallRow(SQLModel, table=True):
    """What a program's step was answered: the same key is answered the same for a day, and the step is not done again."""

    __tablename__ = "api_call"
    __table_args__ = (Index("ix_api_call_at", "at"),)

    token_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    key: str = Field(sa_column=Column(String(128), primary_key=True))
    fingerprint: str = Field(sa_column=Column(String(64), nullable=False))  # of what was asked
    answer: str = Field(sa_column=Column(Text, nullable=False))  # JSON
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class EventReaderRow(SQLModel, table=True):
    """How far someone has read all tickets' history: nothing with a smaller or equal id is still to come."""

    __tablename__ = "event_reader"

    name: str = Field(sa_column=Column(String(32), primary_key=True))
    last_event: int = Field(sa_column=Column(BigInteger, nullable=False))


class NoticeRow(SQLModel, table=True):
    """Something that one agent is to hear of by mail; several go in one memo."""

    __tablename__ = "notice"
    __table_args__ = (UniqueConstraint("agent", "key"), Index("ix_notice_memo", "memo_id", "agent"))

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    agent: str = Field(sa_column=Column(String(64), nullable=False))
    key: str = Field(sa_column=Column(String(64), nullable=False))  # what it is about; written once
    kind: str = Field(sa_column=Column(String(16), nullable=False))  # new, assigned, overdue
    ref: str = Field(sa_column=Column(String(16), nullable=False))
    by: str = Field(sa_column=Column(String(64), nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    memo_id: int = Field(sa_column=Column(Integer, nullable=False))  # 0: waits; -1: it was too late to say


class WebhookRow(SQLModel, table=True):
    """Where events go. The secret signs what goes there."""

    __tablename__ = "webhook"

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    url: str = Field(sa_column=Column(Text, nullable=False))
    secret: str = Field(sa_column=Column(String(128), nullable=False))
    events: str = Field(sa_column=Column(Text, nullable=False))  # JSON list
    is_on: bool = Field(default=True)
    by: str = Field(sa_column=Column(String(64), nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    last_event: int = Field(
        default=0, sa_column=Column(BigInteger, nullable=False)
    )  # of the history: what came after is still to go
    has_subject: bool = Field(default=False)  # what goes there holds tickets' subjects
    failing_since: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))  # since then nothing arrived


class WebhookCallRow(SQLModel, table=True):
    """One event on its way to one place."""

    __tablename__ = "webhook_call"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_id"),
        Index("ix_webhook_call_work", "state", "next_at"),
        Index("ix_webhook_call_order", "webhook_id", "state", "ref", "event_id"),
    )

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    webhook_id: int = Field(sa_column=Column(Integer, nullable=False))
    event_id: int = Field(sa_column=Column(Integer, nullable=False))
    ref: str = Field(sa_column=Column(String(16), nullable=False))
    what: str = Field(sa_column=Column(String(48), nullable=False))  # ticket.filed, letter.sent ...
    body: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(String(16), nullable=False))  # queued, sent, failed
    attempts: int = Field(sa_column=Column(Integer, nullable=False))
    next_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    claimed_until: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    token: str | None = Field(default=None, sa_column=Column(String(32)))
    error: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    answer: int = Field(
        default=0, sa_column=Column(Integer, nullable=False)
    )  # HTTP status of the last try; 0: none came
    tried_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class MemoRow(SQLModel, table=True):
    """A mail to our own people or systems: notices to agents, tickets handed over. Never to a customer."""

    __tablename__ = "memo"
    __table_args__ = (UniqueConstraint("key"), Index("ix_memo_work", "state", "next_at"), Index("ix_memo_ref", "ref"))

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    key: str = Field(sa_column=Column(String(128), nullable=False))  # what it is about; written once
    kind: str = Field(sa_column=Column(String(16), nullable=False))  # a models.memos.MemoKind
    ref: str = Field(sa_column=Column(String(16), nullable=False))
    to_address: str = Field(sa_column=Column(String(320), nullable=False))
    mail_from: str = Field(sa_column=Column(String(320), nullable=False))
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    state: str = Field(sa_column=Column(String(16), nullable=False))  # queued, sent, failed
    attempts: int = Field(sa_column=Column(Integer, nullable=False))
    next_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    claimed_until: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    token: str | None = Field(default=None, sa_column=Column(String(32)))
    error: str = Field(sa_column=Column(Text, nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class SignInLinkRow(SQLModel, table=True):
    """A link that lets one agent set a password, once."""

    __tablename__ = "sign_in_link"

    token_hash: str = Field(sa_column=Column(String(64), primary_key=True))
    name: str = Field(sa_column=Column(String(64), nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class TicketLinkRow(SQLModel, table=True):
    """From a ticket to an earlier one."""

    __tablename__ = "ticket_link"
    __table_args__ = (UniqueConstraint("ref", "other"), Index("ix_ticket_link_other", "other"))

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    ref: str = Field(sa_column=Column(String(16), nullable=False))
    other: str = Field(sa_column=Column(String(16), nullable=False))
    kind: str = Field(sa_column=Column(String(16), nullable=False))


class CustomerAccountRow(SQLModel, table=True):
    """An account that an agent has confirmed as a sender's."""

    __tablename__ = "customer_account"
    __table_args__ = (Index("ix_customer_account_domain", "domain"),)

    address: str = Field(sa_column=Column(String(320), primary_key=True))  # folded
    account: str = Field(sa_column=Column(String(64), primary_key=True))
    domain: str = Field(sa_column=Column(String(255), nullable=False))  # empty: a mailbox provider's
    ref: str = Field(sa_column=Column(String(16), nullable=False))  # the ticket that it was confirmed on
    by: str = Field(sa_column=Column(String(64), nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class ReplyRow(SQLModel, table=True):
    """One letter in the outbox. One inbound mail has at most one letter of a kind, ever."""

    __tablename__ = "reply"
    __table_args__ = (
        # An agent may write as often as he likes.
        Index("ix_reply_once", "mail_id", "kind", unique=True, sqlite_where=BY_US, postgresql_where=BY_US),
        Index("ix_reply_mail", "mail_id"),
        UniqueConstraint("message_id"),
        Index("ix_reply_work", "state", "next_at"),
        Index("ix_reply_ref", "ref"),
        # All that a count of letters asks: rows are wide, and somebody may write a thousand mails.
        Index("ix_reply_to", "to_folded", "created_at", "state", "kind", "ref", "mail_id"),
        Index("ix_reply_domain", "to_domain", "created_at", "state", "kind", "ref", "mail_id"),
        Index("ix_reply_created", "created_at"),
    )

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    mail_id: int = Field(sa_column=Column(Integer, nullable=False))
    ref: str = Field(sa_column=Column(String(16), nullable=False))
    kind: str = Field(sa_column=Column(String(32), nullable=False))
    language: str = Field(sa_column=Column(String(16), nullable=False))
    to_address: str = Field(sa_column=Column(String(320), nullable=False))
    to_domain: str = Field(sa_column=Column(String(255), nullable=False))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    text: str = Field(sa_column=Column(Text, nullable=False))
    message_id: str = Field(sa_column=Column(String(255), nullable=False))
    mail_from: str = Field(sa_column=Column(String(320), nullable=False))
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    state: str = Field(sa_column=Column(String(16), nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    asked: str = Field(sa_column=Column(Text, nullable=False))
    attempts: int = Field(sa_column=Column(Integer, nullable=False))
    next_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    claimed_until: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    token: str | None = Field(default=None, sa_column=Column(String(32)))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    sent_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    to_folded: str = Field(sa_column=Column(String(320), nullable=False))  # for counting: one mailbox, one spelling
    text_hash: str = Field(sa_column=Column(String(64), nullable=False))  # equal for letters that say the same
    judgement: str = Field(sa_column=Column(String(16), nullable=False))  # an agent's word on it; empty: none yet
    cc: str = Field(default="[]", sa_column=Column(Text, nullable=False))  # JSON list of addresses
    by: str = Field(default="", sa_column=Column(String(64), nullable=False))  # the agent who wrote or edited it
    then_state: str = Field(
        default="", sa_column=Column(String(24), nullable=False)
    )  # where an agent's own puts its ticket


class EventRow(SQLModel, table=True):
    """One line of a ticket's history."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_ref", "ref", "id"),)

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    ref: str = Field(sa_column=Column(String(16), nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    by: str = Field(sa_column=Column(String(64), nullable=False))
    what: str = Field(sa_column=Column(String(32), nullable=False))
    detail: str = Field(sa_column=Column(Text, nullable=False))


class ThreadRow(SQLModel, table=True):
    """Which ticket a Message-ID belongs to; `sender` is empty for letters of our own."""

    __tablename__ = "thread"
    __table_args__ = (UniqueConstraint("message_hash", "ref"),)

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    message_hash: str = Field(sa_column=Column(String(64), nullable=False))  # ids may be of any length; the hash is not
    ref: str = Field(sa_column=Column(String(16), nullable=False))
    sender: str = Field(sa_column=Column(String(320), nullable=False))


class AgentRow(SQLModel, table=True):
    """Someone who may sign in at the desk; `secret` is a password's hash."""

    __tablename__ = "agent"

    name: str = Field(sa_column=Column(String(64), primary_key=True))
    secret: str = Field(sa_column=Column(Text, nullable=False))  # empty: none yet
    session_key: str = Field(default="", sa_column=Column(String(64), nullable=False))  # another one ends all sessions
    ended: str = Field(default="", sa_column=Column(Text, nullable=False))  # id:expiry of sessions ended before that
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    role: str = Field(default="agent", sa_column=Column(String(16), nullable=False))  # agent, lead, admin
    email: str = Field(default="", sa_column=Column(String(320), nullable=False))
    display: str = Field(default="", sa_column=Column(String(120), nullable=False))  # in letters; empty: the name
    is_email_proven: bool = Field(default=True)  # no: he typed it himself, so that it says nothing of who he is
    language: str = Field(default="", sa_column=Column(String(16), nullable=False))  # of notices; empty: the pack's
    is_active: bool = Field(default=True)
    notices: str = Field(default="[]", sa_column=Column(Text, nullable=False))  # JSON list: models.agents
    subject: str = Field(default="", sa_column=Column(String(255), nullable=False))  # at the OpenID provider


class ReportRow(SQLModel, table=True):
    """The figures of one period, once they are made; before, who is making them."""

    __tablename__ = "report"
    __table_args__ = (UniqueConstraint("name"),)

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    name: str = Field(sa_column=Column(String(32), nullable=False))  # of the period: 2026-11-29, 2026-W48, 2026-11
    kind: str = Field(sa_column=Column(String(8), nullable=False))  # day, week, month
    made_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    claimed_until: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    token: str | None = Field(default=None, sa_column=Column(String(32)))
    attempts: int = Field(sa_column=Column(Integer, nullable=False))
    # The last: SQLite walks through it to read a column behind it.
    value: str = Field(sa_column=Column(Text, nullable=False))  # JSON; empty until it is made


class DoorTallyRow(SQLModel, table=True):
    """How many deliveries were taken in, as sums, counted apart from the mails themselves.

    Triggers on `inbound` write a line for each mail or further delivery, whoever stores it, and none when a mail vanishes;
    whoever deletes mails by right writes how many deliveries they stood for. The scheduler folds the lines.
    """

    __tablename__ = "door_tally"

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    accepted: int = Field(sa_column=Column(BigInteger, nullable=False))
    deleted: int = Field(sa_column=Column(BigInteger, nullable=False))


class DayBooksRow(SQLModel, table=True):
    """The books as they stood when a day had ended; written once."""

    __tablename__ = "day_books"

    day: date = Field(sa_column=Column(Date, primary_key=True))
    counted_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    accepted: int = Field(sa_column=Column(BigInteger, nullable=False))
    ticketed: int = Field(sa_column=Column(BigInteger, nullable=False))
    joined: int = Field(sa_column=Column(BigInteger, nullable=False))
    parked: int = Field(sa_column=Column(BigInteger, nullable=False))
    waiting: int = Field(sa_column=Column(BigInteger, nullable=False))
    duplicates: int = Field(sa_column=Column(BigInteger, nullable=False))
    deleted: int = Field(sa_column=Column(BigInteger, nullable=False))
    faults: str = Field(sa_column=Column(Text, nullable=False))  # JSON list of sentences


class MailboxUidRow(SQLModel, table=True):
    """One mail of a mailbox that the desk reads, as long as it lies there. UIDs are unsigned numbers of 32 bits."""

    __tablename__ = "mailbox_uid"

    mailbox: str = Field(sa_column=Column(String(512), primary_key=True))
    uidvalidity: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    uid: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    state: str = Field(sa_column=Column(String(8), nullable=False))
    attempts: int = Field(sa_column=Column(Integer, nullable=False))
    error: str = Field(sa_column=Column(Text, nullable=False))
    next_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class SwitchRow(SQLModel, table=True):
    """A switch of the whole desk; `letters` is on unless someone has stopped all letters."""

    __tablename__ = "switch"

    name: str = Field(sa_column=Column(String(32), primary_key=True))
    is_on: bool = Field(default=True)
    by: str = Field(sa_column=Column(String(64), nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class AddressRuleRow(SQLModel, table=True):
    """One line of the block and allow list; `pattern` as `models.controls.normal_pattern` makes it."""

    __tablename__ = "address_rule"

    pattern: str = Field(sa_column=Column(String(320), primary_key=True))
    verdict: str = Field(sa_column=Column(String(8), nullable=False))
    note: str = Field(sa_column=Column(Text, nullable=False))
    by: str = Field(sa_column=Column(String(64), nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class LetterModeRow(SQLModel, table=True):
    """How far letters of one kind may go, where the desk says otherwise than the pack."""

    __tablename__ = "letter_mode"

    kind: str = Field(sa_column=Column(String(32), primary_key=True))
    mode: str = Field(sa_column=Column(String(8), nullable=False))


class LetterTextRow(SQLModel, table=True):
    """One version of a letter's text; the newest of a name and language is current."""

    __tablename__ = "letter_text"
    __table_args__ = (UniqueConstraint("name", "language", "number"),)

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    name: str = Field(sa_column=Column(String(64), nullable=False))
    language: str = Field(sa_column=Column(String(16), nullable=False))
    number: int = Field(sa_column=Column(Integer, nullable=False))
    text: str = Field(sa_column=Column(Text, nullable=False))
    by: str = Field(sa_column=Column(String(64), nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    note: str = Field(sa_column=Column(Text, nullable=False))
    is_current: bool = Field(default=True)
    is_pack: bool = Field(default=False)  # back to the pack's own text, whatever it will be


class DeskEventRow(SQLModel, table=True):
    """One line of the desk's own history: what someone changed for all letters, who signed in, who may."""

    __tablename__ = "desk_event"
    __table_args__ = (Index("ix_desk_event_by", "by", "id"),)

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    by: str = Field(sa_column=Column(String(64), nullable=False))
    what: str = Field(sa_column=Column(String(32), nullable=False))
    detail: str = Field(sa_column=Column(Text, nullable=False))


class ProcessRow(SQLModel, table=True):
    """One process that runs, or ran until lately, as it says itself."""

    __tablename__ = "process"

    id: str = Field(sa_column=Column(String(32), primary_key=True))
    role: str = Field(sa_column=Column(String(16), nullable=False))
    host: str = Field(sa_column=Column(String(255), nullable=False))
    pid: int = Field(sa_column=Column(BigInteger, nullable=False))
    version: str = Field(sa_column=Column(String(32), nullable=False))
    shape: str = Field(sa_column=Column(String(32), nullable=False))
    started_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class ShapeRow(SQLModel, table=True):
    """One line: who may work with this database."""

    __tablename__ = "shape"

    # The oldest code that its shape still serves, as the newest step that it knows.
    runs_from: str = Field(sa_column=Column(String(32), primary_key=True))
    # What is known of the secret that its letters are signed with; empty before the first start.
    secret_mark: str = Field(default="", sa_column=Column(String(32), nullable=False, server_default=""))
