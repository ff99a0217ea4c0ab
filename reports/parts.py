"""What a report is made of, whatever it is printed as: sentences, tables, pictures. Frozen records; all words are chosen.

A `Run` that came by mail (`is_foreign`) holds one line of printable characters; printers escape it and keep its writing direction
to itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from reports.intervals import Estimate


_FEW = 2  # rows that are shown rather than folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Some words, perhaps a link."""

    text: str
    href: str = ""
    is_strong: bool = False
    is_foreign: bool = False


Text: TypeAlias = "tuple[Run, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A share in [0, 1] with its interval, to be drawn beside its number."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One field of a table."""

    text: Text
    tone: str = ""  # better, worse, alarm, quiet: never the only sign
    sign: str = ""  # drawn before the words, and said by them too
    bar: Bar | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The head of a column."""

    head: str
    is_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; the first field of a row names it."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Entry, ...], ...]
    note: str = ""
    is_cards: bool = False  # on a phone a row is a card of its own
    mailed: tuple[int, ...] = ()  # the columns that a mail has room for; none: all
    most_mailed: int = 24  # rows that a mail has room for; 0: it stands in no mail
    is_folded: bool = False  # a page opens it on demand: a picture beside it says the same
    unfolded: int = 0  # rows that a page shows before it folds the rest; 0: all
    rest: str = ""  # what opens the rest

    @property
    def shown(self) -> tuple[tuple[Entry, ...], ...]:
        """The rows that a page shows at once."""
        return self.rows[: self.unfolded] if self.hidden else self.rows

    @property
    def hidden(self) -> tuple[tuple[Entry, ...], ...]:
        """The rows behind them; a few are not worth a click."""
        is_long = 0 < self.unfolded < len(self.rows) - _FEW
        return self.rows[self.unfolded :] if is_long else ()

    @property
    def has_links(self) -> bool:
        """Can the keyboard get into it by a link?"""
        return any(run.href for row in self.rows for one in row for run in one.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Some sentences."""

    text: Text
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """A list, or the lines of something: a caption and what stands below it."""

    caption: str
    lines: tuple[Text, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line of estimates, a point a period; None is no point."""

    label: str
    points: tuple[Estimate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends:
    """Shares over periods."""

    labels: tuple[str, ...]
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Volumes:
    """Counts by day or hour, two parts of each."""

    labels: tuple[str, ...]
    inside: tuple[int, ...]
    outside: tuple[int, ...]
    names: tuple[str, str]
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacks:
    """What parts a whole has, a line each."""

    labels: tuple[str, ...]
    parts: tuple[tuple[int, ...], ...]  # (n_labels, n_names)
    names: tuple[str, ...]
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Estimates of several kinds in panels beside each other; None is no point."""

    labels: tuple[str, ...]
    panels: tuple[Series, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """How many have come to their end by when: steps (minutes, share) from (0, ...)."""

    label: str
    steps: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Waits as curves."""

    curves: tuple[Curve, ...]
    ticks: tuple[tuple[float, str], ...]  # (minutes, words)
    longest: float
    unit: str
    along: str = ""  # what the ticks count


Drawing: TypeAlias = "Trends | Volumes | Stacks | Intervals | Curves"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A picture: what it shows in a sentence, and what to draw."""

    id: str
    title: str
    alt: str
    drawing: Drawing


Block: TypeAlias = "Paragraph | Lines | Table | Chart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A chapter."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    is_mailed: bool = True  # in the HTML of the mail too; the plain text and the pages hold every chapter


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One advice in words."""

    code: str
    title: Text
    text: Text  # its last run, if it is a link, leads to the tickets
    gain: str  # empty where nothing is counted

    @property
    def said(self) -> Text:
        """The sentences alone."""
        return self.text[:-1] if self.text and self.text[-1].href else self.text

    @property
    def href(self) -> str:
        """Where the tickets are."""
        return self.text[-1].href if self.text else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A report in one language."""

    name: str  # the period's
    language: str
    title: str
    subtitle: str
    subject: str  # of its mail
    desk: str  # who it is from
    link: str  # to itself in the desk; without an address of the desk a path
    summary_title: str
    summary: tuple[Paragraph, ...]
    advice_title: str
    advice: tuple[Suggestion, ...]
    no_advice: str
    sections: tuple[Section, ...]
    brief: tuple[Section, ...]  # instead of them in the plain text of a mail: what moved, and what came of it
    contents: str  # what the list of chapters is called
    whole: str  # what the link to itself is called
    foot: str
    foot_settings: str
    foot_file: str  # of a file, which nobody sent

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Every picture, in order."""
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Chart))


def plain(text: Text) -> str:
    """The words alone."""
    return "".join(run.text for run in text)
