"""What a search found: tickets with the texts that hold what was looked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundText:
    """One mail, letter or note that was found. Nothing of it is masked yet: who shows it masks it."""

    source: str  # mail, letter, note
    source_id: int
    at: datetime
    by: str  # who wrote it: an address, an agent, or empty
    subject: str
    text: str
    names: tuple[str, ...] = ()  # the sender's name, other addresses, attachments' file names
    secrets: tuple[str, ...] = ()  # what its reading holds for credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTicket:
    """One ticket that was found, with the newest of its texts that were; none where only its state was asked for."""

    place: int  # where the next page begins, opaque
    ref: str
    state: str
    subject: str
    sender: str
    language: str
    assignee: str
    opened_at: datetime
    texts: tuple[FoundText, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """A page of what was found, the newest tickets first."""

    tickets: tuple[FoundTicket, ...] = ()
    next_after: int | None = None  # None: there is no more
    is_short: bool = False  # the page ends before it is full, lest it take too long: more may be behind `next_after`


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How much of an index that is being made is there."""

    done: int
    total: int

    @property
    def percent(self) -> int:
        """Full only when all is done."""
        return min(99, 100 * self.done // self.total) if self.done < self.total else 100
