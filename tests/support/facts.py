"""Makes facts of tickets for tests of the reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from models.assessment import Category, SymptomKind
from models.facts import EventFacts, LetterFacts, MailFacts, TicketFacts
from policy.pack import Pack
from reports.book import Book, book_of
from reports.figures import MOST_EXAMPLES, Cell, Example, Figures, Wait
from reports.periods import Period

# Monday 2026-11-16, 10:00 in Tokyo: an hour after the desk opens.
MONDAY = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
END = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)  # of that week, in Tokyo


def mail(number: int = 1, at: datetime = MONDAY, **changes: object) -> MailFacts:
    values: dict[str, object] = {
        "mail_id": number,
        "received_at": at,
        "is_automatic": False,
        "disposition": "accept",
        "missing": (),
        "unsure": (),
        "is_held": False,
        "confidence": 0.9,
    }
    return MailFacts(**{**values, **changes})  # type: ignore[arg-type]


def letter(kind: str = "request_information", at: datetime = MONDAY, **changes: object) -> LetterFacts:
    values: dict[str, object] = {
        "reply_id": int(at.timestamp()) % 1_000_000,
        "mail_id": 1,
        "kind": kind,
        "state": "sent",
        "reason": "",
        "judgement": "",
        "created_at": at,
        "sent_at": at if changes.get("state", "sent") in {"sent", "bounced"} else None,
    }
    return LetterFacts(**{**values, **changes})  # type: ignore[arg-type]


def event(what: str, at: datetime, detail: str = "", by: str = "hanako") -> EventFacts:
    return EventFacts(at=at, by=by, what=what, detail=detail)


def ticket(number: int, *categories: Category, at: datetime = MONDAY, **changes: object) -> TicketFacts:
    """A ticket of a person, accepted with nothing missing unless it is said otherwise."""
    values: dict[str, object] = {
        "ref": f"T{number:06d}",
        "opened_at": at,
        "state": "ready",
        "subject": f"subject {number}",
        "language": "ja",
        "domain": "example.co.jp",
        "disposition": "accept",
        "categories": categories,
        "products": (),
        "symptom_kind": SymptomKind.ERROR if Category.TROUBLESHOOTING in categories else None,
        "mails": (mail(number, at),),
    }
    return TicketFacts(**{**values, **changes})  # type: ignore[arg-type]


def book(pack: Pack, at: datetime = END, *domains: str) -> Book:
    return book_of(pack, at, frozenset(domains))


def added(parts: Iterable[Figures], period: Period, as_of: datetime) -> Figures:
    """The whole of parts that have no ticket in common; examples are those of the last parts."""
    cells: Counter[Cell] = Counter()
    done: dict[str, Counter[int]] = {}
    going: dict[str, Counter[int]] = {}
    left: dict[str, Counter[int]] = {}
    spreads: dict[str, Counter[int]] = {}
    examples: dict[Cell, tuple[Example, ...]] = {}
    for part in parts:
        cells.update(part.cells)
        for name, wait in part.waits.items():
            done.setdefault(name, Counter()).update(wait.done)
            going.setdefault(name, Counter()).update(wait.going)
            left.setdefault(name, Counter()).update(wait.left)
        for name, spread in part.spreads.items():
            spreads.setdefault(name, Counter()).update(spread)
        for cell, some in part.examples.items():
            examples[cell] = (examples.get(cell, ()) + some)[-MOST_EXAMPLES:]
    waits = {name: Wait(done=dict(done[name]), going=dict(going[name]), left=dict(left[name])) for name in done}
    return Figures(
        period=period,
        as_of=as_of,
        cells=dict(cells),
        waits=waits,
        spreads={name: dict(spread) for name, spread in spreads.items()},
        examples=examples,
    )
