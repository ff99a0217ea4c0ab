"""When the mails have changed, and when it is only chance."""

from __future__ import annotations

from math import log

import pytest

from reports.drift import drift, should_train, stability_index
from reports.figures import Cell, Figures, Report
from reports.intervals import Estimate, chi_square_quantile, mean_percent, poisson_rate, wilson
from reports.trend import Line, News, Unit
from tests.support.quality_figures import figures, report

NAMES = ("confidence", "unknown_words", "held", "doubtful", "corrected", "confidence_shift", "unknown_words_shift")
SURE = {70: 20, 80: 30, 85: 50, 90: 60, 95: 40}
UNSURE = {30: 40, 50: 50, 60: 40, 70: 40, 85: 30}


def line(of: Report, name: str) -> Line:
    return next(one for one in drift(of) if one.name == name)


def confident(spread: dict[int, int]) -> Figures:
    return figures(spreads={"confidence": spread})


def strange(spread: dict[int, int]) -> Figures:
    return figures(spreads={"unknown_words": spread})


def corrected(count: int, people: int) -> Figures:
    return figures({"corrected": count, "people": people})


def test_every_line_in_its_order() -> None:
    assert tuple(one.name for one in drift(report(figures()))) == NAMES
    assert {one.news for one in drift(report(figures(), figures()))} == {News.UNKNOWN}
    assert should_train(report(figures(), figures())) == ()


class TestMeans:
    def test_by_hand(self) -> None:
        found = line(report(confident({80: 1, 90: 3}), confident({70: 2})), "confidence")
        assert found.now.value == pytest.approx((0.805 + 3 * 0.905) / 4)
        assert found.usual.value == pytest.approx(0.705)
        assert found.unit is Unit.SHARE

    def test_ways(self) -> None:
        sinks = report(confident(UNSURE), *[confident(SURE)] * 4)
        rises = report(confident(SURE), *[confident(UNSURE)] * 4)
        assert line(sinks, "confidence").news is News.WORSE
        assert line(rises, "confidence").news is News.BETTER
        assert line(report(strange(UNSURE), *[strange(SURE)] * 4), "unknown_words").news is News.BETTER
        assert line(report(strange(SURE), *[strange(UNSURE)] * 4), "unknown_words").news is News.WORSE

    def test_too_little_or_not_measured(self) -> None:
        assert line(report(confident({90: 9}), confident(SURE)), "confidence").news is News.UNKNOWN
        assert line(report(confident(SURE), figures()), "confidence").news is News.UNKNOWN
        assert line(report(confident(SURE), figures(), confident(SURE)), "confidence").before[0] == Estimate()

    def test_a_thousand_all_alike_are_no_news_within_the_percent(self) -> None:
        same = confident({90: 1000})
        assert line(report(same, *[same] * 4), "confidence").news is News.NONE
        assert line(report(confident({92: 1000}), *[same] * 4), "confidence").news is News.BETTER


class TestCorrected:
    def test_by_hand(self) -> None:
        found = line(report(corrected(60, 200), corrected(8, 210), corrected(10, 190)), "corrected")
        assert found.now == poisson_rate(60, 200)
        assert found.usual == poisson_rate(18, 400)
        assert found.news is News.WORSE
        assert found.cell == Cell("corrected")

    def test_more_than_one_a_ticket(self) -> None:
        found = line(report(corrected(60, 20), *[corrected(2, 20)] * 3), "corrected")
        assert found.now.value == 3
        assert found.news is News.WORSE

    def test_none_ever(self) -> None:
        assert line(report(corrected(0, 100), *[corrected(0, 100)] * 4), "corrected").news is News.NONE

    def test_an_agent_who_corrects_in_bursts_is_no_news(self) -> None:
        assert line(report(corrected(30, 200), *[corrected(12, 200)] * 4), "corrected").news is News.WORSE
        bursts = [corrected(count, 200) for count in (0, 2, 40, 6)]
        assert line(report(corrected(30, 200), *bursts), "corrected").news is News.MAYBE
        assert line(report(corrected(16, 200), *bursts), "corrected").news is News.NONE


