"""What an agent typed into the search, read: words and phrases, what must not be there, who wrote, states, days.

Promises: pure; any text is a query, however broken: what could not be used is told in `notes`, nothing raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, NamedTuple

from models.folding import fold
from models.states import TicketState
from models.words import Phrase, phrase_of

if TYPE_CHECKING:
    from datetime import tzinfo

LONGEST = 500  # characters that are read
MOST_TERMS = 16
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‟": '"', "〝": '"', "〟": '"', "\0": " ", "\n": " "})
_TERM = re.compile(
    r'(?P<minus>-?)(?:(?P<key>is|from|before|after):)?(?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s"]+))', re.IGNORECASE
)
_REF = re.compile(r"t[0-9]{1,12}")
STATES = frozenset(TicketState) - {TicketState.PARKED}  # no ticket is parked
OPEN = "open"


class Note(NamedTuple):
    """What was not done as typed: too_long, too_many, no_word, bad_state, bad_date; and what it is about."""

    code: str
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query as the store takes it. All phrases must stand in one text of the ticket, no excluded one in any."""

    phrases: tuple[Phrase, ...] = ()
    excluded: tuple[Phrase, ...] = ()
    states: frozenset[TicketState] = STATES
    opened_from: datetime | None = None  # [from, before)
    opened_before: datetime | None = None
    ref: str = ""  # the query is a ticket's reference and nothing else
    notes: tuple[Note, ...] = field(default=(), compare=False)

    @property
    def is_empty(self) -> bool:
        """Nothing in it says what to look for."""
        return not self.phrases and self.states == STATES and self.opened_from is None and self.opened_before is None


def read_query(text: str, zone: tzinfo, *, state: str = "") -> Query:
    """The query of a text.

    Words are ANDed; "several words" stand one behind the other; -word excludes; word* goes on; from:, is:, before: and
    after: narrow. Days are days of `zone`; after: holds its own day, before: does not. `state` is one more is:.
    """
    reading = _Reading(zone=zone)
    said = fold(text.translate(_QUOTES)[: 2 * LONGEST]).text
    if len(said) > LONGEST or len(text) > 2 * LONGEST:
        reading.notes.append(Note("too_long", str(LONGEST)))
    terms = list(_TERM.finditer(said[:LONGEST]))
    if len(terms) > MOST_TERMS:
        reading.notes.append(Note("too_many", str(MOST_TERMS)))
    for term in terms[:MOST_TERMS]:
        reading.take(term)
    if state:
        reading.narrow(state, is_without=False)
    is_ref = len(terms) == 1 and _REF.fullmatch(said.strip().casefold())
    return Query(
        phrases=tuple(reading.phrases),
        excluded=tuple(reading.excluded),
        states=(STATES if reading.wanted is None else frozenset(reading.wanted)) - reading.unwanted,
        opened_from=reading.since,
        opened_before=reading.until,
        ref=said.strip().upper() if is_ref else "",
        notes=tuple(dict.fromkeys(reading.notes)),
    )


@dataclass(slots=True, kw_only=True)
class _Reading:
    """A query while it is read."""

    zone: tzinfo
    phrases: list[Phrase] = field(default_factory=list)
    excluded: list[Phrase] = field(default_factory=list)
    wanted: set[TicketState] | None = None
    unwanted: set[TicketState] = field(default_factory=set)
    since: datetime | None = None
    until: datetime | None = None
    notes: list[Note] = field(default_factory=list)

    def take(self, term: re.Match[str]) -> None:
        key, is_without = (term["key"] or "").casefold(), bool(term["minus"])
        value = term["quoted"] if term["quoted"] is not None else term["plain"]
        if key == "is":
            self.narrow(value, is_without=is_without)
        elif key in {"before", "after"}:
            self._date(key, value)
        else:
            self._phrase(value, is_without=is_without, is_sender=key == "from", is_quoted=term["quoted"] is not None)

    def narrow(self, value: str, *, is_without: bool) -> None:
        name = value.casefold().replace("-", "_")
        found = (
            set(STATES) - {TicketState.CLOSED} if name == OPEN else {state for state in STATES if state.value == name}
        )
        if not found:
            self.notes.append(Note("bad_state", value))
        elif is_without:
            self.unwanted |= found
        else:
            self.wanted = (self.wanted or set()) | found

    def _date(self, key: str, value: str) -> None:
        try:
            day = date.fromisoformat("-".join(part.zfill(2) for part in re.split(r"[-/.]", value)))
            at = datetime.combine(day, time(), self.zone)
            at = at.astimezone(UTC)  # the first and last days of the calendar lie in no other zone
        except (ValueError, OverflowError):
            self.notes.append(Note("bad_date", value))
            return
        if key == "after":
            self.since = max(at, self.since) if self.since else at
        else:
            self.until = min(at, self.until) if self.until else at

    def _phrase(self, value: str, *, is_without: bool, is_sender: bool, is_quoted: bool) -> None:
        phrase = phrase_of(value, is_open=value.endswith("*") and not is_quoted, is_sender=is_sender)
        if phrase is None:
            self.notes.append(Note("no_word", value))
        else:
            (self.excluded if is_without else self.phrases).append(phrase)
