"""The mailbox's side of the store: mails fetched from a mailbox, each once, however often it is fetched.

Promises: a mail and the mark that it was taken are one commit, so that no crash and no second poller doubles it; the same
bytes fetched again (another UIDVALIDITY, a copy) are the mail we have and count as no further delivery.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from models.db.accept import INBOUND, accept_rows, row_of
from models.db.intake import Intake
from models.db.peek import plain
from models.db.tables import MailboxUidRow
from models.mailbox import UidMark, UidState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection
    from sqlalchemy.sql.dml import ReturningInsert

    from models.arrival import Arrival

UIDS = MailboxUidRow.__table__  # type: ignore[attr-defined]
_CHUNK = 500  # values of one IN; both engines take more


class Mailboxes(Intake):
    """What was taken from which mailbox. A mailbox is named by a text of at most 512 characters."""

    def marks(self, mailbox: str, uidvalidity: int) -> dict[int, UidMark]:
        """Every mark of the mailbox under this UIDVALIDITY, by UID."""
        query = select(UIDS).where(UIDS.c.mailbox == mailbox, UIDS.c.uidvalidity == uidvalidity)
        with self.read() as connection:
            return {row.uid: _mark(row) for row in connection.execute(query)}

    def left_mails(self, mailbox: str) -> tuple[UidMark, ...]:
        """The mails that lie in the mailbox and could not be taken, in the mailbox's order."""
        query = select(UIDS).where(UIDS.c.mailbox == mailbox, UIDS.c.state == UidState.LEFT.value).order_by(UIDS.c.uid)
        with self.read() as connection:
            return tuple(_mark(row) for row in connection.execute(query))

    def take(self, mailbox: str, uidvalidity: int, fetched: Sequence[tuple[int, Arrival]]) -> tuple[int, ...]:
        """Store mails and their marks, all in one commit; returns the UIDs that were not taken before.

        May be called twice with the same mails: the second call changes nothing.

        Raises:
            StoreUnavailable: Nothing was stored. Temporary.
        """
        with self.write() as connection:
            return tuple(self._take(connection, mailbox, uidvalidity, sorted(fetched, key=lambda one: one[0])))

    def _take(
        self, connection: Connection, mailbox: str, uidvalidity: int, fetched: Sequence[tuple[int, Arrival]]
    ) -> Iterator[int]:
        """In the order of UIDs: two pollers that lock the same rows then never wait for each other in a ring."""
        for uid, arrival in fetched:
            values = _values(mailbox, uidvalidity, uid, UidState.TAKEN)
            if connection.execute(_mark_unless_taken(connection.dialect.name), values).first() is None:
                continue
            if not _is_known(connection, arrival):
                accept_rows(connection, [row_of(arrival)])
            yield uid

    def finish(self, mailbox: str, uidvalidity: int, uids: Collection[int]) -> None:
        """What was to be done in the mailbox with these mails is done."""
        with self.write() as connection:
            for chunk in _chunks(uids):
                here = (UIDS.c.mailbox == mailbox, UIDS.c.uidvalidity == uidvalidity, UIDS.c.uid.in_(chunk))
                taken = UIDS.c.state == UidState.TAKEN.value
                connection.execute(UIDS.update().where(*here, taken).values(state=UidState.DONE.value))

    def leave(self, mailbox: str, uidvalidity: int, uid: int, *, error: str, next_at: datetime) -> None:
        """A mail could not be taken and is tried again at `next_at`; one more attempt is counted.

        One that another poller has taken meanwhile stays taken.
        """
        values = {
            **_values(mailbox, uidvalidity, uid, UidState.LEFT),
            "attempts": 1,
            "error": plain(error)[:500],
            "next_at": next_at,
        }
        with self.write() as connection:
            connection.execute(_mark_left(connection.dialect.name), values)

    def forget(self, mailbox: str, uidvalidity: int, gone: Collection[int]) -> None:
        """Drop the marks of mails that no longer lie in the mailbox, and all of an earlier UIDVALIDITY."""
        with self.write() as connection:
            ours = UIDS.c.mailbox == mailbox
            connection.execute(delete(UIDS).where(ours, UIDS.c.uidvalidity != uidvalidity))
            for chunk in _chunks(gone):
                connection.execute(delete(UIDS).where(ours, UIDS.c.uid.in_(chunk)))


def _values(mailbox: str, uidvalidity: int, uid: int, state: UidState) -> dict[str, Any]:
    return {
        "mailbox": mailbox,
        "uidvalidity": uidvalidity,
        "uid": uid,
        "state": state.value,
        "attempts": 0,
        "error": "",
        "next_at": None,
    }


def _mark(row: Any) -> UidMark:  # noqa: ANN401 - a row of the table
    return UidMark(uid=row.uid, state=UidState(row.state), attempts=row.attempts, error=row.error, next_at=row.next_at)


def _is_known(connection: Connection, arrival: Arrival) -> bool:
    """The very same bytes: fetched again, not delivered again (a delivery would have trace headers of its own)."""
    query = select(INBOUND.c.id).where(
        INBOUND.c.content_hash == arrival.content_sha256,
        INBOUND.c.desk_address == arrival.desk_address,
        INBOUND.c.sha256 == arrival.sha256,
    )
    return connection.execute(query).first() is not None


@lru_cache(maxsize=2)
def _mark_unless_taken(dialect: str) -> ReturningInsert[int]:
    insert = (pg_insert if dialect == "postgresql" else sqlite_insert)(UIDS)
    return insert.on_conflict_do_update(
        index_elements=[UIDS.c.mailbox, UIDS.c.uidvalidity, UIDS.c.uid],
        set_={"state": insert.excluded.state, "error": "", "next_at": None},
        where=UIDS.c.state == UidState.LEFT.value,
    ).returning(UIDS.c.uid)


@lru_cache(maxsize=2)
def _mark_left(dialect: str) -> ReturningInsert[int]:
    insert = (pg_insert if dialect == "postgresql" else sqlite_insert)(UIDS)
    return insert.on_conflict_do_update(
        index_elements=[UIDS.c.mailbox, UIDS.c.uidvalidity, UIDS.c.uid],
        set_={
            "attempts": UIDS.c.attempts + 1,
            "error": insert.excluded.error,
            "next_at": insert.excluded.next_at,
        },
        where=UIDS.c.state == UidState.LEFT.value,
    ).returning(UIDS.c.uid)


def _chunks(uids: Collection[int]) -> Iterator[list[int]]:
    ordered = sorted(uids)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]
