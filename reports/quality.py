"""Ticket quality of one period: what came in, what was missing, what asking achieved. Pure: facts in, figures out.

Shares are None where there is nothing to divide by; nobody should read 0 % into an empty week.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from statistics import median
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from models.assessment import Category, Section
from models.decision import Disposition, LetterKind, ReplyState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from models.views import TicketFacts

_ASKING = frozenset({LetterKind.REQUEST_INFORMATION.value, LetterKind.FOLLOW_UP.value})
_WORKABLE = frozenset({Disposition.ACCEPT.value, Disposition.REQUEST_INFORMATION.value})
_ON_THEIR_WAY = frozenset({ReplyState.QUEUED.value, ReplyState.SENT.value, ReplyState.SHADOW.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """[start, end) as instants, and its name (2026-W47)."""

    name: str
    start: datetime
    end: datetime

    @property
    def last_day(self) -> date:
        """The last day that belongs to it."""
        return self.end.date() - timedelta(days=1)

    def before(self) -> Period:
        """The period of the same length that ends where this one starts."""
        return _week(self.start.date() - timedelta(days=7), self.start.tzinfo)


def period_of(kind: str, day: date, timezone: str) -> Period:
    """The period of that kind that holds `day`, in the desk's zone. Only weeks (Monday to Sunday, ISO 8601) are known.

    Raises:
        ValueError: The kind is unknown.
    """
    if kind != "week":
        raise ValueError(f"no period of kind {kind}")
    return _week(day - timedelta(days=day.weekday()), ZoneInfo(timezone))


def _week(monday: date, zone: tzinfo | None) -> Period:
    year, week, _ = monday.isocalendar()
    start = datetime.combine(monday, time(), zone)
    return Period(
        name=f"{year}-W{week:02d}", start=start, end=datetime.combine(monday + timedelta(days=7), time(), zone)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """The figures of one period. Counters map ids to counts, the largest first."""

    period: Period
    tickets: int
    automatic: int
    by_disposition: Mapping[str, int]
    by_category: Mapping[str, int]
    by_product: Mapping[str, int]
    by_language: Mapping[str, int]
    by_day: tuple[tuple[date, int], ...]
    trouble: int  # tickets of trouble: what the section figures are of
    sections_present: Mapping[Section, int]  # in the first mail, of trouble tickets
    missing_items: Mapping[str, int]  # asked for at first
    missing_by_category: Mapping[str, Mapping[str, int]]
    complete_at_first: int  # every required item there or answered, of the tickets that an agent works on
    unsure_at_first: int  # nothing surely missing, but something required not surely there either
    unsure_items: Mapping[str, int]  # required items neither surely there nor surely missing at first
    workable: int
    asked: int
    completed_after_asking: int
    silence: Mapping[str, int] = field(default_factory=dict)  # why letters were not sent
    hours_to_ready: float | None = None  # median

    @property
    def share_complete(self) -> float | None:
        """Tickets surely complete at their first mail, of those that an agent works on."""
        return self.complete_at_first / self.workable if self.workable else None

    @property
    def share_unsure(self) -> float | None:
        """Tickets of which we cannot say whether their first mail was complete, of the same."""
        return self.unsure_at_first / self.workable if self.workable else None

    @property
    def share_answered(self) -> float | None:
        """Tickets that became complete after we asked, of those that we asked."""
        return self.completed_after_asking / self.asked if self.asked else None


def is_workable(one: TicketFacts) -> bool:
    """A ticket of a person that an agent works on: whether its first mail was complete matters."""
    return not one.is_automatic and one.disposition in _WORKABLE


def summarise(tickets: Iterable[TicketFacts], period: Period) -> QualityReport:
    """The figures of the tickets opened in a period."""
    facts = list(tickets)
    people = [one for one in facts if not one.is_automatic]
    trouble = [one for one in people if Category.TROUBLESHOOTING in one.categories]
    workable = [one for one in people if is_workable(one)]
    unasked = [one for one in workable if not one.missing_first]
    asked = [one for one in people if any(kind in _ASKING and state in _ON_THEIR_WAY for kind, state, _ in one.letters)]
    waits = [(one.ready_at - one.opened_at).total_seconds() / 3600 for one in people if one.ready_at is not None]
    return QualityReport(
        period=period,
        tickets=len(facts),
        automatic=len(facts) - len(people),
        by_disposition=_count(one.disposition for one in people),
        by_category=_count(category.value for one in people for category in dict.fromkeys(one.categories)),
        by_product=_count(product for one in people for product in dict.fromkeys(one.products)),
        by_language=_count(one.language for one in people),
        by_day=_by_day(facts, period),
        trouble=len(trouble),
        sections_present={section: sum(section in one.present_first for one in trouble) for section in Section},
        missing_items=_count(item for one in people for item in one.missing_first),
        missing_by_category=_missing_by_category(people),
        complete_at_first=sum(not one.unsure_first for one in unasked),
        unsure_at_first=sum(bool(one.unsure_first) for one in unasked),
        unsure_items=_count(item for one in workable for item in one.unsure_first),
        workable=len(workable),
        asked=len(asked),
        completed_after_asking=sum(not one.missing_now and one.mails > 1 for one in asked),
        silence=_count(
            reason.partition(":")[0]
            for one in people
            for _, state, reason in one.letters
            if state == ReplyState.SUPPRESSED.value
        ),
        hours_to_ready=round(median(waits), 2) if waits else None,
    )


def _count(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))


def _by_day(facts: list[TicketFacts], period: Period) -> tuple[tuple[date, int], ...]:
    zone = period.start.tzinfo
    counts = Counter(one.opened_at.astimezone(zone).date() for one in facts)
    days = [period.start.date() + timedelta(days=number) for number in range(7)]
    return tuple((day, counts[day]) for day in days)


def _missing_by_category(people: list[TicketFacts]) -> dict[str, dict[str, int]]:
    found: dict[str, list[str]] = {}
    for one in people:
        for category in one.categories[:1]:
            found.setdefault(category.value, []).extend(one.missing_first)
    return {category: _count(items) for category, items in sorted(found.items()) if items}
