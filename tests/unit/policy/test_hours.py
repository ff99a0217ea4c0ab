"""Business days by the desk's zone, its week and Japan's holidays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.hours import Hours, knows_country
from policy.pack import Pack

TOKYO = ZoneInfo("Asia/Tokyo")
DESK = Hours(
    timezone="Asia/Tokyo",
    days=frozenset(range(5)),
    opens=time(9),
    closes=time(18),
    country="JP",
    closed_on=frozenset({date(2026, 12, 29)}),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("when", "is_open"),
    [
        ("2026-11-24 09:00", True),
        ("2026-11-24 08:59", False),
        ("2026-11-24 18:00", False),
        ("2026-11-21 10:00", False),  # a Saturday
        ("2026-11-23 10:00", False),  # 勤労感謝の日
        ("2026-09-22 10:00", False),  # 国民の休日, between two others
        ("2027-03-22 10:00", False),  # 振替休日
        ("2026-12-29 10:00", False),  # the desk's own
    ],
)
def test_open_is_a_business_day_within_hours(when: str, *, is_open: bool) -> None:
    assert DESK.is_open(at(when)) is is_open


def test_the_zone_is_the_desks() -> None:
    assert DESK.is_open(datetime(2026, 11, 24, 0, 30, tzinfo=UTC))
    assert not DESK.is_open(datetime(2026, 11, 24, 9, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("now", "days", "before"),
    [
        ("2026-11-26 10:00", 3, "2026-11-20 10:00"),  # Thursday; Monday the 23rd is a holiday
        ("2026-11-27 10:00", 3, "2026-11-24 10:00"),
        ("2026-11-24 10:00", 0, "2026-11-24 10:00"),
        ("2026-11-28 12:01", 1, "2026-11-27 00:00"),  # a Saturday gives no time: it is still the end of Friday
        ("2026-11-29 10:00", 1, "2026-11-27 00:00"),
        ("2026-11-30 12:01", 1, "2026-11-27 12:01"),
        ("2026-11-28 12:00", 5, "2026-11-20 00:00"),  # over the holiday on Monday
        ("2026-11-23 10:00", 1, "2026-11-20 00:00"),  # a holiday after a weekend: still Friday
        ("2026-11-21 10:00", 2, "2026-11-19 00:00"),
        ("2026-09-22 10:00", 1, "2026-09-18 00:00"),  # the fourth of five days off in a row
        ("2026-09-24 10:00", 1, "2026-09-18 10:00"),
        ("2026-12-29 10:00", 1, "2026-12-28 00:00"),  # the desk's own day off
        ("2026-11-28 10:00", 0, "2026-11-28 10:00"),
    ],
)
def test_business_days_are_counted_back(now: str, days: int, before: str) -> None:
    assert DESK.days_before(at(now), days) == at(before)


@pytest.mark.parametrize(
    ("happened", "days", "not_yet", "passed"),
    [
        ("2026-11-27 12:00", 1, "2026-11-29 23:59", "2026-11-30 12:01"),  # Friday noon: over on Monday noon
        ("2026-11-16 12:00", 5, "2026-11-23 23:59", "2026-11-24 12:01"),  # Saturday to Monday are off: on Tuesday
        ("2026-11-28 12:00", 1, "2026-11-30 23:59", "2026-12-01 00:01"),  # on a Saturday: Monday is the first day
        ("2026-09-18 17:00", 1, "2026-09-24 16:59", "2026-09-24 17:01"),  # before five days off
    ],
)
def test_days_off_give_no_time(happened: str, days: int, not_yet: str, passed: str) -> None:
    assert not at(happened) < DESK.days_before(at(not_yet), days)
    assert at(happened) < DESK.days_before(at(passed), days)


def test_the_day_before_never_runs_backwards() -> None:
    hours = [at("2026-11-18 00:00") + timedelta(hours=n) for n in range(24 * 14)]
    before = [DESK.days_before(hour, 2) for hour in hours]
    assert before == sorted(before)


def test_a_desk_without_hours_is_always_open_and_counts_all_days() -> None:
    always = Hours(timezone="Asia/Tokyo")
    assert always.is_open(at("2026-11-22 03:00"))
    assert always.days_before(at("2026-11-24 10:00"), 3) == at("2026-11-21 10:00")


def test_a_desk_that_is_never_open_still_gives_an_answer() -> None:
    never = replace(DESK, days=frozenset())
    assert not never.is_open(at("2026-11-24 10:00"))
    assert never.days_before(at("2026-11-24 10:00"), 3) < at("2026-01-01 00:00")


def test_the_default_pack_keeps_japanese_business_days(pack: Pack) -> None:
    assert not pack.desk.working.is_open(at("2026-11-23 10:00"))
    assert pack.desk.working.is_open(at("2026-11-24 10:00"))
    assert (pack.limits.remind_after_days, pack.limits.person_after_days, pack.limits.close_after_days) == (3, 5, 0)


def test_an_unknown_country_is_none() -> None:
    assert knows_country("JP")
    assert not knows_country("XX")


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-11-20 10:00", "2026-11-20 12:30", 2.5),
        ("2026-11-20 08:00", "2026-11-20 23:00", 9),
        ("2026-11-20 17:00", "2026-11-24 10:00", 2),  # a weekend and 勤労感謝の日 between
        ("2026-11-20 17:00", "2026-11-25 10:00", 11),
        ("2026-11-21 10:00", "2026-11-22 12:00", 0),
        ("2026-11-19 12:00", "2026-11-20 09:00", 6),
        ("2026-11-20 12:00", "2026-11-20 12:00", 0),
        ("2026-11-20 12:00", "2026-11-19 12:00", 0),
    ],
)
def test_business_time_between_two_instants(start: str, end: str, hours: float) -> None:
    working = replace(DESK, closed_on=frozenset())
    begin, stop = (datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("Asia/Tokyo")) for at in (start, end))
    assert working.between(begin.astimezone(UTC), stop.astimezone(UTC)) == timedelta(hours=hours)


@given(st.integers(0, 60 * 24 * 40), st.integers(0, 60 * 24 * 40))
def test_business_time_adds_up_and_agrees_with_after(first: int, second: int) -> None:
    working = replace(DESK, closed_on=frozenset())
    start = datetime(2026, 11, 1, tzinfo=UTC)
    one, two = start + timedelta(minutes=first), start + timedelta(minutes=first + second)
    span = working.between(one, two)
    assert working.between(start, one) + span == working.between(start, two)
    if span:
        assert working.between(one, working.after(one, span)) == span
        assert working.after(one, span) <= two


def test_a_desk_without_hours_loses_no_moment_and_knows_the_autumn_night() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    always = Hours(timezone="Europe/Berlin")
    start = datetime(2026, 10, 25, 2, 30, tzinfo=berlin)  # the first of two
    assert always.between(start, start.replace(fold=1)) == timedelta(hours=1)
    assert always.between(NIGHT, NIGHT + timedelta(days=7)) == timedelta(days=7)
    weekdays = replace(always, days=frozenset(range(6)))
    assert weekdays.between(NIGHT, NIGHT + timedelta(days=1)) == timedelta(days=1)


NIGHT = datetime(2026, 11, 17, 22, tzinfo=UTC)
