"""What came in: the envelope of the SMTP session and the mail as it was read.

Turns nothing into anything; these are the nouns that `ingest` makes and every other floor reads.
Promise: frozen, comparable, free of NUL and lone surrogates in every text field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime


class AutomaticKind(StrEnum):
    """Why a mail is taken for the work of a machine; wire values of `parse --json`."""

    BOUNCE = "bounce"
    AUTO_REPLY = "auto_reply"
    BULK = "bulk"
    LIST = "list"
    LOOP = "loop"


class Trust(StrEnum):
    """How sure we are that the sender is who the mail says."""

    ALIGNED = "aligned"
    UNCHECKED = "unchecked"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustFound:
    """What was found out about a sender: the verdict, and a sentence for each thing that led to it."""

    trust: Trust = Trust.UNCHECKED
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One mailbox; `addr` keeps the sender's spelling, `name` is decoded and may be empty."""

    addr: str
    name: str = ""

    @property
    def domain(self) -> str:
        """The part behind the last @, casefolded; empty if there is none."""
        return self.addr.rpartition("@")[2].casefold() if "@" in self.addr else ""

    @property
    def folded(self) -> str:
        """The address for comparison: only the domain is casefolded (RFC 5321 2.4)."""
        local, at, domain = self.addr.rpartition("@")
        return f"{local}{at}{domain.casefold()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The SMTP session's side of a mail. Never taken from headers, except for files (see `is_from_file`)."""

    mail_from: str  # "" is the null sender <>, the strongest sign of a bounce
    rcpt_tos: tuple[str, ...]
    received_at: datetime  # aware, UTC
    peer: str = ""
    helo: str = ""
    is_from_file: bool = False  # then mail_from stands in from Return-Path; None-like "" is told apart below
    is_sender_known: bool = True  # False: a file without Return-Path; an empty mail_from means nothing then


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One attached part; `part` is its position in the depth-first walk of the MIME tree, the key to fetch its bytes."""

    filename: str
    content_type: str
    size: int  # bytes after transfer decoding
    part: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Automation:
    """Is it automatic, and may we answer it? Two questions (mail-traps 3); `evidence` names every rule that hit."""

    kind: AutomaticKind | None = None
    may_reply: bool = True
    evidence: tuple[str, ...] = ()  # "rule_name: what it saw"


class InlineAnswer(NamedTuple):
    """What was asked, without its quote marks, and what was answered below it."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One inbound mail, read. `text` is all of it, `reply_text` what the sender newly wrote."""

    envelope: Envelope
    sender: Address | None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    subject: str = ""
    sent_at: datetime | None = None  # aware, the sender's own offset kept
    message_id: str | None = None  # with its angle brackets
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    thread_refs: tuple[str, ...] = ()  # ticket references like T000123 found in subject or plus address
    returned_ids: tuple[str, ...] = ()  # Message-IDs of the messages that a failure report carries back
    text: str = ""
    reply_text: str = ""
    inline_answers: tuple[InlineAnswer, ...] = ()  # of a mail that answers another: what stands between quoted lines
    attachments: tuple[Attachment, ...] = ()
    automation: Automation = field(default_factory=Automation)
    trust: Trust = Trust.UNCHECKED
    trust_evidence: tuple[str, ...] = ()  # one sentence for each thing found about the sender
    warnings: tuple[str, ...] = ()
