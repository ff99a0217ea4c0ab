"""What a page of the queue shows, and where the next one begins. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.states import TicketState

if TYPE_CHECKING:
    from datetime import datetime

    from models.views import QueueRow

OPEN = tuple(state for state in TicketState if state not in {TicketState.CLOSED, TicketState.PARKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which tickets, and in which order.

    `tags` are those of `models.db.tags`; a ticket must carry every one. `by_rank` is the order of who must act: the most
    pressing first, within a rank the longest wait; else the newest first.
    """

    states: tuple[TicketState, ...] = OPEN
    tags: tuple[str, ...] = ()
    opened_before: datetime | None = None
    opened_after: datetime | None = None
    by_rank: bool = False
    has_strays: bool = False  # mails that are no tickets yet, or never will be


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    """One page. `after` is the key of the page behind it; empty: there is none."""

    rows: tuple[QueueRow, ...]
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Tickets of the last minutes about one product, in one region, or both: perhaps one incident."""

    product: str  # empty: different ones
    region: str  # empty: different ones, or none named
    refs: tuple[str, ...]
    senders: int
    since: datetime


def key_of(row: QueueRow, *, by_rank: bool) -> str:
    """Where the page behind this row begins."""
    return f"{row.rank}.{row.key}" if by_rank else str(row.key)


def read_key(key: str, *, by_rank: bool) -> tuple[int, int] | None:
    """(rank, place) of such a key; None for whatever is none."""
    rank, sign, place = key.partition(".") if by_rank else ("0", ".", key)
    is_number = all(part.isascii() and part.isdigit() and len(part) <= 15 for part in (rank, place))
    return (int(rank), int(place)) if sign and is_number else None
