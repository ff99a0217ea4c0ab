"""Databases of an older shape: emptied, so that the way from there can be gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_VIRTUAL = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL%'"
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"


def empty(connection: Connection) -> None:
    """Take every table away."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
        return
    for names in (_VIRTUAL, _TABLES):  # a virtual table takes its shadows along
        for name in connection.execute(text(names)).scalars().all():
            connection.execute(text(f'DROP TABLE "{name}"'))
