"""Mails to our own people and systems: tickets handed over, notices to agents. Never to a customer. Pure records."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from models.programs import EVENT_NAMES
from models.states import TicketState
from models.ticket import AWAITS_AGENT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from models.programs import NewEvent


class MemoKind(StrEnum):
    """What a memo is; wire values."""

    HAND_OVER = "hand_over"
    NOTICE = "notice"
    REPORT = "report"
    ALARM = "alarm"  # the books do not agree


class NoticeKind(StrEnum):
    """What an agent may want to hear of; wire values of an agent's `notices`."""

    NEW = "new"  # a ticket has become ready
    ASSIGNED = "assigned"  # someone has given him a ticket
    OVERDUE = "overdue"  # a ticket is past its response target


class ReportNews(StrEnum):
    """What a lead or an admin may want by mail besides; wire values of an agent's `notices`, beside those of `NoticeKind`."""

    DAY = "report_day"
    WEEK = "report_week"
    MONTH = "report_month"
    BOOKS = "books"  # the alarm of a day whose books do not agree


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A lead or an admin who gets something by mail."""

    name: str
    email: str
    language: str  # empty: the pack's


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that one agent is to hear of."""

    notice_id: int
    kind: str
    ref: str
    by: str
    at: datetime
    subject: str
    state: str
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """What waits for one agent."""

    agent: str
    to: str
    language: str  # empty: the pack's
    lines: tuple[Notice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMemo:
    """A memo to write; the same key is written once."""

    key: str
    kind: MemoKind
    ref: str  # empty: about several tickets
    to: str
    mail_from: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoView:
    """A memo as the page of mails to our own people shows it."""

    memo_id: int
    key: str  # what it is about; cut where that is very long
    kind: str
    ref: str
    to: str
    state: str  # queued, sent, failed
    attempts: int
    error: str
    created_at: datetime
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoClaim:
    """A lease on one memo."""

    memo_id: int
    token: str
    attempts: int
    ref: str
    to: str
    mail_from: str
    raw: bytes = field(repr=False)
    created_at: datetime
    kind: str


HAND_OVER = ("off", "ready", "all")  # which tickets go to another system; wire values of the setting


OPENS = frozenset({"filed", "split_from"})  # the first line of a ticket's history
NOT_SPAM = "unmarked_spam"
_READY_NOW = re.compile(rf"(?:, |-> ){TicketState.READY}(?:: |\Z)")
_MAILABLE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,255}")


def is_mailable(address: str) -> bool:
    """May this stand in a header and an envelope of ours? Plain ASCII, one mailbox."""
    return _MAILABLE.fullmatch(address) is not None


def becomes_ready(event: NewEvent) -> bool:
    """Is this the step by which the ticket became ready for the first time?"""
    if event.ticket.get("ready_at") != event.at:
        return False
    if event.what in {"filed", "moved"}:
        return _READY_NOW.search(event.detail) is not None
    # By an agent's split, or by a step of a later version.
    return event.what in OPENS or (event.what not in EVENT_NAMES and not event.what.startswith("reply_"))


def is_handed_over(event: NewEvent, mode: str) -> bool:
    """Does this line of history hand the ticket over? Nothing that a machine wrote, nothing that is spam."""
    if mode not in HAND_OVER[1:] or not event.ticket or event.ticket["is_automatic"] or event.ticket["is_spam"]:
        return False
    if event.what == NOT_SPAM:  # what was spam at the step that would have handed it over; it goes once in any case
        return mode == "all" or event.ticket.get("ready_at") is not None
    return becomes_ready(event) or (mode == "all" and event.what in OPENS)


def hand_over_key(ref: str) -> str:
    """Under which a ticket is handed over, once."""
    return f"{MemoKind.HAND_OVER}:{ref}"


def notices_of(event: NewEvent) -> Iterator[tuple[NoticeKind, str, str]]:
    """(kind, key, agent) of what a line of history tells; no agent: all who want to hear it."""
    assignee = str(event.ticket.get("assignee", ""))
    is_ready = event.what == NOT_SPAM and event.ticket.get("state") == TicketState.READY.value
    if event.ticket and (is_ready or becomes_ready(event)) and not event.ticket["is_spam"]:
        yield NoticeKind.NEW, f"new:{event.ref}", ""
    if event.what == "assigned" and assignee:
        yield NoticeKind.ASSIGNED, f"assigned:{event.event_id}", assignee
    if event.what == "overdue":
        yield NoticeKind.OVERDUE, f"overdue:{event.event_id}", assignee


def is_still_news(kind: str, *, agent: str, state: str, assignee: str) -> bool:
    """Does it still stand as it was noted? What somebody else works on or has settled is no news."""
    stands = TicketState(state)
    if kind == NoticeKind.ASSIGNED:
        return assignee == agent and stands is not TicketState.CLOSED
    awaited = AWAITS_AGENT if kind == NoticeKind.OVERDUE else {TicketState.READY}
    return stands in awaited and assignee in {"", agent}
