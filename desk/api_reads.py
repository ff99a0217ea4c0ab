"""The API's reading operations."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import Depends, FastAPI, Query, Response
from fastapi import Path as InPath

from desk import api_models as said
from desk.api_access import Caller, ProblemFound, access
from desk.api_document import described
from desk.api_views import cursor_of, letter_object, mail_object, report_object, ticket_object, whole_ticket
from desk.frame import PartNumber, Ref, RowId, as_file
from desk.outside import event_object
from desk.readings import quotable_mails
from desk.report_order import place_of
from desk.report_pages import begun_period, ledger_of, saved_reports
from ingest.parse import attachment_bytes
from models.assessment import Category
from models.errors import NotFound
from models.programs import Scope, TicketFilter
from models.states import TicketState

if TYPE_CHECKING:
    from desk.api_access import Pace
    from desk.frame import Desk

MOST = 100
MOST_EVENTS = 500
_CURSOR = r"^(p[0-9]{1,15}|u[0-9]{1,16}\.T[0-9]{1,12})$"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Cursor = Annotated[str | None, Query(pattern=_CURSOR, description="`next_cursor` of the page before; opaque.")]
_States = Annotated[list[TicketState], Query(max_length=8, description="Any of these; none: all.")]
_CategoryIs = Annotated[Category | None, Query(description="One of the ticket's categories.")]
_ProductIs = Annotated[
    str | None,
    Query(pattern=r"^[a-z0-9_.-]{1,64}$", description="One of the ticket's products, by its id in the pack."),
]
_LanguageIs = Annotated[str | None, Query(pattern=r"^[A-Za-z-]{2,16}$", description="ja, en ...")]
_AssigneeIs = Annotated[
    str | None,
    Query(max_length=64, pattern=r"^[^\u0000]*$", description="An agent's name; empty: tickets that nobody has."),
]
_ReportCursor = Annotated[
    str | None,
    Query(
        pattern=r"^r[0-9]{4}-(W[0-9]{2}|[0-9]{2}(-[0-9]{2})?)$", description="`next_cursor` of the page before; opaque."
    ),
]
_PeriodIs = Annotated[
    str,
    InPath(
        pattern=r"^[0-9]{4}-(W[0-9]{2}|[0-9]{2}(-[0-9]{2})?)$",
        description="A day, a week of ISO 8601, or a month.",
        examples=["2026-11-29", "2026-W48", "2026-11"],
    ),
]
_Since = Annotated[
    said.Instant | None,
    Query(
        description="Tickets that changed then or later, in the order of their changes. A change may become visible a"
        " moment after later ones: begin the next time some minutes before the last `updated_at`, and know tickets by `ref` and `version`."
    ),
]


def add_reads(api: FastAPI, desk: Desk, pace: Pace) -> None:
    """Register what only reads."""
    tickets, mails, reports = (
        Depends(access(desk, pace, scope)) for scope in (Scope.TICKETS_READ, Scope.MAILS_READ, Scope.REPORTS_READ)
    )
    link = desk.settings.desk_link

    @api.get(
        "/tickets",
        response_model=said.TicketPage,
        summary="List tickets",
        description="The newest first; with `updated_since` in the order of their latest changes.",
        **described(Scope.TICKETS_READ, "listTickets", "Tickets", "not_found"),
    )
    def list_tickets(
        state: _States = [],  # noqa: B006 - FastAPI copies it
        category: _CategoryIs = None,
        product: _ProductIs = None,
        language: _LanguageIs = None,
        assignee: _AssigneeIs = None,
        updated_since: _Since = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
        cursor: _Cursor = None,
        _: Caller = tickets,
    ) -> said.TicketPage:
        asked = {"category": category, "product": product, "language": language, "agent": assignee}
        # What narrows most comes first: the walk goes along it.
        order = ("agent", "product", "category", "language")
        tags = tuple(f"{name}:{asked[name]}" for name in order if asked[name] is not None)
        place, updated_at, ref = _place(cursor, is_by_change=updated_since is not None)
        wanted = TicketFilter(
            states=tuple(dict.fromkeys(one.value for one in state)),
            tags=tags,
            updated_since=updated_since,
            place=place,
            updated_at=updated_at,
            ref=ref,
        )
        rows = desk.store.tickets_for_programs(wanted, limit=limit + 1)
        shown = rows[:limit]
        is_more = len(rows) > limit
        return said.TicketPage(
            tickets=[ticket_object(row, link) for row in shown],
            next_cursor=cursor_of(shown[-1], is_by_change=updated_since is not None) if is_more else None,
        )

    @api.get(
        "/events",
        response_model=said.Happenings,
        summary="Follow what happens to tickets",
        description="All events behind `after`, without words of customers or agents. An event may come twice; its `id` tells.",
        **described(Scope.TICKETS_READ, "listEvents", "Tickets"),
    )
    def events(
        after: Annotated[int, Query(ge=0, le=2**31 - 1, description="0: from the beginning.")] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_EVENTS)] = 100,
        _: Caller = tickets,
    ) -> said.Happenings:
        news = desk.store.events_after(after, limit=limit, now=desk.clock())
        return said.Happenings.model_validate(
            {
                "events": [event_object(event, has_subject=False, desk_link=link) for event in news.events],
                "next_after": news.last_event,
            }
        )

    @api.get(
        "/tickets/{ref}",
        response_model=said.WholeTicket,
        summary="One ticket",
        description="With its matters, what its mails have brought so far, letters, history and links.",
        **described(Scope.TICKETS_READ, "getTicket", "Tickets", "not_found", has_tag=True),
    )
    def one_ticket(ref: Ref, response: Response, _: Caller = tickets) -> said.WholeTicket:
        view = desk.store.ticket(ref)
        response.headers["ETag"] = f'"{view.row.version}"'
        return whole_ticket(view, link, quotable_mails(desk, view))

    @api.get(
        "/tickets/{ref}/mails",
        response_model=said.Mails,
        summary="A ticket's mails as they were read",
        **described(Scope.TICKETS_READ, "listMails", "Mails", "not_found"),
    )
    def mails_of(ref: Ref, _: Caller = tickets) -> said.Mails:
        view = desk.store.ticket(ref)
        return said.Mails(mails=[mail_object(mail, ref, view.mails) for mail in view.mails])

    @api.get(
        "/tickets/{ref}/letters",
        response_model=said.Letters,
        summary="A ticket's letters",
        **described(Scope.TICKETS_READ, "listLetters", "Letters", "not_found"),
    )
    def letters_of(ref: Ref, _: Caller = tickets) -> said.Letters:
        view = desk.store.ticket(ref)
        return said.Letters(letters=[letter_object(letter, quotable_mails(desk, view)) for letter in view.replies])

    @api.get(
        "/mails/{mail_id}/raw",
        response_class=Response,
        summary="A mail's bytes as they came",
        description="Credentials in it are not masked.",
        **described(Scope.MAILS_READ, "getRawMail", "Mails", "not_found", content="message/rfc822"),
    )
    def raw(mail_id: RowId, _: Caller = mails) -> Response:
        answer = as_file(desk.store.raw_mail(mail_id), f"mail-{mail_id}.eml")
        answer.headers["Content-Type"] = "message/rfc822"
        return answer

    @api.get(
        "/mails/{mail_id}/attachments/{part}",
        response_class=Response,
        summary="A file of a mail",
        description="As bytes, whatever its type says.",
        **described(Scope.MAILS_READ, "getAttachment", "Mails", "not_found", content="application/octet-stream"),
    )
    def attachment(mail_id: RowId, part: PartNumber, _: Caller = mails) -> Response:
        found = attachment_bytes(desk.store.raw_mail(mail_id), part)
        if found is None:
            raise NotFound(f"mail {mail_id} has no part {part}")
        return as_file(found, f"mail-{mail_id}-{part}")

    @api.get(
        "/reports",
        response_model=said.Reports,
        summary="List quality reports",
        description="The newest periods first; those that have begun.",
        **described(Scope.REPORTS_READ, "listReports", "Reports", "not_found"),
    )
    def list_reports(
        kind: Annotated[Literal["day", "week", "month"] | None, Query(description="None: all kinds.")] = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
        cursor: _ReportCursor = None,
        _: Caller = reports,
    ) -> said.Reports:
        behind = _place_of_report(cursor)
        found = [
            one
            for one in saved_reports(desk)
            if kind in {None, one.kind} and (behind is None or place_of(one.name) < behind)
        ]
        return said.Reports(
            reports=[report_object(one, link) for one in found[:limit]],
            next_cursor=f"r{found[limit - 1].name}" if len(found) > limit else None,
        )

    @api.get(
        "/reports/{period}",
        response_model=said.WholeReport,
        summary="The report of one period",
        description="As it was saved, or counted now where none is saved: a period that has not ended is told so far.",
        **described(Scope.REPORTS_READ, "getReport", "Reports", "not_found"),
    )
    def one_report(period: _PeriodIs, _: Caller = reports) -> Response:
        ledger = ledger_of(desk)
        found = begun_period(desk, ledger, period)
        return Response(ledger.download(found.name, "json", desk.pack.default_language), media_type="application/json")


def _place_of_report(cursor: str | None) -> tuple[date, int, str] | None:
    """Where a cursor points among the reports.

    Raises:
        ProblemFound: No report has this cursor.
    """
    try:
        return place_of(cursor[1:]) if cursor is not None else None
    except ValueError as error:
        raise ProblemFound(404, "cursor_unknown", "this cursor is of no report; begin anew") from error


def _place(cursor: str | None, *, is_by_change: bool) -> tuple[int | None, datetime | None, str]:
    """Where a cursor points: (place, time of the change, ref).

    Raises:
        ProblemFound: It is of a list in another order.
    """
    if cursor is None:
        return None, None, ""
    if cursor.startswith("u") is not is_by_change:
        raise ProblemFound(404, "cursor_unknown", "this cursor is of a list in another order; begin anew")
    if not is_by_change:
        return int(cursor[1:]), None, ""
    micros, _, ref = cursor[1:].partition(".")
    return None, _EPOCH + timedelta(microseconds=int(micros)), re.sub(r"\s", "", ref)
