"""Tokens of the API, and the steps that programs take: each with its key is done once, and answered the same for a day."""

from __future__ import annotations

import secrets
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, exists, insert, or_, select, union_all, update

from models.db.base import Shelf
from models.db.desk_rules import add_desk_event
from models.db.filing import insert_if_new, locked_ticket
from models.db.history import new_lines
from models.db.locks import share_switch
from models.db.queue import rows_of
from models.db.rows import names
from models.db.tables import ApiCallRow, ApiTokenRow
from models.db.tags import TAG
from models.db.threads import REPLY, TICKET
from models.errors import NotFound, Outdated
from models.programs import MOST_NAME, REMEMBERED, TOKEN_PREFIX, Answered, ApiToken, hash_of
from models.states import TicketState
from models.ticket import Rank
from models.wire import dump

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.engine import Connection, Row, RowMapping

    from models.db.history import NewLines
    from models.programs import ProgramCall, Scope, TicketFilter
    from models.views import QueueRow

API_TOKEN = ApiTokenRow.__table__  # type: ignore[attr-defined]
API_CALL = ApiCallRow.__table__  # type: ignore[attr-defined]
_USE_NOTED = timedelta(minutes=1)  # "last used" is no truer than that, so that a read stays a read
_BYTES = 32


class Tokens(Shelf):
    """Tokens of the API, and what programs ask and do with them."""

    def add_token(self, name: str, scopes: Sequence[Scope], *, by: str, now: datetime) -> str:
        """A new token; returned here and never again."""
        token = TOKEN_PREFIX + secrets.token_urlsafe(_BYTES)
        values = {
            "token_hash": hash_of(token),
            "name": name.replace("\0", "")[:MOST_NAME],
            "scopes": dump([scope.value for scope in scopes]),
            "by": by,
            "created_at": now,
            "is_revoked": False,
        }
        with self.write() as connection:
            connection.execute(insert(API_TOKEN).values(**values))
            add_desk_event(connection, now, by, "token_added", f"{values['name']}: {', '.join(scopes)}")
        return token

    def revoke_token(self, token_id: int, *, by: str, now: datetime) -> None:
        """The token opens nothing any more. May be called twice.

        Raises:
            NotFound: No such token.
        """
        with self.write() as connection:
            row = connection.execute(select(API_TOKEN).where(API_TOKEN.c.id == token_id)).first()
            if row is None:
                raise NotFound(f"no token {token_id}")
            if not row.is_revoked:
                connection.execute(update(API_TOKEN).where(API_TOKEN.c.id == token_id).values(is_revoked=True))
                add_desk_event(connection, now, by, "token_revoked", row.name)

    def tokens(self) -> tuple[ApiToken, ...]:
        """All tokens, those in force first, the newest first."""
        query = select(API_TOKEN).order_by(API_TOKEN.c.is_revoked, API_TOKEN.c.id.desc())
        with self.read() as connection:
            return tuple(_token(row) for row in connection.execute(query))

    def token(self, secret: str, *, now: datetime) -> ApiToken | None:
        """The token in force that this is; notes that it was used."""
        query = select(API_TOKEN).where(API_TOKEN.c.token_hash == hash_of(secret), API_TOKEN.c.is_revoked.is_(False))
        with self.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        if row.used_at is None or row.used_at < now - _USE_NOTED:
            with self.write() as connection:
                connection.execute(update(API_TOKEN).where(API_TOKEN.c.id == row.id).values(used_at=now))
        return _token(row)

    def once(self, call: ProgramCall, step: Callable[[], str]) -> Answered | None:
        """Take a program's step and keep its answer, in one transaction; None if its key stands for something else.

        Args:
            call: Who asks, and on what.
            step: Takes the step by this store's methods and returns the answer as JSON.

        Raises:
            NotFound: No such ticket.
            Outdated: The ticket is not as the program saw it.
        """
        with self.together() as connection:
            share_switch(connection)  # before any row, for steps that let letters go
            known = _claim_key(connection, call) if call.key else None
            if known is not None:
                is_same = known.fingerprint == call.fingerprint
                return Answered(answer=known.answer, is_replay=True) if is_same else None
            if connection.execute(select(TICKET.c.ref).where(TICKET.c.ref == call.ref)).first() is None:
                raise NotFound(f"no ticket {call.ref}")
            version = locked_ticket(connection, call.ref)["version"]
            if call.version not in {None, version}:
                raise Outdated(call.ref)
            answer = step()
            if call.key:
                which = (API_CALL.c.token_id == call.token_id, API_CALL.c.key == call.key)
                connection.execute(update(API_CALL).where(*which).values(answer=answer))
            return Answered(answer=answer)

    def forget_calls(self, *, now: datetime) -> None:
        """Keys of more than a day ago."""
        with self.write() as connection:
            connection.execute(delete(API_CALL).where(API_CALL.c.at <= now - REMEMBERED))

    def ticket_line(self, ref: str) -> QueueRow:
        """One ticket as the queue shows it.

        Raises:
            NotFound: No such ticket.
        """
        with self.read() as connection:
            row = connection.execute(select(TICKET).where(TICKET.c.ref == ref)).mappings().first()
            if row is None:
                raise NotFound(f"no ticket {ref}")
            return rows_of(connection, [row])[0]

    def ref_of_letter(self, reply_id: int) -> str:
        """The ticket of a letter.

        Raises:
            NotFound: No such letter.
        """
        with self.read() as connection:
            ref = connection.execute(select(REPLY.c.ref).where(REPLY.c.id == reply_id)).scalar()
        if ref is None:
            raise NotFound(f"no letter {reply_id}")
        return str(ref)

    def events_after(self, after: int, *, limit: int, now: datetime) -> NewLines:
        """The history of all tickets behind that line, and the line to go on from: a few may come twice, none is left out."""
        with self.read() as connection:
            return new_lines(connection, after, now, most=limit)

    def tickets_for_programs(self, wanted: TicketFilter, *, limit: int) -> tuple[QueueRow, ...]:
        """A page of tickets: the newest first, or, with `updated_since`, in the order of their latest changes."""
        query = _by_change(wanted, limit) if wanted.updated_since else _by_place(wanted, limit)
        with self.read() as connection:
            rows: list[RowMapping] = list(connection.execute(query).mappings())
            if not wanted.updated_since:
                rows = sorted(rows, key=lambda row: -int(row["place"]))[:limit]
            return tuple(rows_of(connection, rows))


