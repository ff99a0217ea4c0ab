"""All pages of the desk, behind a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse, Response

from desk.access_pages import add_access
from desk.api import add_api
from desk.conversation_pages import add_conversations
from desk.correction_pages import add_corrections
from desk.editor_pages import add_editor
from desk.ledger_pages import add_reports, add_strays
from desk.letter_pages import add_letters
from desk.machines_pages import add_machines
from desk.oidc import add_oidc
from desk.queue_pages import add_queue
from desk.reply_pages import add_replies
from desk.search_pages import add_search
from desk.settings_pages import add_settings
from desk.shaping_pages import add_shaping
from desk.sign_in import add_sign_in
from desk.stop_pages import add_stop
from desk.ticket_pages import add_tickets
from models.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from desk.frame import Desk

# Forms are small; nobody gets to fill the memory through one.
_MAX_FORM_BYTES = 64 * 1024
_MAX_TEXT_BYTES = 256 * 1024  # a letter's text: a Japanese character takes nine bytes in a form


def add_pages(app: FastAPI, desk: Desk) -> None:
    """Register every page."""
    add_sign_in(app, desk)
    add_queue(app, desk)
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
    add_api(app, desk)

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Any]) -> Response:
        """Everything but sign-in, health and styles needs a session."""
        path = request.url.path
        if request.method == "POST" and (refusal := _refusal(request)):
            return desk.error_page(request, *refusal)
        is_open = path in {"/sign-in", "/healthz"} or path.startswith("/static/")
        try:
            agent = None if is_open else await run_in_threadpool(desk.agent, request)
        except StoreUnavailable as error:
            return desk.error_page(request, 503, error.heard)
        if is_open or agent is not None:
            return await call_next(request)  # type: ignore[no-any-return]
        if path.startswith("/api/"):
            return JSONResponse({"error": "sign in first"}, status_code=401)
        return RedirectResponse(f"/sign-in?next={quote(_with_query(request))}", status_code=303)


def _refusal(request: Request) -> tuple[int, str] | None:
    """Why a form is not even read: sent by another site (the browser says so), or too large."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return 403, "this form was sent from another site"
    length = request.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        return 411, "this form does not say how long it is"
    most = _MAX_TEXT_BYTES if request.url.path.startswith("/letter-texts/") else _MAX_FORM_BYTES
    return (413, "this form is too large") if int(length) > most else None


def _with_query(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
