"""Agents: who may sign in at the desk, what they may do, the links that let them in. Passwords are kept as hashes only.

Promises: hashes are argon2id; those that an older version wrote (scrypt) are verified still, and replaced at the next
sign-in. A try takes the same time for a name that nobody has. Every change is a line of the desk's own history, and none
leaves the desk without an admin who can sign in. A link works once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, insert, select, update

from models.agents import FIRST, INVITATION, NEW_PASSWORD, Agent, Role, SignInLink, notices_for, plain_name
from models.db.base import Shelf
from models.db.desk_rules import DESK_EVENT, add_desk_event
from models.db.tables import AgentRow, SignInLinkRow
from models.errors import LastAdmin, NotFound, Taken
from models.memos import ReportNews

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Row
    from sqlalchemy.engine import Connection

    from models.agents import Identity

AGENT = AgentRow.__table__  # type: ignore[attr-defined]
LINK = SignInLinkRow.__table__  # type: ignore[attr-defined]

ALARM_AFTER = 20  # failed sign-ins under one name within the window
_ANYBODY = ""  # the name on the first admin's link
_COST = {"n": 2**14, "r": 8, "p": 1}  # of the old hashes
_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash(secrets.token_bytes(16))
_OLD_NOBODY = base64.b64encode(b"\0" * 16).decode() + "$" + base64.b64encode(b"\0" * 64).decode()
_HASHING = BoundedSemaphore(2)  # a hash takes 64 MiB: strangers must not fill the memory with tries
_COLUMNS: tuple[Any, ...] = (
    AGENT.c.name,
    AGENT.c.role,
    AGENT.c.email,
    AGENT.c.display,
    AGENT.c.language,
    AGENT.c.notices,
    AGENT.c.is_active,
    AGENT.c.created_at,
    (AGENT.c.secret != "").label("has_password"),
    (AGENT.c.subject != "").label("has_provider"),
)


class Agents(Shelf):
    """Sign-in names, password hashes, roles, links."""

    # --- signing in

    def verify_agent(self, name: str, password: str) -> bool:
        """Is this the agent's password, and may he sign in? Takes the same time for an unknown name.

        Where it is right and its hash is an older version's, it is hashed anew; sessions go on.
        """
        is_old = ~AGENT.c.secret.startswith("$argon2") & (AGENT.c.secret != "")
        with self.read() as connection:
            row = connection.execute(select(AGENT.c.secret, AGENT.c.is_active).where(AGENT.c.name == name)).first()
            # Both ways for everybody as long as one old hash is left: the time tells nothing.
            are_some_old = connection.execute(select(func.count()).where(is_old)).scalar_one() > 0
        secret = row.secret if row else ""
        is_right = _is_password(password, secret, are_some_old=are_some_old)
        if not is_right or row is None or not row.is_active:
            return False
        if not secret.startswith("$argon2") or _HASHER.check_needs_rehash(secret):
            anew = _hash(password)
            with self.write() as connection:
                unchanged = (AGENT.c.name == name) & (AGENT.c.secret == secret)
                connection.execute(update(AGENT).where(unchanged).values(secret=anew))
        return True

    def signed_in(self, name: str, session: str) -> tuple[Agent, bytes] | None:
        """The agent of a session and what it is signed with besides; None where it was ended or he may not sign in."""
        columns = (*_COLUMNS, AGENT.c.session_key, AGENT.c.ended)
        query = select(*columns).where(AGENT.c.name == name)
        with self.read() as connection:
            row = connection.execute(query).first()
        if row is None or not row.is_active or any(one.partition(":")[0] == session for one in row.ended.split()):
            return None
        return _agent(row), hashlib.sha256(f"session {row.session_key}".encode()).digest()

    def session_key(self, name: str, session: str) -> bytes | None:
        """What a session of this agent is signed with besides; None where it was ended or he may not sign in.

        Another password gives another key, so that no session outlives it.
        """
        found = self.signed_in(name, session)
        return found[1] if found else None

    def end_session(self, name: str, session: str, *, expires: int, now: datetime) -> None:
        """Sign a session out; `expires` is the Unix time after which nobody need remember that. May be called twice."""
        query = select(AGENT.c.ended).where(AGENT.c.name == name).with_for_update()
        with self.write() as connection:
            ended = connection.execute(query).scalar()
            if ended is None:
                return
            kept = [one for one in ended.split() if int(one.partition(":")[2]) > now.timestamp()]
            renewed = " ".join(dict.fromkeys((*kept, f"{session}:{expires}")))
            connection.execute(update(AGENT).where(AGENT.c.name == name).values(ended=renewed))

    def end_sessions(self, name: str, *, by: str, now: datetime) -> None:
        """Sign an agent out everywhere. May be called twice."""
        with self.write() as connection:
            connection.execute(update(AGENT).where(AGENT.c.name == name).values(**_new_sessions()))
            add_desk_event(connection, now, by, "signed_out_everywhere", name)

    def note_access(self, what: str, *, by: str, detail: str = "", now: datetime) -> None:
        """One line of the desk's history about someone who came in, left, or was not let in."""
        with self.write() as connection:
            add_desk_event(connection, now, by, what, detail)

    def note_failed_sign_in(self, name: str, detail: str, *, now: datetime, window: timedelta) -> None:
        """A failed try under this name, which may be nobody's; many of them within the window raise one alarm."""
        by = name.replace("\0", "")[:64]
        recent = (DESK_EVENT.c.by == by) & (DESK_EVENT.c.at > now - window)
        failures = select(func.count()).where(recent, DESK_EVENT.c.what == "sign_in_failed")
        alarms = select(func.count()).where(recent, DESK_EVENT.c.what == "sign_in_alarm")
        with self.write() as connection:
            add_desk_event(connection, now, by, "sign_in_failed", detail)
            count = connection.execute(failures).scalar_one()
            if count >= ALARM_AFTER and not connection.execute(alarms).scalar_one():
                add_desk_event(connection, now, by, "sign_in_alarm", str(count))

    # --- who there is

    def agents(self) -> tuple[str, ...]:
        """The names of the agents who may sign in."""
        with self.read() as connection:
            query = select(AGENT.c.name).where(AGENT.c.is_active).order_by(AGENT.c.name)
            return tuple(connection.execute(query).scalars())

    def people(self) -> tuple[Agent, ...]:
        """All agents, also those who may not sign in any more, by name."""
        with self.read() as connection:
            return tuple(_agent(row) for row in connection.execute(select(*_COLUMNS).order_by(AGENT.c.name)))

    def display_of(self, name: str) -> str:
        """What customers call this agent: his name in letters, else the one that he signs in with."""
        with self.read() as connection:
            found = connection.execute(select(AGENT.c.display).where(AGENT.c.name == name)).scalar()
        return found or name

    def agent(self, name: str) -> Agent:
        """One agent.

        Raises:
            NotFound: There is none of this name.
        """
        with self.read() as connection:
            return _agent(_row(connection, name))

    # --- changes

    def add_agent(self, name: str, password: str, now: datetime, *, role: Role = Role.ADMIN) -> None:
        """Add an agent, or give one a new password and end his sessions; a known one keeps his role.

        For who has the database in his hands (the command line, tests): he may do all there is, and so by default may the
        agent whom he makes. People at the desk invite each other with `invite`, which has no default.
        """
        secret = _hash(password)
        with self.write() as connection:
            values: dict[str, Any] = {"secret": secret, **_new_sessions()}
            if connection.execute(update(AGENT).where(AGENT.c.name == name).values(**values)).rowcount:
                add_desk_event(connection, now, name, "password_changed")
                return
            _insert(connection, name, role, now, **values)
            add_desk_event(connection, now, name, "agent_added", role.value)

    def invite(self, name: str, role: Role, *, email: str = "", display: str = "", by: str, now: datetime) -> str:
        """Add an agent without a password; returns the token of the link that lets him choose one, told once only.

        Raises:
            Taken: An agent has this name or address already.
        """
        with self.write() as connection:
            _require_free(connection, name=name, email=email)
            _insert(connection, name, role, now, email=email, display=display)
            add_desk_event(connection, now, by, "invited", f"{role.value} {name}")
            return _new_link(connection, name, now + INVITATION)

    def new_link(self, name: str, *, by: str, now: datetime) -> str:
        """The token of a link with which this agent sets a password; earlier links of his are void.

        Raises:
            NotFound: There is no such agent, or he may not sign in any more.
        """
        with self.write() as connection:
            row = _row(connection, name)
            if not row.is_active:
                raise NotFound(f"{name} may not sign in any more; let him first")
            add_desk_event(connection, now, by, "link_made", name)
            return _new_link(connection, name, now + (NEW_PASSWORD if row.has_password else INVITATION))

    def first_link(self, now: datetime) -> str | None:
        """The token of the first admin's link, the earlier one void; None as soon as there is any agent."""
        with self.write() as connection:
            if connection.execute(select(func.count()).select_from(AGENT)).scalar_one():
                return None
            return _new_link(connection, _ANYBODY, now + FIRST)

    def sign_in_link(self, token: str, now: datetime) -> SignInLink | None:
        """What a link is for; None where it was used, replaced or is too old."""
        with self.read() as connection:
            return _good_link(connection, token, now)

    def redeem(self, token: str, password: str, *, name: str = "", now: datetime) -> str | None:
        """Set the password that a link lets someone set; returns his name, None where the link is not good (any more).

        Args:
            token: The link's.
            password: The new one; all his sessions end.
            name: What the first admin chose to be called.
            now: The time.

        Raises:
            Taken: There is an agent of this name.
        """
        secret = _hash(password)
        with self.write() as connection:
            return _redeem(connection, token, name, now, {"secret": secret}, "password_set")

    def set_password(self, name: str, password: str, *, now: datetime) -> None:
        """Give an agent the password that he has chosen; all his sessions end."""
        secret = _hash(password)
        with self.write() as connection:
            connection.execute(update(AGENT).where(AGENT.c.name == name).values(secret=secret, **_new_sessions()))
            connection.execute(delete(LINK).where(LINK.c.name == name))
            add_desk_event(connection, now, name, "password_changed")

    def set_details(
        self, name: str, *, email: str, language: str, notices: Sequence[str], display: str | None = None, now: datetime
    ) -> None:
        """What an agent says of himself; his name in letters stays where `display` is None.

        Raises:
            Taken: Another agent has this address.
        """
        with self.write() as connection:
            was = _row(connection, name)
            wanted = json.dumps([one for one in notices_for(Role(was.role)) if one in notices])
            if email.casefold() != was.email.casefold():
                _require_free(connection, email=email)
            shown = was.display if display is None else display
            values: dict[str, Any] = {"email": email, "language": language, "notices": wanted, "display": shown}
            if all(getattr(was, key) == value for key, value in values.items()):
                return
            if email.casefold() != was.email.casefold():  # his own word: the provider's must not be bound by it
                values["is_email_proven"] = False
            connection.execute(update(AGENT).where(AGENT.c.name == name).values(**values))
            add_desk_event(connection, now, name, "details_changed", email)

    def set_role(self, name: str, role: Role, *, by: str, now: datetime) -> None:
        """Let an agent do more or less from his next request on. May be called twice.

        Raises:
            NotFound: There is no such agent.
            LastAdmin: Nobody else could manage people.
        """
        with self.write() as connection:
            _set_role(connection, name, role, by, now)

    def deactivate(self, name: str, *, by: str, now: datetime) -> None:
        """Let an agent in no more: his sessions end at once, his links are void, his work stays. May be called twice.

        Raises:
            NotFound: There is no such agent.
            LastAdmin: Nobody else could manage people.
        """
        with self.write() as connection:
            people = _locked(connection)
            was = _find(people, name)
            if not was.is_active:
                return
            _require_other_admin(people, was)
            values = {"is_active": False, **_new_sessions()}
            connection.execute(update(AGENT).where(AGENT.c.name == name).values(**values))
            connection.execute(delete(LINK).where(LINK.c.name == name))
            add_desk_event(connection, now, by, "deactivated", name)

    def activate(self, name: str, *, by: str, now: datetime) -> None:
        """Let an agent in again, with the password that he had. May be called twice.

        Raises:
            NotFound: There is no such agent.
        """
        with self.write() as connection:
            if not _row(connection, name).is_active:
                connection.execute(update(AGENT).where(AGENT.c.name == name).values(is_active=True))
                add_desk_event(connection, now, by, "activated", name)

    # --- the OpenID provider

    def recognise(self, who: Identity, *, creates: Role | None, now: datetime) -> str | None:
        """The agent who signs in by the provider; None where nobody here is meant.

        By subject; at the first sign-in by the verified mail address of exactly one agent who was invited under it and has
        never come in; else, where `creates` says so and nobody has the address, as a new agent. Who has a password, or gave
        himself the address, is bound by a link only: he might have typed somebody else's. A role claim sets his role, but
        never takes the last admin's.
        """
        with self.write() as connection:
            columns = (AGENT.c.subject, AGENT.c.is_email_proven, *_COLUMNS)
            rows = connection.execute(select(*columns).order_by(AGENT.c.name).with_for_update()).all()
            known = [row for row in rows if row.subject == who.subject]
            email = who.email.casefold()
            meant = known or [row for row in rows if email and row.email.casefold() == email]
            if not meant:
                return _create(connection, who, creates, now)
            is_bound_by_link = meant[0].subject or meant[0].has_password or not meant[0].is_email_proven
            if len(meant) > 1 or not meant[0].is_active or (not known and is_bound_by_link):
                return None
            name: str = meant[0].name
            if not known:
                connection.execute(update(AGENT).where(AGENT.c.name == name).values(subject=who.subject))
                add_desk_event(connection, now, name, "provider_bound", who.email)
            if who.role and who.role is not Role(meant[0].role):
                try:
                    _set_role(connection, name, who.role, name, now)
                except LastAdmin:
                    add_desk_event(connection, now, name, "role_kept", who.role.value)
            return name

    def redeem_by_provider(self, token: str, who: Identity, *, now: datetime) -> str | None:
        """Let the provider's word in the place of a password make a link good; returns the agent's name.

        None where the link is not good, or the provider's person is another agent already.
        """
        with self.write() as connection:
            if connection.execute(select(AGENT.c.name).where(AGENT.c.subject == who.subject)).first():
                return None
            name = plain_name(who.name) or plain_name(who.email.partition("@")[0]) or "admin"
            return _redeem(connection, token, name, now, {"subject": who.subject}, "provider_bound")


