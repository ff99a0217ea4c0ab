"""Signing in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import RedirectResponse, Response

from desk.frame import require_form
from desk.session import COOKIE, LIFETIME, cookie_of, new_session

if TYPE_CHECKING:
    from desk.frame import Desk


def add_sign_in(app: FastAPI, desk: Desk) -> None:
    """Register sign-in and sign-out."""

    @app.get("/sign-in")
    def form(request: Request) -> Response:
        return desk.page(request, "sign_in.html", failed="")

    @app.post("/sign-in")
    def sign_in(request: Request, name: Annotated[str, Form()], password: Annotated[str, Form()]) -> Response:
        now = desk.clock()
        address = request.client.host if request.client else ""
        if desk.brake.is_closed(address, now):
            return desk.page(request, "sign_in.html", 429, failed="sign_in_wait")
        if "\0" in name or not desk.store.verify_agent(name, password):
            desk.brake.failed(address, now)
            return desk.page(request, "sign_in.html", 403, failed="sign_in_failed")
        session = new_session(name, now)
        key = desk.store.session_key(name, session.id)
        if key is None:  # the agent was taken away this very moment
            return desk.page(request, "sign_in.html", 403, failed="sign_in_failed")
        wanted = request.query_params.get("next", "/queue")
        target = wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else "/queue"
        response = RedirectResponse(target, status_code=303)
        response.set_cookie(
            COOKIE,
            cookie_of(session, desk.settings.secret, key),
            httponly=True,
            samesite="lax",
            secure=desk.settings.is_secure,
            max_age=int(LIFETIME.total_seconds()),
        )
        return response

    @app.post("/sign-out")
    def sign_out(request: Request, token: Annotated[str, Form()]) -> Response:
        require_form(request, desk, token)
        session = desk.session(request)
        if session is not None:
            desk.store.end_session(session.name, session.id, expires=session.expires, now=desk.clock())
        response = RedirectResponse("/sign-in", status_code=303)
        response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=desk.settings.is_secure)
        return response
