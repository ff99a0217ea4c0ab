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

LIFETIME = timedelta(hours=12)
COOKIE = "uketsuke_session"
MAX_FAILURES = 10
WINDOW = timedelta(minutes=5)


def make_session(name: str, secret: bytes, now: datetime) -> str:
    """The cookie's value for an agent who signed in."""
    expires = int((now + LIFETIME).timestamp())
    body = base64.urlsafe_b64encode(f"{expires}:{name}".encode()).decode().rstrip("=")
    return f"{body}.{_sign(secret, 'session', body)}"


def read_session(cookie: str, secret: bytes, now: datetime) -> str | None:
    """The agent's name; None if the cookie is forged, broken or too old."""
    body, _, signature = cookie.partition(".")
    if not hmac.compare_digest(_sign(secret, "session", body), signature):
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
    return hmac.compare_digest(csrf_token(cookie, secret), token)


def _sign(secret: bytes, purpose: str, text: str) -> str:
    return hmac.new(secret, f"desk {purpose}\0{text}".encode(), hashlib.sha256).hexdigest()


@dataclass(slots=True)
class SignInBrake:
    """Counts failed sign-ins of the last minutes; too many make everybody wait, whatever the name."""

    failures: deque[datetime] = field(default_factory=deque)

    def is_closed(self, now: datetime) -> bool:
        """Too many failures lately."""
        while self.failures and self.failures[0] < now - WINDOW:
            self.failures.popleft()
        return len(self.failures) >= MAX_FAILURES

    def failed(self, now: datetime) -> None:
        """Note one failure."""
        self.failures.append(now)
