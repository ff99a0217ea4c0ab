"""What the counting goes by besides the tickets, and how a value of two halves is written. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from policy.pack import Pack

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
        return _asked_until(self.pack, at)


def book_of(pack: Pack, as_of: datetime, domains: frozenset[str] = frozenset()) -> Book:
    """The book of a pack at an instant."""
    return Book(pack=pack, as_of=as_of, asked_before=_asked_until(pack, as_of), domains=domains)


def _asked_until(pack: Pack, at: datetime) -> datetime:
    return pack.desk.working.days_before(at, pack.limits.remind_after_days)


def halves(value: str) -> tuple[str, str]:
    """The group and the item of a value like "example.co.jp|when". A domain may hold the separator, an item does not."""
    group, _, item = value.rpartition(SEPARATOR)
    return group, item
