"""Makes facts of tickets for tests of the reports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from models.assessment import Category, SymptomKind
from models.facts import EventFacts, LetterFacts, MailFacts, TicketFacts
from policy.pack import Pack
from reports.counting import Book, book_of

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
