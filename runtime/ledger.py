"""The desk's ledger: reports as its pages want them, made by the reporter. What `desk.report_pages.Ledger` promises."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from desk.report_pages import Behind, ReportPeriod
from models.errors import NotFound
from reports.book import halves
from reports.document import Links, document, sentence_of
from reports.figures import Cell
from reports.periods import period_before, period_named, period_of
from reports.plots import picture, pictures
from reports.quality import behind
from reports.render_html import render_file, render_fragment, style
from reports.render_text import render_text
from reports.tables import as_csv, as_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from models.agents import Agent
    from models.facts import TicketFacts
    from models.views import SavedReport
    from reports.figures import Report
    from reports.periods import Period
    from runtime.reporting import Reporter


_TAGGED = frozenset({"category", "product", "language", "domain"})  # dimensions that tickets have tags of
FORMS = ("html", "csv", "json", "txt", "eml")


@dataclass(frozen=True, slots=True)
class DeskLedger:
    """Reports for the desk's pages."""

    reporter: Reporter
    clock: Callable[[], datetime]

    def saved(self) -> Sequence[SavedReport]:
        """The saved reports, the newest first."""
        return self.reporter.store.reports()

    def period(self, name: str) -> ReportPeriod:
        """The period of that name, begun or not."""
        timezone = self.reporter.timezone
        period = period_named(name, timezone)
        after = period_of(period.kind, period.last_day + timedelta(days=1), timezone)
        return ReportPeriod(
            kind=period.kind.value,
            name=period.name,
            first_day=period.first_day,
            last_day=period.last_day,
            before=period_before(period, timezone).name,
            after=after.name,
        )

    def name_for(self, kind: str, day: date) -> str:
        """The name of the period of that kind that holds a day."""
        return period_of(kind, day, self.reporter.timezone).name

    def page(self, name: str, language: str) -> str:
        """The report as a piece of HTML."""
        return render_fragment(document(self._report(name), self.reporter.pack, language, Links(desk="")))

    def picture(self, name: str, picture_id: str, language: str) -> bytes:
        """One of its pictures, as SVG."""
        told = document(self._report(name), self.reporter.pack, language, Links(desk=""))
        return picture(told, picture_id, "svg")

    def style(self) -> str:
        """The style sheet of `page`."""
        return style()

    def behind(
        self, name: str, measure: str, dimension: str, value: str, *, skip: int, limit: int, language: str
    ) -> Behind:
        """The tickets that a figure counts, the newest first."""
        period, cell = self._period(name), Cell(measure, dimension, value)
        sentence = sentence_of(cell, self.reporter.pack, language)
        now = self.clock()
        kept = self.reporter.kept(period)
        # As of when the report was counted that the reader comes from.
        book = self.reporter.book(period, kept.figures.as_of if kept else self.reporter.counted_at(period, now))
        start, end, tag = _where(cell, period)
        facts = self.reporter.store.facts(start, min(end, book.as_of), tag=tag)
        # The newest ones, as many as this page and those before it need; the others are only counted.
        newest: deque[tuple[TicketFacts, int]] = deque(maxlen=skip + limit)
        count = total = 0
        for ticket, often in behind(facts, cell, period, book):
            newest.append((ticket, often))
            count, total = count + often, total + 1
        shown = tuple(islice(reversed(newest), skip, skip + limit))
        said = kept.figures.count(*cell) if kept else None
        return Behind(sentence=sentence, count=count, total=total, tickets=shown, said=said, counted_at=book.as_of)

    def download(self, name: str, form: str, language: str) -> bytes:
        """The report as a file."""
        return printed(self._report(name), self.reporter, form, language)

    def mail_to(self, name: str, agent: Agent, now: datetime) -> None:
        """Queue the report as a mail to an agent; asked for twice within a minute, it goes once."""
        report = self._report(name)
        language = self.reporter.language_of(agent.language)
        key = f"report:{name}:{agent.name}:{now:%Y%m%d%H%M}"
        self.reporter.store.queue_memo(self.reporter.mail(report, agent.email, language, key, now), now=now)

    def _report(self, name: str) -> Report:
        return self.reporter.report(self._period(name), self.clock())

    def _period(self, name: str) -> Period:
        period = period_named(name, self.reporter.timezone)
        if period.start > self.clock():
            raise NotFound(f"no report {name}")
        return period


def _where(cell: Cell, period: Period) -> tuple[datetime, datetime, str]:
    """The part of a period in which all of a cell's tickets lie, and a tag that all of them have, or none."""
    group = cell.dimension.removesuffix("_item")
    if group in _TAGGED:
        value = cell.value if group == cell.dimension else halves(cell.value)[0]
        return period.start, period.end, f"{group}:{value}"
    if cell.dimension == "day":
        day = next((day for day in period.days if f"{day:%Y-%m-%d}" == cell.value), None)
        if day is not None:
            midnight = datetime.combine(day, time(), period.start.tzinfo)
            return midnight, midnight + timedelta(days=1), ""
    return period.start, period.end, ""


def printed(
    report: Report, reporter: Reporter, form: str, language: str, *, to: str = "", now: datetime | None = None
) -> bytes:
    """A report in one of FORMS; as a mail it is written to `to`.

    Raises:
        ValueError: Another form.
    """
    told = document(report, reporter.pack, language, Links(desk=reporter.office.desk_link))
    match form:
        case "html":
            return render_file(told, pictures(told, "svg")).encode("utf-8")
        case "csv":
            return as_csv(report, reporter.pack, language)
        case "json":
            return as_json(report, reporter.pack).encode("utf-8")
        case "txt":
            return render_text(told).encode("utf-8")
        case "eml":
            name, to = report.figures.period.name, to or reporter.office.identity.address
            return reporter.mail(report, to, language, f"report:{name}:{to}", now or report.made_at).raw
    raise ValueError(f"no form {form}")
