"""Ledgers for tests of the desk: the real one, and one of canned reports, drawn and counted by nobody."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from desk.report_pages import Behind, ReportPeriod
from models.agents import Agent
from models.errors import NotFound
from models.facts import TicketFacts
from models.views import SavedReport
from reports.periods import period_named, period_of
from responders.identity import SenderIdentity
from runtime.ledger import DeskLedger
from runtime.reporting import Office, Reporter
from tests.support.filings import DESK

if TYPE_CHECKING:
    from desk.report_pages import Ledger
    from models.db.store import Store
    from policy.pack import Pack
    from tests.support.clocks import Clock

ZONE = "Asia/Tokyo"
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><style>rect { fill: #0072b2 }</style>'
    b'<rect width="40" height="20"/></svg>'
)


@dataclass(slots=True)
class CannedLedger:
    """Says the same of every period, and remembers what it was asked to send."""

    reports: list[SavedReport] = field(default_factory=list)
    tickets: list[tuple[TicketFacts, int]] = field(default_factory=list)
    said: int | None = None
    counted_at: datetime | None = None
    sent: list[tuple[str, str, str, datetime]] = field(default_factory=list)

    def saved(self) -> list[SavedReport]:
        return self.reports

    def period(self, name: str) -> ReportPeriod:
        found = period_named(name, ZONE)
        before, after = found.first_day - timedelta(days=1), found.last_day + timedelta(days=1)
        return ReportPeriod(
            kind=found.kind.value,
            name=found.name,
            first_day=found.first_day,
            last_day=found.last_day,
            before=self.name_for(found.kind.value, before),
            after=self.name_for(found.kind.value, after),
        )

    def name_for(self, kind: str, day: date) -> str:
        return period_of(kind, day, ZONE).name

    def page(self, name: str, language: str) -> str:
        said = "初回から揃っていた割合" if language == "ja" else "complete on arrival"
        drill = f"/reports/{name}/tickets?measure=complete&amp;dimension=all&amp;value="
        return (
            f'<section aria-labelledby="s1"><h2 id="s1">{name}</h2><p>{said}: <a href="{drill}">12</a></p>'
            f'<img src="/reports/{name}/pictures/complete.svg?lang={language}" alt="{said}" width="400"></section>'
        )

    def picture(self, name: str, picture_id: str, language: str) -> bytes:
        assert name
        assert language in {"ja", "en"}
        if picture_id != "complete":
            raise NotFound("this report has no such picture")
        return SVG

    def style(self) -> str:
        return ".report img { max-width: 100%; }"

    def behind(
        self, name: str, measure: str, dimension: str, value: str, *, skip: int, limit: int, language: str
    ) -> Behind:
        assert name
        if measure != "complete" or dimension not in {"all", "domain"}:
            raise ValueError(measure)
        sentence = {"ja": "初回から情報が揃っていた受付", "en": "Tickets that were complete on arrival"}[language]
        return Behind(
            sentence=f"{sentence} {value}".strip(),
            count=sum(count for _, count in self.tickets),
            total=len(self.tickets),
            tickets=tuple(self.tickets[skip : skip + limit]),
            said=self.said,
            counted_at=self.counted_at,
        )

    def download(self, name: str, form: str, language: str) -> bytes:
        if form == "json":
            return json.dumps({"period": name}).encode()
        return f"{form} {name} {language}".encode()

    def mail_to(self, name: str, agent: Agent, now: datetime) -> None:
        self.sent.append((name, agent.name, agent.email, now))


def reporter_for(store: Store, pack: Pack) -> Reporter:
    """What makes and keeps reports; `make_due` is what a scheduler does."""
    sender = SenderIdentity(address=DESK, domain="uketsuke.example", secret=b"s" * 32, instance="uketsuke.example")
    return Reporter(store, pack, Office(identity=sender, desk_link="https://desk.example"))


def ledger_for(store: Store, pack: Pack, clock: Clock) -> Ledger:
    """What the desk of an installation has."""
    return DeskLedger(reporter_for(store, pack), clock)


def saved(name: str, made_at: datetime) -> SavedReport:
    return SavedReport(name=name, kind=period_named(name, ZONE).kind.value, made_at=made_at)