# --- passwords


def _hash(password: str) -> str:
    with _HASHING:
        return _HASHER.hash(password.encode("utf-8", "surrogatepass"))


def _is_password(password: str, secret: str, *, are_some_old: bool) -> bool:
    """Is the password that of the hash? An empty hash is nobody's."""
    plain = password.encode("utf-8", "surrogatepass")
    is_argon = secret.startswith("$argon2")
    with _HASHING:
        is_new = _is_argon(plain, secret if is_argon else _NOBODY)
        is_old = are_some_old and _is_scrypt(plain, _OLD_NOBODY if is_argon or not secret else secret)
    return bool(secret) and (is_new if is_argon else is_old)


def _is_argon(plain: bytes, secret: str) -> bool:
    try:
        return _HASHER.verify(secret, plain)
    except (VerificationError, InvalidHashError):
        return False


def _is_scrypt(plain: bytes, secret: str) -> bool:
    salt, expected, *_ = secret.split("$")
    found = hashlib.scrypt(plain, salt=base64.b64decode(salt), maxmem=2**26, **_COST)
    return hmac.compare_digest(found, base64.b64decode(expected))


def _new_sessions() -> dict[str, str]:
    """What ends all sessions of an agent."""
    return {"session_key": secrets.token_hex(32), "ended": ""}


