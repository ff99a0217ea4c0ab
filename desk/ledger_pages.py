"""Mails that are no ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import RedirectResponse, Response

from desk.frame import RowId, require_form
from desk.masking import hidden

if TYPE_CHECKING:
    from desk.frame import Desk


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
