"""Agents: who may sign in at the desk. Passwords are kept as salted scrypt hashes only.

An agent's `secret` is `salt$hash`, and behind it `$id:expiry` of each session that was ended before its time: ended for
every desk of the installation and across restarts, forgotten when the session would have expired by itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

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
        salt, expected, *_ = (secret or _NOBODY).split("$")
        found = _hash(password, base64.b64decode(salt))
        return hmac.compare_digest(found, base64.b64decode(expected)) and secret is not None

    def session_key(self, name: str, session: str) -> bytes | None:
        """What a session of this agent is signed with besides; None where it was ended or there is no such agent.

        Another password gives another key, so that no session outlives it.
        """
        with self.read() as connection:
            secret = connection.execute(select(AGENT.c.secret).where(AGENT.c.name == name)).scalar()
        if secret is None:
            return None
        salt, hashed, *ended = secret.split("$")
        if any(one.partition(":")[0] == session for one in ended):
            return None
        return hashlib.sha256(f"session {salt}${hashed}".encode()).digest()

    def end_session(self, name: str, session: str, *, expires: int, now: datetime) -> None:
        """Sign a session out; `expires` is the Unix time after which nobody need remember that. May be called twice."""
        query = select(AGENT.c.secret).where(AGENT.c.name == name)
        with self.write() as connection:
            if connection.dialect.name == "postgresql":
                query = query.with_for_update()
            secret = connection.execute(query).scalar()
            if secret is None:
                return
            salt, hashed, *ended = secret.split("$")
            kept = [one for one in ended if int(one.partition(":")[2]) > now.timestamp()]
            renewed = "$".join(dict.fromkeys((salt, hashed, *kept, f"{session}:{expires}")))
            connection.execute(update(AGENT).where(AGENT.c.name == name).values(secret=renewed))

    def agents(self) -> tuple[str, ...]:
        """The agents' names."""
        with self.read() as connection:
            return tuple(connection.execute(select(AGENT.c.name).order_by(AGENT.c.name)).scalars())


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, maxmem=2**26, **_COST)
