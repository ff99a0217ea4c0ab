"""What people set at the desk about letters: the stop, block and allow rules, modes, saved texts, and who did what.

Pure records, and the one rule of how an address is matched: no server in use tells spellings of one local part apart,
and whatever stands behind a plus is the same mailbox.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_PATTERN = re.compile(r"(?:[^\s@<>,;]+)?@[^\s@<>,;.]+(?:\.[^\s@<>,;.]+)*")
_LONGEST = 320


class Verdict(StrEnum):
    """What a rule says of an address."""

    BLOCK = "block"
    ALLOW = "allow"


class Judgement(StrEnum):
    """What an agent made of a letter that did not go by itself."""

    RELEASED = "released"
    DISCARDED = "discarded"
    EDITED = "edited"  # sent, but not as it was
    RIGHT = "right"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """All letters are stopped: by whom, since when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """What every page of the desk warns of."""

    stop: Stop | None = None
    held_for_total: int = 0  # letters of the last ten minutes that the limit of all letters holds


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRule:
    """One line of the block and allow list; `pattern` is an address or `@domain`, which names its sub-domains too."""

    pattern: str
    verdict: Verdict
    note: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterVersion:
    """One version of a letter's text. The pack's own text stands as a version too where someone went back to it."""

    name: str
    language: str
    number: int
    text: str  # empty if `is_pack`
    by: str
    at: datetime
    note: str
    is_current: bool
    is_pack: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskEvent:
    """One line of the desk's own history: who changed what for all letters, who came in, who may."""

    at: datetime
    by: str
    what: str
    detail: str
    number: int = 0  # in the order of the history


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCount:
    """How many letters of one kind stand in one state with one judgement."""

    kind: str
    state: str
    judgement: str  # a Judgement value, or empty
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowOutcome:
    """A letter that was only shown, and what people did with its ticket afterwards."""

    reply_id: int
    ref: str
    kind: str
    at: datetime
    judgement: str
    would_be: str  # where the ticket would stand had the letter gone: a TicketState value
    moved_to: str = ""  # where an agent first moved the ticket; empty: nowhere yet
    by: str = ""


def normal_pattern(text: str) -> str | None:
    """The pattern as rules are kept: folded, without plus part; None if it is neither an address nor `@domain`."""
    pattern = _plain(text)
    if pattern.startswith("@") and not text.strip().startswith("@"):
        return None  # "+tag@example.com" must not become a rule for all of example.com
    return pattern if _PATTERN.fullmatch(pattern) and len(pattern) <= _LONGEST else None


def patterns_for(address: str) -> tuple[str, ...]:
    """Every pattern that names an address, the most exact first; none for what is no address."""
    plain = _plain(address)
    local, at, domain = plain.rpartition("@")
    if not (local and at and domain):
        return ()
    labels = domain.split(".")
    return (plain, *("@" + ".".join(labels[start:]) for start in range(len(labels))))


def verdict_for(address: str, rules: Mapping[str, Verdict]) -> Verdict | None:
    """What the rules say of an address: the most exact one counts; None if none names it."""
    return next((rules[pattern] for pattern in patterns_for(address) if pattern in rules), None)


def _plain(address: str) -> str:
    local, at, domain = address.strip().casefold().rpartition("@")
    return local.partition("+")[0] + at + domain.rstrip(".")
