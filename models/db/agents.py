"""Agents: who may sign in at the desk. Passwords are kept as salted scrypt hashes only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from models.db.base import Shelf
from models.db.tables import AgentRow

if TYPE_CHECKING:
    from datetime import datetime

AGENT = AgentRow.__table__  # type: ignore[attr-defined]
_COST = {"n": 2**14, "r": 8, "p": 1}
_NOBODY = base64.b64encode(b"\0" * 16).decode() + "$" + base64.b64encode(b"\0" * 64).decode()


class Agents(Shelf):
    """Sign-in names and password hashes."""

    def add_agent(self, name: str, password: str, now: datetime) -> None:
        """Add an agent, or give one a new password."""
        salt = secrets.token_bytes(16)
        secret = base64.b64encode(salt).decode() + "$" + base64.b64encode(_hash(password, salt)).decode()
        with self.write() as connection:
            connection.execute(delete(AGENT).where(AGENT.c.name == name))
            connection.execute(insert(AGENT).values(name=name, secret=secret, created_at=now))

    def verify_agent(self, name: str, password: str) -> bool:
        """Is this the agent's password? Takes the same time for an unknown name."""
        with self.read() as connection:
            secret = connection.execute(select(AGENT.c.secret).where(AGENT.c.name == name)).scalar()
        salt, _, expected = (secret or _NOBODY).partition("$")
        found = _hash(password, base64.b64decode(salt))
        return hmac.compare_digest(found, base64.b64decode(expected)) and secret is not None

    def agents(self) -> tuple[str, ...]:
        """The agents' names."""
        with self.read() as connection:
            return tuple(connection.execute(select(AGENT.c.name).order_by(AGENT.c.name)).scalars())


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, maxmem=2**26, **_COST)
