"""Sessions in a signed cookie, form tokens bound to them, and a brake on sign-in attempts. Pure but for its own memory.

The cookie holds expiry, end, session id and name, nothing secret; its signature is HMAC-SHA256 with the installation's
secret and the agent's session key, which another password changes and signing out withholds. A session that nobody uses
for IDLE is over; one in use is renewed until its end.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock

IDLE = timedelta(hours=12)
LIFETIME = timedelta(days=7)
COOKIE = "uketsuke_session"
_RENEWED_AFTER = timedelta(minutes=5)
MAX_FAILURES = 10
MAX_ADDRESSES = 10_000
WINDOW = timedelta(minutes=5)
FREE_FAILURES = 3  # of one name from one address, before each further try waits longer than the one before
LONGEST_WAIT_S = 30
_TOKEN = re.compile(r"([0-9a-f]{16})([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One agent's session in one browser."""

    name: str
    id: str
    expires: int  # Unix time; a use before then renews it
    ends: int  # Unix time; nothing goes beyond


# The key of an agent's session, by name and session id; None where the session was ended or the agent is gone.
SessionKeys = Callable[[str, str], "bytes | None"]


def cookie_name(*, is_secure: bool) -> str:
    """Under HTTPS the browser itself sees to it that no other host or path of ours sets the cookie (RFC 6265bis 4.1.3.2)."""
    return f"__Host-{COOKIE}" if is_secure else COOKIE


def new_session(name: str, now: datetime) -> Session:
    """A session that begins now."""
    ends = int((now + LIFETIME).timestamp())
    return Session(name=name, id=secrets.token_hex(8), expires=int((now + IDLE).timestamp()), ends=ends)


def renewed(session: Session, now: datetime) -> Session | None:
    """The session as it goes on after a use; None where the cookie is fresh enough."""
    expires = min(int((now + IDLE).timestamp()), session.ends)
    is_fresh = expires - session.expires < _RENEWED_AFTER.total_seconds()
    return None if is_fresh else replace(session, expires=expires)


def cookie_of(session: Session, secret: bytes, key: bytes) -> str:
    """The cookie's value."""
    text = f"{session.expires}:{session.ends}:{session.id}:{session.name}"
    body = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    return f"{body}.{_sign(secret + key, 'session', body)}"


def read_session(cookie: str, secret: bytes, keys: SessionKeys, now: datetime) -> Session | None:
    """The session of a cookie; None if it is forged, broken, too old, signed out, or older than the agent's password."""
    body, _, signature = cookie.partition(".")
    try:
        text = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
        expires, ends, number, name = text.split(":", 3)
        session = Session(name=name, id=number, expires=int(expires), ends=int(ends))
    except (ValueError, UnicodeDecodeError):
        return None
    if min(session.expires, session.ends) <= now.timestamp() or "\0" in text:
        return None
    key = keys(name, number)
    return session if key is not None and _is_same(_sign(secret + key, "session", body), signature) else None


def csrf_token(session: Session | None, secret: bytes) -> str:
    """The token that every form of this session carries, as long as the session lives."""
    return session.id + _sign(secret, "csrf", session.id) if session else ""


def is_csrf_token(token: str, session: Session, secret: bytes) -> bool:
    """Does the form belong to this session?"""
    return _is_same(csrf_token(session, secret), token)


def is_own_token(token: str, secret: bytes) -> bool:
    """Was the form ours, if of another session? Then whoever signs in may look at what it says and send it again."""
    found = _TOKEN.fullmatch(token)
    return found is not None and _is_same(_sign(secret, "csrf", found[1]), found[2])


def _is_same(ours: str, theirs: str) -> bool:
    """Equal, compared in constant time. As bytes: `compare_digest` raises on text beyond ASCII, which strangers may send."""
    return hmac.compare_digest(ours.encode(), theirs.encode("utf-8", "replace"))


def _sign(secret: bytes, purpose: str, text: str) -> str:
    return hmac.new(secret, f"desk {purpose}\0{text}".encode(), hashlib.sha256).hexdigest()


@dataclass(slots=True)
class SignInBrake:
    """Counts failed sign-ins of the last minutes, by address and by address and name.

    Too many from one address make that address wait, whatever the name. Under one name each further try from one address
    waits longer than the one before. Never by name alone: nobody can lock an agent out by guessing from elsewhere.
    """

    failures: dict[str, deque[datetime]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def wait_s(self, address: str, name: str, now: datetime) -> int:
        """Seconds to wait before the next try; 0: try now.

        A try that may go counts as failed until it has `succeeded`, so that many at once are no way around.
        """
        with self.lock:
            here = self._recent(address, now)
            if len(here) >= MAX_FAILURES:
                return _seconds(here[0] + WINDOW - now) + 1
            under = self._recent(_both(address, name), now)
            if len(under) >= FREE_FAILURES:
                pause = timedelta(seconds=min(2 ** (len(under) - FREE_FAILURES), LONGEST_WAIT_S))
                if under[-1] + pause > now:
                    return _seconds(under[-1] + pause - now)
            for key in (address, _both(address, name)):
                self.failures.setdefault(key, deque()).append(now)
            while len(self.failures) > 2 * MAX_ADDRESSES:  # the one noted first is forgotten first
                del self.failures[next(iter(self.failures))]
            return 0

    def succeeded(self, address: str, name: str) -> None:
        """Take back the try that was counted, and all others of this name from there."""
        with self.lock:
            self.failures.pop(_both(address, name), None)
            here = self.failures.get(address)
            if here:
                here.pop()

    def _recent(self, key: str, now: datetime) -> deque[datetime]:
        found = self.failures.get(key, deque())
        while found and found[0] < now - WINDOW:
            found.popleft()
        if not found:
            self.failures.pop(key, None)
        return found


def _both(address: str, name: str) -> str:
    return f"{address}\0{name[:64].casefold()}"


def _seconds(span: timedelta) -> int:
    return max(1, -int(-span.total_seconds() // 1))
