"""The desk as a web application: sign-in, queue, tickets, outbox, parked mails, reports, /healthz.

Promises: nothing of a mail is ever HTML; every change is a POST with a token; pages are not cached; the session cookie is
HttpOnly and SameSite. Does no SQL: all data comes through the store's methods.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from desk.pages import Desk, add_pages
from models.errors import IllegalMove, NotFound, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from models.db.store import Store
    from policy.pack import Pack

HERE = Path(__file__).parent
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
# A report is a page of our own with its style inside it.
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSettings:
    """What the desk needs to know beside store and pack."""

    secret: bytes = field(repr=False)
    title: str = "uketsuke"
    is_secure: bool = False


def create_app(store: Store, pack: Pack, settings: DeskSettings, clock: Callable[[], datetime]) -> FastAPI:
    """The application; run it with any ASGI server."""
    app = FastAPI(title="uketsuke desk", docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    desk = Desk(store=store, pack=pack, settings=settings, clock=clock)
    add_pages(app, desk)

    @app.middleware("http")
    async def headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if request.url.path.startswith("/reports/"):
            response.headers["Content-Security-Policy"] = _REPORT_POLICY
        if request.url.path.startswith("/static/"):
            response.headers["Cache-Control"] = "max-age=300"
        return response

    @app.get("/healthz")
    def healthz() -> Response:
        try:
            store.counts()
        except StoreUnavailable:
            return JSONResponse({"status": "the database does not answer"}, status_code=503)
        return JSONResponse({"status": "ok"})

    @app.exception_handler(NotFound)
    def not_found(request: Request, error: NotFound) -> Response:
        return desk.error_page(request, 404, str(error))

    @app.exception_handler(IllegalMove)
    def illegal_move(request: Request, error: IllegalMove) -> Response:
        return desk.error_page(request, 409, str(error))

    @app.exception_handler(StoreUnavailable)
    def unavailable(request: Request, error: StoreUnavailable) -> Response:
        return desk.error_page(request, 503, error.heard)

    @app.get("/")
    def home() -> Response:
        return RedirectResponse("/queue", status_code=303)

    return app
