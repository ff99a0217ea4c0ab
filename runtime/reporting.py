"""The weekly quality report: facts from the store, figures and page from `reports`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from reports.quality import period_of, summarise
from reports.render import render_html

if TYPE_CHECKING:
    from datetime import date, datetime

    from models.db.store import Store
    from policy.pack import Pack
    from reports.quality import Period, QualityReport


def report_html(store: Store, pack: Pack, day: date, language: str, now: datetime) -> str:
    """The report of the week that holds `day`, compared with the week before, as one self-contained page."""
    period = period_of("week", day, pack.desk.timezone)
    report, before = _figures(store, period), _figures(store, period.before())
    return render_html(report, before, pack, language, now.astimezone(ZoneInfo(pack.desk.timezone)))


def _figures(store: Store, period: Period) -> QualityReport:
    return summarise(store.facts(period.start, period.end), period)


def save_weekly_report(store: Store, pack: Pack, now: datetime) -> str:
    """Save last week's report in every language of the pack; returns the week's name. Repeatable: it replaces its own."""
    day = _day_of_last_week(pack, now)
    name = period_of("week", day, pack.desk.timezone).name
    for language in pack.languages:
        store.save_report(name, language, report_html(store, pack, day, language, now), now=now)
    return name


def has_weekly_report(store: Store, pack: Pack, now: datetime) -> bool:
    """Is last week's report there in every language?"""
    name = period_of("week", _day_of_last_week(pack, now), pack.desk.timezone).name
    return set(pack.languages) <= {one.language for one in store.reports() if one.name == name}


def _day_of_last_week(pack: Pack, now: datetime) -> date:
    return now.astimezone(ZoneInfo(pack.desk.timezone)).date() - timedelta(days=7)
