"""Mails that are no ticket, and the saved quality reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from desk.frame import RowId, require_form
from desk.masking import hidden

if TYPE_CHECKING:
    from desk.frame import Desk

# A report is a page of our own with its style inside it.
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'"


def add_strays(app: FastAPI, desk: Desk) -> None:
    """Register the pages of mails that are no ticket."""

    @app.get("/mails/{mail_id}")
    def stray(request: Request, mail_id: RowId) -> Response:
        mail = desk.store.stray_mail(mail_id)
        text = hidden(desk.store.raw_mail(mail_id)[:200_000].decode("utf-8", "replace"))
        return desk.page(request, "stray.html", mail=mail, text=text)

    @app.post("/mails/{mail_id}/retry")
    def retry(request: Request, mail_id: RowId, token: Annotated[str, Form()]) -> Response:
        require_form(request, desk, token)
        desk.store.unpark_mail(mail_id)
        return RedirectResponse("/queue", status_code=303)


def add_reports(app: FastAPI, desk: Desk) -> None:
    """Register the ledger: the list of reports and each report."""

    @app.get("/reports")
    def reports(request: Request) -> Response:
        return desk.page(request, "reports.html", reports=desk.store.reports(), books=desk.store.books())

    @app.get("/reports/{report_id}")
    def report(report_id: RowId) -> Response:
        return HTMLResponse(desk.store.report(report_id).html, headers={"Content-Security-Policy": _REPORT_POLICY})
