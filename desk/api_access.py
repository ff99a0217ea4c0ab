"""Who asks the API, and how often he may: a program by its token, or an agent who is signed in and only reads.

Promises: a cookie never authorises a step; a token does only what its scopes say; whoever asks too often is told when
to come again. What it counts is this process's own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from fastapi import Request

from models.errors import UketsukeError
from models.programs import TOKEN_PREFIX, Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from desk.frame import Desk

REALM = "uketsuke"
_MOST_TOKEN = 200
# The page of the desk that shows the same: an agent sees by the API what his role lets him see there.
_PAGE_OF = {
    Scope.TICKETS_READ: "/tickets",
    Scope.MAILS_READ: "/mails",
    Scope.REPORTS_READ: "/reports",
}


class ProblemFound(UketsukeError):
    """An answer of the API that is a problem."""

    temporary = False

    def __init__(self, status: int, problem: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        """Keep what the answer says."""
        super().__init__(detail)
        self.status, self.problem, self.detail, self.headers = status, problem, detail, dict(headers or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks. `by` is how the history names him."""

    by: str
    token_id: int = 0


@dataclass(slots=True)
class Pace:
    """How many requests of each caller fit into a minute: a bucket that fills steadily."""

    per_minute: int
    buckets: dict[str, tuple[float, datetime]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def wait_s(self, who: str, now: datetime) -> int:
        """Take one request; 0, or the seconds after which there is room for one."""
        with self.lock:
            room, at = self.buckets.get(who, (float(self.per_minute), now))
            room = min(self.per_minute, room + max(0.0, (now - at).total_seconds()) * self.per_minute / 60)
            is_full = room < 1
            self.buckets[who] = (room if is_full else room - 1, now)
            return max(1, math.ceil((1 - room) * 60 / self.per_minute)) if is_full else 0


def access(desk: Desk, pace: Pace, scope: Scope) -> Callable[[Request], Caller]:
    """What every operation of that scope asks first."""

    def caller(request: Request) -> Caller:
        found = _caller(desk, request, scope)
        wait = pace.wait_s(f"{found.token_id}:{found.by}", desk.clock())
        if wait:
            said = f"more than {pace.per_minute} requests a minute; come again in {wait} s"
            raise ProblemFound(429, "too_many_requests", said, {"Retry-After": str(wait)})
        return found

    return caller


def _caller(desk: Desk, request: Request, scope: Scope) -> Caller:
    is_step = scope is Scope.TICKETS_WRITE
    header = request.headers.get("authorization")
    if header is not None:
        return _by_token(desk, header, scope)
    if is_step:
        raise _unknown("token_required", "a step needs a token: Authorization: Bearer uk_...")
    agent = desk.agent(request)
    if agent is None:
        raise _unknown("token_required", "send a token: Authorization: Bearer uk_..., or sign in to read")
    if not desk.may(request, _PAGE_OF[scope]):
        raise ProblemFound(403, "role_missing", "your role may not see this")
    return Caller(by=agent)


def _by_token(desk: Desk, header: str, scope: Scope) -> Caller:
    kind, _, secret = header.strip().partition(" ")
    secret = secret.strip()
    is_token = kind.casefold() == "bearer" and secret.startswith(TOKEN_PREFIX) and len(secret) <= _MOST_TOKEN
    token = desk.store.token(secret, now=desk.clock()) if is_token else None
    if token is None:
        raise _unknown("token_unknown", "this token is not known, or was revoked", error="invalid_token")
    if scope not in token.scopes:
        challenge = f'Bearer realm="{REALM}", error="insufficient_scope", scope="{scope.value}"'
        said = f"the token lacks the scope {scope.value}"
        raise ProblemFound(403, "scope_missing", said, {"WWW-Authenticate": challenge})
    return Caller(by=f"api:{token.name}"[:64], token_id=token.token_id)


def _unknown(problem: str, detail: str, error: str = "") -> ProblemFound:
    challenge = f'Bearer realm="{REALM}"' + (f', error="{error}"' if error else "")
    return ProblemFound(401, problem, detail, {"WWW-Authenticate": challenge})
