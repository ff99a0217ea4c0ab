"""The headline figures of a period beside the four before it: what is news, and what is noise. Pure.

Promises: a figure is called news only where it differs from the periods before, pooled, at the 99 % level, and by more than
these differ from each other. Where only the first is true it may be news; where there is too little to compare, it says so.
Words are chosen elsewhere (`reports.words`).
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
    normal_quantile,
    pooled,
    wilson,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reports.figures import Figures, Report, Wait

ENOUGH = 10  # fewer, now or before, say nothing
_DAYS_TO_ANSWER = 2  # business days within which an answer is called in time
_PLAIN_WIDTH = normal_quantile(NEWS)  # in standard deviations of a pure draw
_MOST_OF_IT = 1 / 3  # of what came more than usual; who brought less does not explain it


class News(StrEnum):
    """What a figure did against the periods before."""

    NONE = "none"  # nothing that noise could not do
    MAYBE = "maybe"  # more than a pure draw does, yet not more than the periods before differ from each other
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """Whose tickets explain most of what came more than usual."""

    dimension: str  # category, product, domain
    value: str
    now: int
    usual: float  # of a period


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
    usual = next_count(before)
    return Line(
        name=measure,
        unit=Unit.COUNT,
        now=Estimate(value=now, of=now),
        before=tuple(Estimate(value=count, of=count) for count in before),
        usual=usual,
        news=_count_news(now, before),
        cell=Cell(measure),
    )


def _count_news(now: int, before: Sequence[int]) -> News:
    """Does a count stand out of those before?"""
    usual = next_count(before).value
    if usual is None or max(now, usual) < ENOUGH:
        return News.UNKNOWN
    bounds = next_count(before, NEWS)
    if bounds.high is not None and now > bounds.high:
        return PLAIN.up
    if bounds.low is not None and now < bounds.low:
        return PLAIN.down
    plain = next_count(before, NEWS, is_plain=True)
    is_inside = (plain.low or 0.0) <= now <= (plain.high or 0.0)
    return News.NONE if is_inside else News.MAYBE


def drivers(report: Report) -> tuple[Driver, ...]:
    """If more came than usual: the category, product and customer that explain most of it, the one that brought most first.

    None of a sort where nobody's count is beyond noise, or nobody brought a third of what came more.
    """
    line = count_line("people", report)
    if line.news is not PLAIN.up or line.now.value is None or line.usual.value is None:
        return ()
    found = [
        best for dimension in ("category", "product", "domain") if (best := _driver(report, dimension)) is not None
    ]
    least = _MOST_OF_IT * (line.now.value - line.usual.value)
    large = [one for one in found if one.now - one.usual >= least]
    return tuple(sorted(large, key=lambda one: one.usual - one.now))


def _driver(report: Report, dimension: str) -> Driver | None:
    """The value that brought most beyond its own noise; the interval is as wide as the number of values needs."""
    counts = report.figures.by("people", dimension)
    level = 1 - (1 - NEWS) / max(1, len(counts))
    best = None
    for value, now in counts.items():
        before = [figures.count("people", dimension, value) for figures in report.before]
        usual = next_count(before, level)
        if usual.value is None or usual.high is None or now <= usual.high:
            continue
        if best is None or now - usual.value > best.now - best.usual:
            best = Driver(dimension=dimension, value=value, now=now, usual=usual.value)
    return best


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
    widened = news_deviations(chi_square, len(seen))
    return told(lambda width: difference(wilson(*now, width), wilson(*usual, width)), widened, way)


def told(change: Callable[[float], Estimate], widened: float, way: Way) -> News:
    """What a difference means.

    Args:
        change: The difference with an interval so wide, in standard deviations of a pure draw.
        widened: How wide it must be for news, by `news_deviations`.
        way: What a rise and a fall mean.
    """
    for width, (up, down) in ((widened, way), (_PLAIN_WIDTH, (News.MAYBE, News.MAYBE))):
        found = change(width)
        if found.low is not None and found.low > 0:
            return up
        if found.high is not None and found.high < 0:
            return down
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
    together = pooled(before)
    usual = estimate(together, 1.0)
    if estimate(now, 1.0).value is None or usual.value is None or min(now.count, usual.of) < ENOUGH:
        return News.UNKNOWN
    spread = usual.value * (1 - usual.value)
    chi_square = sum(of * (share - usual.value) ** 2 / spread for share, of in shares) if spread else 0.0
    widened = news_deviations(chi_square, len(shares))
    return told(lambda width: difference(estimate(now, width), estimate(together, width)), widened, way)


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
    sooner = log_rank(now, usual)
    if abs(sooner) <= _PLAIN_WIDTH:
        return News.NONE
    median, usual_median = median_wait(now).value, median_wait(usual).value
    if median == usual_median and median is not None:
        return News.NONE
    is_sooner = sooner > 0
    if median is not None and usual_median is not None and (median < usual_median) != is_sooner:
        return News.NONE
    if abs(sooner) <= news_deviations(_scatter(seen), len(seen)):
        return News.MAYBE
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