class TestShift:
    def test_by_hand(self) -> None:
        # Two values: two bins, whose edge is the lower one. Half a mail more in each bin.
        now, before = {20: 30, 80: 70}, {20: 200, 80: 200}
        one, other = (30.5 / 101, 70.5 / 101), (0.5, 0.5)
        value = sum((mine - yours) * log(mine / yours) for mine, yours in zip(one, other, strict=True))
        found = stability_index(now, before)
        assert found.value == pytest.approx(value)
        assert found.high == pytest.approx((1 / 100 + 1 / 400) * chi_square_quantile(0.99, 1))
        assert found.of == 100

    def test_a_spread_against_itself(self) -> None:
        assert stability_index(SURE, SURE).value == 0
        assert stability_index(SURE, {}) == Estimate()
        assert stability_index({90: 10}, {90: 50}) == Estimate(value=0.0, low=0.0, high=0.0, of=10)

    def test_both_ways_alike_whatever_the_order(self) -> None:
        turned = dict(reversed(SURE.items()))
        assert stability_index(SURE, UNSURE) == stability_index(turned, UNSURE)
        assert stability_index(SURE, UNSURE).value == pytest.approx(stability_index(UNSURE, SURE).value)

    def test_a_heap_at_one_value_makes_no_tiny_bins(self) -> None:
        """Most mails at 90 %, some single ones around it: below, the heap, above."""
        now = {50: 10, 60: 10, 90: 100, 91: 1, 92: 1, 93: 1, 95: 37}
        assert stability_index(now, now).high == pytest.approx(2 / 160 * chi_square_quantile(0.99, 2))

    def test_news(self) -> None:
        found = line(report(confident(UNSURE), *[confident(SURE)] * 4), "confidence_shift")
        assert (found.news, found.unit) == (News.MORE, Unit.INDEX)
        assert found.now.value is not None
        assert found.usual.high is not None
        assert found.now.value > found.usual.high >= 0.1
        assert line(report(confident(SURE), *[confident(SURE)] * 4), "confidence_shift").news is News.NONE

    def test_a_large_desk_hears_of_no_small_change(self) -> None:
        """Beyond chance, yet far below what changes anything."""
        now = {20: 10_300, 80: 9_700}
        found = line(report(confident(now), *[confident({20: 10_000, 80: 10_000})] * 4), "confidence_shift")
        chance = stability_index(now, {20: 40_000, 80: 40_000})
        assert (chance.value or 0) > (chance.high or 0)
        assert found.news is News.NONE

    def test_a_small_desk_hears_of_no_chance(self) -> None:
        """An index above the customary 0.1 that thirty mails reach by themselves."""
        found = line(report(confident({20: 9, 80: 21}), *[confident({20: 15, 80: 15})] * 4), "confidence_shift")
        assert (found.now.value or 0) > 0.1
        assert found.news is News.NONE

    def test_too_little_to_say(self) -> None:
        found = line(report(confident({90: 24}), *[confident(SURE)] * 4), "confidence_shift")
        assert (found.news, found.usual) == (News.UNKNOWN, Estimate())

    def test_what_shifts_all_the_time_is_no_news(self) -> None:
        restless = [confident(SURE), confident(UNSURE), confident(SURE), confident(UNSURE)]
        assert line(report(confident(UNSURE), *restless), "confidence_shift").news is News.MAYBE
        assert "confidence_shift" not in should_train(report(confident(UNSURE), *restless))


class TestShouldTrain:
    def test_each_reason_by_its_name(self) -> None:
        bad = figures(
            {"people": 200, "held": 90, "corrected": 40, "workable": 150, "doubtful": 70},
            spreads={"confidence": UNSURE, "unknown_words": SURE},
        )
        good = figures(
            {"people": 200, "held": 30, "corrected": 4, "workable": 150, "doubtful": 15},
            spreads={"confidence": SURE, "unknown_words": UNSURE},
        )
        assert should_train(report(bad, *[good] * 4)) == NAMES
        assert should_train(report(good, *[bad] * 4)) == ()
        assert should_train(report(good, *[good] * 4)) == ()

    def test_mails_that_are_read_better_need_no_training(self) -> None:
        better = report(confident(SURE), *[confident(UNSURE)] * 4)
        assert line(better, "confidence_shift").news is News.MORE
        assert should_train(better) == ()

    def test_another_spread_with_the_same_mean_does(self) -> None:
        middling, split = {60: 100}, {30: 50, 90: 50}
        assert should_train(report(confident(split), *[confident(middling)] * 4)) == ("confidence_shift",)


def test_shares_are_those_of_the_headlines() -> None:
    now = figures({"people": 90, "held": 9, "workable": 40, "doubtful": 4}, spreads={"confidence": SURE})
    assert line(report(now), "held").now == wilson(9, 90)
    assert line(report(now), "doubtful").now == wilson(4, 40)
    assert line(report(now), "confidence").now == mean_percent(SURE)
