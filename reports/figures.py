"""The figures of one period: sums that add up, so that two halves of a period give the whole. Pure records.

Everything counts the tickets that were opened in the period, as they stood at `as_of`. A cell is a count by (measure,
dimension, value); docs/reports.md says what each measure counts. Shares, intervals and sentences are made of them elsewhere.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from reports.periods import period_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.facts import DayBooks
    from reports.periods import Period

MOST_EXAMPLES = 3  # of a cell
_STATES = ("done", "going", "left")  # of waits


class Cell(NamedTuple):
    """What is counted, by what, for which value; the dimension `all` has the one value ""."""

    measure: str
    dimension: str = "all"
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A ticket that shows what a figure means. `subject` has no credentials in it."""

    ref: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long something took, in whole business minutes (coarser from ten hours on): how often, by length."""

    done: Mapping[int, int] = field(default_factory=dict)  # it came to its end after that long
    going: Mapping[int, int] = field(default_factory=dict)  # it had lasted that long, and went on, when it was counted
    left: Mapping[int, int] = field(default_factory=dict)  # it had lasted that long when its ticket was closed

    @property
    def count(self) -> int:
        """How many began."""
        return sum(self.done.values()) + sum(self.unended.values())

    @property
    def unended(self) -> Mapping[int, int]:
        """Those that were watched that long and have not come to their end, whether they go on or not."""
        return Counter(self.going) + Counter(self.left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All sums of one period."""

    period: Period
    as_of: datetime
    cells: Mapping[Cell, int] = field(default_factory=dict)  # none is 0
    waits: Mapping[str, Wait] = field(default_factory=dict)
    spreads: Mapping[str, Mapping[int, int]] = field(default_factory=dict)  # by whole percent
    examples: Mapping[Cell, tuple[Example, ...]] = field(default_factory=dict)  # the newest, at most MOST_EXAMPLES

    def count(self, measure: str, dimension: str = "all", value: str = "") -> int:
        """One cell; 0 where nothing was counted."""
        return self.cells.get(Cell(measure, dimension, value), 0)

    def by(self, measure: str, dimension: str) -> dict[str, int]:
        """Counts by value, the largest first, equals by name."""
        found = {
            cell.value: count
            for cell, count in self.cells.items()
            if cell.measure == measure and cell.dimension == dimension
        }
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))

    def wait(self, name: str) -> Wait:
        """One kind of wait; an empty one where none began."""
        return self.waits.get(name, Wait())

    @property
    def is_empty(self) -> bool:
        """Did nothing come in?"""
        return not self.cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A period, the four of its kind before it at the same age (oldest first; fewer where the desk is young), and the books."""

    figures: Figures
    before: tuple[Figures, ...] = ()
    books: tuple[DayBooks, ...] = ()  # of the period's days, as far as they were counted
    made_at: datetime
    began_at: datetime | None = None  # when the desk's first mail came; None: not known, or none has come


def figures_to_value(figures: Figures) -> dict[str, Any]:
    """The figures as a JSON object, in a fixed order."""
    return {
        "period": figures.period.name,
        "as_of": figures.as_of.isoformat(),
        "cells": [[*cell, count] for cell, count in sorted(figures.cells.items())],
        "waits": {
            name: {state: sorted(getattr(wait, state).items()) for state in _STATES}
            for name, wait in sorted(figures.waits.items())
        },
        "spreads": {name: sorted(spread.items()) for name, spread in sorted(figures.spreads.items())},
        "examples": [
            [*cell, [[one.ref, one.subject] for one in some]] for cell, some in sorted(figures.examples.items())
        ],
    }


def figures_from_value(value: Mapping[str, Any], timezone: str) -> Figures:
    """The record of `figures_to_value`.

    Raises:
        KeyError, ValueError, TypeError: It is none.
    """
    return Figures(
        period=period_named(value["period"], timezone),
        as_of=datetime.fromisoformat(value["as_of"]),
        cells={Cell(measure, dimension, name): count for measure, dimension, name, count in value["cells"]},
        waits={
            name: Wait(**{state: dict(map(tuple, wait[state])) for state in _STATES})
            for name, wait in value["waits"].items()
        },
        spreads={name: dict(map(tuple, spread)) for name, spread in value["spreads"].items()},
        examples={
            Cell(measure, dimension, name): tuple(Example(ref=ref, subject=subject) for ref, subject in some)
            for measure, dimension, name, some in value["examples"]
        },
    )