def _token(row: Row[tuple[object, ...]]) -> ApiToken:
    return ApiToken(
        token_id=row.id,
        name=row.name,
        scopes=names(row.scopes),
        by=row.by,
        created_at=row.created_at,
        used_at=row.used_at,
        is_revoked=row.is_revoked,
    )


def _claim_key(connection: Connection, call: ProgramCall) -> Row[tuple[str, str]] | None:
    """What the key stands for already; else it is ours. A second call waits for the first one's commit."""
    which = (API_CALL.c.token_id == call.token_id, API_CALL.c.key == call.key)
    connection.execute(delete(API_CALL).where(*which, API_CALL.c.at <= call.now - REMEMBERED))
    values = {"token_id": call.token_id, "key": call.key, "fingerprint": call.fingerprint, "answer": "", "at": call.now}
    if insert_if_new(connection, API_CALL, values, ["token_id", "key"]):
        return None
    return connection.execute(select(API_CALL.c.fingerprint, API_CALL.c.answer).where(*which)).one()


def _tagged(tags: Sequence[str]) -> list[ColumnElement[bool]]:
    """The ticket has every one of these tags."""
    found: list[ColumnElement[bool]] = []
    for tag in tags:
        one = TAG.alias()
        found.append(exists().where(one.c.ref == TICKET.c.ref, one.c.tag == tag))
    return found


def _by_change(wanted: TicketFilter, limit: int) -> Select[tuple[object, ...]]:
    query = select(TICKET).where(TICKET.c.updated_at >= wanted.updated_since, *_tagged(wanted.tags))
    if wanted.states:
        query = query.where(TICKET.c.state.in_(wanted.states))
    if wanted.updated_at is not None:
        behind = and_(TICKET.c.updated_at == wanted.updated_at, TICKET.c.ref > wanted.ref)
        query = query.where(
            TICKET.c.updated_at >= wanted.updated_at, or_(TICKET.c.updated_at > wanted.updated_at, behind)
        )
    return query.order_by(TICKET.c.updated_at, TICKET.c.ref).limit(limit)


def _by_place(wanted: TicketFilter, limit: int) -> Select[tuple[object, ...]]:
    """A page's candidates: for each state and rank the first ones along an index; the caller sorts and cuts."""
    if not (wanted.states or wanted.tags):
        query = select(TICKET).order_by(TICKET.c.place.desc()).limit(limit)
        return query.where(TICKET.c.place < wanted.place) if wanted.place is not None else query
    source = TAG if wanted.tags else TICKET
    states = wanted.states or tuple(state.value for state in TicketState)
    arms = []
    for state, rank in product(states, Rank):
        arm = select(source.c.ref).where(source.c.state == state, source.c.rank == int(rank))
        if wanted.tags:
            first, *others = wanted.tags
            arm = arm.where(TAG.c.tag == first)
            for tag in others:
                one = TAG.alias()
                arm = arm.where(exists().where(one.c.ref == TAG.c.ref, one.c.tag == tag))
        if wanted.place is not None:
            arm = arm.where(source.c.place < wanted.place)
        arms.append(select(arm.order_by(source.c.place.desc()).limit(limit).subquery().c.ref))
    return select(TICKET).where(TICKET.c.ref.in_(union_all(*arms)))
