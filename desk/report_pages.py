"""Reports on ticket quality as pages: the list with the books, each period's report, and the tickets behind each figure.

What a report says comes from a `Ledger`, for the desk counts nothing itself; without one it only shows the books.
Promises: nothing is changed but by the form that sends a report to who asks for it; answers may be kept by his browser alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Protocol
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from desk.frame import PAGE, require_form
from desk.own_mails_pages import refused
from desk.report_order import newest_first
from desk.report_texts import period_text
from models.decision import Disposition
from models.errors import NotFound
from models.memos import is_mailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from desk.frame import Desk
    from models.agents import Agent
    from models.facts import DayBooks, TicketFacts
    from models.views import Books, SavedReport

KINDS = ("week", "month", "day")
FORMS = {  # of a download: type and how its name ends
    "html": "application/octet-stream",  # a page of our own, but never shown under the desk's address
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "txt": "text/plain; charset=utf-8",
}
# Dispositions of tickets that the desk checks for what they lack; of the others it asks nothing.
CHECKED = frozenset({Disposition.ACCEPT.value, Disposition.REQUEST_INFORMATION.value})
_PER_PAGE = 36  # saved reports
_BOOK_DAYS = 14
_LONGEST = 400  # of a part of a cell: a domain and an item
# Pictures are drawn with styles of their own, which a browser applies to nothing but the picture; no script, nothing from elsewhere.
_PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; sandbox"
_KEPT = "private, max-age=60"  # no longer than figures that are not saved are remembered

Skip = Annotated[int, Query(ge=0, le=10_000_000)]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPeriod:
    """What a report is about, and its neighbours in the calendar."""

    kind: str  # one of KINDS
    name: str
    first_day: date
    last_day: date
    before: str  # the name of the one before; empty: the calendar ends
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """Some of the tickets that a figure counts."""

    sentence: str  # what is counted
    count: int  # the figure; more than `total` where a ticket counts more than once
    total: int  # tickets
    tickets: tuple[tuple[TicketFacts, int], ...]  # the newest first; each with how often it counts
    said: int | None = None  # the figure in the saved report, where one is saved
    counted_at: datetime | None = None  # as of when the tickets were counted, where that is not now


class Ledger(Protocol):
    """Makes reports. Every method raises NotFound or ValueError for what is no period, picture, figure or form."""

    def saved(self) -> Sequence[SavedReport]:
        """The saved reports, the newest first."""
        ...

    def period(self, name: str) -> ReportPeriod:
        """The period of that name; pure."""
        ...

    def name_for(self, kind: str, day: date) -> str:
        """The name of the period of that kind that holds a day."""
        ...

    def page(self, name: str, language: str) -> str:
        """The report as a piece of HTML: headings from h2 on, no script, no style."""
        ...

    def picture(self, name: str, picture_id: str, language: str) -> bytes:
        """One of its pictures, as SVG."""
        ...

    def style(self) -> str:
        """The style sheet of `page`."""
        ...

    def behind(
        self, name: str, measure: str, dimension: str, value: str, *, skip: int, limit: int, language: str
    ) -> Behind:
        """The tickets that a figure counts."""
        ...

    def download(self, name: str, form: str, language: str) -> bytes:
        """The report as a file: html, csv, json or txt."""
        ...

    def mail_to(self, name: str, agent: Agent, now: datetime) -> None:
        """Queue the report as a mail to an agent, who has an address that can be written to."""
        ...


def add_reports(app: FastAPI, desk: Desk) -> None:
    """Register the pages."""
    _add_list(app, desk)
    _add_report(app, desk)
    _add_tickets(app, desk)


def ledger_of(desk: Desk) -> Ledger:
    """The desk's ledger.

    Raises:
        NotFound: This desk has none.
    """
    if desk.ledger is None:
        raise NotFound("this desk makes no reports")
    return desk.ledger


def saved_reports(desk: Desk) -> list[SavedReport]:
    """The saved reports, the newest period first; of periods that have begun."""
    if desk.ledger is None:
        return []
    return newest_first(desk.ledger.saved(), [desk.ledger.name_for(kind, _today(desk)) for kind in KINDS])


def begun_period(desk: Desk, ledger: Ledger, name: str) -> ReportPeriod:
    """The period of a name that a stranger may have typed.

    Raises:
        NotFound: There is none, or it has not begun: there is nothing to count.
    """
    try:
        period = ledger.period(name[:_LONGEST])
    except ValueError as error:
        raise NotFound(f"no report {name.replace(chr(0), '')[:40]}") from error
    if period.first_day > _today(desk):
        raise NotFound(f"no report {period.name} yet")
    return period


def _add_list(app: FastAPI, desk: Desk) -> None:
    @app.get("/reports")
    def reports(request: Request, kind: str = "week", page: PageNumber = 1) -> Response:
        return _list_page(desk, request, kind=kind if kind in KINDS else "week", page=page)

    @app.get("/reports/open")
    def open_one(request: Request, kind: str = "", day: str = "") -> Response:
        """The report of the period that holds a day."""
        ledger = ledger_of(desk)
        typed = {"kind": kind[:10].replace("\0", ""), "day": day[:20].replace("\0", "")}
        try:
            name = ledger.name_for(kind, date.fromisoformat(day))
            found = ledger.period(name)
        except (ValueError, NotFound):
            return _list_page(desk, request, 422, fault="report_bad_day", typed=typed)
        if found.first_day > _today(desk):
            return _list_page(desk, request, 422, fault="report_in_future", typed=typed)
        return RedirectResponse(f"/reports/{quote(name)}", status_code=303)


def _list_page(
    desk: Desk,
    request: Request,
    status: int = 200,
    *,
    kind: str = "week",
    page: int = 1,
    fault: str = "",
    typed: dict[str, str] | None = None,
) -> Response:
    ledger, language, today = desk.ledger, desk.language(request), _today(desk)
    saved = saved_reports(desk)
    of_kind = [one for one in saved if one.kind == kind]
    shown = of_kind[(page - 1) * _PER_PAGE : page * _PER_PAGE]
    this_week = ledger.name_for("week", today) if ledger else ""
    week = next((one for one in saved if one.kind == "week" and one.name < this_week), None)
    days = desk.store.day_books(today - timedelta(days=_BOOK_DAYS), today)
    return desk.page(
        request,
        "reports.html",
        status,
        is_made=ledger is not None,
        kind=kind,
        kinds=[(one, sum(report.kind == one for report in saved)) for one in KINDS],
        reports=[(one, _said(ledger, one.name, language)) for one in shown] if ledger else [],
        newest=(week, _said(ledger, week.name, language)) if ledger and week else None,
        current=[(one, ledger.name_for(one, today)) for one in KINDS] if ledger else [],
        page_number=page,
        is_more=len(of_kind) > page * _PER_PAGE,
        fault=fault,
        typed=typed or {"kind": kind, "day": today.isoformat()},
        today=today.isoformat(),
        books=_sum_of(desk.store.books(now=desk.clock())),
        days=_lines(days, today),
        refused=refused(desk, request),
    )


def _add_report(app: FastAPI, desk: Desk) -> None:
    @app.get("/reports/style.css")
    def style() -> Response:
        return Response(ledger_of(desk).style(), media_type="text/css", headers={"Cache-Control": _KEPT})

    @app.get("/reports/{period}")
    def report(request: Request, period: str) -> Response:
        return _report_page(desk, request, period, mailed=request.query_params.get("mailed") == "1")

    @app.post("/reports/{period}/mail")
    def send(request: Request, period: str, token: Annotated[str, Form()]) -> Response:
        agent = desk.store.agent(require_form(request, desk, token))
        ledger = ledger_of(desk)
        found = begun_period(desk, ledger, period)
        if not is_mailable(agent.email):
            fault = "report_address_odd" if agent.email else "report_no_address"
            return _report_page(desk, request, period, 422, fault=fault)
        ledger.mail_to(found.name, agent, desk.clock())
        return RedirectResponse(f"/reports/{quote(found.name)}?mailed=1", status_code=303)

    @app.get("/reports/{period}/pictures/{picture}.svg")
    def picture(request: Request, period: str, picture: str) -> Response:
        ledger = ledger_of(desk)
        found = begun_period(desk, ledger, period)
        try:
            drawn = ledger.picture(found.name, picture[:_LONGEST], desk.language(request))
        except (ValueError, KeyError) as error:
            raise NotFound("this report has no such picture") from error
        headers = {"Cache-Control": _KEPT, "Content-Security-Policy": _PICTURE_POLICY}
        return Response(drawn, media_type="image/svg+xml", headers=headers)

    @app.get("/reports/{period}/file.{form}")
    def download(request: Request, period: str, form: str) -> Response:
        ledger = ledger_of(desk)
        found = begun_period(desk, ledger, period)
        if form not in FORMS:
            raise NotFound("a report is no file of this form")
        content = ledger.download(found.name, form, desk.language(request))
        headers = {"Content-Disposition": f'attachment; filename="uketsuke-{found.name}.{form}"'}
        return Response(content, headers={**headers, "Content-Type": FORMS[form]})


def _report_page(
    desk: Desk, request: Request, name: str, status: int = 200, *, fault: str = "", mailed: bool = False
) -> Response:
    ledger, language, today = ledger_of(desk), desk.language(request), _today(desk)
    period = begun_period(desk, ledger, name)
    first = desk.store.first_arrival()
    begins_on = first.astimezone(ZoneInfo(desk.pack.desk.timezone)).date() if first else today
    return desk.page(
        request,
        "report.html",
        status,
        period=period,
        called=period_text(period.kind, period.first_day, period.last_day, language),
        content=ledger.page(period.name, language),
        before=period.before if period.first_day > begins_on else "",
        after=period.after if period.last_day < today else "",
        is_over=period.last_day < today,
        made_at=next((one.made_at for one in ledger.saved() if one.name == period.name), None),
        forms=list(FORMS),
        person=desk.person(request),
        is_sending=desk.settings.is_sending,
        fault=fault,
        mailed=mailed,
    )


def _add_tickets(app: FastAPI, desk: Desk) -> None:
    @app.get("/reports/{period}/tickets")
    def tickets(
        request: Request, period: str, measure: str = "", dimension: str = "all", value: str = "", skip: Skip = 0
    ) -> Response:
        ledger, language = ledger_of(desk), desk.language(request)
        found = begun_period(desk, ledger, period)
        skip -= skip % PAGE
        cell = {"measure": measure, "dimension": dimension, "value": value}
        if any(len(part) > _LONGEST or "\0" in part for part in cell.values()):
            raise NotFound("this report has no such figure")
        try:
            behind = ledger.behind(found.name, measure, dimension, value, skip=skip, limit=PAGE, language=language)
        except (ValueError, KeyError) as error:
            raise NotFound("this report has no such figure") from error
        path = f"/reports/{quote(found.name)}/tickets"
        return desk.page(
            request,
            "report_tickets.html",
            period=found,
            called=period_text(found.kind, found.first_day, found.last_day, language),
            behind=behind,
            checked=CHECKED,
            counted_at=behind.counted_at,
            skip=skip,
            last=skip + len(behind.tickets),
            newer=f"{path}?{urlencode({**cell, 'skip': skip - PAGE})}" if skip else "",
            older=f"{path}?{urlencode({**cell, 'skip': skip + PAGE})}" if behind.total > skip + PAGE else "",
        )


def _today(desk: Desk) -> date:
    return desk.clock().astimezone(ZoneInfo(desk.pack.desk.timezone)).date()


def _said(ledger: Ledger | None, name: str, language: str) -> str:
    if ledger is None:
        return name
    period = ledger.period(name)
    return period_text(period.kind, period.first_day, period.last_day, language)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Balance:
    """One line of the books. `parts` add up to `accepted` where they agree."""

    day: date | None
    accepted: int
    parts: dict[str, int]
    faults: tuple[str, ...]
    grown_by: int | None = None  # accepted since the line before

    @property
    def difference(self) -> int:
        return self.accepted - sum(self.parts.values())

    @property
    def is_begun(self) -> bool:
        """Has any mail come by then? The books of a desk that is not at work yet say nothing."""
        return bool(self.accepted or any(self.parts.values()) or self.faults)

    @property
    def do_agree(self) -> bool:
        return not self.difference and not self.faults


def _sum_of(books: Books | DayBooks, day: date | None = None, grown_by: int | None = None) -> _Balance:
    names = ("ticketed", "joined", "parked", "waiting", "duplicates", "deleted")
    return _Balance(
        day=day,
        accepted=books.accepted,
        parts={name: getattr(books, name) for name in names},
        faults=tuple(books.faults),
        grown_by=grown_by,
    )


def _lines(days: Sequence[DayBooks], today: date) -> list[_Balance]:
    """The last days, the newest first; the day before them only says how much the first has grown."""
    ordered = sorted(days, key=lambda one: one.day)
    lines = []
    for number, one in enumerate(ordered):
        before = ordered[number - 1] if number and ordered[number - 1].day == one.day - timedelta(days=1) else None
        if one.day > today - timedelta(days=_BOOK_DAYS + 1):
            grown_by = one.accepted - before.accepted if before else None
            line = _sum_of(one, one.day, grown_by)
            if line.is_begun:
                lines.append(line)
    return lines[::-1][:_BOOK_DAYS]
