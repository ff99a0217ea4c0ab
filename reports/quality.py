"""Ticket quality of one period: facts in, figures out. Pure; one pass, whose memory does not grow with the tickets."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reports.counting import WaitState, cells_of, is_counted, spreads_of, waits_of
from reports.figures import MOST_EXAMPLES, Cell, Example, Figures, Wait
from reports.standing import as_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from models.facts import TicketFacts
    from reports.book import Book
    from reports.periods import Period

_SHOWN = frozenset({"lacking", "objected", "repeated", "judged_wrong", "judged_edited"})  # measures that want examples
_GROUPED = frozenset({"item", "kind"})  # by what


def summarise(
    tickets: Iterable[TicketFacts], period: Period, book: Book, *, masked: Callable[[str], str] = lambda text: text
) -> Figures:
    """The figures of a period.

    Args:
        tickets: Those opened in it, oldest first; others are passed over.
        period: The period.
        book: What is counted by.
        masked: Takes credentials out of a subject.
    """
    cells: Counter[Cell] = Counter()
    waits: dict[str, dict[WaitState, Counter[int]]] = {}
    spreads: dict[str, Counter[int]] = {}
    examples: dict[Cell, tuple[Example, ...]] = {}
    for ticket in tickets:
        if not period.start <= ticket.opened_at < period.end or ticket.opened_at > book.as_of:
            continue
        one = as_of(ticket, book.as_of)
        own = cells_of(one, book)
        cells.update(own)
        for name, minutes, state in waits_of(one, book):
            waits.setdefault(name, {state: Counter() for state in WaitState})[state][minutes] += 1
        for name, percent in spreads_of(one):
            spreads.setdefault(name, Counter())[percent] += 1
        wanted = [cell for cell in own if cell.measure in _SHOWN and cell.dimension in _GROUPED]
        if wanted and is_counted(one):
            example = Example(ref=one.ref, subject=masked(one.subject))
            for cell in wanted:
                examples[cell] = (*examples.get(cell, ()), example)[-MOST_EXAMPLES:]
    return Figures(
        period=period,
        as_of=book.as_of,
        cells=dict(cells),
        waits={name: Wait(**{state.value: dict(by[state]) for state in WaitState}) for name, by in waits.items()},
        spreads={name: dict(spread) for name, spread in spreads.items()},
        examples=examples,
    )


def behind(tickets: Iterable[TicketFacts], cell: Cell, period: Period, book: Book) -> Iterator[tuple[TicketFacts, int]]:
    """The tickets that a cell counts, each with how often: what a reader of the report may look into."""
    for one in tickets:
        if period.start <= one.opened_at < period.end and one.opened_at <= book.as_of:
            count = cells_of(as_of(one, book.as_of), book)[cell]
            if count:
                yield one, count