# --- links


def _link_hash(token: str) -> str:
    return hashlib.sha256(f"sign-in link {token}".encode("utf-8", "replace")).hexdigest()


def _new_link(connection: Connection, name: str, expires_at: datetime) -> str:
    token = secrets.token_urlsafe(32)
    connection.execute(delete(LINK).where(LINK.c.name == name))
    connection.execute(insert(LINK).values(token_hash=_link_hash(token), name=name, expires_at=expires_at))
    return token


def _good_link(connection: Connection, token: str, now: datetime) -> SignInLink | None:
    row = connection.execute(select(LINK).where(LINK.c.token_hash == _link_hash(token))).first()
    if row is None or row.expires_at <= now:
        return None
    count = select(func.count()).select_from(AGENT)
    if row.name == _ANYBODY:
        is_good = not connection.execute(count).scalar_one()
    else:
        is_good = bool(connection.execute(count.where(AGENT.c.name == row.name, AGENT.c.is_active)).scalar_one())
    return SignInLink(name=row.name, expires_at=row.expires_at) if is_good else None


def _redeem(
    connection: Connection, token: str, name: str, now: datetime, values: dict[str, str], what: str
) -> str | None:
    link = _good_link(connection, token, now)
    # Who takes the row away has the link, whoever else reads it at this moment.
    taken = connection.execute(delete(LINK).where(LINK.c.token_hash == _link_hash(token)))
    if link is None or not taken.rowcount:
        return None
    if link.name:
        connection.execute(update(AGENT).where(AGENT.c.name == link.name).values(**values, **_new_sessions()))
        add_desk_event(connection, now, link.name, what)
        return link.name
    _require_free(connection, name=name)
    _insert(connection, name, Role.ADMIN, now, **values)
    add_desk_event(connection, now, name, "first_admin")
    return name


