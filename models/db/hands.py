"""Who works on what: moves and assignments of one ticket or many, taking them back, and who looks at a ticket.

Promises: every step is an event; a step is taken back only by who took it, within ten minutes, and only where nothing has
happened to the ticket since.
"""

from __future__ import annotations

import json
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from models.db.base import Shelf
from models.db.filing import add_event, change_state, insert_if_new, locked_ticket
from models.db.tables import PresenceRow, UndoRow
from models.db.tags import retag
from models.db.threads import TICKET, is_merged
from models.errors import IllegalMove, NotFound
from models.hands import MOST_AT_ONCE, Done, Refusal, Viewer
from models.states import Cause, TicketState
from models.wire import dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.engine import Connection, RowMapping

    from models.hands import Act

PRESENCE = PresenceRow.__table__  # type: ignore[attr-defined]
UNDO = UndoRow.__table__  # type: ignore[attr-defined]
UNDO_WITHIN = timedelta(minutes=10)
PRESENT = timedelta(seconds=75)  # a page tells every 30 seconds that it is open
_KEPT = ("state", "assignee", "slept_from", "person_first", "proposal", "is_overdue", "rank")
_INSTANTS = ("wake_at", "due_at")


class Hands(Shelf):
    """Agents' steps."""

    def act(
        self, refs: Iterable[str], act: Act, *, by: str, now: datetime, versions: Mapping[str, int] | None = None
    ) -> Done:
        """Do one thing to these tickets, in one transaction; what cannot be done to one of them leaves that one as it is.

        `versions` are those that the agent saw: a ticket that has changed since is refused.
        """
        chosen = sorted(dict.fromkeys(refs))[:MOST_AT_ONCE]  # one order, so that no two wait for each other in a ring
        before: dict[str, dict[str, Any]] = {}
        refused: dict[str, Refusal] = {}
        with self.write() as connection:
            for ref in chosen:
                row = _row(connection, ref)
                if row is None:
                    refused[ref] = Refusal.GONE
                elif versions is not None and versions.get(ref, row["version"]) != row["version"]:
                    refused[ref] = Refusal.CHANGED
                elif _is_done(row, act):
                    continue
                elif not _do(connection, row, act, by, now):
                    refused[ref] = Refusal.ILLEGAL
                else:
                    before[ref] = _as_it_stood(row)
            undo = _remember(connection, before, act.what, by, now) if before else ""
        return Done(undo=undo, refs=tuple(before), refused=refused)

    def undo(self, key: str, *, by: str, now: datetime) -> Done:
        """Take a step back; what has changed since stays.

        Raises:
            NotFound: There is no such step of this agent's within the last ten minutes.
        """
        with self.write() as connection:
            query = select(UNDO).where(UNDO.c.id == key, UNDO.c.agent == by, UNDO.c.at > now - UNDO_WITHIN)
            step = connection.execute(query).mappings().first()
            if step is None:
                raise NotFound("there is nothing to take back any more")
            connection.execute(delete(UNDO).where(UNDO.c.id == key))
            done: list[str] = []
            refused: dict[str, Refusal] = {}
            for ref, before in sorted(json.loads(step["before"]).items()):
                row = _row(connection, ref)
                if row is None or row["version"] != before["version"]:
                    refused[ref] = Refusal.GONE if row is None else Refusal.CHANGED
                else:
                    _put_back(connection, row, before, by, now)
                    done.append(ref)
        return Done(undo="", refs=tuple(done), refused=refused)

    def look(self, ref: str, *, by: str, now: datetime, is_writing: bool = False) -> tuple[Viewer, ...]:
        """Note that this agent looks at a ticket; returns who else does."""
        with self.write() as connection:
            connection.execute(delete(PRESENCE).where(PRESENCE.c.ref == ref, PRESENCE.c.agent == by))
            connection.execute(delete(PRESENCE).where(PRESENCE.c.seen_at < now - PRESENT))
            seen = {"ref": ref, "agent": by, "seen_at": now, "is_writing": is_writing}
            insert_if_new(connection, PRESENCE, seen, ["ref", "agent"])  # two tabs of one agent may ask at once
            return _viewers(connection, ref, but=by, now=now)

    def look_away(self, ref: str, *, by: str) -> None:
        """This agent looks at it no more. May be called twice."""
        with self.write() as connection:
            connection.execute(delete(PRESENCE).where(PRESENCE.c.ref == ref, PRESENCE.c.agent == by))

    def viewers(self, ref: str, *, but: str, now: datetime) -> tuple[Viewer, ...]:
        """Who looks at a ticket just now, without noting anything."""
        with self.read() as connection:
            return _viewers(connection, ref, but=but, now=now)


