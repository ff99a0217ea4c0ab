"""The switch of all letters: stop them after a second look, let them go again, release what the stop held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import RedirectResponse, Response

from desk.frame import require_form
from models.decision import LetterKind

if TYPE_CHECKING:
    from desk.frame import Desk


def add_stop(app: FastAPI, desk: Desk) -> None:
    """Register the switch."""

    @app.get("/outbox/stop")
    def sure(request: Request) -> Response:
        return desk.page(request, "stop.html")

    @app.post("/outbox/stop")
    def stop(request: Request, token: Annotated[str, Form()]) -> Response:
        agent = require_form(request, desk, token)
        desk.store.stop_letters(by=agent, now=desk.clock())
        return RedirectResponse("/outbox", status_code=303)

    @app.post("/outbox/resume")
    def resume(request: Request, token: Annotated[str, Form()]) -> Response:
        agent = require_form(request, desk, token)
        desk.store.resume_letters(by=agent, now=desk.clock())
        return RedirectResponse("/outbox", status_code=303)

    @app.post("/outbox/release-stopped")
    def release(request: Request, token: Annotated[str, Form()]) -> Response:
        agent = require_form(request, desk, token)
        modes = {kind.value: desk.pack.policy_of(kind).mode.value for kind in LetterKind}
        desk.store.release_stopped(by=agent, now=desk.clock(), mode=desk.settings.mode, modes=modes)
        return RedirectResponse("/outbox", status_code=303)
