"""The changes that would help most, each with its numbers; none where nothing is sure. Pure.

Promises: what an advice would spare (`gain`) is the lower bound of a 95 % interval, never more than the tickets or letters it
is about. Chance gives none: one mail of one is nothing, and whether somebody stands out is asked of an interval as wide as the
number of candidates needs (Bonferroni), so that of a hundred reports in which nobody does fewer than five give an advice of a sort.
That mail may have stopped coming in stands before all others.

Whoever is compared (a customer, a product, a category, a question) is compared with all the others of this report. Words are
chosen elsewhere (`reports.suggestions`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from typing import TYPE_CHECKING

from reports.advice_letters import of_kinds, of_lost_letters
from reports.advice_mails import LEAST, of_forms, of_groups_that_lack, of_notices, of_questions
from reports.comparing import Advice
from reports.drift import corrected_line, should_train
from reports.figures import Cell, Report
from reports.intervals import NEWS, difference, next_count
from reports.trend import BAD, count_line, share_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.hours import Hours
    from reports.figures import Figures

__all__ = ["Advice", "advice"]

_MOST_OF_A_SORT = 2
_FAR_FEWER = 0.5  # of what was to be expected
# What one of the gain is worth: a ticket that is asked back costs a day and two people's minutes, a wrong letter a customer's trust,
# a click on "release" some seconds, an item that is there a question less; an answer may be to a question that can be dropped.
_WORTH = {"wrong": 2.0, "releases": 0.25, "reworked": 0.5, "answers": 0.5, "clear": 0.3}
_SORTS = {"domain_unclear": "domain_lacks", "product_unclear": "product_lacks"}
_WITHOUT_NAMES = frozenset(
    {"intake_low", "train_again", "letters_bounced", "letters_failed"}
)  # the same whoever it names


def advice(report: Report, most: int = 3, *, hours: Hours | None = None) -> tuple[Advice, ...]:
    """The changes that would help most, the best first: at most two of a sort, one for each item or customer of a sort.

    Args:
        report: The period and those before.
        most: How many at most.
        hours: The desk's, so that fewer mails on days off are no surprise.
    """
    chosen: list[Advice] = []
    said: set[tuple[str, str, str]] = set()
    for one in _found(report, hours):
        sort = _sort(one)
        keys = {(sort, name, value) for name, value in one.names.items() if name != "measure"}
        if said.isdisjoint(keys) and sum(_sort(other) == sort for other in chosen) < _MOST_OF_A_SORT:
            chosen.append(one)
            said |= keys
    past = [_found(earlier, hours) for earlier in _earlier(report)] if chosen[:most] else []
    return tuple(_in_a_row(one, past) for one in chosen[:most])


def _found(report: Report, hours: Hours | None) -> list[Advice]:
    """Whatever can be said of a period, the most worth first."""
    figures = report.figures
    found = [
        *of_questions(figures),
        *of_groups_that_lack(figures),
        *of_forms(figures),
        *of_notices(figures),
        *of_kinds(figures),
        *of_lost_letters(figures),
        *_of_training(report),
    ]
    found = [one for one in found if one.gain >= LEAST]
    found.sort(key=lambda one: (-_worth(one), one.code, one.cell))
    return [*_of_intake(report, hours), *found]


def _earlier(report: Report) -> Iterator[Report]:
    """What was known when each period before was reported, the newest first."""
    for number in reversed(range(len(report.before))):
        yield Report(figures=report.before[number], before=report.before[:number], made_at=report.made_at)


def _in_a_row(one: Advice, past: Sequence[Sequence[Advice]]) -> Advice:
    """The same advice, with how many periods in a row it holds for."""
    row = [one]
    for found in past:
        same = next((other for other in found if _key(other) == _key(one)), None)
        if same is None:
            break
        row.insert(0, same)
    shares = tuple(each.numbers["share"] for each in row if "share" in each.numbers)
    return replace(one, periods=len(row), shares=shares, is_longer=1 < len(row) > len(past))


def _worth(one: Advice) -> float:
    return one.gain * _WORTH.get(one.unit, 1.0) + one.besides * _WORTH["clear"]


def _sort(one: Advice) -> str:
    return _SORTS.get(one.code, one.code)


def _key(one: Advice) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What makes it the same advice in another period."""
    return _sort(one), () if one.code in _WITHOUT_NAMES else tuple(sorted(one.names.items()))


def _of_intake(report: Report, hours: Hours | None) -> Iterator[Advice]:
    """To see whether mail still comes in, where far fewer tickets came than any such period may bring."""
    now = report.figures.count("people")
    days = _business_days(report.figures, hours)
    before = [
        figures.count("people") * days / own for figures in report.before if (own := _business_days(figures, hours))
    ]
    usual = next_count(before, NEWS)
    if not days or usual.value is None or usual.low is None or now >= min(usual.low, _FAR_FEWER * usual.value):
        return
    yield Advice(
        code="intake_low",
        names={},
        # The usual count as the headline has it, whatever the days off.
        numbers={"now": now, "usual": round(count_line("people", report).usual.value or 0.0), "low": usual.low},
        gain=usual.low - now,
        unit="",
        cell=Cell("people"),
    )


def _business_days(figures: Figures, hours: Hours | None) -> int:
    """The business days of a period that had begun when it was counted; without hours each is one."""
    zone = figures.period.start.tzinfo
    begun = (day for day in figures.period.days if datetime.combine(day, time(), zone) < figures.as_of)
    return sum(hours is None or hours.is_business_day(day) for day in begun)


def _of_training(report: Report) -> Iterator[Advice]:
    """To train again, where readings were corrected or held so much more often that it can be told in tickets."""
    reasons = should_train(report)
    lines = {"corrected": corrected_line(report), "held": share_line("held", report, "people", BAD)}
    people = report.figures.count("people")
    spared = {
        name: min(1.0, difference(line.now, line.usual).low or 0.0) * people
        for name, line in lines.items()
        if name in reasons
    }
    if not spared:
        return
    best = max(spared, key=lambda name: spared[name])
    numbers: dict[str, float] = {"people": people}
    for name, line in lines.items():
        numbers |= {name: line.now.value or 0.0, f"{name}_usual": line.usual.value or 0.0}
    yield Advice(
        code="train_again",
        names={"reasons": ",".join(reasons)},
        numbers=numbers,
        gain=spared[best],
        unit="misread",
        cell=Cell(best),
    )
