"""Saved reports in the order of their periods, whenever each was made. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from models.views import period_kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.views import SavedReport

_RANK = {"month": 2, "week": 1, "day": 0}  # of periods that end on one day, the longest is the newest


def last_day(name: str) -> date:
    """The day on which a period ends.

    Raises:
        ValueError: No period has this name.
    """
    try:
        match period_kind(name):
            case "day":
                return date.fromisoformat(name)
            case "week":
                year, week = name.split("-W")
                return date.fromisocalendar(int(year), int(week), 7)
        first = date.fromisoformat(f"{name}-01")
        return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    except OverflowError as error:
        raise ValueError("the calendar ends before it does") from error


def place_of(name: str) -> tuple[date, int, str]:
    """Where a period stands among all; the greatest is the newest.

    Raises:
        ValueError: No period has this name.
    """
    return last_day(name), _RANK[period_kind(name)], name


def newest_first(saved: Iterable[SavedReport], current: Iterable[str]) -> list[SavedReport]:
    """Reports by their periods; `current` are the names of the periods of today: what is later has not begun and is left out.

    Such a report was made while a clock was wrong. It has no page, and it comes into the list when its period begins.
    """
    latest = {period_kind(name): name for name in current}
    begun = (one for one in saved if one.name <= latest[period_kind(one.name)])
    return sorted(begun, key=lambda one: place_of(one.name), reverse=True)
