"""Reports stand in the order of their periods."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.report_order import last_day, newest_first, place_of
from models.views import period_kind
from reports.periods import period_named, period_of
from tests.support.filings import NOW
from tests.support.ledger import ZONE, saved

CURRENT = ("2026-W48", "2026-11", "2026-11-24")


@given(st.sampled_from(["day", "week", "month"]), st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_kind_and_last_day_are_those_of_the_period(kind: str, day: date) -> None:
    period = period_of(kind, day, ZONE)
    assert (period_kind(period.name), last_day(period.name)) == (kind, period.last_day)


@pytest.mark.parametrize(
    "name", ["2026-W54", "2026-W00", "2026-13", "2026-02-30", "0000-01", "2025-W53", "9999-12", "9999-W52"]
)
def test_what_is_no_period_has_no_place(name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        place_of(name)


def test_the_order_is_of_periods_and_not_of_when_reports_were_made() -> None:
    names = ["2026-10", "2026-W47", "2026-11-22", "2026-W44", "2026-11-01", "2026-10-31", "2025-12"]
    made = [saved(name, NOW + timedelta(hours=number)) for number, name in enumerate(names)]
    found = [one.name for one in newest_first(made[::-1], CURRENT)]
    assert found == ["2026-W47", "2026-11-22", "2026-W44", "2026-11-01", "2026-10", "2026-10-31", "2025-12"]


def test_periods_that_have_not_begun_are_left_out() -> None:
    names = ["2026-W48", "2026-W49", "2027-W01", "2026-11", "2026-12", "2026-11-24", "2026-11-25"]
    found = {one.name for one in newest_first([saved(name, NOW) for name in names], CURRENT)}
    assert found == set(CURRENT)
    assert all(period_named(name, ZONE).start <= NOW for name in found)
