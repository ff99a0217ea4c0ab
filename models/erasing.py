"""What is deleted for good, and what stays to tell that it was: counts, never contents."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Why(StrEnum):
    """Why something was erased; wire values."""

    RETENTION = "retention"  # its time was over
    REQUEST = "request"  # the person asked for it
    RESTORED = "restored"  # it was erased before, and a backup had brought it back


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How much went."""

    tickets: int = 0
    mails: int = 0
    letters: int = 0

    def __add__(self, other: Erased) -> Erased:
        """Both together."""
        return Erased(
            tickets=self.tickets + other.tickets, mails=self.mails + other.mails, letters=self.letters + other.letters
        )

    def __bool__(self) -> bool:
        """Was it anything?"""
        return bool(self.tickets or self.mails or self.letters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who has what erased, for the audit log."""

    why: Why
    by: str
    customer: str = ""  # a keyed hash of the address; of what goes by its age none


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One line of the audit log: what one order erased on one day."""

    at: datetime
    by: str
    why: str
    customer: str
    erased: Erased


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """Where an address stands in the database."""

    tickets: tuple[str, ...] = ()
    open_tickets: tuple[str, ...] = ()
    mails: int = 0  # of those tickets
    letters: int = 0
    unread: tuple[int, ...] = ()  # mails at the door, or parked
    elsewhere: tuple[int, ...] = ()  # mails in tickets of others
    letters_elsewhere: tuple[int, ...] = field(default=())  # to this address, in tickets of others
    named_in: tuple[str, ...] = ()  # tickets of others that the address takes part in
    lines: int = 0  # of lists and of the desk's own history that name it

    @property
    def is_any(self) -> bool:
        """Does it stand anywhere?"""
        return bool(
            self.tickets or self.unread or self.elsewhere or self.letters_elsewhere or self.named_in or self.lines
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """What is one person's own, for an export."""

    tickets: tuple[str, ...]
    elsewhere: tuple[tuple[str, int], ...]  # (ticket of somebody else, mail of this person)
    letters_elsewhere: tuple[tuple[str, int], ...]  # (ticket of somebody else, letter to this person)
    unread: tuple[int, ...]  # mails without a ticket
    accounts: tuple[str, ...]  # confirmed as theirs
    rule: tuple[str, str] | None  # of the desk's list: verdict and note

    @property
    def is_any(self) -> bool:
        """Is there anything?"""
        return bool(
            self.tickets or self.elsewhere or self.letters_elsewhere or self.unread or self.accounts or self.rule
        )


def detail_of(order: Order, day: str, erased: Erased) -> str:
    """The audit line's text, which `erasure_of` reads again."""
    counts = f"tickets={erased.tickets} mails={erased.mails} letters={erased.letters}"
    return f"{key_of(order, day)} {counts}"


def key_of(order: Order, day: str) -> str:
    """What the lines of one order on one day begin with."""
    whose = f" customer={order.customer}" if order.customer else ""
    return f"{order.why.value} on={day}{whose}"


def erasure_of(at: datetime, by: str, detail: str) -> Erasure:
    """The record of an audit line."""
    why, *pairs = detail.split(" ")
    found = dict(pair.partition("=")[::2] for pair in pairs)
    counts = {name: int(found.get(name, "0")) for name in ("tickets", "mails", "letters")}
    return Erasure(at=at, by=by, why=why, customer=found.get("customer", ""), erased=Erased(**counts))
