"""What one ticket adds to a report's figures: every cell, wait and spread that it counts in. Pure.

The one place that says what a measure means (docs/reports.md has it in words). A report sums this over a period's tickets,
and the list behind a figure is those that add to its cell: both cannot differ.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from models.controls import Judgement
from models.decision import AGENT, Disposition, LetterKind, ReplyState
from models.states import TicketState
from models.ticket import AWAITS_AGENT
from reports.figures import Cell
from responders.items import required_items

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from models.facts import EventFacts, LetterFacts, MailFacts, TicketFacts
    from policy.pack import Pack

_ASKING = frozenset({LetterKind.REQUEST_INFORMATION.value, LetterKind.FOLLOW_UP.value})
_ARRIVED = frozenset({ReplyState.QUEUED.value, ReplyState.SENT.value})  # or will within moments
_WENT = _ARRIVED | {ReplyState.BOUNCED.value}
_WORKABLE = frozenset({Disposition.ACCEPT.value, Disposition.REQUEST_INFORMATION.value})
_NOTICES = {
    Disposition.SPLIT.value: "split",
    Disposition.OUT_OF_SCOPE.value: "out_of_scope",
    Disposition.POLICY_NOTICE.value: "not_disclosed",
    Disposition.ACCOUNT_NOTICE.value: "other_account",
}
_BY_HAND = frozenset({Judgement.RELEASED.value, Judgement.EDITED.value})
_NOBODY = frozenset({"uketsuke", "customer"})  # who stands in a history's lines and is no agent
_FINISHED = frozenset({TicketState.ANSWERED.value, TicketState.CLOSED.value})
_LED_TO = {
    "moved": re.compile(r"-> ([a-z_]+)"),
    "filed": re.compile(r", ([a-z_]+)"),
    "joined": re.compile(r", ([a-z_]+)"),
}
_NUMBER = re.compile(r"\d+")
_FINE, _ROUGH = 600, 6000  # minutes: whole up to here, then tens, then hours
_LONGEST = 60 * 10_000
_HELD_FOR = {
    "complaint": frozenset({"hold_complaint"}),
    "security": frozenset({"hold_security", "hold_sensitive"}),
}
_BOUNCED = "reply_bounced"
_STATE_OF_LINE = {f"reply_{state.value}": state.value for state in ReplyState}  # of lines that name the kind of letter
_LINK = "link:"
_AS_READ = "as_read"  # a correction that was taken back
SEPARATOR = "|"  # between the two halves of a value like "example.co.jp|when"


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What the counting goes by besides the tickets; made by `book_of`."""

    pack: Pack
    as_of: datetime  # what came later does not count
    asked_before: datetime  # a request that went before this has had the time that the pack gives customers
    # Customers who are counted by themselves: only frequent ones, so that memory is bounded.
    domains: frozenset[str] = frozenset()

    def asked_until(self, at: datetime) -> datetime:
        """A request that went before this has had, at that instant, the time that the pack gives customers."""
        return self.pack.desk.working.days_before(at, self.pack.limits.remind_after_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The first letter that asked, and what came of it."""

    letter: LetterFacts
    asked_at: datetime
    answer: MailFacts | None  # the customer's next mail


def book_of(pack: Pack, as_of: datetime, domains: frozenset[str] = frozenset()) -> Book:
    """The book of a pack at an instant."""
    asked_before = pack.desk.working.days_before(as_of, pack.limits.remind_after_days)
    return Book(pack=pack, as_of=as_of, asked_before=asked_before, domains=domains)


def halves(value: str) -> tuple[str, str]:
    """The group and the item of a value like "example.co.jp|when". A domain may hold the separator, an item does not."""
    group, _, item = value.rpartition(SEPARATOR)
    return group, item


def cells_of(one: TicketFacts, book: Book) -> Counter[Cell]:
    """Every cell that a ticket counts in, and how often. The ticket is as it stood then (`as_of`)."""
    found: Counter[Cell] = Counter()
    groups = list(_groups(one, book))
    for measure in _measures(one, book):
        for dimension, value in groups:
            found[Cell(measure, dimension, value)] += 1
    found.update(_cells_of_mails(one))
    if not is_counted(one):
        return found
    found.update(_cells_of_arrival(one, book))
    found.update(_cells_of_items(one, book, groups))
    found.update(_cells_of_letters(one, book))
    found.update(_cells_of_corrections(one))
    return found


def waits_of(one: TicketFacts, book: Book) -> Iterator[tuple[str, int, WaitState]]:
    """(name, business minutes, how it stands) of everything that a ticket of a person waits for."""
    if not is_counted(one):
        return
    request = request_of(one)
    closed_at = _closed_at(one)

    def wait(name: str, start: datetime, end: datetime | None) -> tuple[str, int, WaitState]:
        state = WaitState.DONE if end else WaitState.LEFT if closed_at else WaitState.GOING
        span = book.pack.desk.working.between(start, end or closed_at or book.as_of)
        return name, rounded(int(span.total_seconds() // 60)), state

    if request:
        yield wait("answer", request.asked_at, request.answer.received_at if request.answer else None)
    if one.disposition in _WORKABLE:
        yield wait("ready_asked" if request else "ready_unasked", one.opened_at, one.ready_at)
    first = min((at for letter in one.letters if (at := _arrived_at(letter))), default=None)
    yield wait("first_letter", one.opened_at, first)
    if one.ready_at:
        yield wait("agent", one.ready_at, _answered_at(one, one.ready_at))


def spreads_of(one: TicketFacts) -> Iterator[tuple[str, int]]:
    """(name, whole percent) of how sure the first decision was, and how strange the first mail's words were."""
    if not is_counted(one) or not one.mails:
        return
    yield "confidence", _percent(one.mails[0].confidence)
    if one.mails[0].unknown_words is not None:
        yield "unknown_words", _percent(one.mails[0].unknown_words)


class WaitState(StrEnum):
    """How a wait stands."""

    DONE = "done"
    GOING = "going"
    LEFT = "left"  # the ticket was closed before it came to its end


def is_counted(one: TicketFacts) -> bool:
    """A ticket of a person: what shares are of. Machines, spam and what cannot be read are only counted as such."""
    return not one.is_automatic and not one.is_spam and not one.is_unreadable


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


def _closed_at(one: TicketFacts) -> datetime | None:
    """When the ticket was closed, if it is."""
    if one.state != TicketState.CLOSED:
        return None
    ends = [event.at for event in one.events if state_after(event) == TicketState.CLOSED]
    return ends[-1] if ends else None


def request_of(one: TicketFacts) -> Request | None:
    """The first letter that asked for something and arrived; None where none did."""
    for letter in one.letters:
        asked_at = _arrived_at(letter)
        if letter.kind in _ASKING and asked_at:
            later = (mail for mail in one.mails[1:] if mail.received_at > asked_at and _is_answer(mail))
            return Request(letter=letter, asked_at=asked_at, answer=next(later, None))
    return None


def needed_items(one: TicketFacts, pack: Pack) -> tuple[str, ...]:
    """What its matter requires, by the pack's table; what was surely missing or unsure at first belongs to it."""
    policies = [pack.categories[category] for category in one.categories if category in pack.categories]
    wanted = required_items(policies, one.symptom_kind, pack, has_permission_error=one.has_permission_error)
    # Only what is there can hang together: a link is asked for where its section was given.
    there = (item for item in wanted if not item.startswith(_LINK) or item.removeprefix(_LINK) in one.given_first)
    return tuple(dict.fromkeys((*there, *one.missing_first, *one.unsure_first)))


def rounded(minutes: int) -> int:
    """Whole minutes up to ten hours, then tens of minutes, then hours: what bounds the memory of a report."""
    minutes = min(max(minutes, 0), _LONGEST)
    step = 1 if minutes < _FINE else 10 if minutes < _ROUGH else 60
    return minutes - minutes % step


def _groups(one: TicketFacts, book: Book) -> Iterator[tuple[str, str]]:
    yield "all", ""
    if not is_counted(one):
        return
    for category in dict.fromkeys(one.categories):
        yield "category", category.value
    for product in dict.fromkeys(one.products):
        yield "product", product
    yield "language", one.language
    if one.domain in book.domains:
        yield "domain", one.domain


def _measures(one: TicketFacts, book: Book) -> Iterator[str]:
    yield "tickets"
    if one.is_unreadable:
        yield "unreadable"
    elif one.is_spam:
        yield "spam"
    elif one.is_automatic:
        yield "automatic"
    else:
        yield "people"
        yield from _measures_on_arrival(one, book)
        yield from _measures_of_request(one, book)
    if is_counted(one) and one.state in AWAITS_AGENT:
        yield "awaits_agent"


def _measures_on_arrival(one: TicketFacts, book: Book) -> Iterator[str]:
    if not book.pack.desk.working.is_open(one.opened_at):
        yield "off_hours"
    if one.mails and one.mails[0].is_held:
        yield "held"
    holds = one.mails[0].holds if one.mails else ()
    for measure, codes in _HELD_FOR.items():
        if codes.intersection(holds):
            yield measure
    if any(_of(one, "overdue")):
        yield "overdue"
    if one.disposition in _NOTICES:
        yield _NOTICES[one.disposition]
    if one.disposition in _WORKABLE:
        yield "workable"
        yield "incomplete" if one.missing_first else "doubtful" if one.unsure_first else "complete"


def _measures_of_request(one: TicketFacts, book: Book) -> Iterator[str]:
    request = request_of(one)
    if request is None:
        return
    yield "asked"
    if request.answer:
        yield "answered"
        if not request.answer.missing and not _is_repeated(request.letter, one, book):
            yield "doubtful_after_one" if request.answer.unsure else "complete_after_one"
    if any(letter.kind == LetterKind.FOLLOW_UP and _arrived_at(letter) for letter in one.letters):
        yield "asked_twice"


def _cells_of_arrival(one: TicketFacts, book: Book) -> Iterator[Cell]:
    local = one.opened_at.astimezone(ZoneInfo(book.pack.desk.timezone))
    times = (("day", f"{local:%Y-%m-%d}"), ("hour", f"{local:%H}"))
    for dimension, value in (*times, ("disposition", one.disposition), ("state", one.state)):
        yield Cell("people", dimension, value)
    if not book.pack.desk.working.is_open(one.opened_at):
        for dimension, value in times:
            yield Cell("off_hours", dimension, value)


def _cells_of_items(one: TicketFacts, book: Book, groups: Iterable[tuple[str, str]]) -> Iterator[Cell]:
    request = request_of(one)
    if one.disposition in _WORKABLE:
        for item in needed_items(one, book.pack):
            for measure in _measures_of_item(item, one):
                for dimension, value in groups:
                    whole = item if dimension == "all" else f"{value}{SEPARATOR}{item}"
                    yield Cell(measure, "item" if dimension == "all" else f"{dimension}_item", whole)
    if request is None:
        return
    has_had_time = request.asked_at <= book.asked_before
    for item in request.letter.asked:
        yield Cell("item_asked", "item", item)
        if request.answer or has_had_time:
            yield Cell("item_due", "item", item)
        if request.answer and _gives(request.answer, item, one):
            yield Cell("item_answered", "item", item)


def _measures_of_item(item: str, one: TicketFacts) -> Iterator[str]:
    """What a workable ticket's first mail did with an item that its matter needs."""
    yield "needed"
    if item in one.missing_first:
        yield "lacking"
        if len(one.missing_first) == 1 and not one.unsure_first:
            yield "lacking_only"
    elif item in one.unsure_first:
        yield "unsure"
    else:
        yield "given"
        return
    yield "not_given"


def _gives(answer: MailFacts, item: str, one: TicketFacts) -> bool:
    """Did the answer give what was asked for? What the desk required and does not miss any more, or what it holds itself."""
    was_required = item in one.missing_first or item in one.unsure_first
    return item in answer.given or (was_required and item not in answer.missing and item not in answer.unsure)


def _cells_of_letters(one: TicketFacts, book: Book) -> Iterator[Cell]:
    objected = _objected(one)
    for letter in one.letters:
        if letter.kind == AGENT:
            yield Cell("hand_letters")
            continue
        for measure in _measures_of_letter(letter, one, book, is_objected=letter.reply_id in objected):
            yield Cell(measure, "kind", letter.kind)
        if letter.state == ReplyState.SUPPRESSED:
            yield Cell("suppressed", "reason", letter.reason.partition(":")[0])


def _measures_of_letter(letter: LetterFacts, one: TicketFacts, book: Book, *, is_objected: bool) -> Iterator[str]:
    yield "letters"
    is_by_hand = bool(letter.by) or not _BY_HAND.isdisjoint((letter.judgement, letter.judged_before))
    if letter.state in _WENT:
        yield "went_by_hand" if is_by_hand else "went"
    else:
        yield f"letters_{letter.state}"
    if letter.state == ReplyState.BOUNCED:
        yield "letters_bounced"
    if letter.judgement:
        yield f"judged_{letter.judgement}"
    is_repeated = _is_repeated(letter, one, book)
    if is_objected:
        yield "objected"
    if is_repeated:
        yield "repeated"
    if letter.state in _WENT and (is_objected or is_repeated or letter.judgement == Judgement.WRONG):
        yield "heard_wrong_by_hand" if is_by_hand else "heard_wrong"  # once, whoever said it
    if letter.state == ReplyState.SHADOW:
        moved_to = _first_move(one, letter.created_at)
        yield "shadow_open" if not moved_to else "shadow_same" if moved_to == letter.would_be else "shadow_other"


def _cells_of_mails(one: TicketFacts) -> Iterator[Cell]:
    for mail in one.mails:
        yield Cell("mails")
        if mail.warnings:
            yield Cell("mails_defective")
        for warning in dict.fromkeys(_NUMBER.sub("#", warning) for warning in mail.warnings):
            yield Cell("mails_defective", "warning", warning)


def _cells_of_corrections(one: TicketFacts) -> Iterator[Cell]:
    """What agents read otherwise: the last word on each target of each mail, if it is not that the reading was right."""
    words = (event.detail.split(" ") for event in _of(one, "corrected"))
    last = {(word[0], word[-1]): word for word in words}
    for target, _ in (key for key, word in last.items() if _AS_READ not in word):
        yield Cell("corrected")
        yield Cell("corrected", "target", target)


def _objected(one: TicketFacts) -> frozenset[int]:
    """The letters that a customer answered with "it was there": the last one before his word."""
    found = set()
    for event in _of(one, "customer_objected"):
        asked = [
            letter
            for letter in one.letters
            if letter.kind in _ASKING and (at := _arrived_at(letter)) and at <= event.at
        ]
        if asked:
            found.add(asked[-1].reply_id)
    return frozenset(found)


def _is_repeated(letter: LetterFacts, one: TicketFacts, book: Book) -> bool:
    """Did an agent ask by hand once more, before the customer wrote back and before silence called for a reminder?"""
    at = _arrived_at(letter)
    if letter.kind not in _ASKING or at is None:
        return False
    answered_at = next((mail.received_at for mail in one.mails if mail.received_at > at and _is_answer(mail)), None)
    return any(
        other.kind == AGENT
        and other.state in _ARRIVED
        and other.then_state == TicketState.WAITING_CUSTOMER
        and at < other.created_at
        and (answered_at is None or other.created_at < answered_at)
        and book.asked_until(other.created_at) <= at
        for other in one.letters
    )


def _first_move(one: TicketFacts, since: datetime) -> str:
    """Where an agent first took the ticket since then, by a step or by a letter of his own; empty: nowhere yet."""
    moves = [(event.at, to) for event in _moves_by_people(one) if event.at >= since and (to := state_after(event))]
    moves += [
        (letter.created_at, letter.then_state)
        for letter in one.letters
        if letter.kind == AGENT and letter.created_at >= since and letter.then_state
    ]
    return min(moves)[1] if moves else ""


def _answered_at(one: TicketFacts, ready_at: datetime) -> datetime | None:
    """When a person first answered a ticket that had become ready, or settled it without a word."""
    ends = [at for letter in one.letters if letter.kind == AGENT and (at := _arrived_at(letter)) and at >= ready_at]
    ends += [event.at for event in _moves_by_people(one) if event.at >= ready_at and state_after(event) in _FINISHED]
    return min(ends, default=None)


def _moves_by_people(one: TicketFacts) -> Iterator[EventFacts]:
    return (event for event in _of(one, "moved") if event.by not in _NOBODY)


def state_after(event: EventFacts) -> str:
    """The state that a line of the history led to; empty where it names none."""
    pattern = _LED_TO.get(event.what)
    found = pattern.search(event.detail) if pattern else None
    return found[1] if found else ""


def _of(one: TicketFacts, what: str) -> Iterator[EventFacts]:
    return (event for event in one.events if event.what == what)


def _arrived_at(letter: LetterFacts) -> datetime | None:
    """When a letter reached the customer, as far as we know; None where it did not."""
    return (letter.sent_at or letter.created_at) if letter.state in _ARRIVED else None


def _is_answer(mail: MailFacts) -> bool:
    """Did a person write something of the matter, more than thanks?"""
    return not mail.is_automatic and mail.disposition != Disposition.NO_REPLY


def _percent(share: float) -> int:
    return min(100, max(0, int(share * 100)))
