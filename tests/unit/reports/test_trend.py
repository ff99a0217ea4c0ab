"""What a headline says, and when it says nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from reports.figures import Cell, Figures, Report, Wait
from reports.intervals import Estimate, wilson
from reports.trend import ENOUGH, Driver, Line, News, Unit, drivers, trend
from tests.support.quality_figures import figures, report

NAMES = (
    "people", "complete", "doubtful", "complete_after_one", "answered_in_time", "answer_minutes", "ready_unasked_minutes",
    "ready_asked_minutes", "first_letter_minutes", "agent_minutes", "split", "out_of_scope", "not_disclosed", "other_account",
    "off_hours", "held",
)  # fmt: skip


def line(of: Report, name: str) -> Line:
    return next(one for one in trend(of) if one.name == name)


def share(measure: str, base: str, hits: int, of: int) -> Figures:
    return figures({measure: hits, base: of})


def test_every_headline_in_its_order() -> None:
    assert tuple(one.name for one in trend(report(figures()))) == NAMES


def test_of_nothing_all_is_unknown_and_no_share_is_zero() -> None:
    for one in trend(report(figures(), figures(), figures())):
        assert one.news is News.UNKNOWN
        assert one.unit is Unit.COUNT or one.now.value is None


class TestShares:
    def test_by_hand(self) -> None:
        now, first, second = (
            share("complete", "workable", hits, of) for hits, of in ((120, 300), (180, 300), (185, 310))
        )
        found = line(report(now, first, second), "complete")
        assert found.now == wilson(120, 300)
        assert found.before == (wilson(180, 300), wilson(185, 310))
        assert found.usual == wilson(365, 610)
        assert found.news is News.WORSE
        assert found.cell == Cell("complete")

    @pytest.mark.parametrize(
        ("name", "base", "up", "down"),
        [
            ("complete", "workable", News.BETTER, News.WORSE),
            ("doubtful", "workable", News.WORSE, News.BETTER),
            ("complete_after_one", "answered", News.BETTER, News.WORSE),
            ("split", "people", News.MORE, News.FEWER),
            ("out_of_scope", "people", News.MORE, News.FEWER),
            ("not_disclosed", "people", News.MORE, News.FEWER),
            ("other_account", "people", News.MORE, News.FEWER),
            ("off_hours", "people", News.MORE, News.FEWER),
            ("held", "people", News.WORSE, News.BETTER),
        ],
    )
    def test_ways(self, name: str, base: str, up: News, down: News) -> None:
        low, high = share(name, base, 60, 300), share(name, base, 150, 300)
        assert line(report(high, *[low] * 4), name).news is up
        assert line(report(low, *[high] * 4), name).news is down
        assert line(report(low, *[low] * 4), name).news is News.NONE

    def test_too_little_to_say(self) -> None:
        few, many = share("split", "people", 0, ENOUGH - 1), share("split", "people", 90, 100)
        assert line(report(few, many), "split").news is News.UNKNOWN
        assert line(report(many, few), "split").news is News.UNKNOWN
        assert line(report(many), "split").news is News.UNKNOWN
        assert line(report(many, few, few), "split").news is News.MORE

    def test_an_empty_period_before_is_a_dash_and_counts_for_nothing(self) -> None:
        found = line(report(share("held", "people", 9, 90), figures(), share("held", "people", 10, 100)), "held")
        assert found.before[0] == Estimate()
        assert found.usual == wilson(10, 100)

    def test_what_jumps_about_anyway_is_no_news(self) -> None:
        """30 % is far from 40 % of 1000, but not where the weeks before were 25, 35, 45 and 55 %."""
        now = share("complete", "workable", 300, 1000)
        steady = [share("complete", "workable", 400, 1000)] * 4
        restless = [share("complete", "workable", hits, 1000) for hits in (250, 350, 450, 550)]
        assert line(report(now, *steady), "complete").news is News.WORSE
        assert line(report(now, *restless), "complete").news is News.MAYBE
        assert line(report(share("complete", "workable", 390, 1000), *restless), "complete").news is News.NONE

    def test_one_period_before_must_be_left_further(self) -> None:
        now, before = share("complete", "workable", 155, 300), share("complete", "workable", 190, 300)
        assert line(report(now, *[before] * 4), "complete").news is News.WORSE
        assert line(report(now, before), "complete").news is News.MAYBE

    def test_a_fall_that_eyes_see_is_not_called_noise(self) -> None:
        """Of a simulated quarter: answers that were complete, 17 of 28 after 97 of 110 in four weeks."""
        weeks = ((35, 37), (20, 26), (19, 22), (23, 25))
        before = [share("complete_after_one", "answered", hits, of) for hits, of in weeks]
        now = share("complete_after_one", "answered", 17, 28)
        assert line(report(now, *before), "complete_after_one").news is News.MAYBE

    def test_never_and_always(self) -> None:
        never, always = share("held", "people", 0, 50), share("held", "people", 50, 50)
        assert line(report(always, *[never] * 4), "held").news is News.WORSE
        assert line(report(never, *[never] * 4), "held").news is News.NONE


class TestCounts:
    @pytest.mark.parametrize(
        ("now", "before", "news"),
        [
            (300, (310, 290, 305, 300), News.NONE),
            (370, (310, 290, 305, 300), News.NONE),  # outside of what is shown, 95 %, and inside of 99 %
            (450, (310, 290, 305, 300), News.MORE),
            (150, (310, 290, 305, 300), News.FEWER),
            (0, (310, 290, 305, 300), News.FEWER),
            (330, (150, 420, 300, 310), News.NONE),
            (380, (150, 420, 300, 310), News.MAYBE),  # it jumps about
            (40, (0, 0, 0, 0), News.MORE),
            (9, (0, 0, 0, 0), News.UNKNOWN),
            (300, (), News.UNKNOWN),
            (400, (300,), News.MAYBE),  # one week tells little of the next
        ],
    )
    def test_news(self, now: int, before: tuple[int, ...], news: News) -> None:
        found = line(report(figures({"people": now}), *(figures({"people": count}) for count in before)), "people")
        assert found.news is news
        assert (found.unit, found.now) == (Unit.COUNT, Estimate(value=now, of=now))
        assert [one.value for one in found.before] == list(before)


class TestDrivers:
    def people(self, whole: int, **groups: int) -> Figures:
        cells: dict[Any, int] = {"people": whole}
        for name, count in groups.items():
            dimension, _, value = name.partition("_")
            cells["people", dimension, value] = count
        return figures(cells)

    def test_who_brought_most_of_it(self) -> None:
        """Of a simulated quarter: a week of 155 where 94 were usual, 57 of them about one incident."""
        before = [
            self.people(count, category_incident=incidents, category_question=50, domain_acme=9)
            for count, incidents in ((94, 5), (86, 11), (95, 6), (100, 7))
        ]
        now = self.people(155, category_incident=57, category_question=55, domain_acme=10, product_new=40)
        assert drivers(report(now, *before)) == (
            Driver(dimension="category", value="incident", now=57, usual=7.25),
            Driver(dimension="product", value="new", now=40, usual=0.0),
        )

    def test_nobody_where_all_brought_more(self) -> None:
        before = [self.people(100, domain_a=25, domain_b=25, domain_c=25, domain_d=25)] * 4
        assert drivers(report(self.people(200, domain_a=50, domain_b=50, domain_c=50, domain_d=50), *before)) == ()

    def test_none_where_the_count_is_no_news(self) -> None:
        before = [self.people(100, category_incident=5)] * 4
        assert drivers(report(self.people(110, category_incident=40), *before)) == ()
        assert drivers(report(self.people(10, category_incident=10), *before)) == ()
        assert drivers(report(self.people(110, category_incident=40))) == ()


def waits(name: str, done: dict[int, int], going: dict[int, int] | None = None) -> Figures:
    return figures(waits={name: Wait(done=done, going=going or {})})


class TestWaits:
    def test_medians(self) -> None:
        now, usual = waits("agent", {60: 30, 120: 30, 180: 30}), waits("agent", {10: 30, 20: 30, 30: 30})
        found = line(report(now, *[usual] * 4), "agent_minutes")
        assert (found.now.value, found.usual.value, found.usual.of) == (120, 20, 360)
        assert found.news is News.WORSE
        assert found.cell == Cell("awaits_agent")
        assert line(report(usual, *[now] * 4), "agent_minutes").news is News.BETTER
        assert line(report(now, *[now] * 4), "agent_minutes").news is News.NONE

    def test_a_little_longer_is_no_news(self) -> None:
        now, usual = (waits("agent", {10 * number + more: 3 for number in range(1, 21)}) for more in (9, 0))
        found = line(report(now, *[usual] * 4), "agent_minutes")
        assert (found.now.value, found.usual.value, found.news) == (109, 100, News.NONE)

    def test_what_still_waits_is_not_left_out(self) -> None:
        """Those that were answered were as quick as ever; most were not."""
        now, usual = waits("agent", {10: 10, 20: 10}, {500: 40}), waits("agent", {10: 30, 20: 30})
        found = line(report(now, *[usual] * 4), "agent_minutes")
        assert found.now.value is None
        assert found.news is News.WORSE

    def test_later_than_chance_and_not_later_than_weeks_differ(self) -> None:
        now = waits("agent", {20 * number: 4 for number in range(1, 21)})
        steady = [waits("agent", {11 * number: 4 for number in range(1, 21)})] * 4
        restless = [waits("agent", {factor * number: 4 for number in range(1, 21)}) for factor in (4, 22, 9, 18)]
        assert line(report(now, *steady), "agent_minutes").news is News.WORSE
        assert line(report(now, *restless), "agent_minutes").news is News.MAYBE

    def test_medians_that_stand_still_make_no_news(self) -> None:
        """A longer tail alone would show the reader two equal numbers called worse."""
        now = waits("agent", {10: 60, 400: 50})
        usual = waits("agent", {10: 60, 20: 50})
        assert line(report(now, *[usual] * 4), "agent_minutes").news is News.NONE

    def test_too_little_to_say(self) -> None:
        few, many = waits("agent", {5: 4}, {9: 5}), waits("agent", {50: 100})
        assert line(report(few, many), "agent_minutes").news is News.UNKNOWN
        assert line(report(many, few), "agent_minutes").news is News.UNKNOWN
        none_ended = waits("agent", {}, {9: 500})
        assert line(report(none_ended, none_ended), "agent_minutes").news is News.UNKNOWN

    @pytest.mark.parametrize(
        ("name", "wait"),
        [
            ("answer_minutes", "answer"),
            ("ready_unasked_minutes", "ready_unasked"),
            ("ready_asked_minutes", "ready_asked"),
            ("first_letter_minutes", "first_letter"),
        ],
    )
    def test_names(self, name: str, wait: str) -> None:
        found = line(report(waits(wait, {7: 3})), name)
        assert (found.unit, found.now.value, found.now.of) == (Unit.MINUTES, 7, 3)

    def test_in_time_is_two_business_days(self) -> None:
        found = waits("answer", {600: 10, 1080: 10, 1090: 20})
        assert line(report(found), "answered_in_time").now.value == pytest.approx(0.5)
        slower = {one.name: one for one in trend(report(found), day_minutes=545)}["answered_in_time"]
        assert slower.now.value == 1.0

    def test_in_time_is_news(self) -> None:
        now, usual = waits("answer", {300: 30, 2000: 70}), waits("answer", {300: 70, 2000: 30})
        assert line(report(now, *[usual] * 4), "answered_in_time").news is News.WORSE
        assert line(report(usual, *[now] * 4), "answered_in_time").news is News.BETTER
        assert line(report(usual, *[usual] * 4), "answered_in_time").news is News.NONE

    def test_in_time_is_unknown_before_two_days_have_gone(self) -> None:
        now, usual = waits("answer", {300: 30}, {500: 70}), waits("answer", {300: 70, 2000: 30})
        found = line(report(now, *[usual] * 4), "answered_in_time")
        assert found.now == Estimate(of=100)
        assert found.news is News.UNKNOWN


def test_nothing_but_the_figures_counts() -> None:
    """The order in which cells came does not matter."""
    cells = {"people": 50, "split": 9, "workable": 40, "complete": 22}
    turned = dict(reversed(cells.items()))
    assert trend(report(figures(cells), figures(turned))) == trend(report(figures(turned), figures(cells)))
    assert Counter(one.unit for one in trend(report(figures(cells)))) == {
        Unit.SHARE: 10,
        Unit.MINUTES: 5,
        Unit.COUNT: 1,
    }
