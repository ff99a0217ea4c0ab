"""Numbers, times and names for people: what an id is called, how a share or a wait is written. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from models.assessment import Category, Section
from reports.book import halves
from reports.periods import PeriodKind
from reports.words import counted, words
from reports.words_desk import DEFECTS_EN, DEFECTS_JA, FAULTS, REASONS
from reports.words_measures import DIMENSIONS, MEASURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.pack import Pack
    from reports.intervals import Estimate
    from reports.periods import Period

_WHOLE_DAY = 24 * 60
_LONGEST = 90  # characters of a subject
_MANY_DAYS, _SOME_DAYS = 10, 1  # from here on hours, or minutes, say nothing
_LITTLE = 0.01
# The method that names a value; others are words, or names of their own.
_NAMED_BY = {
    **{name: name for name in ("item", "category", "product", "kind", "reason", "target", "hour", "day")},
    "warning": "defect",
    "domain": "domain",
}
_FAULT = re.compile(r"(?P<code>\w+): (?P<n>\d+) [^()]*(?:\((?P<ids>[\d, ]+)\))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The words of one language at one desk."""

    pack: Pack
    language: str

    @property
    def w(self) -> Mapping[str, str]:
        """The texts."""
        return words(self.language)

    @property
    def zone(self) -> ZoneInfo:
        """The desk's."""
        return ZoneInfo(self.pack.desk.timezone)

    @property
    def day_minutes(self) -> int:
        """Business minutes of a business day."""
        working, day = self.pack.desk.working, datetime(2000, 1, 1)  # noqa: DTZ001 - only times of one day are compared
        length = datetime.combine(day, working.closes) - datetime.combine(day, working.opens)
        return max(1, round(length / timedelta(minutes=1)))

    def said(self, key: str, **more: str) -> str:
        """A text."""
        return self.w[key].format(**more)

    def counted(self, key: str, n: int, **more: str) -> str:
        """A text about a number."""
        return counted(self.w, key, n, **more)

    def share(self, value: float | None) -> str:
        """A share; a dash where there is nothing to divide by."""
        if value is None:
            return self.w["nothing"]
        if 0 < value < _LITTLE:
            return self.w["below_one"]
        if 1 - _LITTLE < value < 1:
            return self.w["above_99"]
        return f"{value * 100:.0f}%"

    def share_range(self, one: Estimate) -> str:
        """The interval of a share."""
        if one.low is None or one.high is None:
            return self.w["nothing"]
        low, high = f"{one.low * 100:.0f}", f"{one.high * 100:.0f}"
        return f"{low}%" if low == high else self.said("percent_range", low=low, high=high)

    def share_of(self, one: Estimate) -> str:
        """What a share is made of: so many of so many."""
        return self.said("share_of", count=f"{round((one.value or 0) * one.of):,}", of=f"{one.of:,}")

    def number(self, value: float | None, places: int = 0) -> str:
        """A number."""
        return self.w["nothing"] if value is None else f"{value:,.{places}f}"

    def number_range(self, one: Estimate, places: int = 0) -> str:
        """Its interval."""
        if one.low is None or one.high is None:
            return self.w["nothing"]
        return self.said("range", low=self.number(one.low, places), high=self.number(one.high, places))

    def span(self, minutes: float | None) -> str:
        """Business minutes, as people say them."""
        if minutes is None:
            return self.w["nothing"]
        if minutes < 1:
            return self.w["under_a_minute"]
        days, rest = divmod(round(minutes), self.day_minutes)
        hours, left = divmod(rest, 60)
        if days >= _SOME_DAYS:
            hours += left >= 30
            if hours * 60 >= self.day_minutes:
                days, hours = days + 1, 0
            kind = "whole_days" if self.day_minutes >= _WHOLE_DAY - 1 else "days"
            key = kind if not hours or days >= _MANY_DAYS else f"{kind}_hours"
            return self.w[f"{key}_one" if days == 1 and f"{key}_one" in self.w else key].format(d=days, h=hours)
        key = "minutes" if not hours else "hours_minutes" if left else "hours"
        return self.said(key, h=str(hours), m=str(left))

    def business(self, minutes: float) -> str:
        """The same within a sentence, which says that business time is meant."""
        span = self.span(minutes)
        return span if minutes >= self.day_minutes else self.said("business", span=span)

    def day_is(self) -> str:
        """How long a business day is; empty where the desk never closes."""
        hours, left = divmod(self.day_minutes, 60)
        if self.day_minutes >= _WHOLE_DAY - 1:
            return ""
        key = "minutes" if not hours else "hours_minutes" if left else "hours"
        return self.said("day_is", span=self.said(key, h=str(hours), m=str(left)))

    def span_range(self, one: Estimate) -> str:
        """The interval of a wait; perhaps open."""
        if one.low is not None and one.high is not None:
            low, high = self.span(one.low), self.span(one.high)
            return low if low == high else self.said("range", low=low, high=high)
        if one.low is not None and one.low >= 1:
            return self.said("at_least", low=self.span(one.low))
        return self.w["nothing"]

    def listed(self, parts: list[str]) -> str:
        """Several, one behind the other."""
        return self.w["list"].join(parts)

    def plain_date(self, day: date) -> str:
        """A day, without its year."""
        return self.said("date", day=str(day.day), month=self._month(day))

    def short_date(self, day: date) -> str:
        """A day with its weekday, for tables."""
        return self.said(
            "day_and_weekday",
            day=str(day.day),
            month=str(day.month),
            mon=self._month(day)[:3],
            weekday=self._weekday(day),
        )

    def moment(self, at: datetime) -> str:
        """An instant at the desk."""
        local = at.astimezone(self.zone)
        return f"{self.plain_date(local.date())} {local:%H:%M}"

    def period(self, period: Period) -> str:
        """What a period is called."""
        first, last = period.first_day, period.last_day
        match period.kind:
            case PeriodKind.DAY:
                return self.said(
                    "day",
                    year=str(first.year),
                    month=self._month(first),
                    day=str(first.day),
                    weekday=self._weekday(first),
                )
            case PeriodKind.WEEK:
                year, week, _ = first.isocalendar()
                return self.said(
                    "week", year=str(year), week=str(week), first=self.plain_date(first), last=self.plain_date(last)
                )
            case PeriodKind.MONTH:
                return self.said("month", year=str(first.year), month=self._month(first))

    def short_period(self, period: Period) -> str:
        """The same for the axis of a picture."""
        first = period.first_day
        mon = self._month(first)[:3]
        return self.said(
            f"short_{period.kind.value}", year=str(first.year), month=str(first.month), day=str(first.day), mon=mon
        )

    def before(self, period: Period, count: int) -> str:
        """What the periods that it is compared with are called."""
        if not count:
            return self.w["before_none"]
        kind = period.kind.value
        if period.kind is PeriodKind.DAY:
            kind = "business_day" if self.pack.desk.working.is_business_day(period.first_day) else "day_off"
        return self.counted(f"before_{kind}", count)

    def item(self, item: str) -> str:
        """What an item is called: a section by its name, a facet or link by the heading of its question."""
        if item in set(Section):
            return self._local(self.pack.sections.get(Section(item)), item)
        question = self.pack.questions.get(item)
        return self._local(question.heading if question else None, item)

    def category(self, category: str) -> str:
        """What a category is called."""
        policy = self.pack.categories.get(Category(category)) if category in set(Category) else None
        return self._local(policy.name if policy else None, category)

    def product(self, product: str) -> str:
        """What a product is called."""
        found = self.pack.products.get(product)
        return self._local(found.name if found else None, product)

    def kind(self, kind: str) -> str:
        """What a kind of letter is called."""
        return self.w.get(f"kind_{kind}") or one_line(kind)

    def reason(self, code: str) -> str:
        """Why a letter did not go."""
        return REASONS.get(self.language, REASONS["en"]).get(code) or one_line(code)

    def defect(self, warning: str) -> str:
        """What was wrong with a mail."""
        for pattern, said in (DEFECTS_JA if self.language == "ja" else DEFECTS_EN).items():
            found = re.fullmatch(pattern, warning)
            if found:
                return one_line(said.format(*found.groups()))
        return one_line(warning)

    def fault(self, fault: str) -> str:
        """What is wrong with the books."""
        names = FAULTS.get(self.language, FAULTS["en"])
        found = _FAULT.fullmatch(fault)
        if found is None or found["code"] not in names:
            return one_line(fault)
        named = names["mails"].format(ids=found["ids"]) if found["ids"] else ""
        return names[found["code"]].format(n=found["n"]) + named

    def target(self, target: str) -> str:
        """What a correction corrected."""
        head, _, rest = target.partition(":")
        if head in {"section", "facet"}:
            return self.item(rest if head == "section" else target)
        return self.w.get(f"target_{head}") or one_line(target)

    def value(self, dimension: str, value: str) -> str:
        """What a value of a dimension is called, whichever it is; a pair has both its names."""
        if dimension.endswith("_item"):
            group, item = halves(value)
            return f"{self.value(dimension.removesuffix('_item'), group)} / {self.item(item)}"
        name = getattr(self, _NAMED_BY[dimension]) if dimension in _NAMED_BY else None
        if name is not None:
            return str(name(value))
        prefix = "lang" if dimension == "language" else dimension
        return self.w.get(f"{prefix}_{value}") or one_line(value)

    def domain(self, domain: str) -> str:
        """A customer's domain, on one line."""
        return one_line(domain)

    def hour(self, value: str) -> str:
        """An hour of the day."""
        is_hour = value.isascii() and value.isdecimal()
        return self.said("hour", h=str(int(value))) if is_hour else one_line(value)

    def day(self, value: str) -> str:
        """A day that is written as ISO 8601 has it."""
        try:
            return self.short_date(date.fromisoformat(value))
        except ValueError:
            return one_line(value)

    def measure(self, measure: str) -> str:
        """What a measure counts.

        Raises:
            ValueError: There is none of that name.
        """
        names = MEASURES.get(self.language, MEASURES["en"])
        if measure not in names:
            raise ValueError(f"no measure {one_line(measure)[:40]}")
        return names[measure]

    def measure_or_id(self, measure: str) -> str:
        """The same, of a measure of another version too."""
        return MEASURES.get(self.language, MEASURES["en"]).get(measure) or one_line(measure)

    def dimension(self, dimension: str) -> str:
        """By what it is counted.

        Raises:
            ValueError: There is none of that name.
        """
        names = DIMENSIONS.get(self.language, DIMENSIONS["en"])
        if dimension not in names:
            raise ValueError(f"no dimension {one_line(dimension)[:40]}")
        return names[dimension]

    def subject(self, subject: str) -> str:
        """A customer's subject on one line, cut to a readable length."""
        line = one_line(subject)
        return (line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…") or self.w["no_subject"]

    def _local(self, names: Mapping[str, str] | None, otherwise: str) -> str:
        names = names or {}
        return names.get(self.language) or names.get(self.pack.default_language) or one_line(otherwise)

    def _month(self, day: date) -> str:
        return self.w["months"].split()[day.month - 1] if "months" in self.w else str(day.month)

    def _weekday(self, day: date) -> str:
        names = self.w["weekdays"]
        return names.split()[day.weekday()] if " " in names else names[day.weekday()]


def one_line(text: str) -> str:
    """On one line, without anything that a terminal, a header or the direction of writing would obey."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
