"""The API under /api/v1: tickets for programs, by tokens with scopes, described by OpenAPI.

An application of its own within the desk's: its errors are problem objects (RFC 9457) and nothing of the desk's pages
applies to it but the session of an agent who reads. Document and page for people are open: they hold no data.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Mount

from desk.api_access import Pace, ProblemFound
from desk.api_document import BASE, PROBLEM, PROBLEMS, document
from desk.api_reads import add_reads
from desk.api_steps import add_steps
from desk.session import cookie_name
from models.errors import IllegalMove, LettersStopped, NotFound, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Any

    from desk.frame import Desk

_MOST_BYTES = 64 * 1024
_BY_STATUS = {404: "not_found", 405: "method_unknown", 400: "not_understood"}


def is_program(path: str) -> bool:
    """Is this address the API's, which lets in whom it may by itself?"""
    return path == BASE or path.startswith(f"{BASE}/")


def add_api(app: FastAPI, desk: Desk) -> None:
    """Put the API beside the pages."""
    per_minute = desk.settings.api_per_minute
    pace = Pace(per_minute)
    api = FastAPI(title="uketsuke", docs_url=None, redoc_url=None, openapi_url=None)
    add_reads(api, desk, pace)
    add_steps(api, desk, pace)

    @cache  # made at the first question: it takes a while
    def described() -> dict[str, Any]:
        return document(api, cookie_name(is_secure=desk.settings.is_secure), per_minute)

    @api.get("/openapi.json", include_in_schema=False)
    def openapi() -> Response:
        return JSONResponse(described())

    @api.get("/docs", include_in_schema=False)
    def docs(request: Request) -> Response:
        return desk.page(request, "api.html", document=described(), schemas=described()["components"]["schemas"])

    @api.middleware("http")
    async def small_enough(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        length = request.headers.get("content-length")
        if length is None and "transfer-encoding" in request.headers:
            return _problem("length_required", "send a Content-Length")
        if length is not None and not (length.isascii() and length.isdigit() and int(length[:20]) <= _MOST_BYTES):
            return _problem("too_large", f"at most {_MOST_BYTES} bytes")
        return await call_next(request)

    _add_problems(api)
    mount = Mount(BASE, app=api)
    # Starlette's own pattern stops at a line break, and what follows one would be answered by a page.
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    app.router.routes.append(mount)


def _add_problems(api: FastAPI) -> None:
    """Every error is a problem object; none shows more than it should."""

    @api.exception_handler(ProblemFound)
    def found(_: Request, error: ProblemFound) -> Response:
        return _problem(error.problem, error.detail, headers=error.headers)

    @api.exception_handler(NotFound)
    def not_found(_: Request, error: NotFound) -> Response:
        return _problem("not_found", str(error))

    @api.exception_handler(IllegalMove)
    def illegal_move(_: Request, error: IllegalMove) -> Response:
        return _problem("illegal_move", str(error))

    @api.exception_handler(LettersStopped)
    def stopped(_: Request, error: LettersStopped) -> Response:
        return _problem("letters_stopped", str(error))

    @api.exception_handler(StoreUnavailable)
    def unavailable(_: Request, error: StoreUnavailable) -> Response:
        return _problem("unavailable", error.heard, headers={"Retry-After": "10"})

    @api.exception_handler(RequestValidationError)
    def not_understood(_: Request, error: RequestValidationError) -> Response:
        wrong = [
            {
                "where": one["loc"][0] if one["loc"][0] in {"path", "query", "header", "cookie"} else "body",
                "name": ".".join(str(part) for part in one["loc"][1:])[:200],
                "message": str(one["msg"]).removeprefix("Value error, ")[:300],
            }
            for one in error.errors()
        ]
        return _problem("not_understood", "the request does not fit the API's document", errors=wrong)

    @api.exception_handler(HTTPException)
    def http_error(_: Request, error: HTTPException) -> Response:
        code = _BY_STATUS.get(error.status_code, "not_understood")
        return _problem(code, str(error.detail), headers=error.headers)

    @api.exception_handler(Exception)
    def internal(_: Request, __: Exception) -> Response:
        return _problem("internal", "an error of ours; it is in the desk's log")


def _problem(
    code: str, detail: str, *, headers: Mapping[str, str] | None = None, errors: list[dict[str, Any]] | None = None
) -> Response:
    status, title = PROBLEMS[code]
    said: dict[str, Any] = {
        "type": f"urn:uketsuke:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if errors is not None:
        said["errors"] = errors
    return JSONResponse(said, status_code=status, media_type=PROBLEM, headers=dict(headers or {}))
