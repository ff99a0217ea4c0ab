from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from policy.hours import Hours
from reports.periods import last_ended, period_before, period_named, period_of

TOKYO = "Asia/Tokyo"
HOURS = Hours(timezone=TOKYO, days=frozenset(range(5)), country="JP")


@pytest.mark.parametrize(
    ("kind", "day", "name", "first", "last"),
    [
        ("week", date(2026, 11, 16), "2026-W47", date(2026, 11, 16), date(2026, 11, 22)),
        ("week", date(2026, 11, 22), "2026-W47", date(2026, 11, 16), date(2026, 11, 22)),
        ("week", date(2027, 1, 1), "2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
        ("day", date(2026, 2, 28), "2026-02-28", date(2026, 2, 28), date(2026, 2, 28)),
        ("month", date(2026, 2, 28), "2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("month", date(2028, 2, 1), "2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("month", date(2026, 12, 31), "2026-12", date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_a_period_holds_its_days(kind: str, day: date, name: str, first: date, last: date) -> None:
    found = period_of(kind, day, TOKYO)
    assert (found.name, found.first_day, found.last_day) == (name, first, last)
    assert found.start == datetime(first.year, first.month, first.day, tzinfo=ZoneInfo(TOKYO))
    assert found.start.astimezone(UTC).hour == 15
    assert (found.days[0], found.days[-1], len(found.days)) == (first, last, (last - first).days + 1)
    assert period_named(name, TOKYO) == found
    before = period_before(found, TOKYO)
    assert (before.end, before.kind) == (found.start, found.kind)


@pytest.mark.parametrize("name", ["", "2026", "2026-W54", "2026-W00", "2026-13", "2026-02-30", "2026-W47-1", "20261116", "２０２６-11", "9999-12", "0001-01-01", "2026-11-16 "])  # fmt: skip
def test_what_names_no_period(name: str) -> None:
    with pytest.raises(ValueError):
        period_named(name, TOKYO)


def test_what_is_no_kind() -> None:
    with pytest.raises(ValueError, match="year"):
        period_of("year", date(2026, 11, 16), TOKYO)


@pytest.mark.parametrize(
    ("day", "before"),
    [
        (date(2026, 11, 17), date(2026, 11, 16)),
        (date(2026, 11, 16), date(2026, 11, 13)),  # Monday: Friday
        (date(2026, 11, 24), date(2026, 11, 20)),  # after a holiday (勤労感謝の日) and a weekend
        (date(2026, 11, 28), date(2026, 11, 23)),  # Saturday: the holiday, which is a day off too
    ],
)
def test_before_a_day_stands_the_last_one_of_its_own_kind(day: date, before: date) -> None:
    assert period_before(period_of("day", day, TOKYO), TOKYO, HOURS).first_day == before


def test_a_desk_without_days_off_has_yesterday_before() -> None:
    always = Hours(timezone=TOKYO)
    assert period_before(period_of("day", date(2026, 11, 16), TOKYO), TOKYO, always).first_day == date(2026, 11, 15)


def test_a_desk_that_is_never_open_has_the_day_before_as_well() -> None:
    never = Hours(timezone=TOKYO, days=frozenset())
    assert period_before(period_of("day", date(2026, 11, 16), TOKYO), TOKYO, never).first_day == date(2026, 11, 15)


@pytest.mark.parametrize(
    ("kind", "now", "name"),
    [
        ("week", datetime(2026, 11, 22, 14, 59, tzinfo=UTC), "2026-W46"),
        ("week", datetime(2026, 11, 22, 15, 0, tzinfo=UTC), "2026-W47"),
        ("day", datetime(2026, 11, 22, 15, 0, tzinfo=UTC), "2026-11-22"),
        ("month", datetime(2026, 11, 30, 15, 0, tzinfo=UTC), "2026-11"),
    ],
)
def test_the_last_period_has_ended(kind: str, now: datetime, name: str) -> None:
    found = last_ended(kind, now, TOKYO)
    assert found.name == name
    assert found.end <= now < found.end + (found.end - found.start) + timedelta(days=4)
