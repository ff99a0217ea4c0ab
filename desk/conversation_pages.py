"""What agents do to a conversation: snooze it, confirm whose an account is."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Form, Request
from fastapi.responses import RedirectResponse, Response

from desk.frame import Ref, require_form
from desk.texts import words

if TYPE_CHECKING:
    from desk.frame import Desk

_ACCOUNT = re.compile(r"[0-9]{16}")


def add_conversations(app: FastAPI, desk: Desk) -> None:
    """Register the forms."""

    @app.post("/tickets/{ref}/snooze")
    def snooze(
        request: Request, ref: Ref, token: Annotated[str, Form()], until: Annotated[str, Form()] = ""
    ) -> Response:
        agent = require_form(request, desk, token)
        w, now = words(desk.language(request)), desk.clock()
        try:
            at = datetime.fromisoformat(until).replace(tzinfo=ZoneInfo(desk.pack.desk.timezone))
        except ValueError:
            return desk.error_page(request, 400, w["no_time"])
        if at <= now:
            return desk.error_page(request, 400, w["too_early"])
        desk.store.snooze(ref, at, by=agent, now=now)
        return RedirectResponse(f"/tickets/{ref}", status_code=303)

    @app.post("/tickets/{ref}/accounts")
    def account(
        request: Request,
        ref: Ref,
        token: Annotated[str, Form()],
        account: Annotated[str, Form()] = "",
        does: Annotated[str, Form()] = "",
    ) -> Response:
        agent = require_form(request, desk, token)
        account = account.strip()
        if not _ACCOUNT.fullmatch(account):
            return desk.error_page(request, 400, words(desk.language(request))["no_account"])
        settle = desk.store.forget_account if does == "forget" else desk.store.confirm_account
        settle(ref, account, by=agent, now=desk.clock())
        return RedirectResponse(f"/tickets/{ref}", status_code=303)
