"""Mails to our own people and systems: notices to agents, tickets handed over, reports, alarms. Never to a customer.

Promises: whoever makes memos out of the history passes no line by; the same key is written once, however many machines
make memos; what waits for an agent goes in one memo, and of two machines that write it one does.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update

from models.db.base import Shelf
from models.db.desk_rules import add_desk_event
from models.db.filing import insert_if_new
from models.db.history import new_lines
from models.db.leases import is_free, take
from models.db.rows import names
from models.db.tables import AgentRow, EventReaderRow, MemoRow, NoticeRow
from models.db.threads import TICKET
from models.errors import ClaimLost, NotFound
from models.memos import MemoClaim, MemoKind, MemoView, Notice, Notices, is_mailable, is_still_news, notices_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection, RowMapping

    from models.db.history import NewLines
    from models.memos import NewMemo
    from models.programs import NewEvent

MEMO = MemoRow.__table__  # type: ignore[attr-defined]
NOTICE = NoticeRow.__table__  # type: ignore[attr-defined]
READER = EventReaderRow.__table__  # type: ignore[attr-defined]
AGENT = AgentRow.__table__  # type: ignore[attr-defined]
QUEUED, SENT, FAILED = "queued", "sent", "failed"
WAITS, TOO_LATE = 0, -1  # in the place of a memo's id
_SHOWN = tuple(column for column in MEMO.c if column.name != "raw")
FRESH = timedelta(days=1)  # older news is none
KEPT = timedelta(days=30)
MEMOS = "memos"  # the reader's name
_UNSENT = "waited for the smarthost until it was no news any more"
_MOST_LINES = 50  # of one memo
_LONGEST_KEY = 128


class _Overtaken(Exception):
    """Another machine was quicker; what was begun is undone."""


class Memos(Shelf):
    """Mails to our own people and systems."""

    def news_for_memos(self, *, now: datetime) -> NewLines:
        """What the history holds that no memo was made of yet, and perhaps some that was."""
        with self.read() as connection:
            return new_lines(connection, _read_so_far(connection), now)

    def has_memo(self, key: str) -> bool:
        """Was it written?"""
        with self.read() as connection:
            return connection.execute(select(MEMO.c.id).where(MEMO.c.key == _as_kept(key))).first() is not None

    def queue_memo(self, memo: NewMemo, *, now: datetime) -> bool:
        """Queue one memo; False if one with its key was there."""
        with self.write() as connection:
            return write_memo(connection, memo, now) is not None

    def keep_news(self, news: NewLines, memos: Sequence[NewMemo], *, now: datetime) -> None:
        """Queue these memos, keep for each agent what he wants to hear of these lines, and pass them. May be called twice."""
        with self.write() as connection:
            for memo in memos:
                write_memo(connection, memo, now)
            listeners = _listeners(connection)
            for event in news.events:
                if event.at > now - FRESH:
                    _note(connection, event, listeners)
            before = _read_so_far(connection)
            if news.last_event > before:
                connection.execute(
                    update(READER)
                    .where(READER.c.name == MEMOS, READER.c.last_event < news.last_event)
                    .values(last_event=news.last_event)
                )

    def notices_due(self, *, told_before: datetime, now: datetime) -> tuple[Notices, ...]:
        """What waits for each agent to whom no notice was written since `told_before`; what is no news any more is let go."""
        waiting = select(NOTICE.c.agent).where(NOTICE.c.memo_id == WAITS).distinct()
        with self.read() as connection:
            names_due = [
                name
                for name in sorted(connection.execute(waiting).scalars())
                if _last_told(connection, name) <= told_before
            ]
        if not names_due:
            return ()
        found = []
        with self.write() as connection:
            agents = _listeners(connection)
            for name in names_due:
                lines = _still_news(connection, name, agents.get(name), now)
                if lines:
                    agent = agents[name]
                    found.append(Notices(agent=name, to=agent["email"], language=agent["language"], lines=tuple(lines)))
        return tuple(found)

    def write_notices(self, notices: Notices, memo: NewMemo, *, now: datetime) -> bool:
        """Queue the memo that tells an agent all this; False if another machine has."""
        ids = [line.notice_id for line in notices.lines]
        try:
            with self.write() as connection:
                memo_id = write_memo(connection, memo, now)
                if memo_id is None:
                    return False
                _bind(connection, ids, memo_id)
        except _Overtaken:
            return False
        return True

    def claim_memos(self, *, limit: int, lease: timedelta, now: datetime) -> tuple[MemoClaim, ...]:
        """Lease up to `limit` memos that are due, oldest first. The switch of all letters does not stop them."""
        token = secrets.token_hex(16)
        due = (
            select(MEMO.c.id)
            .where(MEMO.c.state == QUEUED, MEMO.c.next_at <= now)
            .where(is_free(MEMO, now))
            .order_by(MEMO.c.next_at, MEMO.c.id)
            .limit(limit)
        )
        with self.read() as connection:
            if connection.execute(due.limit(1)).first() is None:
                return ()
        with self.write() as connection:
            taken = take(connection, MEMO, due, until=now + lease, token=token)
        return tuple(
            MemoClaim(
                memo_id=row.id,
                token=token,
                attempts=row.attempts,
                ref=row.ref,
                to=row.to_address,
                mail_from=row.mail_from,
                raw=bytes(row.raw),
                created_at=row.created_at,
                kind=row.kind,
            )
            for row in taken
        )

    def memo_sent(self, claim: MemoClaim) -> None:
        """The smarthost took it.

        Raises:
            ClaimLost: The lease ran out and another process has the memo.
        """
        with self.write() as connection:
            _end(connection, claim, state=SENT, error="")

    def memo_deferred(self, claim: MemoClaim, *, next_at: datetime, error: str) -> None:
        """Not now.

        Raises:
            ClaimLost: The lease ran out and another process has the memo.
        """
        with self.write() as connection:
            _end(connection, claim, next_at=next_at, error=error[:500])

    def memo_failed(self, claim: MemoClaim, *, error: str, now: datetime) -> None:
        """Never; said in the desk's own history.

        Raises:
            ClaimLost: The lease ran out and another process has the memo.
        """
        with self.write() as connection:
            _end(connection, claim, state=FAILED, error=error[:500])
            add_desk_event(connection, now, "uketsuke", "memo_failed", f"{claim.kind} {claim.ref}: {error}"[:500])

    def memo_again(self, memo_id: int, *, by: str, now: datetime) -> None:
        """Try a memo again that was given up. May be called twice.

        Raises:
            NotFound: No such memo.
        """
        with self.write() as connection:
            row = connection.execute(select(MEMO.c.kind, MEMO.c.ref).where(MEMO.c.id == memo_id)).first()
            if row is None:
                raise NotFound(f"no memo {memo_id}")
            done = connection.execute(
                update(MEMO)
                .where(MEMO.c.id == memo_id, MEMO.c.state == FAILED)
                .values(state=QUEUED, attempts=0, next_at=now, error="", token=None, claimed_until=None)
            )
            if done.rowcount:
                add_desk_event(connection, now, by, "memo_again", f"{row.kind} {row.ref}")

    def memos(
        self, *, limit: int = 50, before: int | None = None, kinds: Sequence[MemoKind] = (), state: str = ""
    ) -> tuple[MemoView, ...]:
        """Memos of these kinds (none: of all) in that state, the newest first; `before` is the last one's id on the page before."""
        query = select(*_SHOWN).order_by(MEMO.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(MEMO.c.id < before)
        if kinds:
            query = query.where(MEMO.c.kind.in_([kind.value for kind in kinds]))
        if state:
            query = query.where(MEMO.c.state == state)
        with self.read() as connection:
            return tuple(_view(row) for row in connection.execute(query).mappings())

    def refused_memo(self, address: str) -> MemoView | None:
        """The latest memo to an address, if it failed; None if a later one was taken, or none failed."""
        is_to = func.lower(MEMO.c.to_address) == address.lower()
        latest = select(*_SHOWN).where(is_to).order_by(MEMO.c.id.desc()).limit(1)
        with self.read() as connection:
            failed = connection.execute(latest.where(MEMO.c.state == FAILED)).mappings().first()
            if failed is None or not address:
                return None
            later = select(MEMO.c.id).where(is_to, MEMO.c.state == SENT, MEMO.c.id > failed["id"]).limit(1)
            return None if connection.execute(later).first() else _view(failed)

    def raw_memo(self, memo_id: int) -> bytes:
        """The complete message; empty once it was sent long ago.

        Raises:
            NotFound: No such memo.
        """
        with self.read() as connection:
            raw = connection.execute(select(MEMO.c.raw).where(MEMO.c.id == memo_id)).scalar()
        if raw is None:
            raise NotFound(f"no memo {memo_id}")
        return bytes(raw)

    def tidy_memos(self, *, now: datetime) -> None:
        """Notices that are no news any more do not go; what was sent long ago is forgotten, but not that it was."""
        is_notice = MEMO.c.kind == MemoKind.NOTICE.value
        with self.write() as connection:
            connection.execute(
                update(MEMO)
                .where(is_notice, MEMO.c.state == QUEUED, MEMO.c.created_at <= now - FRESH)
                .values(state=FAILED, error=_UNSENT, token=None, claimed_until=None)
            )
            connection.execute(delete(MEMO).where(is_notice, MEMO.c.state != QUEUED, MEMO.c.created_at <= now - KEPT))
            connection.execute(delete(NOTICE).where(NOTICE.c.memo_id != WAITS, NOTICE.c.at <= now - KEPT))
            # A ticket is handed over once, ever: its line stays.
            connection.execute(
                update(MEMO)
                .where(MEMO.c.state == SENT, MEMO.c.created_at <= now - KEPT, MEMO.c.raw != b"")
                .values(raw=b"")
            )


def _bind(connection: Connection, ids: list[int], memo_id: int) -> None:
    """These notices go in that memo.

    Raises:
        _Overtaken: One of them is in another already.
    """
    waits = update(NOTICE).where(NOTICE.c.id.in_(ids), NOTICE.c.memo_id == WAITS)
    if connection.execute(waits.values(memo_id=memo_id)).rowcount != len(ids):
        raise _Overtaken


def _read_so_far(connection: Connection) -> int:
    found = connection.execute(select(READER.c.last_event).where(READER.c.name == MEMOS)).scalar()
    return int(found or 0)


def write_memo(connection: Connection, memo: NewMemo, now: datetime) -> int | None:
    """Queue a memo: the id of its row; None if one with its key was there."""
    key = _as_kept(memo.key)
    values = {
        "key": key,
        "kind": memo.kind.value,
        "ref": memo.ref,
        "to_address": memo.to,
        "mail_from": memo.mail_from,
        "raw": memo.raw,
        "state": QUEUED,
        "attempts": 0,
        "next_at": now,
        "error": "",
        "created_at": now,
    }
    if not insert_if_new(connection, MEMO, values, ["key"]):
        return None
    return int(connection.execute(select(MEMO.c.id).where(MEMO.c.key == key)).scalar_one())


def _as_kept(key: str) -> str:
    """A memo's key; of one that names a very long address, its beginning and a hash."""
    if len(key) <= _LONGEST_KEY:
        return key
    return f"{key[:60]} {sha256(key.encode('utf-8', 'replace')).hexdigest()}"


def _listeners(connection: Connection) -> dict[str, RowMapping]:
    """Agents who may hear of something by mail."""
    query = select(AGENT).where(AGENT.c.is_active.is_(True), AGENT.c.email != "", AGENT.c.notices != "[]")
    return {row["name"]: row for row in connection.execute(query).mappings() if is_mailable(row["email"])}


def _note(connection: Connection, event: NewEvent, listeners: dict[str, RowMapping]) -> None:
    for kind, key, whom in notices_of(event):
        for name, agent in listeners.items():
            if kind.value not in names(agent["notices"]) or name == event.by or whom not in {"", name}:
                continue
            values = {"kind": kind.value, "ref": event.ref, "by": event.by, "at": event.at, "memo_id": WAITS}
            insert_if_new(connection, NOTICE, {"agent": name, "key": key, **values}, ["agent", "key"])


def _still_news(connection: Connection, name: str, agent: RowMapping | None, now: datetime) -> list[Notice]:
    """The lines that wait for an agent; those that say nothing new by now are let go."""
    query = (
        select(NOTICE, TICKET.c.subject, TICKET.c.state, TICKET.c.sender, TICKET.c.assignee)
        .join(TICKET, TICKET.c.ref == NOTICE.c.ref)
        .where(NOTICE.c.agent == name, NOTICE.c.memo_id == WAITS)
        .order_by(NOTICE.c.id)
    )
    rows = connection.execute(query).mappings().all()
    wants = names(agent["notices"]) if agent else ()
    good = [
        row
        for row in rows
        if row["kind"] in wants
        and row["at"] > now - FRESH
        and is_still_news(row["kind"], agent=name, state=row["state"], assignee=row["assignee"])
    ]
    kept = {row["id"] for row in good}
    stale = [row["id"] for row in rows if row["id"] not in kept]
    if stale:
        connection.execute(
            update(NOTICE).where(NOTICE.c.id.in_(stale), NOTICE.c.memo_id == WAITS).values(memo_id=TOO_LATE)
        )
    return [
        Notice(
            notice_id=row["id"],
            kind=row["kind"],
            ref=row["ref"],
            by=row["by"],
            at=row["at"],
            subject=row["subject"],
            state=row["state"],
            sender=row["sender"],
        )
        for row in good[:_MOST_LINES]
    ]


def _last_told(connection: Connection, name: str) -> datetime:
    """When an agent's last notice was written; long ago if none was."""
    of_agent = select(func.max(NOTICE.c.memo_id)).where(NOTICE.c.agent == name).scalar_subquery()
    found = connection.execute(select(MEMO.c.created_at).where(MEMO.c.id == of_agent)).scalar()
    return found or datetime.min.replace(tzinfo=UTC)


def _end(connection: Connection, claim: MemoClaim, **values: object) -> None:
    done = connection.execute(
        update(MEMO)
        .where(MEMO.c.id == claim.memo_id, MEMO.c.token == claim.token, MEMO.c.state == QUEUED)
        .values(token=None, claimed_until=None, **values)
    )
    if done.rowcount != 1:
        raise ClaimLost(f"memo {claim.memo_id}")


def _view(row: RowMapping) -> MemoView:
    return MemoView(
        memo_id=row["id"],
        key=row["key"],
        kind=row["kind"],
        ref=row["ref"],
        to=row["to_address"],
        state=row["state"],
        attempts=row["attempts"],
        error=row["error"],
        created_at=row["created_at"],
        next_at=row["next_at"],
    )
