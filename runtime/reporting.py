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


def report_html(store: Store, pack: Pack, day: date, language: str, now: datetime) -> str:
    """The report of the week that holds `day`, compared with the week before, as one self-contained page."""
    period = period_of("week", day, pack.desk.timezone)
    before = period.before()
    report = summarise(store.facts(period.start, period.end), period)
    earlier = summarise(store.facts(before.start, before.end), before)
    return render_html(report, earlier, pack, language, now.astimezone(ZoneInfo(pack.desk.timezone)))


def save_weekly_report(store: Store, pack: Pack, now: datetime) -> str:
    """Save last week's report in every language of the pack; returns the week's name. Repeatable: it replaces its own."""
    day = now.astimezone(ZoneInfo(pack.desk.timezone)).date() - timedelta(days=7)
    name = period_of("week", day, pack.desk.timezone).name
    for language in pack.languages:
        store.save_report(name, language, report_html(store, pack, day, language, now), now=now)
    return name
