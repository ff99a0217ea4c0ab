"""Signing in and out, and what becomes of a form whose session is over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import FastAPI, Form, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.routing import Match

from desk.frame import require_form
from desk.kept import Kept, keep, kept_of
from desk.session import cookie_name, new_session

if TYPE_CHECKING:
    from desk.frame import Desk
    from desk.session import Session

ALARM_WINDOW = timedelta(hours=1)
_HOME = "/queue"
# Said on a page in the place of a name, as the password may be what was typed there.
_LONGEST_NAME = 64


def add_sign_in(app: FastAPI, desk: Desk) -> None:
    """Register sign-in and sign-out."""

    @app.get("/sign-in")
    def form(request: Request) -> Response:
        return sign_in_page(desk, request)

    @app.post("/sign-in")
    def sign_in(
        request: Request,
        name: Annotated[str, Form()],
        password: Annotated[str, Form()],
        kept: Annotated[str, Form()] = "",
    ) -> Response:
        refused = kept_of(kept, desk.settings.secret) if kept else None
        name = name.strip()  # a telephone's keyboard puts a blank behind

        def again(status: int, failed: str, seconds: int = 0) -> Response:
            typed = name.replace("\0", "")[:_LONGEST_NAME]
            return sign_in_page(desk, request, status, failed=failed, seconds=seconds, name=typed, kept=refused)

        if not desk.settings.has_passwords:
            return again(403, "passwords_off")
        now, address = desk.clock(), address_of(request)
        if wait_s := desk.brake.wait_s(address, name, now):
            is_long = wait_s > timedelta(minutes=1).total_seconds()
            page = again(429, "sign_in_wait" if is_long else "sign_in_pause", wait_s)
            page.headers["Retry-After"] = str(wait_s)
            return page
        is_right = "\0" not in name and desk.store.verify_agent(name, password)
        came = come_in(desk, request, name) if is_right else None
        if came is None:  # wrong, or the agent was taken away this very moment
            desk.store.note_failed_sign_in(name, address, now=now, window=ALARM_WINDOW)
            return again(403, "sign_in_failed")
        desk.brake.succeeded(address, name)
        response = resend_page(desk, request, refused) if refused else RedirectResponse(target_of(request), 303)
        desk.begin(request, response, *came)
        return response

    @app.post("/sign-out")
    def sign_out(request: Request, token: Annotated[str, Form()]) -> Response:
        name = require_form(request, desk, token)
        session = desk.session(request)
        if session is not None:
            desk.store.end_session(session.name, session.id, expires=session.ends, now=desk.clock())
            desk.store.note_access("signed_out", by=name, now=desk.clock())
        return goodbye(desk, request)


def goodbye(desk: Desk, request: Request) -> Response:
    """To the sign-in page, without a session."""
    request.state.session = request.state.person = None
    response = RedirectResponse("/sign-in", status_code=303)
    secure = desk.settings.is_secure
    response.delete_cookie(cookie_name(is_secure=secure), httponly=True, samesite="lax", secure=secure)
    return response


def address_of(request: Request) -> str:
    """Where the request came from."""
    return request.client.host if request.client else ""


def target_of(request: Request) -> str:
    """The page that was asked for before signing in; never one of another site."""
    return safe_target(request.query_params.get("next", _HOME))


def safe_target(wanted: str) -> str:
    """A path of ours."""
    return wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else _HOME


def come_in(desk: Desk, request: Request, name: str, *, how: str = "") -> tuple[Session, bytes] | None:
    """A new session of this agent, on record; None where he may not sign in. An older one of this browser ends."""
    now = desk.clock()
    session = new_session(name, now)
    found = desk.store.signed_in(name, session.id)
    if found is None:
        return None
    older = desk.session(request)
    if older is not None:
        desk.store.end_session(older.name, older.id, expires=older.ends, now=now)
    person, key = found
    desk.store.note_access("signed_in", by=name, detail=f"{address_of(request)} {how}".strip(), now=now)
    request.state.session, request.state.person = session, person
    return session, key


def sign_in_page(
    desk: Desk,
    request: Request,
    status: int = 200,
    *,
    failed: str = "",
    seconds: int = 0,
    name: str = "",
    kept: Kept | None = None,
    target: str = "",
) -> Response:
    """The page to sign in on; `kept` goes along to the page after it."""
    target = target or target_of(request)
    shown = {"switch": ""} if kept else {}
    return desk.page(
        request,
        "sign_in.html",
        status,
        failed=failed,
        seconds=seconds,
        typed_name=name,
        kept=kept,
        next=quote(target),
        has_passwords=desk.settings.has_passwords,
        provider=desk.settings.oidc.name if desk.settings.oidc else None,
        **shown,
    )


def resend_page(desk: Desk, request: Request, kept: Kept, status: int = 200) -> Response:
    """What would be sent, for the agent to look at; sent with this session's token when he says so."""
    return desk.page(request, "resend.html", status, kept=kept, switch="", back=page_of(request.app, kept.path))


async def sign_in_again(app: FastAPI, desk: Desk, request: Request) -> Response:
    """Where a request without a session is led: a page to the sign-in and back, a form of ours kept on the way."""
    query = f"?{request.url.query}" if request.url.query else ""
    if request.method != "POST":
        return RedirectResponse(f"/sign-in?next={quote(request.url.path + query)}", status_code=303)
    target = page_of(app, request.url.path)
    try:
        async with request.form() as form:
            kept = keep(request.url.path, form.multi_items(), desk.settings.secret)
    except HTTPException:  # no form at all
        kept = None
    if kept is None or kept.path == "/sign-out":
        return RedirectResponse(f"/sign-in?next={quote(target)}", status_code=303)
    return await run_in_threadpool(sign_in_page, desk, request, 403, kept=kept, target=target)


def page_of(app: FastAPI, path: str) -> str:
    """The nearest page at or above the address of a form."""
    parts = path.rstrip("/").split("/")
    for length in range(len(parts), 1, -1):
        above = "/".join(parts[:length])
        scope = {"type": "http", "method": "GET", "path": above, "headers": []}
        if any(route.matches(scope)[0] is Match.FULL for route in app.routes):
            return above
    return _HOME