def _row(connection: Connection, ref: str) -> RowMapping | None:
    if connection.execute(select(TICKET.c.ref).where(TICKET.c.ref == ref)).first() is None:
        return None
    return locked_ticket(connection, ref)


def _is_done(row: RowMapping, act: Act) -> bool:
    """Is it as wanted already? Then there is nothing to do, and nothing to refuse."""
    if act.to is not None:
        return bool(row["state"] == act.to.value and act.wake_at is None)
    return bool(row["assignee"] == (act.assignee or ""))


def _do(connection: Connection, row: RowMapping, act: Act, by: str, now: datetime) -> bool:
    if act.to is None:
        _assign(connection, row, act.assignee or "", by, now)
        return True
    if is_merged(connection, row["ref"]):  # what it was about stands in another ticket
        return False
    try:
        change_state(connection, row, act.to, now, cause=Cause.AGENT, by=by, why=act.why, wake_at=act.wake_at)
    except IllegalMove:
        return False
    return True


def _assign(connection: Connection, row: RowMapping, assignee: str, by: str, now: datetime) -> None:
    values = {"assignee": assignee[:64], "version": TICKET.c.version + 1}
    connection.execute(update(TICKET).where(TICKET.c.ref == row["ref"]).values(**values))
    retag(connection, row["ref"])
    add_event(connection, row["ref"], now, by, "assigned" if assignee else "unassigned", assignee[:64])


def _as_it_stood(row: RowMapping) -> dict[str, Any]:
    instants = {name: row[name].isoformat() if row[name] else None for name in _INSTANTS}
    return {**{name: row[name] for name in _KEPT}, **instants, "version": row["version"] + 1}


def _remember(connection: Connection, before: dict[str, dict[str, Any]], what: str, by: str, now: datetime) -> str:
    key = secrets.token_hex(16)
    connection.execute(delete(UNDO).where(UNDO.c.at <= now - UNDO_WITHIN))
    connection.execute(insert(UNDO).values(id=key, agent=by, at=now, what=what, before=dump(before)))
    return key


def _put_back(connection: Connection, row: RowMapping, before: Mapping[str, Any], by: str, now: datetime) -> None:
    if row["assignee"] != before["assignee"]:
        _assign(connection, row, before["assignee"], by, now)
    if row["state"] == before["state"]:
        return
    instants = {name: datetime.fromisoformat(before[name]) if before[name] else None for name in _INSTANTS}
    change_state(
        connection,
        row,
        TicketState(before["state"]),
        now,
        cause=Cause.UNDO,
        by=by,
        why="undone",
        wake_at=instants["wake_at"],
    )
    # What the step had settled is open again: why a person looks first, what was proposed, until when an answer is due.
    kept = {name: before[name] for name in _KEPT if name not in {"state", "assignee"}}
    connection.execute(update(TICKET).where(TICKET.c.ref == row["ref"]).values(**kept, due_at=instants["due_at"]))
    retag(connection, row["ref"])


def _viewers(connection: Connection, ref: str, *, but: str, now: datetime) -> tuple[Viewer, ...]:
    query = select(PRESENCE).where(PRESENCE.c.ref == ref, PRESENCE.c.agent != but, PRESENCE.c.seen_at > now - PRESENT)
    return tuple(
        Viewer(agent=row["agent"], is_writing=row["is_writing"], seen_at=row["seen_at"])
        for row in connection.execute(query.order_by(PRESENCE.c.agent)).mappings()
    )
