"""Days, weeks and months at the desk: what a report is about. Pure.

A period is [start, end) as instants, in the desk's zone. Its name is stable: 2026-11-29, 2026-W48, 2026-11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from policy.hours import Hours

_DAY = timedelta(days=1)
_NAME = re.compile(r"(\d{4})(?:-W(\d{2})|-(\d{2})(?:-(\d{2}))?)", re.ASCII)
_LONGEST_WALK = 400  # days back to the last one of its kind


class PeriodKind(StrEnum):
    """How long a period is; wire values of `report --period`."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """[start, end), and its name."""

    kind: PeriodKind
    name: str
    start: datetime
    end: datetime

    @property
    def first_day(self) -> date:
        """The first day that belongs to it."""
        return self.start.date()

    @property
    def last_day(self) -> date:
        """The last day that belongs to it."""
        return self.end.date() - _DAY

    @property
    def days(self) -> tuple[date, ...]:
        """Every day of it."""
        return tuple(self.first_day + number * _DAY for number in range((self.last_day - self.first_day).days + 1))


def period_of(kind: str, day: date, timezone: str) -> Period:
    """The period of that kind that holds `day`: a day, a week (Monday to Sunday, ISO 8601) or a month.

    Raises:
        ValueError: The kind is unknown, or the day too near an end of the calendar.
    """
    match PeriodKind(kind):
        case PeriodKind.DAY:
            return _period(PeriodKind.DAY, f"{day:%Y-%m-%d}", day, day + _checked(day), timezone)
        case PeriodKind.WEEK:
            monday = day - timedelta(days=day.weekday())
            year, week, _ = monday.isocalendar()
            return _period(PeriodKind.WEEK, f"{year:04}-W{week:02}", monday, monday + 7 * _checked(day), timezone)
        case PeriodKind.MONTH:
            first = day.replace(day=1)
            after = (first + 32 * _checked(day)).replace(day=1)
            return _period(PeriodKind.MONTH, f"{day:%Y-%m}", first, after, timezone)


def period_named(name: str, timezone: str) -> Period:
    """The period of that name.

    Raises:
        ValueError: It names no period.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(f"no period {name}")
    year, week, month, day = (int(part) if part else None for part in found.groups())
    assert year is not None
    if week is not None:
        return period_of(PeriodKind.WEEK, date.fromisocalendar(year, week, 1), timezone)
    kind = PeriodKind.DAY if day else PeriodKind.MONTH
    return period_of(kind, date(year, month or 1, day or 1), timezone)


def period_before(period: Period, timezone: str, hours: Hours | None = None) -> Period:
    """The one before it. With `hours`, before a day stands the last day of its own kind, business day or day off."""
    day = period.first_day - _DAY
    if period.kind is PeriodKind.DAY and hours is not None:
        is_business = hours.is_business_day(period.first_day)
        for _ in range(_LONGEST_WALK):
            if hours.is_business_day(day) == is_business:
                break
            day -= _DAY
        else:
            day = period.first_day - _DAY
    return period_of(period.kind, day, timezone)


def last_ended(kind: str, now: datetime, timezone: str) -> Period:
    """The newest period of that kind that has ended at `now`."""
    today = period_of(kind, now.astimezone(ZoneInfo(timezone)).date(), timezone)
    return period_before(today, timezone)


def _checked(day: date) -> timedelta:
    """One day; the calendar must go on for a while on both sides.

    Raises:
        ValueError: It does not.
    """
    if not date(1970, 1, 1) <= day <= date(9990, 1, 1):
        raise ValueError(f"no period around {day}")
    return _DAY


def _period(kind: PeriodKind, name: str, first: date, after: date, timezone: str) -> Period:
    zone = ZoneInfo(timezone)
    return Period(
        kind=kind, name=name, start=datetime.combine(first, time(), zone), end=datetime.combine(after, time(), zone)
    )