# --- rows


def _agent(row: Row[Any]) -> Agent:
    return Agent(
        name=row.name,
        role=Role(row.role),
        email=row.email,
        display=row.display,
        language=row.language,
        notices=tuple(json.loads(row.notices)),
        is_active=bool(row.is_active),
        has_password=bool(row.has_password),
        has_provider=bool(row.has_provider),
        created_at=row.created_at,
    )


def _row(connection: Connection, name: str) -> Row[Any]:
    row = connection.execute(select(*_COLUMNS).where(AGENT.c.name == name)).first()
    if row is None:
        raise NotFound(f"no agent {name}")
    return row


def _insert(connection: Connection, name: str, role: Role, now: datetime, **values: str) -> None:
    # Who answers for the installation hears of it when a mail is lost, unless he says otherwise.
    notices = [ReportNews.BOOKS.value] if role is Role.ADMIN else []
    row = {"secret": "", **_new_sessions(), "notices": json.dumps(notices), **values}
    connection.execute(insert(AGENT).values(name=name, role=role.value, created_at=now, **row))


def _require_free(connection: Connection, *, name: str = "", email: str = "") -> None:
    """Names and addresses are of one agent each, whatever their case: people do not tell Hanako and hanako apart."""
    for row in connection.execute(select(AGENT.c.name, AGENT.c.email)):
        if name and row.name.casefold() == name.casefold():
            raise Taken("name")
        if email and row.email.casefold() == email.casefold():
            raise Taken("email")


