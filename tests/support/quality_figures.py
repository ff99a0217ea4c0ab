"""Makes figures of periods by hand, for tests of what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from reports.figures import Cell, Figures, Report, Wait
from reports.periods import period_of

WEEK = period_of("week", date(2026, 11, 18), "Asia/Tokyo")
MADE_AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def figures(
    cells: Mapping[Any, int] | None = None,
    waits: Mapping[str, Wait] | None = None,
    spreads: Mapping[str, Mapping[int, int]] | None = None,
) -> Figures:
    """Figures of a week, by tuples (measure, dimension, value); a cell of all tickets may be named by its measure alone. Cells of 0 are left out, as the counting does."""
    whole = {Cell(key) if isinstance(key, str) else Cell(*key): count for key, count in (cells or {}).items() if count}
    return Figures(period=WEEK, as_of=MADE_AT, cells=whole, waits=waits or {}, spreads=spreads or {})


def report(now: Figures, *before: Figures) -> Report:
    return Report(figures=now, before=before, made_at=MADE_AT)


def grouped(
    dimension: str, rates: Mapping[str, tuple[int, int]], measure: str, base: str
) -> dict[tuple[str, ...], int]:
    """Cells of `measure` and `base` by value, from (hits, of)."""
    cells: dict[tuple[str, ...], int] = {}
    for value, (hits, of) in rates.items():
        cells[measure, dimension, value] = hits
        cells[base, dimension, value] = of
    return cells
