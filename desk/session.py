"""Sessions in a signed cookie, CSRF tokens bound to them, and a brake on sign-in attempts. Pure but for its own memory.

The cookie holds expiry, session id and name, nothing secret; its signature is HMAC-SHA256 with the installation's secret
and the agent's session key, which another password changes and signing out withholds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

LIFETIME = timedelta(hours=12)
COOKIE = "uketsuke_session"
MAX_FAILURES = 10
MAX_ADDRESSES = 10_000
WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One agent's session in one browser."""

    name: str
    id: str
    expires: int  # Unix time


# The key of an agent's session, by name and session id; None where the session was ended or the agent is gone.
SessionKeys = Callable[[str, str], "bytes | None"]


def new_session(name: str, now: datetime) -> Session:
    """A session that begins now."""
    return Session(name=name, id=secrets.token_hex(8), expires=int((now + LIFETIME).timestamp()))


def cookie_of(session: Session, secret: bytes, key: bytes) -> str:
    """The cookie's value."""
    body = base64.urlsafe_b64encode(f"{session.expires}:{session.id}:{session.name}".encode()).decode().rstrip("=")
    return f"{body}.{_sign(secret + key, 'session', body)}"


def read_session(cookie: str, secret: bytes, keys: SessionKeys, now: datetime) -> Session | None:
    """The session of a cookie; None if it is forged, broken, too old, signed out, or older than the agent's password."""
    body, _, signature = cookie.partition(".")
    try:
        text = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
        expires, number, name = text.split(":", 2)
        session = Session(name=name, id=number, expires=int(expires))
    except (ValueError, UnicodeDecodeError):
        return None
    if session.expires <= now.timestamp() or "\0" in text:
        return None
    key = keys(name, number)
    return session if key is not None and _is_same(_sign(secret + key, "session", body), signature) else None


def csrf_token(cookie: str, secret: bytes) -> str:
    """The token that every form of this session carries."""
    return _sign(secret, "csrf", cookie)


def is_csrf_token(token: str, cookie: str, secret: bytes) -> bool:
    """Does the form belong to this session?"""
    return _is_same(csrf_token(cookie, secret), token)


def _is_same(ours: str, theirs: str) -> bool:
    """Equal, compared in constant time. As bytes: `compare_digest` raises on text beyond ASCII, which strangers may send."""
    return hmac.compare_digest(ours.encode(), theirs.encode("utf-8", "replace"))


def _sign(secret: bytes, purpose: str, text: str) -> str:
    return hmac.new(secret, f"desk {purpose}\0{text}".encode(), hashlib.sha256).hexdigest()


@dataclass(slots=True)
class SignInBrake:
    """Counts each address's failed sign-ins of the last minutes; too many make that address wait, whatever the name.

    By address, not by name: nobody can lock an agent out by guessing under his name from elsewhere.
    """

    failures: dict[str, deque[datetime]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def is_closed(self, address: str, now: datetime) -> bool:
        """Too many failures from there lately."""
        with self.lock:
            return len(self._recent(address, now)) >= MAX_FAILURES

    def failed(self, address: str, now: datetime) -> None:
        """Note one failure. At most MAX_ADDRESSES are remembered; the one noted first is forgotten first."""
        with self.lock:
            self._recent(address, now)
            self.failures.setdefault(address, deque()).append(now)
            while len(self.failures) > MAX_ADDRESSES:
                del self.failures[next(iter(self.failures))]

    def _recent(self, address: str, now: datetime) -> deque[datetime]:
        found = self.failures.get(address, deque())
        while found and found[0] < now - WINDOW:
            found.popleft()
        if not found:
            self.failures.pop(address, None)
        return found
