"""All pages of the desk, behind a session."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from desk.access import is_open
from desk.access_pages import add_access
from desk.api import add_api, is_program
from desk.conversation_pages import add_conversations
from desk.correction_pages import add_corrections
from desk.editor_pages import add_editor
from desk.kept import MAX_BYTES, StaleForm
from desk.ledger_pages import add_strays
from desk.letter_pages import add_letters
from desk.live import add_live
from desk.machines_pages import add_machines
from desk.oidc import add_oidc
from desk.own_mails_pages import add_own_mails
from desk.queue_pages import add_queue
from desk.reply_pages import add_replies
from desk.report_pages import add_reports
from desk.search_pages import add_search
from desk.settings_pages import add_settings
from desk.shaping_pages import add_shaping
from desk.sign_in import add_sign_in, resend_page, sign_in_again
from desk.stop_pages import add_stop
from desk.ticket_pages import add_tickets
from models.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from desk.frame import Desk

# Forms are small; nobody gets to fill the memory through one.
_MAX_FORM_BYTES = 64 * 1024
_MAX_TEXT_BYTES = 256 * 1024  # a letter's text: a Japanese character takes nine bytes in a form
_MAX_REPLY_BYTES = 1024 * 1024  # an agent's own letter
_MAX_FILES_BYTES = 24 * 1024 * 1024  # with files: somewhat too many are told on the form, with what was typed


_WRITTEN = re.compile(r"/(?:tickets|letters)/\w+/(reply|draft|edit)$")


def add_pages(app: FastAPI, desk: Desk) -> None:
    """Register every page."""
    add_sign_in(app, desk)
    add_queue(app, desk)
    add_live(app, desk)
    add_tickets(app, desk)
    add_conversations(app, desk)
    add_stop(app, desk)
    add_letters(app, desk)
    add_settings(app, desk)
    add_editor(app, desk)
    add_strays(app, desk)
    add_reports(app, desk)
    add_replies(app, desk)
    add_shaping(app, desk)
    add_corrections(app, desk)
    add_search(app, desk)
    add_access(app, desk)
    add_oidc(app, desk)
    add_machines(app, desk)
    add_own_mails(app, desk)
    add_api(app, desk)

    @app.exception_handler(StaleForm)
    def stale(request: Request, error: StaleForm) -> Response:
        return resend_page(desk, request, error.kept, 409)

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Any]) -> Response:
        """Everything but what is open needs a session, and a role that may."""
        path = request.url.path
        is_for_programs = is_program(path)  # they bring a token, and their errors are not pages
        if request.method == "POST" and not is_for_programs and (refusal := _refusal(request)):
            return desk.error_page(request, *refusal)
        if is_for_programs or is_open(path):
            return await call_next(request)  # type: ignore[no-any-return]
        try:
            agent = await run_in_threadpool(desk.agent, request)
        except StoreUnavailable as error:
            return desk.error_page(request, 503, error.heard)
        if agent is None:
            return await _without_session(app, desk, request)
        if not desk.may(request, path, request.method):
            return await run_in_threadpool(desk.error_page, request, 403, "your role may not do this")
        response: Response = await call_next(request)
        await run_in_threadpool(_renew, desk, request, response)
        return response


async def _without_session(app: FastAPI, desk: Desk, request: Request) -> Response:
    """A program is told; a person is led to the sign-in."""
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": "sign in first"}, status_code=401)
    return await sign_in_again(app, desk, request)


def _renew(desk: Desk, request: Request, response: Response) -> None:
    """Let the session go on; a database that is away now says so on the next page."""
    with suppress(StoreUnavailable):
        desk.renew(request, response)


def _refusal(request: Request) -> tuple[int, str] | None:
    """Why a form is not even read: sent by another site (the browser says so), or too large."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return 403, "this form was sent from another site"
    length = request.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        return 411, "this form does not say how long it is"
    most = _MAX_TEXT_BYTES if request.url.path.startswith("/letter-texts/") else _MAX_FORM_BYTES
    if found := _WRITTEN.match(request.url.path):
        most = _MAX_FILES_BYTES if found[1] == "reply" else _MAX_REPLY_BYTES
    if request.url.path == "/sign-in":  # it may bring along a form that came too late
        most = MAX_BYTES + _MAX_FORM_BYTES
    return (413, "this form is too large") if int(length) > most else None
