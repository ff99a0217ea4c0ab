"""The desk as a web application: sign-in, queue, tickets, outbox, letter settings and texts, parked mails, reports, health.

Promises: nothing of a mail is ever HTML; every change is a POST with a token; pages are not cached; the session cookie is
HttpOnly and SameSite. Does no SQL: all data comes through the store's methods.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from desk.frame import Desk
from desk.health import Patience, database_trouble, readiness, trouble_of
from desk.pages import add_pages
from models.errors import IllegalMove, LettersStopped, NotFound, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from desk.oidc_client import OidcSettings
    from desk.report_pages import Ledger
    from models.db.store import Store
    from policy.pack import Pack
    from responders.identity import SenderIdentity

HERE = Path(__file__).parent
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
_NAME = {"Server": "uketsuke"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSettings:
    """What the desk needs to know beside store and pack."""

    secret: bytes = field(repr=False)
    title: str = "uketsuke"  # where the pack has no name in the page's language
    is_secure: bool = False
    mode: str = "auto"  # the installation's, which no letter goes beyond
    are_senders_trusted: bool = False  # as the worker has it: previews quote what letters would
    desk_link: str = "http://127.0.0.1:8080"  # where people find the desk
    hand_over: str = "off"
    hand_over_to: str = ""
    is_sending: bool = False  # there is a smarthost
    api_per_minute: int = 600  # requests that a token may make of this process
    identity: SenderIdentity | None = None  # who writes the agents' letters; None: the address that a mail was sent to
    desk_url: str = ""  # as it was set; empty: as the browser says
    has_passwords: bool = True  # False: people sign in by the provider alone
    oidc: OidcSettings | None = None


def create_app(
    store: Store, pack: Pack, settings: DeskSettings, clock: Callable[[], datetime], ledger: Ledger | None = None
) -> FastAPI:
    """The application; run it with any ASGI server. Without a ledger it has no reports."""
    app = FastAPI(title="uketsuke desk", docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    desk = Desk(store=store, pack=pack, settings=settings, clock=clock, ledger=ledger)
    add_pages(app, desk)

    @app.middleware("http")
    async def headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if request.url.path.startswith("/static/"):
            response.headers["Cache-Control"] = "max-age=300"
        return response

    def counted() -> str:
        store.counts()
        return ""

    counts, database = Patience(counted), Patience(lambda: database_trouble(store))

    @app.get("/healthz")
    def healthz() -> Response:
        if trouble_of(counts):
            return JSONResponse({"status": "the database does not answer"}, status_code=503, headers=_NAME)
        # The name lets `uketsuke check` tell this desk from another program on its port.
        return JSONResponse({"status": "ok"}, headers=_NAME)

    @app.get("/readyz")
    def readyz() -> Response:
        status, told = readiness({"database": trouble_of(database)})
        return JSONResponse(told, status_code=status, headers=_NAME)

    @app.get("/livez")
    async def livez() -> Response:
        # In the loop itself, without a thread of the pool: it answers as long as that turns.
        return JSONResponse({"status": "alive"}, headers=_NAME)

    _add_errors(app, desk)

    @app.get("/")
    def home() -> Response:
        return RedirectResponse("/queue", status_code=303)

    for route in app.routes:
        if isinstance(route, APIRoute) and route.methods and "GET" in route.methods:
            route.methods.add("HEAD")  # RFC 9110 9.3.2: what can be got can be asked about
    return app


def _add_errors(app: FastAPI, desk: Desk) -> None:
    """Every error is a page of the desk, or an object of the API; none shows more than it should."""

    @app.exception_handler(NotFound)
    def not_found(request: Request, error: NotFound) -> Response:
        return desk.error_page(request, 404, str(error))

    @app.exception_handler(IllegalMove)
    def illegal_move(request: Request, error: IllegalMove) -> Response:
        return desk.error_page(request, 409, str(error))

    @app.exception_handler(LettersStopped)
    def stopped(request: Request, error: LettersStopped) -> Response:
        return desk.error_page(request, 409, str(error))

    @app.exception_handler(StoreUnavailable)
    def unavailable(request: Request, error: StoreUnavailable) -> Response:
        return desk.error_page(request, 503, error.heard)

    @app.exception_handler(RequestValidationError)
    def not_understood(request: Request, error: RequestValidationError) -> Response:
        # An address that cannot be one of ours does not exist; a form or a query may be corrected.
        in_path = any(one["loc"][0] == "path" for one in error.errors())
        return desk.error_page(request, 404 if in_path else 400, "this address or form is not one of the desk's")

    @app.exception_handler(HTTPException)
    def http_error(request: Request, error: HTTPException) -> Response:
        return desk.error_page(request, error.status_code, error.detail)
