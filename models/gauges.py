"""How an installation stands at one moment, in counts and instants: what whoever watches it reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

BOOK_FAULTS = ("lost", "uncounted", "orphan", "twice", "odd", "stuck")
ROLES = ("smtp", "imap", "worker", "deliver", "desk", "scheduler")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Counts by state hold a 0 for every state that has none."""

    mails_waiting: int
    mails_parked: int
    oldest_mail_at: datetime | None  # receipt of the first mail that is no ticket yet
    letters: Mapping[str, int]  # queued, held, failed, bounced
    letter_due_at: datetime | None  # since when the first letter could have gone
    memos: Mapping[str, int]  # queued, failed
    memo_due_at: datetime | None
    calls: Mapping[str, int]  # of webhooks: queued, failed
    webhooks_off: int
    tickets: Mapping[str, int]
    tickets_overdue: int
    are_letters_on: bool
    books_closed_at: datetime | None  # of the last closed day
    books_faults: Mapping[str, int] = field(default_factory=dict)  # its faults by code
    reports_made_at: Mapping[str, datetime] = field(default_factory=dict)  # the newest by kind of period
    roles: Mapping[str, int] = field(default_factory=dict)  # processes that run


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorCounts:
    """What a listener says of itself."""

    sessions: int  # open now
    refusals: Mapping[tuple[str, str], int]  # replies of 4xx and 5xx since its start, by code and why
    stored_anew: int  # groups of mails that the database failed at the first try


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """What became of this process's connections to the database."""

    in_use: int
    opened: int
    failures: int  # statements and connections that the driver failed
