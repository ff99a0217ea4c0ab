"""How a ticket stood at an instant, as far as the lines of its history tell, and what came of the first request. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.decision import AGENT, Disposition, LetterKind, ReplyState
from models.states import TicketState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from models.facts import EventFacts, LetterFacts, MailFacts, TicketFacts

ASKING = frozenset({LetterKind.REQUEST_INFORMATION.value, LetterKind.FOLLOW_UP.value})
ARRIVED = frozenset({ReplyState.QUEUED.value, ReplyState.SENT.value})  # or will within moments
_NOBODY = frozenset({"uketsuke", "customer"})  # who stands in a history's lines and is no agent
_LED_TO = {
    "moved": re.compile(r"-> ([a-z_]+)"),
    "filed": re.compile(r", ([a-z_]+)"),
    "joined": re.compile(r", ([a-z_]+)"),
}
_BOUNCED = "reply_bounced"
_STATE_OF_LINE = {f"reply_{state.value}": state.value for state in ReplyState}  # of lines that name the kind of letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The first letter that asked, and what came of it."""

    letter: LetterFacts
    asked_at: datetime
    answer: MailFacts | None  # the customer's next mail


def as_of(one: TicketFacts, at: datetime) -> TicketFacts:
    """The ticket as it stood then, as far as its lines tell; words on letters count whenever they were said."""
    if (
        all(mail.received_at <= at for mail in one.mails)
        and all((letter.sent_at or letter.created_at) <= at for letter in one.letters)
        and all(event.at <= at for event in one.events)
        and (one.ready_at is None or one.ready_at <= at)
    ):
        return one
    letters = tuple(_letter_at(letter, one, at) for letter in one.letters if letter.created_at <= at)
    return replace(
        one,
        state=_state_at(one, at),
        mails=tuple(mail for mail in one.mails if mail.received_at <= at) or one.mails[:1],
        letters=letters,
        events=tuple(event for event in one.events if event.at <= at),
        ready_at=one.ready_at if one.ready_at and one.ready_at <= at else None,
    )


def _letter_at(letter: LetterFacts, one: TicketFacts, at: datetime) -> LetterFacts:
    """The letter as it stood then: sent and not returned yet, on its way, or still held."""
    if letter.kind == AGENT:
        is_sent = letter.sent_at is not None and letter.sent_at <= at
        return (
            letter
            if is_sent or letter.sent_at is None
            else replace(letter, sent_at=None, state=ReplyState.QUEUED.value)
        )
    if letter.sent_at is not None and letter.sent_at <= at:
        came_back = any(event.what == _BOUNCED and event.at <= at for event in one.events)
        is_early = letter.state == ReplyState.BOUNCED and not came_back
        return replace(letter, state=ReplyState.SENT.value) if is_early else letter
    told = [
        _STATE_OF_LINE[event.what]
        for event in one.events
        if event.what in _STATE_OF_LINE
        and letter.created_at <= event.at <= at
        and event.detail.partition(" ")[0] == letter.kind
    ]
    if letter.sent_at is None and not told:
        return letter
    return replace(letter, sent_at=None, state=(told or [ReplyState.QUEUED.value])[-1])


def _state_at(one: TicketFacts, at: datetime) -> str:
    """Where the ticket stood then, by the last line before that names a state."""
    told = [state for event in one.events if event.at <= at and (state := state_after(event))]
    return told[-1] if told and any(event.at > at for event in one.events) else one.state


def closed_at(one: TicketFacts) -> datetime | None:
    """When the ticket was closed, if it is."""
    if one.state != TicketState.CLOSED:
        return None
    ends = [event.at for event in one.events if state_after(event) == TicketState.CLOSED]
    return ends[-1] if ends else None


def request_of(one: TicketFacts) -> Request | None:
    """The first letter that asked for something and arrived; None where none did."""
    for letter in one.letters:
        asked_at = arrived_at(letter)
        if letter.kind in ASKING and asked_at:
            later = (mail for mail in one.mails[1:] if mail.received_at > asked_at and is_answer(mail))
            return Request(letter=letter, asked_at=asked_at, answer=next(later, None))
    return None


def moves_by_people(one: TicketFacts) -> Iterator[EventFacts]:
    """The steps by which people took it elsewhere."""
    return (event for event in lines_of(one, "moved") if event.by not in _NOBODY)


def state_after(event: EventFacts) -> str:
    """The state that a line of the history led to; empty where it names none."""
    pattern = _LED_TO.get(event.what)
    found = pattern.search(event.detail) if pattern else None
    return found[1] if found else ""


def lines_of(one: TicketFacts, what: str) -> Iterator[EventFacts]:
    """The lines of one kind."""
    return (event for event in one.events if event.what == what)


def arrived_at(letter: LetterFacts) -> datetime | None:
    """When a letter reached the customer, as far as we know; None where it did not."""
    return (letter.sent_at or letter.created_at) if letter.state in ARRIVED else None


def is_answer(mail: MailFacts) -> bool:
    """Did a person write something of the matter, more than thanks?"""
    return not mail.is_automatic and mail.disposition != Disposition.NO_REPLY
