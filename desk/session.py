"""Sessions in a signed cookie, CSRF tokens bound to them, and a brake on sign-in attempts. Pure but for its own memory.

The cookie holds name and expiry, nothing secret; its signature is HMAC-SHA256 with the installation's secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

LIFETIME = timedelta(hours=12)
COOKIE = "uketsuke_session"
MAX_FAILURES = 10
MAX_ADDRESSES = 10_000
WINDOW = timedelta(minutes=5)


def make_session(name: str, secret: bytes, now: datetime) -> str:
    """The cookie's value for an agent who signed in."""
    expires = int((now + LIFETIME).timestamp())
    body = base64.urlsafe_b64encode(f"{expires}:{name}".encode()).decode().rstrip("=")
    return f"{body}.{_sign(secret, 'session', body)}"


def read_session(cookie: str, secret: bytes, now: datetime) -> str | None:
    """The agent's name; None if the cookie is forged, broken or too old."""
    body, _, signature = cookie.partition(".")
    if not _is_same(_sign(secret, "session", body), signature):
        return None
    try:
        expires, _, name = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode().partition(":")
        return name if int(expires) > now.timestamp() else None
    except (ValueError, UnicodeDecodeError):
        return None


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
