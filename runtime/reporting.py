"""The weekly quality report: facts from the store, figures and page from `reports`."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    return render_html(report, earlier, pack, language, now)
