"""Signing in by an OpenID provider: there by a link, back with a code, in as the agent whom its word means."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import RedirectResponse, Response

from desk.oidc_client import Provider
from desk.sign_in import address_of, come_in, safe_target
from models.errors import NotFound, ProviderError, Taken

if TYPE_CHECKING:
    from desk.frame import Desk
    from models.agents import Identity

CALLBACK = "/sign-in/oidc/callback"
_COOKIE = "uketsuke_oidc"
_PATIENCE = timedelta(minutes=10)  # for signing in over there
_MOST_USED = 10_000
_HOW = "openid"
Text = Annotated[str, Query(max_length=4096)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trip:
    """One sign-in on its way, kept in a signed cookie of the browser that began it."""

    state: str
    nonce: str
    verifier: str
    target: str
    link: str  # of an invitation that this sign-in makes good; mostly empty
    expires: int  # Unix time


@dataclass(slots=True)
class _Used:
    """States that have come back: each comes once."""

    seen: dict[str, int] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def is_first(self, trip: _Trip, now: datetime) -> bool:
        """Has this one never come before?"""
        with self.lock:
            for state in [state for state, expires in self.seen.items() if expires <= now.timestamp()]:
                del self.seen[state]
            is_new = trip.state not in self.seen and len(self.seen) < _MOST_USED
            self.seen[trip.state] = trip.expires
            return is_new


def add_oidc(app: FastAPI, desk: Desk) -> None:
    """Register the way there and the way back."""
    settings = desk.settings.oidc
    provider = Provider(settings, desk.clock) if settings else None
    used = _Used()

    @app.get("/sign-in/oidc")
    def there(request: Request, link: Text = "") -> Response:
        if provider is None:
            raise NotFound("Not Found")
        trip = _Trip(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            target=safe_target(request.query_params.get("next", "/queue")),
            link=link,
            expires=int((desk.clock() + _PATIENCE).timestamp()),
        )
        try:
            way = provider.way(callback_of(desk, request), state=trip.state, nonce=trip.nonce, verifier=trip.verifier)
        except ProviderError:
            return _page(desk, request, 502, "provider_away")
        response = RedirectResponse(way, status_code=303)
        response.set_cookie(
            _cookie_name(desk),
            _sealed(trip, desk.settings.secret),
            httponly=True,
            samesite="lax",  # the way back is a plain link from the provider's site
            secure=desk.settings.is_secure,
            max_age=int(_PATIENCE.total_seconds()),
        )
        return response

    @app.get(CALLBACK)
    def back(request: Request, code: Text = "", state: Text = "", error: Text = "", iss: Text = "") -> Response:
        if provider is None:
            raise NotFound("Not Found")
        trip = _opened(request.cookies.get(_cookie_name(desk), ""), desk.settings.secret)
        now = desk.clock()
        if trip is None or trip.expires <= now.timestamp() or not hmac.compare_digest(trip.state, _ascii(state)):
            return _page(desk, request, 403, "provider_stale")  # anybody can ask for this: it is no line of the history
        if not used.is_first(trip, now):
            return _failed(desk, request, 403, "provider_stale", "the state was used before")
        if error or not code:
            return _failed(desk, request, 403, "provider_refused", f"the provider said {error[:100] or 'nothing'}")
        uri = callback_of(desk, request)
        try:
            who = provider.identity(code, uri, nonce=trip.nonce, verifier=trip.verifier, issuer=iss)
        except ProviderError as trouble:
            return _failed(desk, request, 502, "provider_refused", str(trouble))
        return _known(desk, request, who, trip)


def _known(desk: Desk, request: Request, who: Identity, trip: _Trip) -> Response:
    """In, as the agent whom the provider's word means; or a page that says why not."""
    now, settings = desk.clock(), desk.settings.oidc
    name = None
    if trip.link:
        try:
            name = desk.store.redeem_by_provider(trip.link, who, now=now)
        except Taken:
            return _failed(desk, request, 409, "name_taken", "the first admin's name is taken")
    name = name or desk.store.recognise(who, creates=settings.creates if settings else None, now=now)
    came = come_in(desk, request, name, how=_HOW) if name else None
    if came is None:
        shown = who.email or who.name or who.subject
        desk.store.note_access("provider_unknown", by=shown.replace("\0", ""), detail=address_of(request), now=now)
        is_here = any(who.email and one.email.casefold() == who.email.casefold() for one in desk.store.people())
        return _page(desk, request, 403, "provider_unbound" if is_here else "provider_unknown", who=shown)
    response = RedirectResponse(trip.target, status_code=303)
    _forget(desk, response)
    desk.begin(request, response, *came)
    return response


def _failed(desk: Desk, request: Request, status: int, said: str, why: str) -> Response:
    """The page says what to do; the history, which admins read, says why."""
    detail = f"{_HOW}: {why} {address_of(request)}"
    desk.store.note_access("provider_failed", by="", detail=detail, now=desk.clock())
    return _page(desk, request, status, said)


def _page(desk: Desk, request: Request, status: int, said: str, who: str = "") -> Response:
    provider = desk.settings.oidc.name if desk.settings.oidc else ""
    response = desk.page(request, "provider.html", status, said=said, who=who, provider=provider or "OpenID", switch="")
    _forget(desk, response)
    return response


def callback_of(desk: Desk, request: Request) -> str:
    """Where the provider sends the browser back to: what is registered there."""
    return desk.address(request) + CALLBACK


def _cookie_name(desk: Desk) -> str:
    return f"__Host-{_COOKIE}" if desk.settings.is_secure else _COOKIE


def _forget(desk: Desk, response: Response) -> None:
    response.delete_cookie(_cookie_name(desk), httponly=True, samesite="lax", secure=desk.settings.is_secure)


def _sealed(trip: _Trip, secret: bytes) -> str:
    body = base64.urlsafe_b64encode(json.dumps(asdict(trip)).encode()).decode()
    return f"{body}.{_mark(body, secret)}"


def _opened(cookie: str, secret: bytes) -> _Trip | None:
    body, _, mark = cookie.partition(".")
    if not hmac.compare_digest(_mark(body, secret).encode(), mark.encode("utf-8", "replace")):
        return None
    return _Trip(**json.loads(base64.urlsafe_b64decode(body)))


def _mark(body: str, secret: bytes) -> str:
    return hmac.new(secret, f"desk oidc\0{body}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _ascii(text: str) -> str:
    """`compare_digest` takes no other text."""
    return text if text.isascii() else ""
