"""The headline figures of a period beside the four before it: what is news, and what is noise. Pure.

Promises: a figure is called news only where it differs from the periods before, pooled, at the 99 % level, and by more than
these differ from each other; where there is too little to compare, it says so. Words are chosen elsewhere (`reports.words`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from reports.figures import Cell
from reports.intervals import (
    NEWS,
    Estimate,
    difference,
    done_within,
    log_rank,
    median_wait,
    news_deviations,
    next_count,
    pooled,
    wilson,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reports.figures import Figures, Report, Wait

ENOUGH = 10  # fewer, now or before, say nothing
_DAYS_TO_ANSWER = 2  # business days within which an answer is called in time


class News(StrEnum):
    """What a figure did against the periods before."""

    NONE = "none"  # nothing that noise could not do
    BETTER = "better"
    WORSE = "worse"
    MORE = "more"  # neither good nor bad
    FEWER = "fewer"
    UNKNOWN = "unknown"  # too little to say


class Unit(StrEnum):
    """What a figure's number is."""

    SHARE = "share"  # of one; corrections a ticket may be above it
    COUNT = "count"
    MINUTES = "minutes"  # business minutes
    INDEX = "index"  # a population stability index


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One figure, now and before."""

    name: str
    unit: Unit
    now: Estimate
    before: tuple[Estimate, ...]  # oldest first
    usual: Estimate  # the periods before pooled; of a count: what was to be expected, with a prediction interval
    news: News
    cell: Cell | None = None  # what to look into


class Way(NamedTuple):
    """What a rise and a fall of a figure mean."""

    up: News
    down: News


GOOD, BAD, PLAIN = Way(News.BETTER, News.WORSE), Way(News.WORSE, News.BETTER), Way(News.MORE, News.FEWER)


class Part(NamedTuple):
    """So many of so many."""

    hits: int
    of: int


_SHARES_OF_REQUESTS = {
    "complete": ("workable", GOOD),
    "doubtful": ("workable", BAD),
    "complete_after_one": ("answered", GOOD),
}
_WAITS = {
    "answer_minutes": ("answer", Cell("asked")),
    "ready_unasked_minutes": ("ready_unasked", None),
    "ready_asked_minutes": ("ready_asked", None),
    "first_letter_minutes": ("first_letter", None),
    "agent_minutes": ("agent", Cell("awaits_agent")),
}
_SHARES_OF_PEOPLE = {
    "split": PLAIN,
    "out_of_scope": PLAIN,
    "not_disclosed": PLAIN,
    "other_account": PLAIN,
    "off_hours": PLAIN,
    "held": BAD,
}


def trend(report: Report, day_minutes: int = 540) -> tuple[Line, ...]:
    """The headline figures, in the order a report tells them.

    Args:
        report: The period and those before.
        day_minutes: How long the desk is open on a business day; an answer within two is in time.
    """
    lines = [count_line("people", report)]
    for name, (base, way) in _SHARES_OF_REQUESTS.items():
        lines.append(share_line(name, report, base, way))
    lines.append(_in_time_line("answered_in_time", report, "answer", _DAYS_TO_ANSWER * day_minutes, Cell("answered")))
    for name, (wait, cell) in _WAITS.items():
        lines.append(_wait_line(name, report, wait, cell))
    for name, way in _SHARES_OF_PEOPLE.items():
        lines.append(share_line(name, report, "people", way))
    return tuple(lines)


def count_line(measure: str, report: Report) -> Line:
    """How many, against how many were to be expected."""
    before = [figures.count(measure) for figures in report.before]
    now = report.figures.count(measure)
    usual, bounds = next_count(before), next_count(before, NEWS)
    news = News.NONE
    if usual.value is None or max(now, usual.value) < ENOUGH:
        news = News.UNKNOWN
    elif bounds.high is not None and now > bounds.high:
        news = PLAIN.up
    elif bounds.low is not None and now < bounds.low:
        news = PLAIN.down
    return Line(
        name=measure,
        unit=Unit.COUNT,
        now=Estimate(value=now, of=now),
        before=tuple(Estimate(value=count, of=count) for count in before),
        usual=usual,
        news=news,
        cell=Cell(measure),
    )


def share_line(measure: str, report: Report, base: str, way: Way) -> Line:
    """A share of `base` against that of the periods before."""

    def part(figures: Figures) -> Part:
        return Part(figures.count(measure), figures.count(base))

    now, before = part(report.figures), [part(figures) for figures in report.before]
    return Line(
        name=measure,
        unit=Unit.SHARE,
        now=wilson(*now),
        before=tuple(wilson(*one) for one in before),
        usual=wilson(*whole(before)),
        news=share_news(now, before, way),
        cell=Cell(measure),
    )


def share_news(now: Part, before: Sequence[Part], way: Way) -> News:
    """Does a share stand out of those before, pooled?"""
    usual = whole(before)
    if min(now.of, usual.of) < ENOUGH:
        return News.UNKNOWN
    seen = [one for one in before if one.of]
    rate = usual.hits / usual.of
    spread = rate * (1 - rate)
    chi_square = sum((one.hits - one.of * rate) ** 2 / (one.of * spread) for one in seen) if spread else 0.0
    deviations = news_deviations(chi_square, len(seen))
    return told(difference(wilson(*now, deviations), wilson(*usual, deviations)), way)


def told(change: Estimate, way: Way) -> News:
    """What a difference means whose interval is as wide as news needs it."""
    if change.low is not None and change.low > 0:
        return way.up
    if change.high is not None and change.high < 0:
        return way.down
    return News.NONE


def whole(parts: Sequence[Part]) -> Part:
    """All of them together."""
    return Part(sum(part.hits for part in parts), sum(part.of for part in parts))


def _in_time_line(name: str, report: Report, wait: str, minutes: int, cell: Cell) -> Line:
    """The share that ended in time; what still waits counts for as long as it has been watched."""
    now, before = report.figures.wait(wait), [figures.wait(wait) for figures in report.before]
    usual = pooled(before)
    return Line(
        name=name,
        unit=Unit.SHARE,
        now=done_within(now, minutes),
        before=tuple(done_within(one, minutes) for one in before),
        usual=done_within(usual, minutes),
        news=_wait_news(now, before, lambda one, deviations: done_within(one, minutes, deviations), GOOD),
        cell=cell,
    )


def _wait_news(now: Wait, before: Sequence[Wait], estimate: Callable[[Wait, float], Estimate], way: Way) -> News:
    """Does a share of waits stand out of those before? They scatter as shares do."""
    shares = [(one.value, one.of) for one in (estimate(wait, 1.0) for wait in before) if one.value is not None]
    usual = estimate(pooled(before), 1.0)
    if estimate(now, 1.0).value is None or usual.value is None or min(now.count, usual.of) < ENOUGH:
        return News.UNKNOWN
    spread = usual.value * (1 - usual.value)
    chi_square = sum(of * (share - usual.value) ** 2 / spread for share, of in shares) if spread else 0.0
    deviations = news_deviations(chi_square, len(shares))
    return told(difference(estimate(now, deviations), estimate(pooled(before), deviations)), way)


def _wait_line(name: str, report: Report, wait: str, cell: Cell | None) -> Line:
    now, before = report.figures.wait(wait), [figures.wait(wait) for figures in report.before]
    usual = pooled(before)
    return Line(
        name=name,
        unit=Unit.MINUTES,
        now=median_wait(now),
        before=tuple(median_wait(one) for one in before),
        usual=median_wait(usual),
        news=_speed_news(now, before),
        cell=cell,
    )


def _speed_news(now: Wait, before: Sequence[Wait]) -> News:
    """Did it end sooner or later than before? By the log-rank test, if the medians that are shown say the same."""
    usual = pooled(before)
    if min(now.count, usual.count) < ENOUGH or sum(now.done.values()) + sum(usual.done.values()) < ENOUGH:
        return News.UNKNOWN
    seen = [one for one in before if one.count]
    deviations = news_deviations(_scatter(seen), len(seen))
    sooner = log_rank(now, usual)
    if abs(sooner) <= deviations:
        return News.NONE
    median, usual_median = median_wait(now).value, median_wait(usual).value
    if median == usual_median and median is not None:
        return News.NONE
    is_sooner = sooner > 0
    if median is not None and usual_median is not None and (median < usual_median) != is_sooner:
        return News.NONE
    return News.BETTER if is_sooner else News.WORSE


def _scatter(waits: Sequence[Wait]) -> float:
    """How far some waits stand from each other, as a chi-square: each against the others."""
    if len(waits) < 2:
        return 0.0
    apart = (
        log_rank(one, pooled([other for at, other in enumerate(waits) if at != number])) ** 2
        for number, one in enumerate(waits)
    )
    return sum(apart) * (len(waits) - 1) / len(waits)