def _locked(connection: Connection) -> list[Agent]:
    """All agents; nobody else changes one while this transaction lasts. There are few."""
    return [_agent(row) for row in connection.execute(select(*_COLUMNS).order_by(AGENT.c.name).with_for_update())]


def _find(people: list[Agent], name: str) -> Agent:
    found = next((one for one in people if one.name == name), None)
    if found is None:
        raise NotFound(f"no agent {name}")
    return found


def _require_other_admin(people: list[Agent], leaving: Agent) -> None:
    others = [one for one in people if one.name != leaving.name and one.can_sign_in and one.role is Role.ADMIN]
    if leaving.role is Role.ADMIN and leaving.can_sign_in and not others:
        raise LastAdmin


def _set_role(connection: Connection, name: str, role: Role, by: str, now: datetime) -> None:
    people = _locked(connection)
    was = _find(people, name)
    if was.role is role:
        return
    if role is not Role.ADMIN:
        _require_other_admin(people, was)
    connection.execute(update(AGENT).where(AGENT.c.name == name).values(role=role.value))
    add_desk_event(connection, now, by, "role_changed", f"{role.value} {name}")


def _create(connection: Connection, who: Identity, role: Role | None, now: datetime) -> str | None:
    """A new agent by the provider's word; None where none may be made, or somebody else has his name."""
    name = plain_name(who.name) or plain_name(who.email.partition("@")[0])
    if role is None or name is None:
        return None
    try:
        _require_free(connection, name=name)
    except Taken:
        return None
    chosen = who.role or role
    _insert(connection, name, chosen, now, email=who.email, subject=who.subject)
    add_desk_event(connection, now, name, "agent_created", f"{chosen.value} {name}")
    return name
