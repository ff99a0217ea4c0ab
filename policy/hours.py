"""When people are at the desk: business days, hours and public holidays, for what time does to tickets.

Turns an instant into "are we open?" and counts business days back from it. Holidays come from the `holidays` library, so
that moved and substitute ones (振替休日) need no care. A desk without hours is always open. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

_DAY = timedelta(days=1)
_SHORTEST_DAY = timedelta(hours=1)
_MOST_CLOSED = 400  # days in a row; no desk is closed longer
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The desk's week. `opens` and `closes` are local times of one day; `country` is an ISO 3166 code or empty."""

    timezone: str = "UTC"
    days: frozenset[int] = frozenset(range(7))  # 0 is Monday
    opens: time = time(0, 0)
    closes: time = time.max
    country: str = ""
    closed_on: frozenset[date] = frozenset()

    def is_open(self, at: datetime) -> bool:
        """Is somebody there at that instant?"""
        local = at.astimezone(ZoneInfo(self.timezone))
        return self.is_business_day(local.date()) and self.opens <= local.time() < self.closes

    def is_business_day(self, day: date) -> bool:
        """Do people work on that day?"""
        is_holiday = bool(self.country) and day in _holidays(self.country)
        return day.weekday() in self.days and not is_holiday and day not in self.closed_on

    def days_before(self, at: datetime, count: int) -> datetime:
        """The instant so many business days before `at`: what happened before it has had that long.

        Days off give no time: on one of them it is still the midnight that ended the last business day, and what happens on one
        counts from the next business day on. No business days before `at` is `at` itself.
        """
        zone = ZoneInfo(self.timezone)
        local = at.astimezone(zone)
        if count <= 0:
            return local
        hour = local.time() if self.is_business_day(local.date()) else time(0, 0)
        return datetime.combine(self._earlier(local.date(), count), hour, zone)

    def after(self, at: datetime, span: timedelta) -> datetime:
        """The instant at which so much business time has passed since `at`."""
        zone = ZoneInfo(self.timezone)
        local, left = at.astimezone(zone), span
        for _ in range(_MOST_CLOSED + left // _SHORTEST_DAY):
            opens = datetime.combine(local.date(), self.opens, zone)
            closes = datetime.combine(local.date(), self.closes, zone)
            begins = max(local, opens)
            if self.is_business_day(local.date()) and begins < closes:
                if begins + left <= closes:
                    return begins + left
                left -= closes - begins
            local = datetime.combine(local.date() + _DAY, time(0, 0), zone)
        return local

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much business time lies between two instants; none where `end` is not after `start`."""
        whole = end.astimezone(UTC) - start.astimezone(UTC)
        if whole <= timedelta(0) or self._is_always_open:
            return max(whole, timedelta(0))
        zone = ZoneInfo(self.timezone)
        local, until = start.astimezone(zone), end.astimezone(zone)
        first, last = local.date(), until.date()
        if first == last:
            return self._within(first, local, until)
        days = _business_days(self, first + _DAY, last)
        midnight = datetime.combine(first + _DAY, time(0, 0), zone)
        whole = self._within(first, local, midnight) + days * self._day_length()
        return whole + self._within(last, datetime.combine(last, time(0, 0), zone), until)

    def _within(self, day: date, start: datetime, end: datetime) -> timedelta:
        """The business time of one day between two instants of it."""
        if not self.is_business_day(day):
            return timedelta(0)
        zone = ZoneInfo(self.timezone)
        # By the instant: within one zone the clock on the wall would be compared, which an autumn night shows twice.
        begins = max(start.astimezone(UTC), datetime.combine(day, self.opens, zone).astimezone(UTC))
        ends = min(end.astimezone(UTC), self._closing(day, zone))
        return max(ends - begins, timedelta(0))

    def _closing(self, day: date, zone: ZoneInfo) -> datetime:
        """When that day ends at the desk, in UTC; the midnight after it for one that is open to the end."""
        if self.closes == time.max:
            return datetime.combine(day + _DAY, time(0, 0), zone).astimezone(UTC)
        return datetime.combine(day, self.closes, zone).astimezone(UTC)

    def _day_length(self) -> timedelta:
        """A business day's; the odd hour of a day on which clocks change is let go."""
        day = date(2000, 1, 1)
        zone = ZoneInfo("UTC")
        return self._closing(day, zone) - datetime.combine(day, self.opens, zone)

    @property
    def _is_always_open(self) -> bool:
        is_all_day = self.opens == time(0, 0) and self.closes == time.max
        return is_all_day and len(self.days) == len(WEEKDAYS) and not self.country and not self.closed_on

    def _earlier(self, day: date, count: int) -> date:
        """So many business days earlier; far away for a desk that is never open."""
        for _ in range(_MOST_CLOSED + 7 * count):
            if count <= 0:
                break
            day -= _DAY
            count -= self.is_business_day(day)
        return day


@lru_cache(maxsize=4096)
def _business_days(hours: Hours, first: date, after: date) -> int:
    """How many business days lie in [first, after)."""
    return sum(hours.is_business_day(first + number * _DAY) for number in range((after - first).days))


@lru_cache(maxsize=8)
def _holidays(country: str) -> holidays.HolidayBase:
    """Grows by itself with the years that are asked for."""
    return holidays.country_holidays(country)


def knows_country(country: str) -> bool:
    """Does the library know its holidays?"""
    try:
        _holidays(country)
    except NotImplementedError:
        return False
    return True
