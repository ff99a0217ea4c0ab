"""The tables: the only `table=True` classes. Rows never leave `models.db`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, LargeBinary, String, Text, UniqueConstraint, text
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


class InboundRow(SQLModel, table=True):
    """One accepted mail, raw and whole."""

    __tablename__ = "inbound"
    __table_args__ = (
        Index("ix_inbound_content", "content_hash", "desk_address", unique=True),
        Index("ix_inbound_message", "message_hash", "state"),
        Index("ix_inbound_work", "state", "id"),
        Index("ix_inbound_ref", "ref", sqlite_where=_HAS_REF, postgresql_where=_HAS_REF),
        Index("ix_inbound_sender", "sender", "received_at"),
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
        Index("ix_ticket_state", "state", "number"),
        Index("ix_ticket_opened", "opened_at"),
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
        UniqueConstraint("mail_id", "kind"),
        UniqueConstraint("message_id"),
        Index("ix_reply_work", "state", "next_at"),
        Index("ix_reply_ref", "ref"),
        Index("ix_reply_to", "to_folded", "created_at"),
        Index("ix_reply_domain", "to_domain", "created_at"),
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
    """Someone who may sign in at the desk; `secret` is an scrypt hash with its salt."""

    __tablename__ = "agent"

    name: str = Field(sa_column=Column(String(64), primary_key=True))
    secret: str = Field(sa_column=Column(Text, nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class ReportRow(SQLModel, table=True):
    """One saved quality report; a period and language has one."""

    __tablename__ = "report"
    __table_args__ = (UniqueConstraint("name", "language"),)

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    name: str = Field(sa_column=Column(String(32), nullable=False))
    language: str = Field(sa_column=Column(String(16), nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    html: str = Field(sa_column=Column(Text, nullable=False))


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
    """One line of the desk's own history: what someone changed for all letters."""

    __tablename__ = "desk_event"

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    by: str = Field(sa_column=Column(String(64), nullable=False))
    what: str = Field(sa_column=Column(String(32), nullable=False))
    detail: str = Field(sa_column=Column(Text, nullable=False))
