"""What a ticket's letters add to a report: by kind, what became of each and what people made of it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.controls import Judgement
from models.decision import AGENT, ReplyState
from models.states import TicketState
from reports.figures import Cell
from reports.standing import ARRIVED, ASKING, arrived_at, is_answer, lines_of, moves_by_people, state_after

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from models.facts import LetterFacts, TicketFacts
    from reports.book import Book

_WENT = ARRIVED | {ReplyState.BOUNCED.value}
_BY_HAND = frozenset({Judgement.RELEASED.value, Judgement.EDITED.value})


def cells_of_letters(one: TicketFacts, book: Book) -> Iterator[Cell]:
    """The cells that its letters count in."""
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
    was_repeated = is_repeated(letter, one, book)
    if is_objected:
        yield "objected"
    if was_repeated:
        yield "repeated"
    if letter.state in _WENT and (is_objected or was_repeated or letter.judgement == Judgement.WRONG):
        yield "heard_wrong_by_hand" if is_by_hand else "heard_wrong"  # once, whoever said it
    if letter.state == ReplyState.SHADOW:
        moved_to = _first_move(one, letter.created_at)
        yield "shadow_open" if not moved_to else "shadow_same" if moved_to == letter.would_be else "shadow_other"


def _objected(one: TicketFacts) -> frozenset[int]:
    """The letters that a customer answered with "it was there": the last one before his word."""
    found = set()
    for event in lines_of(one, "customer_objected"):
        asked = [
            letter for letter in one.letters if letter.kind in ASKING and (at := arrived_at(letter)) and at <= event.at
        ]
        if asked:
            found.add(asked[-1].reply_id)
    return frozenset(found)


def is_repeated(letter: LetterFacts, one: TicketFacts, book: Book) -> bool:
    """Did an agent ask by hand once more, before the customer wrote back and before silence called for a reminder?"""
    at = arrived_at(letter)
    if letter.kind not in ASKING or at is None:
        return False
    answered_at = next((mail.received_at for mail in one.mails if mail.received_at > at and is_answer(mail)), None)
    return any(
        other.kind == AGENT
        and other.state in ARRIVED
        and other.then_state == TicketState.WAITING_CUSTOMER
        and at < other.created_at
        and (answered_at is None or other.created_at < answered_at)
        and book.asked_until(other.created_at) <= at
        for other in one.letters
    )


def _first_move(one: TicketFacts, since: datetime) -> str:
    """Where an agent first took the ticket since then, by a step or by a letter of his own; empty: nowhere yet."""
    moves = [(event.at, to) for event in moves_by_people(one) if event.at >= since and (to := state_after(event))]
    moves += [
        (letter.created_at, letter.then_state)
        for letter in one.letters
        if letter.kind == AGENT and letter.created_at >= since and letter.then_state
    ]
    return min(moves)[1] if moves else ""
