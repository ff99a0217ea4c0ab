"""Leases: who works on a row, and until when. A row whose lease ran out is anybody's again.

Promises: no two processes hold one row at once; whoever asks waits for no other, and gets what is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, update

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Column, ColumnElement, Row, Select, Table
    from sqlalchemy.engine import Connection


def is_free(table: Table, now: datetime) -> ColumnElement[bool]:
    """Is the row in nobody's hands?"""
    return or_(table.c.claimed_until.is_(None), table.c.claimed_until <= now)


def take(
    connection: Connection,
    table: Table,
    due: Select[int],
    *,
    until: datetime,
    token: str,
    columns: Sequence[Column[Any]] | None = None,
) -> list[Row[Any]]:
    """Take the rows whose ids are due, but for those that another takes just now, and count the attempt.

    Args:
        connection: A writing transaction.
        table: With the columns of a lease: `claimed_until`, `token`, `attempts`.
        due: Their ids, bounded.
        until: When the lease ends.
        token: Whose it is.
        columns: What is told of each; all, if none are named.
    """
    # SQLite, where one transaction writes at a time, takes no notice of the lock.
    ids = due.with_for_update(skip_locked=True).scalar_subquery()
    values = {"claimed_until": until, "token": token, "attempts": table.c.attempts + 1}
    statement = update(table).where(table.c.id.in_(ids)).values(**values).returning(*(columns or table.c))
    return sorted(connection.execute(statement).all(), key=lambda row: int(row.id))
