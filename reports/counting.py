"""What one ticket adds to a report's figures: every cell, wait and spread that it counts in. Pure.

The one place that says what a measure means (docs/reports.md has it in words). A report sums this over a period's tickets,
and the list behind a figure is those that add to its cell: both cannot differ.
"""

from __future__ import annotations

import re
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from models.decision import AGENT, Disposition, LetterKind
from models.states import TicketState
from models.ticket import AWAITS_AGENT
from reports.book import SEPARATOR
from reports.figures import Cell
from reports.letter_cells import cells_of_letters, is_repeated
from reports.standing import arrived_at, closed_at, lines_of, moves_by_people, request_of, state_after
from responders.items import required_items

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from models.facts import MailFacts, TicketFacts
    from policy.pack import Pack
    from reports.book import Book

_WORKABLE = frozenset({Disposition.ACCEPT.value, Disposition.REQUEST_INFORMATION.value})
_NOTICES = {
    Disposition.SPLIT.value: "split",
    Disposition.OUT_OF_SCOPE.value: "out_of_scope",
    Disposition.POLICY_NOTICE.value: "not_disclosed",
    Disposition.ACCOUNT_NOTICE.value: "other_account",
}
_FINISHED = frozenset({TicketState.ANSWERED.value, TicketState.CLOSED.value})
_NUMBER = re.compile(r"\d+")
_FINE, _ROUGH = 600, 6000  # minutes: whole up to here, then tens, then hours
_LONGEST = 60 * 10_000
_HELD_FOR = {
    "complaint": frozenset({"hold_complaint"}),
    "security": frozenset({"hold_security", "hold_sensitive"}),
}
_LINK = "link:"
_AS_READ = "as_read"  # a correction that was taken back


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
    found.update(cells_of_letters(one, book))
    found.update(_cells_of_corrections(one))
    return found


def waits_of(one: TicketFacts, book: Book) -> Iterator[tuple[str, int, WaitState]]:
    """(name, business minutes, how it stands) of everything that a ticket of a person waits for."""
    if not is_counted(one):
        return
    request = request_of(one)
    closed = closed_at(one)

    def wait(name: str, start: datetime, end: datetime | None) -> tuple[str, int, WaitState]:
        state = WaitState.DONE if end else WaitState.LEFT if closed else WaitState.GOING
        span = book.pack.desk.working.between(start, end or closed or book.as_of)
        return name, rounded(int(span.total_seconds() // 60)), state

    if request:
        yield wait("answer", request.asked_at, request.answer.received_at if request.answer else None)
    if one.disposition in _WORKABLE:
        yield wait("ready_asked" if request else "ready_unasked", one.opened_at, one.ready_at)
    first = min((at for letter in one.letters if (at := arrived_at(letter))), default=None)
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
    if any(lines_of(one, "overdue")):
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
        if not request.answer.missing and not is_repeated(request.letter, one, book):
            yield "doubtful_after_one" if request.answer.unsure else "complete_after_one"
    if any(letter.kind == LetterKind.FOLLOW_UP and arrived_at(letter) for letter in one.letters):
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


def _cells_of_mails(one: TicketFacts) -> Iterator[Cell]:
    for mail in one.mails:
        yield Cell("mails")
        if mail.warnings:
            yield Cell("mails_defective")
        for warning in dict.fromkeys(_NUMBER.sub("#", warning) for warning in mail.warnings):
            yield Cell("mails_defective", "warning", warning)


def _cells_of_corrections(one: TicketFacts) -> Iterator[Cell]:
    """What agents read otherwise: the last word on each target of each mail, if it is not that the reading was right."""
    words = (event.detail.split(" ") for event in lines_of(one, "corrected"))
    last = {(word[0], word[-1]): word for word in words}
    for target, _ in (key for key, word in last.items() if _AS_READ not in word):
        yield Cell("corrected")
        yield Cell("corrected", "target", target)


def _answered_at(one: TicketFacts, ready_at: datetime) -> datetime | None:
    """When a person first answered a ticket that had become ready, or settled it without a word."""
    ends = [at for letter in one.letters if letter.kind == AGENT and (at := arrived_at(letter)) and at >= ready_at]
    ends += [event.at for event in moves_by_people(one) if event.at >= ready_at and state_after(event) in _FINISHED]
    return min(ends, default=None)


def _percent(share: float) -> int:
    return min(100, max(0, int(share * 100)))
