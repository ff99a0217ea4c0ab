"""How mails get into the inbound table: many in one statement, each of them once.

Promises: rows are worked out before the transaction begins, so that the write lock is held for the insert alone; which of
the rows were new is told exactly, also when another process stores the same mail at the same moment.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from sqlalchemy.dialects import sqlite

from models.db.bell import Topic
from models.db.bell import note as ring_for
from models.db.peek import peek, plain
from models.db.tables import InboundRow
from models.ticket import MailState
from models.wire import envelope_to_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from sqlite3 import Cursor

    from psycopg import Cursor as PgCursor
    from sqlalchemy.engine import Connection

    from models.arrival import Arrival

    Key: TypeAlias = tuple[str, str]  # hash of the content, desk address
    Value: TypeAlias = str | bytes | int | bool | datetime
    Row: TypeAlias = dict[str, Any]  # a Value by column

INBOUND = InboundRow.__table__  # type: ignore[attr-defined]
COLUMNS = (
    *("sha256", "content_hash", "desk_address", "raw", "size", "envelope", "received_at", "state", "deliveries"),
    *("attempts", "error", "sender", "subject", "message_id", "message_hash", "body_hash", "is_automatic"),
)
_as_sqlite_keeps_it = INBOUND.c.received_at.type.bind_processor(sqlite.dialect())


def row_of(arrival: Arrival) -> Row:
    """All columns of a mail that has just come."""
    head = peek(arrival.raw)
    return {
        "sha256": arrival.sha256,
        "content_hash": arrival.content_sha256,
        "desk_address": arrival.desk_address,
        "raw": arrival.raw,
        "size": len(arrival.raw),
        "envelope": envelope_to_json(arrival.envelope),
        "received_at": arrival.envelope.received_at,
        "state": MailState.RECEIVED.value,
        "deliveries": 1,
        "attempts": 0,
        "error": "",
        "sender": plain(arrival.envelope.mail_from)[:320],
        "subject": head.subject[:500],
        "message_id": head.message_id[:2000],
        "message_hash": message_hash(head.message_id) if head.message_id else "",
        "body_hash": "",
        "is_automatic": False,
    }


def message_hash(message_id: str) -> str:
    """The key of a Message-ID in an index: ids may be of any length, the hash is not."""
    return hashlib.sha256(message_id.strip().encode("utf-8", "replace")).hexdigest()


def accept_rows(connection: Connection, rows: Sequence[Row]) -> tuple[int, ...]:
    """Within a transaction: store at least one row, or count a delivery where its mail is there; the ids in order."""
    ring_for(connection, Topic.MAIL)
    with closing(connection.connection.cursor()) as cursor:
        if connection.dialect.name == "postgresql":
            return accept_with_psycopg(cast("PgCursor[Any]", cursor), rows)
        accept_with_driver(cast("Cursor", cursor), rows)
        return ids_with_driver(cast("Cursor", cursor), rows)


def accept_with_psycopg(cursor: PgCursor[Any], rows: Sequence[Row]) -> tuple[int, ...]:
    """The same on PostgreSQL, by its driver alone: one statement and, with autocommit, one way there and back."""
    ordered = once_of(rows)
    cursor.execute(pg_insert_of(len(ordered), returning=True), [row[name] for row in ordered for name in COLUMNS])
    ids = {(content_hash, desk_address): int(mail_id) for mail_id, content_hash, desk_address in cursor}
    return tuple(ids[_key_of(row)] for row in rows)


def once_of(rows: Sequence[Row]) -> list[Row]:
    """The rows as one statement on PostgreSQL takes them."""
    once: dict[Key, Row] = {}
    for row in rows:
        # One statement may not touch a row twice.
        known = once.get(_key_of(row))
        once[_key_of(row)] = row if known is None else {**known, "deliveries": known["deliveries"] + row["deliveries"]}
    return sorted(once.values(), key=_key_of)  # two doors that store the same mails wait for each other in no ring


def accept_with_driver(cursor: Cursor, rows: Sequence[Row]) -> None:
    """The same on SQLite, by its driver alone: one statement, which is a transaction of its own.

    The driver lets other threads in at every step and has to wait for its turn again; so there is one step.
    """
    cursor.execute(_insert_of(len(rows)), [value for row in rows for value in _values_of(row)])


def ids_with_driver(cursor: Cursor, rows: Sequence[Row]) -> tuple[int, ...]:
    """The ids of rows that were accepted, in order."""
    keys = [_key_of(row) for row in rows]
    (found,) = cursor.execute(_ids_of(len(rows)), [content_hash for content_hash, _ in keys]).fetchone()
    ids = {(content_hash, desk_address): mail_id for content_hash, desk_address, mail_id in json.loads(found)}
    return tuple(ids[key] for key in keys)


@lru_cache(maxsize=64)
def _insert_of(count: int) -> str:
    one = f"({', '.join('?' * len(COLUMNS))})"
    return (
        f"INSERT INTO inbound ({', '.join(COLUMNS)}) VALUES {', '.join([one] * count)}"  # noqa: S608 - our own names
        " ON CONFLICT DO UPDATE SET deliveries = deliveries + 1"
    )


@lru_cache(maxsize=128)
def pg_insert_of(count: int, *, returning: bool) -> bytes:
    """The insert of so many rows on PostgreSQL, with psycopg's marks."""
    one = f"({', '.join('%b' if name == 'raw' else '%s' for name in COLUMNS)})"
    statement = (
        f"INSERT INTO inbound ({', '.join(COLUMNS)}) VALUES {', '.join([one] * count)}"  # noqa: S608 - our own names
        " ON CONFLICT (content_hash, desk_address) DO UPDATE SET deliveries = inbound.deliveries + excluded.deliveries"
    )
    return (statement + " RETURNING id, content_hash, desk_address" * returning).encode()


@lru_cache(maxsize=64)
def _ids_of(count: int) -> str:
    return (
        "SELECT json_group_array(json_array(content_hash, desk_address, id)) FROM inbound"  # noqa: S608 - marks only
        f" WHERE content_hash IN ({', '.join('?' * count)})"
    )


def _key_of(row: Row) -> Key:
    """What makes two deliveries one mail."""
    return row["content_hash"], row["desk_address"]


def _values_of(row: Row) -> list[Any]:
    """Its parameters in the insert."""
    return [_as_sqlite_keeps_it(row[name]) if name == "received_at" else row[name] for name in COLUMNS]
